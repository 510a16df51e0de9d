//! The end of a claim: the run that holds a task puts it where it belongs.
//!
//! Only a file that names this very run is touched. The steps can be cut anywhere and done again: as long as the file
//! names the run there is something left to do, and when it doesn't any more there is nothing.

use super::{Queue, Shift};
use crate::domain::name::Name;
use crate::domain::task::{self, Edit, TaskState, key, run_of};
use crate::sys::atomic;
use anyhow::Result;

/// What became of a settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The task is where it belongs and says so.
    Done,
    /// The task doesn't belong to this run any more: it was settled before, or the user has moved or edited it.
    NotOurs {
        /// Where a file of that name is, if anywhere.
        at: Option<TaskState>,
    },
    /// A file of that name stands at the destination; both are untouched.
    Exists(TaskState),
}

impl Queue<'_> {
    /// Adds `work`, lines of a list, to the error of a failed task that was cancelled while `run` held it, in place of
    /// lines that were added before. Any other task is left alone.
    ///
    /// # Errors
    /// The store's lock, or the system's.
    pub fn note_cancelled(&self, id: &Name, run: &str, work: &str) -> Result<()> {
        let _lock = self.lock()?;
        atomic::rewrite(&self.path(TaskState::Failed, id), |old| {
            let cancelled = task::parse(id, old).is_ok_and(|task| task.cancelled_at.is_some());
            let error = task::section(old, "Error").filter(|_| cancelled && run_of(old) == Some(run))?;
            let said = error.lines().next().unwrap_or_default();
            Some(Edit::new().section("Error", &format!("{said}\n\n{work}")).apply(old))
        })?;
        Ok(())
    }

    /// Moves a task that `run` holds from the claimed ones to `to`: `before` is applied where it is, whereby `RUN`
    /// stays, then it is moved, then `after` is applied.
    ///
    /// # Errors
    /// The store's lock, or the system's; calling it again goes on where it stopped.
    pub fn settle(&self, id: &Name, run: &str, to: TaskState, before: &Edit, after: &Edit) -> Result<Settled> {
        let is_ours = |text: &str| run_of(text) == Some(run);
        let before = before.clone().set(key::RUN, run);
        let _lock = self.lock()?;
        match self.shift(id, TaskState::Claimed, to, &before, is_ours)? {
            Shift::Exists(state) => {
                let claimed = self.read(TaskState::Claimed, id)?;
                if claimed.as_deref().is_some_and(is_ours) {
                    return Ok(Settled::Exists(state));
                }
            }
            Shift::Done { .. } | Shift::Gone | Shift::NotOurs | Shift::Full { .. } => {}
        }
        let mut found_ours = false;
        atomic::rewrite(&self.path(to, id), |old| {
            found_ours = is_ours(old);
            found_ours.then(|| after.apply(old))
        })?;
        if found_ours {
            return Ok(Settled::Done);
        }
        Ok(Settled::NotOurs { at: self.whereabouts(id) })
    }
}
