//! Claims: a task is moved to the claimed ones and edited, and put back if its run never began.

use super::Queue;
use super::moves::undo;
use crate::domain::name::Name;
use crate::domain::task::{Edit, TaskState, run_of};
use crate::sys::atomic::{self, Moved, Rewritten};
use anyhow::{Error, Result};
use std::path::Path;

/// What became of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The task is claimed; its file says this now.
    Claimed { text: String },
    /// The task isn't incoming any more.
    Gone,
    /// A file of that name is claimed, done or failed already; both are untouched.
    Exists(TaskState),
    /// As many are claimed as may be.
    Full { claimed: u32, limit: u32 },
}

impl Queue<'_> {
    /// Moves an incoming task to the claimed ones, if there are fewer than `max_claimed`, and then edits it.
    ///
    /// Killed in between it is claimed and names no run: [`Queue::release`] puts it back.
    ///
    /// # Errors
    /// The store's lock, or the system's. The task is then incoming as before, unless it cannot be moved back.
    pub fn claim(&self, id: &Name, edit: &Edit, max_claimed: Option<u32>) -> Result<Claim> {
        let _lock = self.lock()?;
        if let Some(limit) = max_claimed {
            let claimed = self.count(TaskState::Claimed)?;
            if claimed >= limit {
                return Ok(Claim::Full { claimed, limit });
            }
        }
        let others = [TaskState::Claimed, TaskState::Done, TaskState::Failed];
        if let Some(state) = others.into_iter().find(|&state| self.exists(state, id)) {
            return Ok(Claim::Exists(state));
        }
        let (from, to) = (self.path(TaskState::Incoming, id), self.path(TaskState::Claimed, id));
        match atomic::move_no_replace(&from, &to) {
            Ok(Moved::Done) => {}
            Ok(Moved::NotFound) => return Ok(Claim::Gone),
            Ok(Moved::AlreadyExists) => return Ok(Claim::Exists(TaskState::Claimed)),
            Err(error) => return Err(move_back(&to, &from, error)),
        }
        let mut before = String::new();
        let edited = atomic::rewrite(&to, |old| {
            old.clone_into(&mut before);
            Some(edit.apply(old))
        });
        match edited {
            Ok(Rewritten::Written(text) | Rewritten::Unchanged(text)) => Ok(Claim::Claimed { text }),
            Ok(Rewritten::Gone) => Ok(Claim::Gone),
            Err(error) => Err(move_back(&to, &from, undo(&to, edit, &before, error))),
        }
    }

    /// Edits a claimed task that `run` holds; any other is left alone. Returns whether it was this run's.
    ///
    /// # Errors
    /// The system's.
    pub fn edit_claimed(&self, id: &Name, run: &str, edit: &Edit) -> Result<bool> {
        let mut ours = false;
        atomic::rewrite(&self.path(TaskState::Claimed, id), |old| {
            ours = run_of(old) == Some(run);
            ours.then(|| edit.apply(old))
        })?;
        Ok(ours)
    }

    /// Edits a task where it is; whether it was there.
    ///
    /// # Errors
    /// The store's lock, or the system's.
    pub fn amend(&self, state: TaskState, id: &Name, edit: &Edit) -> Result<bool> {
        let _lock = self.lock()?;
        let rewritten = atomic::rewrite(&self.path(state, id), |old| Some(edit.apply(old)))?;
        Ok(rewritten != Rewritten::Gone)
    }

    /// Puts a claimed task back that names `run` or no run at all: the edit first, then the move.
    ///
    /// # Errors
    /// The store's lock, or the system's.
    pub fn release(&self, id: &Name, run: Option<&str>, edit: &Edit) -> Result<super::Shift> {
        let is_ours = |text: &str| run_of(text).is_none_or(|named| Some(named) == run);
        let _lock = self.lock()?;
        self.shift(id, TaskState::Claimed, TaskState::Incoming, edit, is_ours)
    }
}

/// Takes a claim back that could not be completed.
fn move_back(claimed: &Path, incoming: &Path, error: Error) -> Error {
    match atomic::move_no_replace(claimed, incoming) {
        Ok(_) => error,
        Err(back) => error.context(format!("{back:#}")),
    }
}
