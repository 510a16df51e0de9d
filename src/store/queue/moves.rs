//! Moves that users ask for, and the step that they share with others: edit where it is, then move.
//!
//! Edited first, a task says in its new state from the first instant why it is there. Killed in between, it is where it
//! was, and the same call again completes the move.

use super::Queue;
use crate::domain::name::Name;
use crate::domain::task::{self, Edit, TaskState, key};
use crate::domain::time::{self, Time};
use crate::sys::atomic::{self, Moved, Rewritten};
use anyhow::{Error, Result};
use std::path::Path;

/// How the error of a task that was taken back begins.
const TAKEN_BACK: &str = "Taken back: ";

/// What became of a move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shift {
    /// The task has been moved.
    Done {
        /// Where it was.
        from: TaskState,
        /// What its file said before the edit, such as the run that held it.
        before: String,
    },
    /// The task isn't where it could be moved from.
    Gone,
    /// A file of that name stands at the destination; both are untouched.
    Exists(TaskState),
    /// As many tasks are incoming or claimed as may be.
    Full { pending: u32, limit: u32 },
    /// The task belongs to a run that was not named; it is untouched.
    NotOurs,
}

impl Queue<'_> {
    /// Moves a failed task back to the incoming ones, if there are fewer than `limit` incoming and claimed ones.
    ///
    /// # Errors
    /// The store's lock, or the system's.
    pub fn retry(&self, id: &Name, edit: &Edit, limit: Option<u32>) -> Result<Shift> {
        let _lock = self.lock()?;
        if !self.exists(TaskState::Failed, id) {
            return Ok(Shift::Gone);
        }
        if let Some(limit) = limit {
            let pending = self.pending()?;
            if pending >= limit {
                return Ok(Shift::Full { pending, limit });
            }
        }
        self.shift(id, TaskState::Failed, TaskState::Incoming, edit, |_| true)
    }

    /// Moves an incoming or claimed task to the failed ones.
    ///
    /// # Errors
    /// The store's lock, or the system's.
    pub fn cancel(&self, id: &Name, edit: &Edit) -> Result<Shift> {
        let _lock = self.lock()?;
        for from in [TaskState::Incoming, TaskState::Claimed] {
            let shift = self.shift(id, from, TaskState::Failed, edit, |_| true)?;
            if shift != Shift::Gone {
                return Ok(shift);
            }
        }
        Ok(Shift::Gone)
    }

    /// Takes back a task that nobody has claimed, for this reason. The caller holds the lock.
    pub(in crate::store) fn take_back(&self, id: &Name, why: &str, now: Time) -> Result<bool> {
        let edit = Edit::new().set(key::CANCELLED_AT, time::to_text(now));
        let edit = edit.section("Error", &format!("{TAKEN_BACK}{why}"));
        let shift = self.shift(id, TaskState::Incoming, TaskState::Failed, &edit, |_| true)?;
        Ok(matches!(shift, Shift::Done { .. }))
    }

    /// Puts a task that was taken back into the queue again, with nothing charged. The caller holds the lock.
    pub(in crate::store) fn put_back(&self, id: &Name, now: Time) -> Result<Shift> {
        let edit = Edit::new().clear(&[key::ATTEMPTS, key::RETURNS, key::CANCELLED_AT]).without_section("Error");
        let edit = edit.set(key::RETRIED_AT, time::to_text(now));
        self.shift(id, TaskState::Failed, TaskState::Incoming, &edit, |_| true)
    }

    /// Whether a task was taken back, by no user.
    ///
    /// # Errors
    /// Its file can't be read.
    pub fn is_taken_back(&self, id: &Name) -> Result<bool> {
        let text = self.read(TaskState::Failed, id)?;
        Ok(text.is_some_and(|text| task::section(&text, "Error").is_some_and(|why| why.starts_with(TAKEN_BACK))))
    }

    /// Edits a task in `from` and moves it to `to`, as long as its text is `ours`. The caller holds the lock.
    pub(in crate::store) fn shift(
        &self,
        id: &Name,
        from: TaskState,
        to: TaskState,
        edit: &Edit,
        ours: impl Fn(&str) -> bool,
    ) -> Result<Shift> {
        let (here, there) = (self.path(from, id), self.path(to, id));
        if !self.exists(from, id) {
            return Ok(Shift::Gone);
        }
        if atomic::is_taken(&here, &there) {
            return Ok(Shift::Exists(to));
        }
        let mut before = String::new();
        let rewritten = atomic::rewrite(&here, |old| {
            old.clone_into(&mut before);
            ours(old).then(|| edit.apply(old))
        })
        .map_err(|error| undo(&here, edit, &before, error))?;
        if rewritten == Rewritten::Gone {
            return Ok(Shift::Gone);
        }
        if !ours(&before) {
            return Ok(Shift::NotOurs);
        }
        let moved = atomic::move_no_replace(&here, &there).map_err(|error| undo(&here, edit, &before, error))?;
        Ok(match moved {
            Moved::Done => Shift::Done { from, before },
            Moved::NotFound => Shift::Gone,
            Moved::AlreadyExists => Shift::Exists(to),
        })
    }
}

/// Takes an edit back after a failure, if the file still stands there with it: what fails changes nothing.
pub(super) fn undo(path: &Path, edit: &Edit, before: &str, error: Error) -> Error {
    let edited = edit.apply(before);
    match atomic::rewrite(path, |now| (now == edited).then(|| before.to_owned())) {
        Ok(_) => error,
        Err(back) => error.context(format!("{back:#}")),
    }
}
