//! Proposals between the runs: what is over comes back, what contradicts is left to the user, what is left is counted.
//!
//! Judging itself is done by the store; nothing here waits for git, gh or claude.

mod known;
mod surroundings;
mod upkeep;
mod view;

pub(super) use known::{Summary, were_seen};
pub use known::{note_judged, note_shown};
pub use surroundings::{overlaps, surroundings};
pub(super) use upkeep::{Upkeep, plan};
pub use view::{curation_view, proposer_view};

use crate::domain::config::Config;
use crate::domain::name::Name;
use crate::domain::proposal::{self, By, Proposal};
use crate::domain::time::Time;
use crate::store::messages;
use crate::store::paths::Paths;
use crate::store::proposals::{Proposals, Unfinished};
use crate::sys::lock::Lock;
use anyhow::{Result, bail};
use std::path::PathBuf;

/// The name under which the program itself judges.
const SCHEDULER: &str = "scheduler";

/// What became of an interrupted judgement, in words.
pub fn describe(done: &Unfinished) -> String {
    match done {
        Unfinished::Judge { id, judgement, .. } => format!("{id}: {}, completed", judgement.verdict.state()),
        Unfinished::Reactivate { id, .. } => format!("{id}: back in active, completed"),
        Unfinished::Conflict { ids: [a, b], .. } => format!("{a} and {b}: deferred for you to decide, completed"),
    }
}

/// Sends the user a message first, then defers both: interrupted in between, it is done again, and the message is there already.
fn escalate(
    lock: &Lock,
    paths: &Paths,
    config: &Config,
    [a, b]: [&Proposal; 2],
    reason: &str,
    by: &By,
    now: Time,
) -> Result<PathBuf> {
    let around = surroundings(paths, [a, b])?;
    let scores = [a, b].map(|proposal| proposal::score(proposal, config, &around));
    let shared = proposal::files::shared(&a.idea.files, &b.idea.files);
    let message = proposal::escalation([(a, &scores[0]), (b, &scores[1])], &shared, reason);
    let path = messages::send_under(lock, paths, &message, now)?;
    let reason = format!("Contradicts the other of {} and {}: {reason}", a.id, b.id);
    Proposals::new(paths).conflict_under(lock, [&a.id, &b.id], &reason, by, now)?;
    Ok(path)
}

/// Marks two open proposals as contradicting each other; returns the message to the user.
///
/// # Errors
/// They are one, one of them isn't open, or the user has a message about them already: nothing was changed.
pub fn mark(paths: &Paths, config: &Config, ids: [&Name; 2], reason: &str, by: &By, now: Time) -> Result<PathBuf> {
    let proposals = Proposals::new(paths);
    let lock = crate::store::lock(paths)?;
    proposals.complete_under(&lock, now)?;
    let found = [proposals.get(ids[0])?, proposals.get(ids[1])?];
    if let Some(closed) = found.iter().find(|found| !found.state.is_open()) {
        let (id, state) = (&closed.proposal.id, closed.state);
        bail!("{id} is {state}: only active and deferred proposals can contradict each other");
    }
    let [a, b] = found.each_ref().map(|found| &found.proposal);
    if a.id == b.id {
        bail!("{} can't contradict itself: name two proposals", a.id);
    }
    if proposal::is_noted(a, b) {
        bail!("the user was told of {} and {} already and has to decide", a.id, b.id);
    }
    escalate(&lock, paths, config, [a, b], &format!("{reason} (marked by {})", by.name), by, now)
}
