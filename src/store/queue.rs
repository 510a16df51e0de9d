//! The task queue: four directories, a file in exactly one of them.
//!
//! A change holds the store's lock for milliseconds. Which task is due, and for whom, is for others to decide.

mod add;
mod claim;
mod moves;
mod settle;

pub use add::AddError;
pub use claim::Claim;
pub use moves::Shift;
pub use settle::Settled;

use super::paths::Paths;
use super::state_dirs::{Found, State, StateDirs};
use crate::domain::name::Name;
use crate::domain::task::{self, Task, TaskState};
use crate::domain::time::Time;
use crate::sys::read;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

/// A header is nearly always shorter than this; only a longer one is read to its end.
const HEAD_BYTES: usize = 16 << 10;

/// A larger task is left alone: what it gains in its life (header lines, answers, a result) must not make it larger than
/// can be read, or nobody could ever settle it.
const MAX_TASK_BYTES: usize = read::MAX_BYTES - (64 << 10);

/// So many files are opened without looking whether they have changed.
const MANY: usize = 1_000;

/// The queue of one project.
pub type Queue<'a> = StateDirs<'a, TaskState>;

/// A task that was looked for.
pub type FoundTask = Found<TaskState>;

impl State for TaskState {
    type Item = Task;
    const PREFIX: &'static str = "TASK";

    fn dir(self, paths: &Paths) -> PathBuf {
        paths.queue(self)
    }

    fn path(self, paths: &Paths, id: &Name) -> PathBuf {
        paths.task(self, id)
    }

    fn read(self, path: &Path) -> Result<Option<String>> {
        match read::read_head(path, HEAD_BYTES)? {
            Some(head) if head.size > MAX_TASK_BYTES && self == Self::Incoming => {
                bail!("it is larger than {} KiB and has no room left for a result: shorten it", MAX_TASK_BYTES >> 10)
            }
            Some(head) if !head.whole && !head.text.contains("\n##") => read::read_text(path),
            head => Ok(head.map(|head| head.text)),
        }
    }

    fn parse(id: &Name, text: &str) -> Result<Task, Vec<String>> {
        task::parse(id, text)
    }
}

impl Queue<'_> {
    /// Looks in every state for the task that the user calls so.
    ///
    /// # Errors
    /// There is none; its file can't be read.
    pub fn get(&self, id: &Name) -> Result<FoundTask> {
        self.called(id)?.with_context(|| format!("there is no task {id}; `scheduler task list` lists them"))
    }

    /// The tasks of a state. Where they are many, no file is opened that hasn't changed since then.
    ///
    /// # Errors
    /// The directory can't be read.
    pub fn changed_since(&self, state: TaskState, since: Time) -> Result<Vec<Name>> {
        let mut ids = self.list(state)?.ids;
        if ids.len() > MANY {
            let changed = |id: &Name| rustix::fs::lstat(self.path(state, id)).map(|stat| stat.st_mtime);
            ids.retain(|id| changed(id).is_ok_and(|at| at >= since.timestamp()));
        }
        Ok(ids)
    }

    /// How many tasks are in a state.
    ///
    /// # Errors
    /// The directory can't be read.
    pub fn count(&self, state: TaskState) -> Result<u32> {
        Ok(u32::try_from(self.list(state)?.ids.len()).unwrap_or(u32::MAX))
    }

    /// How many tasks are incoming or claimed.
    ///
    /// # Errors
    /// A directory can't be read.
    pub fn pending(&self) -> Result<u32> {
        Ok(self.count(TaskState::Incoming)?.saturating_add(self.count(TaskState::Claimed)?))
    }

    /// The run that a task's header names; `None` if it names none, or isn't in that state.
    ///
    /// # Errors
    /// As for [`read::read_text`].
    pub fn run_of(&self, state: TaskState, id: &Name) -> Result<Option<String>> {
        Ok(self.read(state, id)?.as_deref().and_then(task::run_of).map(str::to_owned))
    }
}

#[cfg(test)]
mod tests;
