//! Proposals between the runs: what is over comes back, what contradicts is told to a person, what is left is counted.
//!
//! Judging itself is done by the store; nothing here waits for git, gh or claude.

mod surroundings;
mod view;

pub use surroundings::{overlaps, surroundings};
pub use view::{curation_view, proposer_view};

use crate::{
    domain::{
        config::Config,
        name::Name,
        proposal::{self, By, Proposal, ProposalState},
        time::Time,
    },
    store::{
        lock::Lock,
        messages::{self, Sent},
        paths::Paths,
        proposals::{Proposals, Unfinished},
    },
};
use anyhow::{Result, bail};
use std::{collections::BTreeMap, path::PathBuf};

/// The name under which the program itself judges.
const SCHEDULER: &str = "scheduler";

/// The open proposals, and what was done to them.
#[derive(Debug, Default)]
pub struct Kept {
    /// How many active proposals each proposer has.
    pub active: BTreeMap<Name, u32>,
    /// How many an agent may judge.
    pub to_judge: u32,
    /// What was changed, a line each.
    pub changes: Vec<String>,
    /// Files that are left alone, and why.
    pub problems: Vec<String>,
}

/// What became of a judgement that was cut off, in words.
pub fn describe(done: &Unfinished) -> String {
    match done {
        Unfinished::Judge { id, judgement, .. } => format!("{id}: {}, completed", judgement.verdict.state()),
        Unfinished::Reactivate { id, .. } => format!("{id}: back in active, completed"),
        Unfinished::Conflict { ids: [a, b], .. } => format!("{a} and {b}: deferred for a person to decide, completed"),
    }
}

/// Brings back what is due, tells of contradictions, and counts. With `change` false it only
/// counts what would be there.
///
/// # Errors
/// A directory can't be read, or the store's lock can't be had.
pub fn keep(paths: &Paths, config: &Config, now: Time, change: bool) -> Result<Kept> {
    let proposals = Proposals::new(paths);
    let mut kept = Kept::default();
    if change {
        let lock = Lock::store(paths)?;
        kept.changes.extend(proposals.complete_under(&lock, now)?.as_ref().map(describe));
        let back = proposals.bring_back_under(&lock, now)?;
        kept.changes.extend(back.iter().map(|id| format!("{id}: back in active, its time is over")));
        contradictions(&lock, paths, config, now, &mut kept)?;
    }
    let due = if change { Vec::new() } else { proposals.due_back(now)? };
    let mut active = Vec::new();
    for read in proposals.all(ProposalState::Active)? {
        match read {
            Ok(proposal) => active.push(proposal),
            Err(bad) => kept.problems.push(format!("{}: {}", bad.path.display(), bad.problems.join("; "))),
        }
    }
    let (back, deferred): (Vec<_>, Vec<_>) =
        proposals.good(ProposalState::Deferred)?.into_iter().partition(|proposal| due.contains(&proposal.id));
    active.extend(back);
    for proposal in &active {
        *kept.active.entry(proposal.proposer.clone()).or_default() += 1;
        kept.to_judge += u32::from(proposal::partners(proposal, &active, &deferred).is_empty());
    }
    Ok(kept)
}

/// Tells of every pair of active proposals that contradict each other and weren't told of as they are.
fn contradictions(lock: &Lock, paths: &Paths, config: &Config, now: Time, kept: &mut Kept) -> Result<()> {
    let active = Proposals::new(paths).good(ProposalState::Active)?;
    let by = By { name: SCHEDULER.to_owned(), run: None };
    for (a, b, shared) in proposal::to_escalate(&active) {
        let reason = format!("a refactor and a feature name the same files: {}", shared.join(", "));
        escalate(lock, paths, config, [a, b], &reason, &by, now)?;
        kept.changes.push(format!("{} and {} contradict each other: deferred, see the message", a.id, b.id));
    }
    Ok(())
}

/// Tells a person first, then defers both: cut off in between, it is done again, and the message is there already.
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
    let shared = proposal::files::shared(&a.files, &b.files);
    let message = proposal::escalation([(a, &scores[0]), (b, &scores[1])], &shared, reason, &by.name);
    let (Sent::New(path) | Sent::SaidBefore(path)) = messages::send_under(lock, paths, &message, now)?;
    let reason = format!("Contradicts the other of {} and {}: {reason}", a.id, b.id);
    Proposals::new(paths).conflict_under(lock, [&a.id, &b.id], &reason, by, now)?;
    Ok(path)
}

/// Marks two open proposals as contradicting each other; returns the message to the owner.
///
/// # Errors
/// They are one, one of them isn't open, or the owner was told of them already: nothing was changed.
pub fn mark(paths: &Paths, config: &Config, ids: [&Name; 2], reason: &str, by: &By, now: Time) -> Result<PathBuf> {
    let proposals = Proposals::new(paths);
    let lock = Lock::store(paths)?;
    proposals.complete_under(&lock, now)?;
    let [a, b] = [proposals.find(ids[0])?, proposals.find(ids[1])?];
    if a.proposal.id == b.proposal.id {
        bail!("{} can't contradict itself: name two proposals", a.proposal.id);
    }
    for found in [&a, &b] {
        if !found.state.is_open() {
            bail!(
                "{} is {}: only active and deferred proposals can contradict each other",
                found.proposal.id,
                found.state
            );
        }
    }
    if proposal::partners(&a.proposal, &[], std::slice::from_ref(&b.proposal)).len() == 1 {
        bail!("the owner was told of {} and {} already and has to decide", a.proposal.id, b.proposal.id);
    }
    escalate(&lock, paths, config, [&a.proposal, &b.proposal], reason, by, now)
}
