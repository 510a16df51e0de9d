//! Tasks: what their files say, and how a file is changed without touching what the user wrote.
//!
//! A task's id is its file stem. Only the lines before the first `##` are header; whatever the body says is text.
//! It never opens a file.

mod answers;
mod appended;
mod edit;
mod new;
mod section;

pub use answers::{Answer, answers, without_answers};
pub use edit::Edit;
pub use new::NewTask;
pub use section::{criteria, feedback_text, issue_text, section, without_outcome};

use super::markdown::Header;
use super::name::Name;
use super::role::TaskRole;
use super::text::{nearest, one_line};
use super::time::Time;
use super::words::words;
use serde::Serialize;

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
        ROLE FOR_ROLE PRIORITY BRANCH CREATED CREATED_BY BLOCKED_BY OVERLAPS PR ISSUE PROPOSAL FROM_PROPOSAL WORK_BRANCH ATTEMPTS RETURNS COST_USD
        RESUMED_BY CLAIMED_BY CLAIMED_AT RUN WAITS_FOR ANSWERED RESULT COMPLETED_AT FAILED_AT RETRIED_AT CANCELLED_AT
    }
}

/// What the header of a task file says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Task {
    /// The file stem.
    pub id: Name,
    /// The first heading, without its `[id]`.
    pub title: String,
    /// Who carries it out: the kind of work.
    pub role: TaskRole,
    /// The word of the role in agents.yaml that alone claims it, if not a built-in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub for_role: Option<Name>,
    /// How urgent it is.
    pub priority: Priority,
    /// The branch to start from and to merge into.
    pub branch: Option<String>,
    /// When it was created.
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
    /// The issue that it came from.
    pub issue: Option<u64>,
    /// The proposal that it came from.
    pub proposal: Option<String>,
    /// The branch that holds what earlier attempts left.
    pub work_branch: Option<String>,
    /// How many attempts were charged or are under way.
    pub attempts: u32,
    /// How often in a row it came back uncharged.
    pub returns: u32,
    /// What its runs have cost since it was added or retried, in US dollars.
    pub cost_usd: f64,
    /// The agent that goes on with its conversation, if it can soon.
    pub resumed_by: Option<Name>,
    /// The agent that holds it.
    pub claimed_by: Option<String>,
    /// Since when.
    pub claimed_at: Option<Time>,
    /// The run that holds it.
    pub run: Option<String>,
    /// What it waits for: an unanswered question, or a hold that the user lifts.
    pub waits_for: Option<String>,
    /// The questions that were answered: messages' names.
    pub answered: Vec<String>,
    /// What came of it, in a few words: the pull request first, as `#7`.
    pub result: Option<String>,
    /// When it was completed.
    pub completed_at: Option<Time>,
    /// When it failed.
    pub failed_at: Option<Time>,
    /// When the user gave it another try.
    pub retried_at: Option<Time>,
    /// When the user cancelled it.
    pub cancelled_at: Option<Time>,
}

/// Reads the header of a task file.
///
/// # Errors
/// What is wrong in it, one sentence each; the file is then shown with them and left alone.
pub fn parse(id: &Name, text: &str) -> Result<Task, Vec<String>> {
    let lines = || header(text).filter_map(header_line);
    let known = |word: &str| key::ALL.iter().find(|key| **key == word);
    let appended = appended::appended(text);
    let mut header = Header::new(lines().filter_map(|(word, value)| Some((*known(word)?, value))).chain(appended));
    for (word, _) in lines().filter(|(word, _)| known(word).is_none()) {
        if let Some(near) = nearest(word, key::ALL.iter().copied()) {
            header.problems.push(format!("{word}: unknown key; did you mean {near}?"));
        }
    }
    let title = title(text);
    if title.is_empty() {
        header.problems.push("no title: the first line must be `# Title`".to_owned());
    }
    // The Python system says it in the section alone.
    let said = || section(text, "Result").and_then(|said| said.trim().lines().next()).map(one_line);
    let (role, own_role) = header.read(key::ROLE, TaskRole::or_own).unwrap_or_default();
    let task = Task {
        id: id.clone(),
        title,
        role,
        for_role: header.name(key::FOR_ROLE).or(own_role),
        priority: header.word(key::PRIORITY).unwrap_or_default(),
        branch: header.text(key::BRANCH),
        created: header.time(key::CREATED),
        created_by: header.text(key::CREATED_BY),
        blocked_by: header.names(key::BLOCKED_BY),
        overlaps: header.names(key::OVERLAPS),
        pr: header.number(key::PR),
        issue: header.number(key::ISSUE),
        proposal: header.text(key::PROPOSAL).or_else(|| header.text(key::FROM_PROPOSAL)),
        work_branch: header.text(key::WORK_BRANCH),
        attempts: header.number(key::ATTEMPTS).unwrap_or_default(),
        returns: header.number(key::RETURNS).unwrap_or_default(),
        cost_usd: header.number(key::COST_USD).unwrap_or_default(),
        resumed_by: header.text(key::RESUMED_BY).and_then(|name| name.parse().ok()),
        claimed_by: header.text(key::CLAIMED_BY),
        claimed_at: header.time(key::CLAIMED_AT),
        run: header.text(key::RUN),
        waits_for: header.text(key::WAITS_FOR),
        answered: header.list(key::ANSWERED),
        result: header.text(key::RESULT).or_else(|| header.value(key::COMPLETED_AT).and_then(|_| said())),
        completed_at: header.time(key::COMPLETED_AT),
        failed_at: header.time(key::FAILED_AT),
        retried_at: header.time(key::RETRIED_AT),
        cancelled_at: header.time(key::CANCELLED_AT),
    };
    if header.problems.is_empty() { Ok(task) } else { Err(header.problems) }
}

impl Task {
    /// The pull request that has its work: the one that it updates, or that was opened for it.
    pub fn pull_request(&self) -> Option<u64> {
        let opened = || {
            let number = self.result.as_deref()?.strip_prefix('#')?;
            number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        };
        self.pr.or_else(opened)
    }

    /// Its `ROLE:`, as who adds it says it.
    pub fn role_name(&self) -> &str {
        self.for_role.as_ref().map_or(self.role.word(), Name::as_str)
    }

    /// Whether it is for those who claim tasks of this role.
    pub fn is_for(&self, claims: &Name) -> bool {
        self.role_name().eq_ignore_ascii_case(claims.as_str())
    }

    /// What it waits for, unless that is a question that was answered meanwhile.
    pub fn held_by(&self) -> Option<&str> {
        self.waits_for.as_deref().filter(|what| !self.answered.iter().any(|answered| answered == what))
    }
}

/// A task's id as messages and proposals name it: the Python system leaves its prefix out.
pub fn id_from(text: &str) -> String {
    let is_bare = text.len() == 8 && text.chars().all(|c| c.is_ascii_hexdigit());
    if is_bare { format!("TASK-{text}") } else { text.to_owned() }
}

/// The part of the text that is not header: from the first `##` on, or empty.
pub fn body(text: &str) -> &str {
    &text[header_end(text)..]
}

/// The run that the header of a task file names, whatever else is wrong in it.
pub fn run_of(text: &str) -> Option<&str> {
    value(header(text), key::RUN).filter(|run| !run.is_empty())
}

/// The offset of the first line that begins with `##`.
fn header_end(text: &str) -> usize {
    if text.trim_start_matches('\u{feff}').starts_with("##") {
        return 0;
    }
    text.find("\n##").map_or(text.len(), |at| at + 1)
}

fn header(text: &str) -> impl Iterator<Item = &str> {
    text[..header_end(text)].lines().map(|line| line.trim_start_matches('\u{feff}').trim_end())
}

/// `KEY: value` → both, trimmed; only words of capitals and `_` are keys.
fn header_line(line: &str) -> Option<(&str, &str)> {
    let (word, value) = line.split_once(':')?;
    let is_key = !word.is_empty() && word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    is_key.then(|| (word, value.trim()))
}

/// The value of the first line of that key.
fn value<'a>(mut header: impl Iterator<Item = &'a str>, key: &str) -> Option<&'a str> {
    header.find_map(|line| header_line(line).filter(|(word, _)| *word == key).map(|(_, value)| value))
}

/// The first heading; of `# [TASK-1] Fix it` it is `Fix it`.
fn title(text: &str) -> String {
    let heading = header(text).find_map(|line| line.strip_prefix("# ")).unwrap_or_default().trim();
    let id = heading.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let title = id.filter(|(id, _)| id.parse::<Name>().is_ok()).map_or(heading, |(_, title)| title);
    one_line(title)
}

#[cfg(test)]
mod tests;
