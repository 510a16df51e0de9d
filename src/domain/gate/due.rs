//! Which checks of a pull request are due, and which nobody makes.

use super::check::CheckStatus;
use super::meta::{Meta, Status};
use crate::domain::config::{Config, Gatekeeper};
use crate::domain::name::Name;
use crate::domain::role::Role;
use crate::domain::time::Time;
use chrono::Duration;
use serde::{Deserialize, Serialize};

/// How long a check waits after its first run in vain, in seconds, and at most.
const FIRST_PAUSE: i64 = 60;
const LONGEST_PAUSE: i64 = 3_600;

/// A check that a gatekeeper could take up, or has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueCheck {
    /// The pull request.
    pub pr: u64,
    /// Its head commit, as it is known.
    pub commit: String,
    /// Which check.
    pub check: Name,
    /// Which attempt at this commit it is, counted from 1.
    pub attempt: u32,
    /// The pull request comes from a fork: its code is read and never executed.
    pub fork: bool,
    /// It was tried in vain a short while ago: only the user's request doesn't wait.
    #[serde(skip)]
    pub waits: bool,
}

/// The checks that pull requests need, in the order of `metas`; what was tried in vain waits behind the rest, the last
/// tried last, so that one pull request that can't be checked keeps none from it. `is_live` tells whether a run is under
/// way: what a lost run began is due again.
pub fn due(metas: &[Meta], gate: &Gatekeeper, is_live: &dyn Fn(&str) -> bool, now: Time) -> Vec<DueCheck> {
    let mut due: Vec<_> = metas.iter().flat_map(|meta| due_of(meta, gate, is_live, now)).collect();
    due.sort_by_key(|(tried, _)| *tried);
    due.into_iter().map(|(_, due)| due).collect()
}

/// What one pull request needs, with when it was last tried.
fn due_of(meta: &Meta, gate: &Gatekeeper, is_live: &dyn Fn(&str) -> bool, now: Time) -> Vec<(Option<Time>, DueCheck)> {
    if meta.status == Status::Closed || meta.head_sha.is_empty() || (meta.fork && !gate.include_forks) {
        return Vec::new();
    }
    let optional = gate.optional_checks.iter().filter(|check| !gate.required_checks.contains(check));
    let wanted = gate.required_checks.iter().chain(optional);
    let due = wanted.filter_map(|check| {
        if meta.check_results.get(check).is_some_and(|result| result.ahead && result.status.is_recorded()) {
            return None;
        }
        let result = meta.result(check);
        let attempt = match result {
            None => meta.missed(check) + 1,
            Some(result) => match result.status {
                CheckStatus::Pending => result.attempts + 1,
                CheckStatus::Running if result.run.as_deref().is_some_and(is_live) => return None,
                CheckStatus::Running => result.attempts.max(1),
                CheckStatus::Passed | CheckStatus::Failed | CheckStatus::Warning => return None,
            },
        };
        let commit = meta.head_sha.clone();
        let tried = meta.check_results.get(check).filter(|_| attempt > 1).and_then(|result| result.time);
        let waits = tried.is_some_and(|tried| tried <= now && now < tried + pause(attempt - 1));
        let due = DueCheck { pr: meta.pr_number, commit, check: check.clone(), attempt, fork: meta.fork, waits };
        Some((tried.or(result.and_then(|result| result.time)), due))
    });
    due.collect()
}

/// How long a check waits after so many runs in vain: each time twice as long.
fn pause(runs: u32) -> Duration {
    Duration::seconds(LONGEST_PAUSE.min(FIRST_PAUSE << runs.saturating_sub(1).min(20)))
}

/// Says that nobody makes a required check.
pub fn unguarded_words(check: &Name) -> String {
    format!("no agent is a gatekeeper with focus: {check}, so no pull request can pass")
}

/// The required checks that no gatekeeper has as its focus; none while gatekeepers are off.
pub fn unguarded(config: &Config) -> Vec<&Name> {
    let guarded = |check: &&Name| {
        config.agents.iter().any(|agent| agent.role == Role::Gatekeeper && agent.focus.as_ref() == Some(*check))
    };
    let required = config.gatekeeper.required_checks.iter().filter(|_| config.gatekeeper.enabled);
    required.filter(|check| !guarded(check)).collect()
}
