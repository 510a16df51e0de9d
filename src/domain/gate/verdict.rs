//! What the checks of a pull request add up to, and whether another fix task is due.

use super::check::CheckStatus;
use super::meta::{Meta, Status};
use crate::domain::name::Name;

/// What the required checks of the head commit add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// These required checks aren't in.
    Waiting(Vec<Name>),
    /// All are in and none failed.
    Passed,
    /// All are in, and these failed.
    Blocked(Vec<Name>),
}

/// The verdict on the head commit. Optional checks, and records for another commit, never change it.
pub fn verdict(meta: &Meta) -> Verdict {
    let status = |check: &Name| meta.result(check).map(|result| result.status).filter(|status| status.is_recorded());
    let required = |wanted: Option<CheckStatus>| -> Vec<Name> {
        meta.required_checks.iter().filter(|check| status(check) == wanted).cloned().collect()
    };
    let missing = required(None);
    if !missing.is_empty() {
        return Verdict::Waiting(missing);
    }
    let failed = required(Some(CheckStatus::Failed));
    if failed.is_empty() { Verdict::Passed } else { Verdict::Blocked(failed) }
}

/// How an open pull request stands.
pub fn standing(meta: &Meta) -> Status {
    match verdict(meta) {
        // Nobody checks it.
        Verdict::Passed if meta.required_checks.is_empty() => Status::Pending,
        Verdict::Passed => Status::Approved,
        Verdict::Blocked(_) => Status::Blocked,
        Verdict::Waiting(_) => {
            let begun = |check: &Name| meta.result(check).is_some_and(|result| result.status != CheckStatus::Pending);
            if meta.checks().any(begun) { Status::Running } else { Status::Pending }
        }
    }
}

/// What is to happen to mend a blocked pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FixRound {
    /// This task was created for the head commit.
    Made(Name),
    /// A task is to be created.
    Due,
    /// As many were created as may be; the user has to look.
    Exhausted {
        /// How many.
        rounds: u32,
    },
    /// It comes from a fork, which can't be pushed to.
    Fork,
}

/// Whether a blocked pull request, of which all was carried out, may have another fix task since: the limit was raised.
pub fn needs_fix(meta: &Meta, max: u32) -> bool {
    meta.status == Status::Blocked && fix_round(meta, max) == FixRound::Due
}

/// Whether a fix task is due for the head commit; at most `max` are created for one pull request, beside those that were
/// taken back.
pub fn fix_round(meta: &Meta, max: u32) -> FixRound {
    let mut standing = meta.fix_tasks.iter().filter(|made| !made.withdrawn && made.about.is_none());
    let rounds = u32::try_from(standing.clone().count()).unwrap_or(u32::MAX);
    if let Some(made) = standing.find(|made| made.commit == meta.head_sha) {
        return FixRound::Made(made.task.clone());
    }
    if meta.fork {
        return FixRound::Fork;
    }
    if rounds >= max { FixRound::Exhausted { rounds } } else { FixRound::Due }
}
