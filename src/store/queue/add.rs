//! New tasks: an id that no task has or had, and never more than the limit, however many add at once.

use super::{MAX_TASK_BYTES, Queue};
use crate::{
    domain::{
        name::Name,
        task::{NewTask, TaskState},
        time::Time,
    },
    sys::{
        atomic::{self, Published},
        lock::Lock,
        read,
    },
};
use anyhow::Result;
use std::{fmt, path::PathBuf};

/// A task that was added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// Its id.
    pub id: Name,
    /// Its file.
    pub path: PathBuf,
}

/// Why a task was not added. Nothing was changed.
#[derive(Debug)]
pub enum AddError {
    /// The queue holds as many tasks as it may.
    Full {
        /// Tasks incoming and claimed.
        pending: u32,
        /// How many there may be.
        limit: u32,
    },
    /// It could not be done.
    Failed(anyhow::Error),
}

impl fmt::Display for AddError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { pending, limit } => {
                write!(
                    f,
                    "the queue is full: {pending} tasks are incoming or claimed, queue_limits.max_incoming is {limit}"
                )
            }
            Self::Failed(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for AddError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Full { .. } => None,
            Self::Failed(error) => error.source(),
        }
    }
}

impl From<anyhow::Error> for AddError {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl Queue<'_> {
    /// Adds a task, if there are fewer than `limit` incoming and claimed ones.
    ///
    /// # Errors
    /// [`AddError`].
    pub fn add(&self, new: &NewTask, limit: Option<u32>, now: Time) -> Result<Added, AddError> {
        let lock = self.lock()?;
        self.add_under(&lock, new, limit, now)
    }

    /// As [`Queue::add`], for a change of the store that holds its lock already.
    pub(in crate::store) fn add_under(
        &self,
        lock: &Lock,
        new: &NewTask,
        limit: Option<u32>,
        now: Time,
    ) -> Result<Added, AddError> {
        self.room_under(lock, limit)?;
        loop {
            let id = self.free_id_under(lock)?;
            if self.add_as(&id, new, now)? == Published::New {
                let path = self.paths.task(TaskState::Incoming, &id);
                return Ok(Added { id, path });
            }
        }
    }

    /// Adds a task under a name of its own, unless a task of that name is in any state. The caller holds the lock.
    pub(in crate::store) fn add_as(&self, id: &Name, new: &NewTask, now: Time) -> Result<Published> {
        if self.whereabouts(id, &TaskState::ALL).is_some() {
            return Ok(Published::AlreadyExists);
        }
        let text = new.to_text(id, now);
        read::check_size("the task", text.as_bytes())?;
        anyhow::ensure!(
            text.len() <= MAX_TASK_BYTES,
            "the task is larger than {} KiB: shorten it",
            MAX_TASK_BYTES >> 10
        );
        atomic::create_new(&self.paths.task(TaskState::Incoming, id), text.as_bytes())
    }

    /// Whether there are fewer than `limit` incoming and claimed tasks.
    pub(in crate::store) fn room_under(&self, _lock: &Lock, limit: Option<u32>) -> Result<(), AddError> {
        let Some(limit) = limit else { return Ok(()) };
        let pending = self.pending()?;
        if pending >= limit { Err(AddError::Full { pending, limit }) } else { Ok(()) }
    }

    /// An id that no task has in any state.
    pub(in crate::store) fn free_id_under(&self, _lock: &Lock) -> Result<Name> {
        loop {
            let id = new_id()?;
            if self.whereabouts(&id, &TaskState::ALL).is_none() {
                return Ok(id);
            }
        }
    }

    /// How many tasks are incoming or claimed.
    ///
    /// # Errors
    /// A directory cannot be read.
    pub fn pending(&self) -> Result<u32> {
        Ok(self.count(TaskState::Incoming)?.saturating_add(self.count(TaskState::Claimed)?))
    }
}

/// `TASK-` and eight hexadecimal digits.
fn new_id() -> Result<Name> {
    let digits = uuid::Uuid::new_v4().simple().to_string();
    Ok(format!("TASK-{}", &digits[..8]).parse()?)
}
