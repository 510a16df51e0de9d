//! `meta.json`: what is remembered of one pull request. Fields of a later version survive every change.

use super::check::CheckStatus;
use super::verdict_failure::VerdictFailure;
use crate::domain::landing::Landing;
use crate::domain::name::Name;
use crate::domain::pull_request::{About, Feedback};
use crate::domain::time::{self, Time};
use crate::domain::words::words;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

words! {
    "a status of pull requests"
    /// How a pull request stands.
    #[derive(Default)]
    pub enum Status {
        /// No check of its head commit is under way or in.
        #[default]
        Pending = "pending",
        /// Some are.
        Running = "running",
        /// All required checks are in and none failed.
        Approved = "approved",
        /// All required checks are in and at least one failed.
        Blocked = "blocked",
        /// It was merged or closed.
        Closed = "closed",
    }
}

/// One check in `check_results`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckResult {
    /// How it stands.
    pub status: CheckStatus,
    /// One line; empty until it is recorded.
    #[serde(default)]
    pub summary: String,
    /// When it was begun or recorded.
    #[serde(default, deserialize_with = "time::lenient")]
    pub time: Option<Time>,
    /// The commit that it is about: for another than the head commit it doesn't count.
    #[serde(default)]
    pub commit: String,
    /// The run that is at it, or recorded it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// How many runs were begun for this commit and counted.
    #[serde(default)]
    pub attempts: u32,
    /// It was begun as often as it may be, always in vain: only the user can have it tried again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub given_up: bool,
    /// It is about a newer commit than the head that was known when it was recorded.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ahead: bool,
    /// Runs that looked at another commit than the head that is known: what they recorded doesn't count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed: Option<Missed>,
    /// Fields of a later version.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// How often a check was made in vain because the remote has another commit than GitHub names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missed {
    /// The head that GitHub names.
    pub head: String,
    /// How many runs were begun for it.
    pub attempts: u32,
}

/// One entry of `fix_tasks`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FixTask {
    /// The task.
    pub task: Name,
    /// The head commit that it is to mend.
    pub commit: String,
    /// It was taken back before it was begun, since there was nothing left for it to mend.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withdrawn: bool,
    /// What of GitHub's feedback it is about; none if gatekeepers asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<About>,
    /// Fields of a later version.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// What was carried out on GitHub last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedOut {
    /// For which head commit.
    pub commit: String,
    /// For which verdict: approved, blocked, or pending if only what an older one left was taken back.
    pub status: Status,
    /// The optional checks whose results were reported, with the verdict or after it.
    #[serde(default)]
    pub reported: BTreeSet<Name>,
    /// Fields of a later version.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// The contents of `meta.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Meta {
    /// Its number.
    pub pr_number: u64,
    /// Its title: text of others.
    pub title: String,
    /// The branch it comes from: text of others.
    pub branch: String,
    /// The branch it goes to.
    pub base: String,
    /// The account that opened it.
    pub author: String,
    /// Its head commit; empty before the coordinator has asked for it, as where the Python system wrote the file.
    #[serde(default)]
    pub head_sha: String,
    /// It isn't ready to be merged.
    #[serde(default)]
    pub draft: bool,
    /// It comes from a fork.
    #[serde(default)]
    pub fork: bool,
    /// How it stands.
    pub status: Status,
    /// When it was first seen.
    #[serde(default, deserialize_with = "time::lenient")]
    pub created_at: Option<Time>,
    /// When a check was last recorded.
    #[serde(default, deserialize_with = "time::lenient")]
    pub last_checked: Option<Time>,
    /// Checks that must pass.
    #[serde(default)]
    pub required_checks: Vec<Name>,
    /// Checks that are reported and block nothing.
    #[serde(default)]
    pub optional_checks: Vec<Name>,
    /// The checks that were begun or are in.
    #[serde(default)]
    pub check_results: BTreeMap<Name, CheckResult>,
    /// The tasks that were created to mend it, oldest first.
    #[serde(default)]
    pub fix_tasks: Vec<FixTask>,
    /// What is remembered of what CI and people said.
    #[serde(default, skip_serializing_if = "is_default")]
    pub feedback: Feedback,
    /// How far it is on its way to its base.
    #[serde(default, skip_serializing_if = "is_default")]
    pub landing: Landing,
    /// What was carried out on GitHub last.
    #[serde(rename = "settled", default)]
    pub carried_out: Option<CarriedOut>,
    /// What keeps the verdict from being carried out, if anything does.
    #[serde(rename = "hitch", default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<VerdictFailure>,
    /// An earlier change request of ours may still stand.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub changes_requested: bool,
    /// Fields of a later version.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Meta {
    /// The result of a check for the head commit; one for another commit is none.
    pub fn result(&self, check: &Name) -> Option<&CheckResult> {
        self.check_results.get(check).filter(|result| !result.commit.is_empty() && result.commit == self.head_sha)
    }

    /// How often a check of the head commit recorded something about another commit only.
    pub fn missed(&self, check: &Name) -> u32 {
        let missed = self.check_results.get(check).and_then(|result| result.missed.as_ref());
        missed.filter(|missed| missed.head == self.head_sha).map_or(0, |missed| missed.attempts)
    }

    /// Required and optional checks, each once, in this order.
    pub fn checks(&self) -> impl Iterator<Item = &Name> {
        let optional = self.optional_checks.iter().filter(|check| !self.required_checks.contains(check));
        self.required_checks.iter().chain(optional)
    }

    /// How a check of the head commit stands, in a word.
    pub fn word(&self, check: &Name) -> &'static str {
        match self.result(check) {
            Some(result) if result.given_up => "given up",
            Some(result) => result.status.word(),
            None if self.missed(check) > 0 => "didn't count",
            None => CheckStatus::Pending.word(),
        }
    }

    /// The optional checks of the head commit that are in.
    pub fn optional_in(&self) -> BTreeSet<Name> {
        let is_in = |check: &&Name| {
            !self.required_checks.contains(check)
                && self.result(check).is_some_and(|result| result.status.is_recorded())
        };
        self.optional_checks.iter().filter(is_in).cloned().collect()
    }

    /// The optional checks that came in after the verdict was carried out and weren't reported since.
    pub fn unreported(&self) -> Vec<Name> {
        let verdict = |done: &&CarriedOut| {
            done.commit == self.head_sha && matches!(done.status, Status::Approved | Status::Blocked)
        };
        let Some(done) = self.carried_out.as_ref().filter(verdict) else { return Vec::new() };
        self.optional_in().difference(&done.reported).cloned().collect()
    }

    /// Whether what there is to do on GitHub for the state of things was done.
    pub fn is_carried_out(&self) -> bool {
        let status = if self.status == Status::Running { Status::Pending } else { self.status };
        self.carried_out.as_ref().is_some_and(|done| done.commit == self.head_sha && done.status == status)
    }
}
