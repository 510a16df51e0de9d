//! The event log: what happened, one JSON object a line, one file a local day.
//!
//! It is a history for the user and for the daily cost limit; no decision about a task or an agent is taken from it.
//! After a crash an event may be appended twice: readers count a run once.

use super::paths::Paths;
use crate::domain::name::Name;
use crate::domain::time::{self, Time};
use crate::sys::atomic;
use crate::sys::error::cannot;
use crate::sys::read::open_file;
use anyhow::{Context, Result};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::iter;

/// How far back runs are looked for, to know what one costs usually.
const DAYS: usize = 14;
/// What a line with a cost contains.
const COST: &str = "\"cost_usd\"";
/// The longest line that is read; a longer one is passed over.
const LINE_MAX: usize = 64 << 10;

/// What happened.
#[derive(Clone, Copy, Debug, Serialize)]
pub enum EventKind {
    #[serde(rename = "run_started")]
    Started,
    /// A run was judged; carries its outcome and its cost.
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
    /// What the run has cost so far, in US dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<u64>,
    /// The tokens that it read, cached ones included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    /// The tokens that it wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
}

impl Event {
    /// An event of a run, without the fields that not every event has.
    pub fn new(time: Time, event: EventKind, agent: &Name, run: &str) -> Self {
        Self {
            time,
            event,
            agent: agent.clone(),
            run: run.to_owned(),
            task: None,
            outcome: None,
            settlement: None,
            cost_usd: None,
            turns: None,
            duration_seconds: None,
            input_tokens: None,
            output_tokens: None,
        }
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

/// What the runs that finished on a local day, `YYYY-MM-DD`, have cost, in US dollars. A run counts once, with its last
/// event; lines that are no event are passed over.
///
/// # Errors
/// The file cannot be opened, or not be read to its end.
pub fn cost_of_day(paths: &Paths, day: &str) -> Result<f64> {
    Ok(total(&costs(paths, day)?))
}

/// What [`cost_of_day`] and [`max_recent_cost`] say, in this order; the log of the day is read once.
///
/// # Errors
/// As for [`cost_of_day`].
pub fn cost_and_max_recent(paths: &Paths, day: &str, count: usize) -> Result<(f64, f64)> {
    let today = costs(paths, day)?;
    Ok((total(&today), max_of_last(paths, day, today, count)?))
}

/// The highest cost among the last `count` runs up to the end of a local day that have one, in US dollars, over as many
/// days as that takes, at most two weeks; 0 if there is none.
///
/// # Errors
/// As for [`cost_of_day`].
pub fn max_recent_cost(paths: &Paths, day: &str, count: usize) -> Result<f64> {
    max_of_last(paths, day, costs(paths, day)?, count)
}

/// The sum of the last cost of each run.
fn total(costs: &[(String, f64)]) -> f64 {
    let costs: HashMap<_, _> = costs.iter().filter(|(_, cost)| *cost > 0.0).map(|(run, cost)| (run, *cost)).collect();
    // Not `sum`: that of nothing is -0.0.
    costs.values().fold(0.0, |sum, cost| sum + cost)
}

/// The highest among `of_day`, the costs of `day`, and those of the days before, as far as `count` runs reach.
fn max_of_last(paths: &Paths, day: &str, of_day: Vec<(String, f64)>, count: usize) -> Result<f64> {
    let mut runs = HashSet::new();
    let mut max = 0.0_f64;
    // By name: a listing would take the longer, the more logs there are.
    let first: NaiveDate = day.parse().with_context(|| format!("{day:?} is not a day"))?;
    let before = first.iter_days().rev().take(DAYS).skip(1).map(|day| costs(paths, &day.to_string()));
    for costs in iter::once(Ok(of_day)).chain(before) {
        for (run, cost) in costs?.into_iter().rev() {
            if runs.len() == count {
                return Ok(max);
            }
            if runs.insert(run) {
                max = max.max(cost);
            }
        }
    }
    Ok(max)
}

/// What a cost is summed from: to understand the rest of each line would take most of the time.
#[derive(Deserialize)]
struct Cost {
    run: String,
    cost_usd: Option<f64>,
}

/// The runs of a local day that have a cost, with it, in the order in which they were told.
fn costs(paths: &Paths, day: &str) -> Result<Vec<(String, f64)>> {
    let mut costs = Vec::new();
    for line in lines(paths, day)? {
        let line = line?;
        // Most lines have no cost, and parsing is what takes the time.
        if !str::from_utf8(&line).is_ok_and(|line| line.contains(COST)) {
            continue;
        }
        let Ok(Cost { run, cost_usd: Some(cost) }) = serde_json::from_slice(&line) else { continue };
        costs.extend(cost.is_finite().then_some((run, cost)));
    }
    Ok(costs)
}

/// The lines of the log of a day, each at most [`LINE_MAX`] bytes; it ends with the first error.
fn lines(paths: &Paths, day: &str) -> Result<impl Iterator<Item = Result<Vec<u8>>> + use<>> {
    let path = paths.events_file(day);
    let mut file = open_file(&path)?.map(BufReader::new);
    Ok(iter::from_fn(move || {
        let line = next_line(file.as_mut()?).map_err(|error| cannot("read", &path, error)).transpose();
        file.take_if(|_| matches!(line, Some(Err(_))));
        line
    }))
}

/// The next line, empty if it is too long; `None` at the end.
fn next_line(file: &mut BufReader<File>) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    if file.by_ref().take(LINE_MAX as u64 + 1).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.len() > LINE_MAX && !line.ends_with(b"\n") {
        file.skip_until(b'\n')?;
        line.clear();
    }
    Ok(Some(line))
}

#[cfg(test)]
mod tests;
