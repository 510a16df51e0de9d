//! The task queue: four directories, a file in exactly one of them.
//!
//! A change holds the store's lock for milliseconds; reading takes none, and people move and edit files as they like.
//! Which task is due, and for whom, is for others to decide.

mod add;
mod claim;
mod moves;
mod settle;

pub use add::AddError;
pub use claim::Claim;
pub use moves::Shift;
pub use settle::Settled;

use super::{
    listing::{self, Stray},
    paths::Paths,
};
use crate::{
    domain::{
        name::Name,
        task::{self, Task, TaskState},
    },
    sys::{lock::Lock, read},
};
use anyhow::{Result, bail};
use std::path::PathBuf;

/// A header is nearly always shorter than this; only a longer one is read to its end.
const HEAD_BYTES: usize = 16 << 10;

/// A larger task is left alone: what it gains in its life (header lines, answers, a result) must not make it larger than
/// can be read, or nobody could ever settle it.
const MAX_TASK_BYTES: usize = read::MAX_BYTES - (64 << 10);

/// The queue of one project.
#[derive(Clone, Copy, Debug)]
pub struct Queue<'a> {
    paths: &'a Paths,
}

/// What stands in one directory of the queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The tasks, by name.
    pub ids: Vec<Name>,
    /// What is there and is no task.
    pub strays: Vec<Stray>,
}

/// A task file whose header cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadTask {
    /// The file stem.
    pub id: Name,
    /// The file.
    pub path: PathBuf,
    /// What is wrong in it, one sentence each.
    pub problems: Vec<String>,
}

/// A task that was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its id as the file is named.
    pub id: Name,
    /// Where it is.
    pub state: TaskState,
    /// The whole file.
    pub text: String,
}

impl<'a> Queue<'a> {
    /// The queue of the project with these paths.
    pub fn new(paths: &'a Paths) -> Self {
        Self { paths }
    }

    /// The tasks in a state, by name alone: no file is opened.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn list(&self, state: TaskState) -> Result<Listing> {
        let (ids, strays) = listing::named(&self.paths.queue(state))?;
        Ok(Listing { ids, strays })
    }

    /// At most `count` tasks of a state, those whose files changed last, newest first.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn newest(&self, state: TaskState, count: usize) -> Result<Vec<Name>> {
        let changed = |id: &Name| {
            let stat = rustix::fs::lstat(self.paths.task(state, id)).ok()?;
            Some((stat.st_mtime, stat.st_mtime_nsec))
        };
        let mut ids: Vec<_> = self.list(state)?.ids.into_iter().map(|id| (changed(&id), id)).collect();
        ids.sort_by(|a, b| b.cmp(a));
        Ok(ids.into_iter().take(count).map(|(_, id)| id).collect())
    }

    /// How many tasks are in a state.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn count(&self, state: TaskState) -> Result<u32> {
        Ok(u32::try_from(self.list(state)?.ids.len()).unwrap_or(u32::MAX))
    }

    /// The headers of the tasks in a state, in the order of their names.
    ///
    /// # Errors
    /// The directory cannot be read. A file that cannot be read or understood is an item of its own.
    pub fn heads(&self, state: TaskState) -> Result<Vec<Result<Task, BadTask>>> {
        Ok(self.heads_of(state, self.list(state)?.ids))
    }

    /// The headers of these tasks, in their order, without those that are no longer in the state. A file that cannot be
    /// read or understood is an item of its own.
    pub fn heads_of(&self, state: TaskState, ids: Vec<Name>) -> Vec<Result<Task, BadTask>> {
        ids.into_iter().filter_map(|id| self.head(state, id).transpose()).collect()
    }

    /// The whole file of a task; `None` if it isn't in that state.
    ///
    /// # Errors
    /// As for [`read::read_text`].
    pub fn read(&self, state: TaskState, id: &Name) -> Result<Option<String>> {
        read::read_text(&self.paths.task(state, id))
    }

    /// The run that a task's header names; `None` if it names none, or isn't in that state.
    ///
    /// # Errors
    /// As for [`read::read_text`].
    pub fn run_of(&self, state: TaskState, id: &Name) -> Result<Option<String>> {
        Ok(self.read(state, id)?.as_deref().and_then(task::run_of).map(str::to_owned))
    }

    /// Looks for a task in every state, first by its very name, then without regard to case.
    ///
    /// # Errors
    /// As for [`read::read_text`] and [`Queue::list`].
    pub fn find(&self, id: &Name) -> Result<Option<Found>> {
        // A task that is moved just then, against the order of the states, is seen the second time.
        for _ in 0..2 {
            for state in TaskState::ALL {
                if let Some(text) = self.read(state, id)? {
                    return Ok(Some(Found { id: id.clone(), state, text }));
                }
            }
        }
        for state in TaskState::ALL {
            for other in self.list(state)?.ids.into_iter().filter(|other| other == id) {
                if let Some(text) = self.read(state, &other)? {
                    return Ok(Some(Found { id: other, state, text }));
                }
            }
        }
        Ok(None)
    }

    /// Whether a file of that name is in a state, readable or not.
    pub fn exists(&self, state: TaskState, id: &Name) -> bool {
        rustix::fs::lstat(self.paths.task(state, id)).is_ok()
    }

    /// `None` if it has been moved since it was listed.
    fn head(&self, state: TaskState, id: Name) -> Result<Option<Task>, BadTask> {
        let path = self.paths.task(state, &id);
        let text = read::read_head(&path, HEAD_BYTES).and_then(|head| match head {
            Some(head) if head.size > MAX_TASK_BYTES && state == TaskState::Incoming => {
                bail!("it is larger than {} KiB and has no room left for a result: shorten it", MAX_TASK_BYTES >> 10)
            }
            Some(head) if !head.whole && !head.text.contains("\n##") => read::read_text(&path),
            head => Ok(head.map(|head| head.text)),
        });
        let problems = match text {
            Ok(None) => return Ok(None),
            Ok(Some(text)) => match task::parse(&id, &text) {
                Ok(task) => return Ok(Some(task)),
                Err(problems) => problems,
            },
            Err(error) => vec![format!("{error:#}")],
        };
        Err(BadTask { id, path, problems })
    }

    /// Where a file of that name is, among these states.
    fn whereabouts(&self, id: &Name, states: &[TaskState]) -> Option<TaskState> {
        states.iter().copied().find(|&state| self.exists(state, id))
    }

    fn lock(&self) -> Result<Lock> {
        crate::store::lock(self.paths)
    }
}

#[cfg(test)]
mod tests;
