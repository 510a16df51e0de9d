//! The ledger: one line for each run of claude, for ever; what a line says, and how it is read back.
//!
//! A run has one line, and lines are never changed. Nothing here opens the file.

mod sums;

pub use sums::{By, Days, Group, Sum, Sums};

use super::name::Name;
use super::role::Role;
use super::run::{Assignment, Record, Usage};
use super::settlement::Tally;
use super::time::{self, Time};
use super::words::words;
use memchr::memchr2;
use serde::{Deserialize, Serialize};

words! {
    "a payer"
    /// What pays for a run, as far as claude lets it be known.
    pub enum Payer {
        /// What it is said to cost is notional.
        Subscription = "subscription",
        Api = "api",
    }
}

/// One line. [`Line::read`] finds the fields up to `model` by their order, and each is there even if it is null.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When claude had ended.
    pub time: Time,
    pub agent: Name,
    /// What this run alone has cost, in US dollars.
    pub cost_usd: Option<f64>,
    pub tally: Tally,
    pub billing: Option<Payer>,
    /// `None` if nothing but its folder was left of it.
    pub role: Option<Role>,
    pub task: Option<Name>,
    pub model: Option<String>,
    /// How it ended, in a word.
    pub outcome: String,
    pub run: String,
    /// The one that it opened, updated or looked at.
    pub pull_request: Option<u64>,
    /// Which attempt at its task it was, counted from 1; 0 without a task.
    pub attempt: u32,
    pub turns: Option<u64>,
    /// Tokens read, cached ones included.
    pub input_tokens: Option<u64>,
    /// Tokens written.
    pub output_tokens: Option<u64>,
    /// Of those that were read, the ones from the cache.
    pub cache_read_tokens: Option<u64>,
    /// Of those that were read, the ones that were put into it.
    pub cache_write_tokens: Option<u64>,
    pub seconds: u64,
    /// The cost is a guess: claude never said it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_estimate: bool,
}

impl Entry {
    /// The line of a run of which this is known, and what it has used up.
    pub fn new(time: Time, agent: &Name, run: &str, outcome: &str, tally: Tally, usage: &Usage) -> Self {
        Self {
            time,
            agent: agent.clone(),
            cost_usd: usage.cost_usd,
            tally,
            billing: usage.payer,
            role: None,
            task: None,
            model: usage.model.clone(),
            outcome: outcome.to_owned(),
            run: run.to_owned(),
            pull_request: None,
            attempt: 0,
            turns: usage.turns,
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cache_read_tokens: usage.cache_read_tokens,
            cache_write_tokens: usage.cache_write_tokens,
            seconds: usage.duration_seconds,
            is_estimate: usage.is_estimate && usage.cost_usd.is_some(),
        }
    }

    /// The line of a run that is on record; `pr` is that of its task.
    pub fn of(assignment: &Assignment, record: &Record, pr: Option<u64>) -> Self {
        let (job, tally, usage) = (&assignment.job, record.settlement.tally, &record.usage);
        let known =
            Self::new(record.finished_at, &assignment.agent, &record.run_id, record.outcome.word(), tally, usage);
        Self {
            role: Some(assignment.role),
            task: job.task().cloned(),
            model: known.model.or_else(|| assignment.settings.claude_model.clone()),
            pull_request: job.check().map(|due| due.pr).or(pr),
            attempt: record.attempt,
            ..known
        }
    }
}

/// What is summed up of a line; a text that is null is empty.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line<'a> {
    pub time: &'a [u8],
    pub agent: &'a [u8],
    pub cost_usd: Option<f64>,
    pub is_failure: bool,
    pub is_notional: bool,
    pub role: &'a [u8],
    pub task: &'a [u8],
    pub model: &'a [u8],
}

impl Line<'_> {
    /// Lends what a line says; `None` if it isn't one, or is cut. A year's lines are read in the time that it takes to read the
    /// file; one that was written by hand, in another order or with blanks, takes ten times as long.
    pub fn read<T>(line: &[u8], lend: impl FnOnce(&Line<'_>) -> T) -> Option<T> {
        let line = line.trim_ascii_end();
        if !line.ends_with(b"}") {
            return None;
        }
        if let Some(quick) = Line::quick(line) {
            return Some(lend(&quick));
        }
        let entry: Entry = serde_json::from_slice(line).ok()?;
        let word = |text: Option<&'static str>| text.unwrap_or_default().as_bytes();
        Some(lend(&Line {
            time: time::to_text(entry.time).as_bytes(),
            agent: entry.agent.as_str().as_bytes(),
            cost_usd: entry.cost_usd.filter(|cost| cost.is_finite()),
            is_failure: entry.tally == Tally::Failure,
            is_notional: entry.billing == Some(Payer::Subscription),
            role: word(entry.role.map(Role::word)),
            task: entry.task.as_ref().map_or("", Name::as_str).as_bytes(),
            model: entry.model.as_deref().unwrap_or_default().as_bytes(),
        }))
    }
}

impl<'a> Line<'a> {
    /// A line as [`Entry`] writes it.
    fn quick(line: &'a [u8]) -> Option<Self> {
        let rest = &mut &*line;
        Some(Self {
            time: value(rest, b"{\"time\":")?,
            agent: value(rest, b",\"agent\":")?,
            cost_usd: match value(rest, b",\"cost_usd\":")? {
                b"" => None,
                number => Some(str::from_utf8(number).ok()?.parse().ok().filter(|cost: &f64| cost.is_finite())?),
            },
            is_failure: value(rest, b",\"tally\":")? == b"failure",
            is_notional: value(rest, b",\"billing\":")? == b"subscription",
            role: value(rest, b",\"role\":")?,
            task: value(rest, b",\"task\":")?,
            model: value(rest, b",\"model\":")?,
        })
    }
}

/// Takes a value off the line if this comes before it: a text without escapes, a number, or null, which is empty.
fn value<'a>(rest: &mut &'a [u8], before: &[u8]) -> Option<&'a [u8]> {
    let text = rest.strip_prefix(before)?;
    let quote = usize::from(text.first() == Some(&b'"'));
    let last = if quote == 1 { b'"' } else { b',' };
    let end = quote + memchr2(last, b'\\', &text[quote..])?;
    if text[end] == b'\\' {
        return None;
    }
    *rest = &text[end + quote..];
    let value = &text[quote..end];
    Some(if quote == 0 && value == b"null" { b"" } else { value })
}

#[cfg(test)]
pub mod tests;
