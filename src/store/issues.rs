//! `shared/issues.json`: the issues that became tasks. Killed between the task and the note of it, the next call finds the
//! task by its name and only notes it.

use super::paths::Paths;
use super::queue::{AddError, Queue, Shift};
use crate::domain::intake::{Issue, Taken};
use crate::domain::name::Name;
use crate::domain::task::NewTask;
use crate::domain::time::Time;
use crate::sys::{atomic, read};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The contents of the file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// The issues, by number.
    #[serde(default)]
    pub issues: BTreeMap<u64, Taken>,
    /// The labellings that weren't accepted, by the issue's number.
    #[serde(default)]
    pub refused: BTreeMap<u64, Time>,
    /// Fields of a later version.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// The issues of one project.
#[derive(Clone, Copy, Debug)]
pub struct Issues<'a> {
    paths: &'a Paths,
}

impl<'a> Issues<'a> {
    /// The issues of the project with these paths.
    pub fn new(paths: &'a Paths) -> Self {
        Self { paths }
    }

    /// All that is known.
    ///
    /// # Errors
    /// The file can't be read or understood.
    pub fn known(&self) -> Result<Known> {
        Ok(read::read_json(&self.paths.issues())?.unwrap_or_default())
    }

    /// Makes a task of an issue, if there are fewer than `limit` incoming and claimed ones. Its name is made of the issue's
    /// number and of how often it became one.
    ///
    /// # Errors
    /// [`AddError`].
    pub fn take(&self, issue: &Issue, round: u32, new: &NewTask, limit: u32, now: Time) -> Result<Name, AddError> {
        let lock = super::lock(self.paths)?;
        let queue = Queue::new(self.paths);
        let number = issue.number;
        let again = if round == 1 { String::new() } else { format!("-{round}") };
        let task: Name = format!("TASK-issue{number}{again}").parse().map_err(anyhow::Error::from)?;
        if queue.whereabouts(&task).is_none() {
            queue.room_under(&lock, Some(limit))?;
            queue.add_as(&task, new, now)?;
        }
        self.change(|known| {
            let more = known.issues.remove(&number).map(|earlier| earlier.more).unwrap_or_default();
            let labelled_at = issue.labelled_at;
            let taken = Taken { task: task.clone(), labelled_at, round, gone: false, told: None, more };
            known.issues.insert(number, taken);
            known.refused.remove(&number);
        })?;
        Ok(task)
    }

    /// Puts the task of an issue that is open again back into the queue.
    ///
    /// # Errors
    /// The store's lock, or the system's.
    pub fn give_back(&self, number: u64, task: &Name, now: Time) -> Result<()> {
        let _lock = super::lock(self.paths)?;
        let shift = Queue::new(self.paths).put_back(task, now)?;
        tracing::debug!(%task, back = matches!(shift, Shift::Done { .. }), "its issue is open again");
        self.change(|known| {
            if let Some(taken) = known.issues.get_mut(&number) {
                taken.gone = false;
            }
        })
    }

    /// Notes something of an issue that became a task.
    ///
    /// # Errors
    /// The store's lock, or the system's.
    pub fn note(&self, number: u64, change: impl FnOnce(&mut Taken)) -> Result<()> {
        let _lock = super::lock(self.paths)?;
        self.change(|known| {
            known.issues.get_mut(&number).map(change);
        })
    }

    /// Notes that a labelling wasn't accepted, and that this was said.
    ///
    /// # Errors
    /// The store's lock, or the system's.
    pub fn note_refused(&self, issue: &Issue) -> Result<()> {
        let _lock = super::lock(self.paths)?;
        self.change(|known| {
            known.refused.insert(issue.number, issue.labelled_at);
        })
    }

    fn change(&self, change: impl FnOnce(&mut Known)) -> Result<()> {
        let before = self.known()?;
        let mut known = before.clone();
        change(&mut known);
        if known != before {
            atomic::write(&self.paths.issues(), &atomic::json(&known)?)?;
        }
        Ok(())
    }
}
