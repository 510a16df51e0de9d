//! What becomes of a pull request of ours that can't be merged as it is: a conflict with its base first, then red checks, then
//! what people say. For each head commit at most one task of each kind, so many rounds in all, then the user.
//!
//! Pure: what there is to know is handed in, and what is decided is done elsewhere.

use super::{CheckRun, Checks, Head, Mergeable, Ours};
use crate::domain::gate::FixTask;
use crate::domain::words::words;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

words! {
    "a kind of feedback"
    /// What a task mends.
    pub enum Kind {
        /// The base has changed the same lines.
        Conflict = "conflict",
        /// Required checks failed.
        Checks = "checks",
        /// People want something changed.
        Words = "words",
    }
}

/// What is remembered of one pull request beside its tasks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Feedback {
    /// The runs of GitHub's CI that were begun again, or can't be, for this commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reruns: Option<Reruns>,
    /// Head and base between which a merge was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tried: Option<[String; 2]>,
    /// When anything was last said there of what was read, and behind it whose words counted then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<String>,
    /// So many rounds are made, and the user was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exhausted: Option<u32>,
    /// Fields of a later version.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reruns {
    pub commit: String,
    pub runs: Vec<u64>,
}

/// What a task that mends is about, beside its commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    pub kind: Kind,
    /// The remarks that it deals with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
    /// Of these, the threads that get an answer once something is pushed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub threads: Vec<String>,
    /// They have it, or never will.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_answered: bool,
}

impl About {
    pub fn of(kind: Kind) -> Self {
        Self { kind, remarks: Vec::new(), threads: Vec::new(), is_answered: true }
    }
}

/// What is due for one pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    Nothing,
    /// Merge the base into it.
    Merge,
    /// Begin these runs of GitHub's CI again: what fails once may be chance.
    Rerun(Vec<u64>),
    /// Nothing but what fails on its base as well: that is to be mended there.
    MendBase,
    /// Find out what people say; nothing else is in the way.
    Read,
    Round(Round),
}

/// A task is due, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Round {
    Task,
    /// As many were made as may be: the user has to look.
    Exhausted(u32),
}

/// What is due. `tasks` are those that were made for it, for whatever reason.
pub fn next(ours: &Ours, head: &Head, tasks: &[FixTask], known: &Feedback, max_rounds: u32) -> (Option<Kind>, Next) {
    // Whoever is at it moves the branch on.
    if tasks.iter().any(|task| !task.withdrawn && task.commit == head.commit) {
        return (None, Next::Nothing);
    }
    let base = ours.base_of(head);
    let is_read = head.remarks == 0 || known.read.as_deref() == Some(&head.updated_at);
    if head.mergeable == Mergeable::Conflicting {
        let tried = base.is_none_or(|base| {
            known.tried.as_ref().is_some_and(|tried| *tried == [head.commit.clone(), base.commit.clone()])
        });
        let next = if tried { Next::Round(round(tasks, max_rounds)) } else { Next::Merge };
        return (Some(Kind::Conflict), next);
    }
    if let Checks::Red(_) = ours.checks_of(head) {
        let failed = own_failures(ours, head);
        let begun = known.reruns.as_ref().filter(|reruns| reruns.commit == head.commit);
        let mut runs: Vec<u64> = failed.iter().filter_map(|run| run.job).map(|(run, _)| run).collect();
        runs.sort_unstable();
        runs.dedup();
        runs.retain(|run| begun.is_none_or(|begun| !begun.runs.contains(run)));
        return match () {
            () if failed.is_empty() && is_read => (None, Next::MendBase),
            () if failed.is_empty() => (Some(Kind::Words), Next::Read),
            () if !runs.is_empty() => (Some(Kind::Checks), Next::Rerun(runs)),
            () => (Some(Kind::Checks), Next::Round(round(tasks, max_rounds))),
        };
    }
    if is_read { (None, Next::Nothing) } else { (Some(Kind::Words), Next::Read) }
}

/// The checks that failed and count, and don't fail on the base as well.
pub fn own_failures(ours: &Ours, head: &Head) -> Vec<CheckRun> {
    let Checks::Red(failed) = ours.checks_of(head) else { return Vec::new() };
    let base = ours.base_of(head);
    failed.into_iter().filter(|run| base.is_none_or(|base| !base.fails(run))).collect()
}

/// Whether another task may be made, beside those that were taken back and what gatekeepers had mended.
pub fn round(tasks: &[FixTask], max: u32) -> Round {
    let made = tasks.iter().filter(|task| !task.withdrawn && task.about.is_some()).count();
    let made = u32::try_from(made).unwrap_or(u32::MAX);
    if made >= max { Round::Exhausted(made) } else { Round::Task }
}

#[cfg(test)]
mod tests;
