//! Proposals between the runs: what is over comes back, the user is told of contradictions, what is left is counted.
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
        listing::Listing,
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
        Unfinished::Conflict { ids: [a, b], .. } => format!("{a} and {b}: deferred for you to decide, completed"),
    }
}

/// Brings back what is due, tells of contradictions, and counts. As long as nothing was changed it opens no proposal;
/// with `edits` it makes sure that nobody has edited one in its place either.
///
/// # Errors
/// A directory can't be read, or the store's lock can't be had.
pub fn reconcile(paths: &Paths, config: &Config, now: Time, edits: bool) -> Result<Summary> {
    if let Some(known) = known::recall(paths, now, edits) {
        return Ok(known);
    }
    let proposals = Proposals::new(paths);
    let seen = proposals.dir_stamp(true)?;
    let mut summary = Summary::default();
    let lock = crate::store::lock(paths)?;
    summary.changes.extend(proposals.complete_under(&lock, now)?.as_ref().map(describe));
    let (back, blocked) = proposals.bring_back_under(&lock, now)?;
    summary.changes.extend(back.iter().map(|id| format!("{id}: back in active, its time is over")));
    summary.problems.extend(blocked.iter().map(ToString::to_string));
    contradictions(&lock, paths, config, now, &mut summary)?;
    let deferred = proposals.good(ProposalState::Deferred)?;
    let until = deferred.iter().filter_map(Proposal::returns_at).min();
    count(&proposals, Vec::new(), &deferred, &mut summary)?;
    if let Err(error) = known::remember(paths, seen, until, &summary) {
        summary.problems.push(format!("{error:#}"));
    }
    Ok(summary)
}

/// What [`reconcile`] would leave, without changing anything.
///
/// # Errors
/// A directory can't be read.
pub fn preview(paths: &Paths, now: Time) -> Result<Summary> {
    let proposals = Proposals::new(paths);
    let mut summary = Summary::default();
    let is_back = |proposal: &Proposal| proposal.returns_at().is_some_and(|until| until <= now);
    let (back, deferred): (_, Vec<_>) = proposals.good(ProposalState::Deferred)?.into_iter().partition(is_back);
    count(&proposals, back, &deferred, &mut summary)?;
    Ok(summary)
}

/// Counts the active proposals and those that are `back` among them, and names what is wrong in their files.
fn count(proposals: &Proposals<'_>, back: Vec<Proposal>, deferred: &[Proposal], summary: &mut Summary) -> Result<()> {
    let mut active = back;
    for state in [ProposalState::Active, ProposalState::Deferred] {
        let Listing { ids, strays } = proposals.list(state)?;
        summary.problems.extend(strays.iter().map(ToString::to_string));
        for read in proposals.these(state, ids) {
            match read {
                Ok(proposal) if state == ProposalState::Active => active.push(proposal),
                Ok(_) => {}
                Err(bad) => summary.problems.push(bad.to_string()),
            }
        }
    }
    for proposal in &active {
        if let Some([one, other]) = proposals.in_two_places(&proposal.id) {
            summary.problems.push(format!("{} is in {one} and in {other}: remove one of the two files", proposal.id));
            continue;
        }
        *summary.active.entry(proposal.idea.proposer.clone()).or_default() += 1;
        if proposal::partners(proposal, &active, deferred).is_empty() {
            summary.to_judge.push((proposal.id.clone(), proposal.fingerprint));
        }
    }
    Ok(())
}

/// Tells of every pair that contradicts itself, one of it active, that wasn't told of as it is.
fn contradictions(lock: &Lock, paths: &Paths, config: &Config, now: Time, summary: &mut Summary) -> Result<()> {
    let (active, deferred) = Proposals::new(paths).open()?;
    let by = By { name: SCHEDULER.to_owned(), run: None };
    for (a, b, shared) in proposal::to_escalate(&active, &deferred) {
        let reason = format!("a refactor and a feature name the same files: {}", shared.join(", "));
        let pair = format!("{} and {} contradict each other", a.id, b.id);
        match escalate(lock, paths, config, [a, b], &reason, &by, now) {
            Ok(_) => summary.changes.push(format!("{pair}: deferred, see the message")),
            Err(error) => summary.problems.push(format!("{pair}: {error:#}")),
        }
    }
    Ok(())
}

/// Tells the user first, then defers both: cut off in between, it is done again, and the message is there already.
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

/// Marks two open proposals as contradicting each other; returns the message to the user.
///
/// # Errors
/// They are one, one of them isn't open, or the user was told of them already: nothing was changed.
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
