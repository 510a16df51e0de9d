//! Tasks: what their files say, and how a file is changed without touching what a person wrote.
//!
//! A task's id is its file stem. Only the lines before the first `##` are header; whatever the body says is text.
//! It never opens a file.

mod answers;
mod edit;
mod new;
mod section;

pub use answers::{Answer, answers, without_answers};
pub use edit::Edit;
pub use new::NewTask;
pub use section::section;
pub use section::without_outcome;

use super::{
    name::Name,
    role::TaskRole,
    text::{nearest, one_line},
    time::{self, Time},
    words::words,
};
use clap::ValueEnum;
use serde::Serialize;
use std::str::FromStr;

words! {
    "a state of tasks"
    /// The four directories of the queue, in the order of a task's life.
    pub enum TaskState {
        /// New tasks.
        Incoming = "incoming",
        /// Being worked on.
        Claimed = "claimed",
        /// Completed.
        Done = "done",
        /// Given up; waiting for the user.
        Failed = "failed",
    }
}

words! {
    "a priority"
    /// How urgent a task is: `P0` first.
    #[derive(Default)]
    pub enum Priority {
        /// Before everything else.
        P0 = "P0",
        /// Soon.
        P1 = "P1",
        /// Whenever there is time.
        #[default]
        P2 = "P2",
    }
}

/// The words of header lines.
pub mod key {
    macro_rules! keys {
        ($($name:ident)*) => {
            $(#[doc = concat!("`", stringify!($name), ":`")] pub const $name: &str = stringify!($name);)*
            /// Every word.
            pub const ALL: &[&str] = &[$($name),*];
        };
    }
    keys! {
        ROLE PRIORITY BRANCH CREATED CREATED_BY BLOCKED_BY OVERLAPS PR PROPOSAL FROM_PROPOSAL WORK_BRANCH ATTEMPTS RETURNS
        CLAIMED_BY CLAIMED_AT RUN WAITS_FOR ANSWERED COMPLETED_AT FAILED_AT RETRIED_AT CANCELLED_AT
    }
}

/// What the header of a task file says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Task {
    /// The file stem.
    pub id: Name,
    /// The first heading, without its `[id]`.
    pub title: String,
    /// Who carries it out.
    pub role: TaskRole,
    /// How urgent it is.
    pub priority: Priority,
    /// The branch to start from and to merge into.
    pub branch: Option<String>,
    /// When it was created.
    #[serde(with = "time::option")]
    pub created: Option<Time>,
    /// Who created it.
    pub created_by: Option<String>,
    /// Tasks that must be done before.
    pub blocked_by: Vec<Name>,
    /// Of these, the ones that it waits for only as long as they are incoming or claimed, since they change the same
    /// files.
    pub overlaps: Vec<Name>,
    /// The pull request that it updates.
    pub pr: Option<u64>,
    /// The proposal that it came from.
    pub proposal: Option<String>,
    /// The branch that holds what earlier attempts left.
    pub work_branch: Option<String>,
    /// How many attempts were charged or are under way.
    pub attempts: u32,
    /// How often in a row it came back uncharged.
    pub returns: u32,
    /// The agent that holds it.
    pub claimed_by: Option<String>,
    /// Since when.
    #[serde(with = "time::option")]
    pub claimed_at: Option<Time>,
    /// The run that holds it.
    pub run: Option<String>,
    /// What it waits for: an unanswered question, or a hold that a person lifts.
    pub waits_for: Option<String>,
    /// The questions that were answered: messages' names.
    pub answered: Vec<String>,
    /// When it was completed.
    #[serde(with = "time::option")]
    pub completed_at: Option<Time>,
    /// When it failed.
    #[serde(with = "time::option")]
    pub failed_at: Option<Time>,
    /// When a person gave it another try.
    #[serde(with = "time::option")]
    pub retried_at: Option<Time>,
    /// When a person cancelled it.
    #[serde(with = "time::option")]
    pub cancelled_at: Option<Time>,
}

/// Reads the header of a task file.
///
/// # Errors
/// What is wrong in it, one sentence each; the file is then shown with them and left alone.
pub fn parse(id: &Name, text: &str) -> Result<Task, Vec<String>> {
    let mut reader = HeaderReader::new(text);
    let title = reader.title.take().unwrap_or_default();
    if title.is_empty() {
        reader.problem("no title: the first line must be `# Title`");
    }
    let proposal = reader.value(key::PROPOSAL).or_else(|| reader.value(key::FROM_PROPOSAL));
    let task = Task {
        id: id.clone(),
        title,
        role: reader.word(key::ROLE).unwrap_or_default(),
        priority: reader.word(key::PRIORITY).unwrap_or_default(),
        branch: reader.value(key::BRANCH),
        created: reader.time(key::CREATED),
        created_by: reader.value(key::CREATED_BY),
        blocked_by: reader.names(key::BLOCKED_BY),
        overlaps: reader.names(key::OVERLAPS),
        pr: reader.number(key::PR),
        proposal,
        work_branch: reader.value(key::WORK_BRANCH),
        attempts: reader.number(key::ATTEMPTS).unwrap_or_default(),
        returns: reader.number(key::RETURNS).unwrap_or_default(),
        claimed_by: reader.value(key::CLAIMED_BY),
        claimed_at: reader.time(key::CLAIMED_AT),
        run: reader.value(key::RUN),
        waits_for: reader.value(key::WAITS_FOR),
        answered: reader.words(key::ANSWERED),
        completed_at: reader.time(key::COMPLETED_AT),
        failed_at: reader.time(key::FAILED_AT),
        retried_at: reader.time(key::RETRIED_AT),
        cancelled_at: reader.time(key::CANCELLED_AT),
    };
    if reader.problems.is_empty() { Ok(task) } else { Err(reader.problems) }
}

impl Task {
    /// What it waits for, unless that is a question that was answered meanwhile.
    pub fn held_by(&self) -> Option<&str> {
        self.waits_for.as_deref().filter(|what| !self.answered.iter().any(|answered| answered == what))
    }
}

/// The part of the text that is not header: from the first `##` on, or empty.
pub fn body(text: &str) -> &str {
    &text[header_end(text)..]
}

/// The title and header lines of one file, and what was wrong in them.
struct HeaderReader<'a> {
    title: Option<String>,
    lines: Vec<(&'static str, &'a str)>,
    problems: Vec<String>,
}

impl<'a> HeaderReader<'a> {
    fn new(text: &'a str) -> Self {
        let mut reader = Self { title: None, lines: Vec::new(), problems: Vec::new() };
        for line in text[..header_end(text)].lines() {
            let line = line.trim_start_matches('\u{feff}').trim_end();
            if let Some(heading) = line.strip_prefix("# ") {
                reader.title.get_or_insert_with(|| title_of(heading));
            } else if let Some((key, value)) = header_line(line) {
                reader.line(key, value);
            }
        }
        reader
    }

    fn line(&mut self, word: &'a str, value: &'a str) {
        let Some(&key) = key::ALL.iter().find(|key| **key == word) else {
            if let Some(near) = nearest(word, key::ALL.iter().copied()) {
                self.problem(format!("unknown line {word}: did you mean {near}?"));
            }
            return;
        };
        if self.lines.iter().any(|(seen, _)| *seen == key) {
            self.problem(format!("{key} stands there twice: keep one"));
        } else if !value.is_empty() {
            self.lines.push((key, value));
        }
    }

    fn problem(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }

    fn raw(&self, key: &str) -> Option<&'a str> {
        self.lines.iter().find(|(seen, _)| *seen == key).map(|(_, value)| *value)
    }

    fn value(&self, key: &str) -> Option<String> {
        self.raw(key).map(str::to_owned)
    }

    fn word<T: ValueEnum>(&mut self, key: &str) -> Option<T> {
        match T::from_str(self.raw(key)?, true) {
            Ok(value) => Some(value),
            Err(problem) => {
                self.problem(format!("{key}: {problem}"));
                None
            }
        }
    }

    fn number<T: FromStr>(&mut self, key: &str) -> Option<T> {
        let raw = self.raw(key)?;
        let number = raw.trim_start_matches('#').parse().ok();
        if number.is_none() {
            self.problem(format!("{key}: {raw:?} is not a number"));
        }
        number
    }

    fn time(&mut self, key: &str) -> Option<Time> {
        let raw = self.raw(key)?;
        let time = time::parse(raw);
        if time.is_none() {
            self.problem(format!("{key}: {raw:?} is not a time such as 2024-01-15T10:30:00Z"));
        }
        time
    }

    fn words(&self, key: &str) -> Vec<String> {
        let words = self.raw(key).unwrap_or_default().split([',', ' ']).filter(|word| !word.is_empty());
        words.map(str::to_owned).collect()
    }

    fn names(&mut self, key: &str) -> Vec<Name> {
        let mut names = Vec::new();
        for word in self.words(key) {
            match word.parse() {
                Ok(name) => names.push(name),
                Err(problem) => self.problem(format!("{key}: {problem}")),
            }
        }
        names
    }
}

/// The offset of the first line that begins with `##`.
fn header_end(text: &str) -> usize {
    if text.trim_start_matches('\u{feff}').starts_with("##") {
        return 0;
    }
    text.find("\n##").map_or(text.len(), |at| at + 1)
}

/// `[TASK-1] Fix it` → `Fix it`.
fn title_of(heading: &str) -> String {
    let heading = heading.trim();
    let rest = heading
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
        .filter(|(id, _)| id.parse::<Name>().is_ok())
        .map_or(heading, |(_, rest)| rest);
    one_line(rest)
}

/// `KEY: value` → both, trimmed; only words of capitals and `_` are keys.
fn header_line(line: &str) -> Option<(&str, &str)> {
    let (word, value) = line.split_once(':')?;
    let is_key = !word.is_empty() && word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    is_key.then(|| (word, value.trim()))
}

#[cfg(test)]
mod tests;
