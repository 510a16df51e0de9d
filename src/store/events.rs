//! The event log: what happened, one JSON object a line, one file a local day.
//!
//! It is a history for the user: nothing is decided by it, and what runs have cost is in the ledger.
//! After a crash an event may be appended twice.

use super::paths::Paths;
use crate::domain::name::Name;
use crate::domain::time::{self, Time};
use crate::sys::atomic;
use anyhow::{Context, Result};
use serde::Serialize;

/// What happened.
#[derive(Clone, Copy, Debug, Serialize)]
pub enum EventKind {
    #[serde(rename = "run_started")]
    Started,
    /// A run was judged; carries its outcome.
    #[serde(rename = "run_finished")]
    Finished,
    /// A run lost its supervisor and is being recovered.
    #[serde(rename = "run_recovered")]
    Recovered,
}

/// One line of the event log.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    /// When it happened; names the file that it is in.
    pub time: Time,
    pub event: EventKind,
    pub agent: Name,
    pub run: String,
    /// The task, if the run has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<Name>,
    /// How the run ended, in a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// What follows from it, in a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settlement: Option<String>,
}

impl Event {
    /// An event of a run, without the fields that not every event has.
    pub fn new(time: Time, event: EventKind, agent: &Name, run: &str) -> Self {
        Self { time, event, agent: agent.clone(), run: run.to_owned(), task: None, outcome: None, settlement: None }
    }
}

/// Appends an event to the log of the local day on which it happened, so that a repetition lands in the same file.
///
/// # Errors
/// As for [`atomic::append_line`].
pub fn append(paths: &Paths, event: &Event) -> Result<()> {
    let line = serde_json::to_string(event).context("an event that JSON cannot express")?;
    atomic::append_line(&paths.events_file(&time::local_day(event.time)), &line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_a_line_in_the_log_of_its_day() {
        let dir = tempfile::tempdir().unwrap();
        let (paths, now) = (Paths::new(dir.path()), time::parse("2024-01-15T12:30:00Z").unwrap());
        append(&paths, &Event::new(now, EventKind::Started, &"a".parse().unwrap(), "r1")).unwrap();
        let text = std::fs::read_to_string(paths.events_file(&time::local_day(now))).unwrap();
        assert_eq!(
            text,
            "{\"time\":\"2024-01-15T12:30:00Z\",\"event\":\"run_started\",\"agent\":\"a\",\"run\":\"r1\"}\n"
        );
    }
}
