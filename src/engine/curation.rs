//! Proposals between the runs: what is over comes back, what contradicts is told to a person, what is left is counted.
//!
//! Judging itself is done by the store; nothing here waits for git, gh or claude.

mod known;
mod surroundings;
mod view;

pub(super) use known::were_seen;
pub use known::{note_judged, note_shown};
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
        messages::{self, Sent},
        paths::Paths,
        proposals::{Proposals, Unfinished},
    },
    sys::lock::Lock,
};
use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::PathBuf};

/// The name under which the program itself judges.
const SCHEDULER: &str = "scheduler";

/// The open proposals, and what was done to them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// How many active proposals each proposer has.
    pub active: BTreeMap<Name, u32>,
    /// Those that an agent may judge, with their fingerprints.
    pub to_judge: Vec<(Name, u64)>,
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

/// Brings back what is due, tells of contradictions, and counts. As long as nothing was changed it opens no proposal;
/// with `edits` it makes sure that nobody has edited one in its place either.
///
/// # Errors
/// A directory can't be read, or the store's lock can't be had.
pub fn reconcile(paths: &Paths, config: &Config, now: Time, edits: bool) -> Result<Summary> {
    if let Some(kept) = known::recall(paths, now, edits) {
        return Ok(kept);
    }
    let proposals = Proposals::new(paths);
    let stand = proposals.stand(true)?;
    let mut kept = Summary::default();
    let lock = crate::store::lock(paths)?;
    kept.changes.extend(proposals.complete_under(&lock, now)?.as_ref().map(describe));
    let (back, stuck) = proposals.bring_back_under(&lock, now)?;
    kept.changes.extend(back.iter().map(|id| format!("{id}: back in active, its time is over")));
    kept.problems.extend(stuck.iter().map(ToString::to_string));
    contradictions(&lock, paths, config, now, &mut kept)?;
    let deferred = proposals.good(ProposalState::Deferred)?;
    let until = deferred.iter().filter_map(Proposal::returns_at).min();
    count(&proposals, Vec::new(), deferred, &mut kept)?;
    if let Err(error) = known::remember(paths, stand, until, &kept) {
        kept.problems.push(format!("{error:#}"));
    }
    Ok(kept)
}

/// What [`reconcile`] would leave: it only looks.
///
/// # Errors
/// A directory can't be read.
pub fn look(paths: &Paths, now: Time) -> Result<Summary> {
    let proposals = Proposals::new(paths);
    let mut kept = Summary::default();
    let is_back = |proposal: &Proposal| proposal.returns_at().is_some_and(|until| until <= now);
    let (back, deferred) = proposals.good(ProposalState::Deferred)?.into_iter().partition(is_back);
    count(&proposals, back, deferred, &mut kept)?;
    Ok(kept)
}

/// Counts the active proposals and those that are `back` among them, and names what is wrong in their files.
fn count(proposals: &Proposals<'_>, back: Vec<Proposal>, deferred: Vec<Proposal>, kept: &mut Summary) -> Result<()> {
    let mut active = back;
    for state in [ProposalState::Active, ProposalState::Deferred] {
        let (_, strays) = proposals.list(state)?;
        kept.problems.extend(strays.iter().map(ToString::to_string));
        for read in proposals.all(state)? {
            match read {
                Ok(proposal) if state == ProposalState::Active => active.push(proposal),
                Ok(_) => {}
                Err(bad) => kept.problems.push(bad.to_string()),
            }
        }
    }
    for proposal in &active {
        if let Some([one, other]) = proposals.in_two_places(&proposal.id) {
            kept.problems.push(format!("{} is in {one} and in {other}: remove one of the two files", proposal.id));
            continue;
        }
        *kept.active.entry(proposal.idea.proposer.clone()).or_default() += 1;
        if proposal::partners(proposal, &active, &deferred).is_empty() {
            kept.to_judge.push((proposal.id.clone(), proposal.fingerprint));
        }
    }
    Ok(())
}

/// Tells of every pair that contradicts itself, one of it active, that wasn't told of as it is.
fn contradictions(lock: &Lock, paths: &Paths, config: &Config, now: Time, kept: &mut Summary) -> Result<()> {
    let proposals = Proposals::new(paths);
    let (active, deferred) = (proposals.good(ProposalState::Active)?, proposals.good(ProposalState::Deferred)?);
    let by = By { name: SCHEDULER.to_owned(), run: None };
    for (a, b, shared) in proposal::to_escalate(&active, &deferred) {
        let reason = format!("a refactor and a feature name the same files: {}", shared.join(", "));
        match escalate(lock, paths, config, [a, b], &reason, &by, now) {
            Ok(_) => {
                kept.changes.push(format!("{} and {} contradict each other: deferred, see the message", a.id, b.id))
            }
            Err(error) => kept.problems.push(format!("{} and {} contradict each other: {error:#}", a.id, b.id)),
        }
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
    let shared = proposal::files::shared(&a.idea.files, &b.idea.files);
    let message = proposal::escalation([(a, &scores[0]), (b, &scores[1])], &shared, reason);
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
    let lock = crate::store::lock(paths)?;
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
    if proposal::is_noted(&a.proposal, &b.proposal) {
        bail!("the owner was told of {} and {} already and has to decide", a.proposal.id, b.proposal.id);
    }
    let reason = format!("{reason} (marked by {})", by.name);
    escalate(&lock, paths, config, [&a.proposal, &b.proposal], &reason, by, now)
}
