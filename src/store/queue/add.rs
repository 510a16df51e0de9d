//! New tasks: an id that no task has or had, and never more than the limit, however many add at once.

use super::{MAX_TASK_BYTES, Queue};
use crate::domain::name::Name;
use crate::domain::task::{NewTask, TaskState};
use crate::domain::time::{self, Time};
use crate::sys::atomic::{self, Published};
use crate::sys::lock::Lock;
use crate::sys::read;
use anyhow::Result;
use chrono::Duration;
use std::path::PathBuf;

/// A task that was added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    pub id: Name,
    pub path: PathBuf,
}

/// Why a task was not added. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    #[error("the queue is full: {pending} tasks are incoming or claimed, queue_limits.max_incoming is {limit}")]
    Full { pending: u32, limit: u32 },
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

impl Queue<'_> {
    /// Adds a task, if there are fewer than `limit` incoming and claimed ones.
    ///
    /// # Errors
    /// [`AddError`].
    pub fn add(&self, new: &NewTask, limit: Option<u32>, now: Time) -> Result<Added, AddError> {
        let lock = self.lock()?;
        self.room_under(&lock, limit)?;
        loop {
            let id = self.free_id()?;
            if self.add_as(&id, new, now)? == Published::New {
                let path = self.path(TaskState::Incoming, &id);
                return Ok(Added { id, path });
            }
        }
    }

    /// Adds a task under a name that only it can have; if there is one of that name, it was added before.
    ///
    /// # Errors
    /// [`AddError`].
    pub fn add_once(&self, id: &Name, new: &NewTask, limit: u32, now: Time) -> Result<(), AddError> {
        let lock = self.lock()?;
        if self.whereabouts(id).is_none() {
            self.room_under(&lock, Some(limit))?;
            self.add_as(id, new, now)?;
        }
        Ok(())
    }

    /// Adds a task under a name of its own, unless a task of that name is in any state. The caller holds the lock.
    pub(in crate::store) fn add_as(&self, id: &Name, new: &NewTask, now: Time) -> Result<Published> {
        if self.whereabouts(id).is_some() {
            return Ok(Published::AlreadyExists);
        }
        let text = new.to_text(id, self.next_moment(now)?);
        read::check_size("the task", text.as_bytes())?;
        anyhow::ensure!(
            text.len() <= MAX_TASK_BYTES,
            "the task is larger than {} KiB: shorten it",
            MAX_TASK_BYTES >> 10
        );
        atomic::create_new(&self.path(TaskState::Incoming, id), text.as_bytes())
    }

    /// The time for a task that is added now, later than that of the last one: those of one second keep their order. The
    /// caller holds the lock.
    fn next_moment(&self, now: Time) -> Result<Time> {
        let path = self.paths.last_added();
        // What is no time is nobody's.
        let last = read::read_text(&path)?.and_then(|text| time::parse(&text));
        let next = match last {
            Some(last) if last.timestamp() == now.timestamp() => last + Duration::milliseconds(1),
            _ => now,
        };
        atomic::write_cache(&path, time::to_exact_text(next).as_bytes())?;
        Ok(next)
    }

    /// Whether there are fewer than `limit` incoming and claimed tasks.
    pub(in crate::store) fn room_under(&self, _lock: &Lock, limit: Option<u32>) -> Result<(), AddError> {
        let Some(limit) = limit else { return Ok(()) };
        let pending = self.pending()?;
        if pending >= limit { Err(AddError::Full { pending, limit }) } else { Ok(()) }
    }
}
