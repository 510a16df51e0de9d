//! The way of a pull request of ours to its base: draft → checks → review → landing, what it waits for, and whose turn it is.
//!
//! Pure: what there is to know is handed in, and what is decided is done elsewhere.

use super::config::Merge;
use super::gate::{Meta, Status, Verdict, verdict};
use super::pull_request::{Base, CheckRun, Checks, Head, Mergeable, RunState};
use super::text::{joined, one_line};
use super::time::Time;
use super::words::words;
use chrono::Duration;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// How many names are said.
const SOME: usize = 3;
/// For how many minutes the checks of one that was brought up to date are waited for, and those of a base after a landing.
const PATIENCE: i64 = 120;

words! {
    "a stage"
    /// How far a pull request is.
    pub enum Stage {
        /// It isn't ready.
        Draft = "draft",
        /// Checks aren't in or failed, or it conflicts with its base.
        Checks = "checks",
        /// People have to look at it.
        Review = "review",
        /// Nothing is in the way; it waits for its turn.
        Landing = "landing",
        /// GitHub has merged it, and its base has it.
        Landed = "landed",
    }
}

/// How far it is, and what it waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    pub stage: Stage,
    /// In words; empty if for nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub waits_for: String,
}

/// What is remembered of one pull request on its way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Landing {
    /// How far it was when GitHub was asked last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub way: Option<Way>,
    /// Its base was last merged into it, to land it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated: Option<Updated>,
    /// The head commit for which GitHub was told to merge it by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto: Option<String>,
    /// It has landed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub landed: Option<Landed>,
    /// Fields of a later version.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Updated {
    /// The commit of the base.
    pub base: String,
    pub at: Time,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Landed {
    /// The commit of the base that brought it there.
    pub commit: String,
    pub at: Time,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.waits_for.as_str() {
            "" => write!(f, "{}", self.stage),
            what => write!(f, "{}, waits for {}", self.stage, one_line(what)),
        }
    }
}

impl Way {
    /// Whether the user is the one to go on with it.
    pub fn is_for_user(&self) -> bool {
        self.stage == Stage::Review || self.waits_for.starts_with("you ")
    }

    fn to(stage: Stage, waits_for: impl Into<String>) -> Self {
        Self { stage, waits_for: waits_for.into() }
    }
}

/// How far a pull request is. `head` is how it stands on GitHub, and its base, as far as that was asked.
pub fn way(meta: &Meta, is_gated: bool, head: Option<(&Head, &Base)>, merge: Merge) -> Way {
    let gate = gate_waits(meta).filter(|_| is_gated);
    if meta.draft {
        let ready = if is_gated { "to be marked ready" } else { "you to mark it ready" };
        return Way::to(Stage::Draft, gate.unwrap_or_else(|| ready.to_owned()));
    }
    if let Some(waits) = head.and_then(|(head, base)| checks_wait(head, base, is_gated)).or(gate) {
        return Way::to(Stage::Checks, waits);
    }
    if let Some(waits) = head.and_then(|(head, base)| review_waits(head, base)) {
        return Way::to(Stage::Review, waits);
    }
    Way::to(Stage::Landing, if merge == Merge::Off { "you to merge it" } else { "its turn" })
}

/// What gatekeepers let it wait for.
fn gate_waits(meta: &Meta) -> Option<String> {
    if meta.status == Status::Closed {
        return None;
    }
    match verdict(meta) {
        Verdict::Passed => None,
        Verdict::Waiting(missing) => Some(format!("gatekeepers: {}", joined(&missing))),
        Verdict::Blocked(failed) => Some(format!("gatekeepers, who block it: {}", joined(&failed))),
    }
}

/// No checks are no success, unless the base has none either and gatekeepers have passed it.
fn checks_wait(head: &Head, base: &Base, is_gated: bool) -> Option<String> {
    if head.mergeable == Mergeable::Conflicting {
        return Some(format!("its conflict with {} to be resolved", head.base));
    }
    let names = |names: Vec<String>| {
        let more = names.len().saturating_sub(SOME);
        let shown = joined(names.into_iter().take(SOME));
        if more == 0 { shown } else { format!("{shown} and {more} more") }
    };
    match head.checks(base) {
        Checks::Green => None,
        Checks::Missing if is_gated && base.runs.is_empty() => None,
        Checks::Missing => Some("checks, of which there are none yet".to_owned()),
        Checks::Pending => {
            let pending = head.runs.iter().filter(|run| run.state == RunState::Pending);
            let pending: Vec<_> = pending.map(CheckRun::title).collect();
            Some(if pending.is_empty() { "required checks to begin".to_owned() } else { names(pending) })
        }
        Checks::Red(failed) => {
            let failed = failed.iter().map(CheckRun::title).collect();
            Some(format!("failed checks to be mended: {}", names(failed)))
        }
    }
}

fn review_waits(head: &Head, base: &Base) -> Option<String> {
    let needed = base.rule.as_ref().map_or(0, |rule| rule.approvals);
    if head.change_requests > 0 || head.review_decision == "CHANGES_REQUESTED" {
        Some("requested changes".to_owned())
    } else if head.approvals < needed {
        Some(format!("approvals: {} of {needed}", head.approvals))
    } else if head.review_decision == "REVIEW_REQUIRED" {
        Some("an approval".to_owned())
    } else {
        None
    }
}

/// One that nothing keeps from landing but its turn, or that is in turn and whose checks run again.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    pub meta: &'a Meta,
    pub head: &'a Head,
    /// It mends its base, which is red: it lands although that is.
    pub mends_base: bool,
}

impl Candidate<'_> {
    /// Whether its checks aren't in, and nothing has failed so far.
    fn may_pass(&self, base: &Base) -> bool {
        let checks = self.meta.landing.way.as_ref().is_some_and(|way| way.stage == Stage::Checks);
        checks
            && self.head.mergeable != Mergeable::Conflicting
            && !matches!(self.head.checks(base), Checks::Red(_))
            && !matches!(verdict(self.meta), Verdict::Blocked(_))
    }
}

/// What is to happen next on one base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing can land now, for this reason.
    Wait(Hold),
    /// The checks of this one run again, since it was brought up to date.
    Of(u64),
    /// One of these, in this order: the first that contains its base lands, else the first is brought up to date.
    Next,
}

/// Why nothing lands on a base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Its checks fail.
    Red,
    /// Its checks run, after something landed.
    Pending,
}

/// Those that could land on a base, in this order, and whose turn it is. `last` is when something last landed there.
pub fn turn<'a>(
    candidates: &[Candidate<'a>],
    base: &Base,
    last: Option<Time>,
    now: Time,
) -> (Turn, Vec<Candidate<'a>>) {
    let lately = |at: Time| now < at + Duration::minutes(PATIENCE);
    let hold = match base.checks() {
        Checks::Red(_) => Some(Hold::Red),
        Checks::Pending if last.is_some_and(lately) => Some(Hold::Pending),
        _ => None,
    };
    let is_ready = |one: &Candidate<'_>| one.meta.landing.way.as_ref().is_some_and(|way| way.stage == Stage::Landing);
    let mut ready: Vec<_> = candidates.iter().filter(|one| is_ready(one)).copied().collect();
    if let Some(hold) = hold {
        ready.retain(|one| one.mends_base && hold == Hold::Red);
        if ready.is_empty() {
            return (Turn::Wait(hold), ready);
        }
    }
    ready.sort_by_key(|one| (!one.mends_base, one.meta.pr_number));
    // Whoever is ready and up to date has nothing to wait for; else one is in turn until its checks are in.
    let is_current = |one: &&Candidate<'_>| {
        one.meta.landing.updated.as_ref().is_some_and(|updated| updated.base == base.commit && lately(updated.at))
    };
    let in_turn = candidates.iter().filter(is_current).find(|one| !is_ready(one) && one.may_pass(base));
    match in_turn.filter(|_| !ready.iter().any(|one| is_current(&one))) {
        Some(one) => (Turn::Of(one.meta.pr_number), ready),
        None => (Turn::Next, ready),
    }
}

#[cfg(test)]
mod tests;
