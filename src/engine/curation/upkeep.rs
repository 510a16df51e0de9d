//! What time and edits bring about among the open proposals: deferred ones come back, and contradictions are the user's to
//! decide. As long as nothing was changed no proposal is opened.

use super::known::{self, Summary};
use super::{SCHEDULER, describe, escalate};
use crate::domain::config::Config;
use crate::domain::name::Name;
use crate::domain::proposal::{self, By, Proposal, ProposalState};
use crate::domain::time::Time;
use crate::store::listing::in_two_places;
use crate::store::paths::Paths;
use crate::store::proposals::{DirStamp, Proposals, Unfinished};
use anyhow::Result;
use std::fmt;

/// What is due, and how the proposals stand before and after.
pub struct Upkeep {
    due: Vec<Due>,
    interrupted: bool,
    before: Summary,
    after: Summary,
    /// What they are remembered by; none if they were recalled.
    memo: Option<(DirStamp, Option<Time>)>,
}

enum Due {
    Back(Name),
    Contradiction(Box<[Proposal; 2]>, String),
}

impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Back(id) => write!(f, "{id}: back in active, its time is over"),
            Self::Contradiction(pair, _) => {
                write!(f, "{} and {} contradict each other: deferred, see the message", pair[0].id, pair[1].id)
            }
        }
    }
}

/// Finds out what is due, once an interrupted judgement is completed. With `edits` it makes sure that the user has
/// edited no open proposal in its place. It changes nothing.
///
/// # Errors
/// A directory can't be read.
pub fn plan(paths: &Paths, interrupted: Option<&Unfinished>, now: Time, edits: bool) -> Result<Upkeep> {
    if interrupted.is_none()
        && let Some(known) = known::recall(paths, now, edits)
    {
        return Ok(Upkeep { due: Vec::new(), interrupted: false, before: known.clone(), after: known, memo: None });
    }
    let proposals = Proposals::new(paths);
    let stamp = proposals.dir_stamp(true)?;
    let mut open = Open::read(&proposals)?;
    let before = open.summary(&proposals);
    let until = open.deferred.iter().filter_map(Proposal::returns_at).min();
    if let Some(interrupted) = interrupted {
        open.shift(&interrupted.ids(), interrupted.leads_to());
    }
    let back: Vec<_> = open.due_back(now).filter(|id| proposals.in_two_places(id).is_none()).collect();
    open.shift(&back.iter().collect::<Vec<_>>(), ProposalState::Active);
    let mut due: Vec<_> = back.into_iter().map(Due::Back).collect();
    due.extend(proposal::to_escalate(&open.active, &open.deferred).into_iter().map(|(a, b, shared)| {
        let reason = format!("a refactor and a feature name the same files: {}", shared.join(", "));
        Due::Contradiction(Box::new([a.clone(), b.clone()]), reason)
    }));
    for step in &due {
        if let Due::Contradiction(pair, _) = step {
            open.shift(&[&pair[0].id, &pair[1].id], ProposalState::Deferred);
        }
    }
    let after = if due.is_empty() && interrupted.is_none() { before.clone() } else { open.summary(&proposals) };
    Ok(Upkeep { due, interrupted: interrupted.is_some(), before, after, memo: Some((stamp, until)) })
}

impl Upkeep {
    /// What would be done, a line each, and how the proposals would stand then.
    pub fn assume(self) -> (Summary, Vec<String>) {
        (self.after, self.due.iter().map(ToString::to_string).collect())
    }

    /// Does it, and remembers the proposals once nothing is due. What can't be done is a problem of theirs.
    ///
    /// # Errors
    /// A directory can't be read, or the store's lock can't be had.
    pub fn apply(self, paths: &Paths, config: &Config, now: Time) -> Result<(Summary, Vec<String>)> {
        let (mut changes, mut problems) = (Vec::new(), Vec::new());
        let mut upkeep = self;
        if upkeep.interrupted || !upkeep.due.is_empty() {
            let lock = crate::store::lock(paths)?;
            changes.extend(Proposals::new(paths).complete_under(&lock, now)?.as_ref().map(describe));
            // Once more, now that nobody else changes anything.
            for step in plan(paths, None, now, true)?.due {
                let done = match &step {
                    Due::Back(id) => Proposals::new(paths).bring_back_under(&lock, id, now),
                    Due::Contradiction(pair, reason) => {
                        let by = By { name: SCHEDULER.to_owned(), run: None };
                        escalate(&lock, paths, config, [&pair[0], &pair[1]], reason, &by, now).map(drop)
                    }
                };
                match done {
                    Ok(()) => changes.push(step.to_string()),
                    Err(error) => problems.push(format!("{step}: {error:#}")),
                }
            }
            drop(lock);
            upkeep = plan(paths, None, now, true)?;
        }
        let mut summary = upkeep.before;
        if let Some((stamp, until)) = upkeep.memo.filter(|_| upkeep.due.is_empty())
            && let Err(error) = known::remember(paths, stamp, until, &summary)
        {
            problems.push(format!("{error:#}"));
        }
        summary.problems.extend(problems);
        Ok((summary, changes))
    }
}

/// The open proposals, and what is wrong in their folders.
struct Open {
    active: Vec<Proposal>,
    deferred: Vec<Proposal>,
    problems: Vec<String>,
}

impl Open {
    fn read(proposals: &Proposals<'_>) -> Result<Self> {
        let mut problems = Vec::new();
        let mut read = |state| -> Result<Vec<Proposal>> {
            let listing = proposals.list(state)?;
            problems.extend(listing.strays.iter().map(ToString::to_string));
            let read = proposals.these(state, listing.ids).into_iter();
            Ok(read.filter_map(|one| one.map_err(|bad| problems.push(bad.to_string())).ok()).collect())
        };
        Ok(Self { active: read(ProposalState::Active)?, deferred: read(ProposalState::Deferred)?, problems })
    }

    fn due_back(&self, now: Time) -> impl Iterator<Item = Name> {
        let due = self.deferred.iter().filter(move |one| one.returns_at().is_some_and(|until| until <= now));
        due.map(|one| one.id.clone())
    }

    /// Takes proposals to have been moved.
    fn shift(&mut self, ids: &[&Name], to: ProposalState) {
        let moves = |one: &mut Proposal| ids.contains(&&one.id);
        let moved = self.active.extract_if(.., moves).chain(self.deferred.extract_if(.., moves)).collect::<Vec<_>>();
        match to {
            ProposalState::Active => self.active.extend(moved),
            ProposalState::Deferred => self.deferred.extend(moved),
            ProposalState::Promoted | ProposalState::Rejected => {}
        }
    }

    fn summary(&self, proposals: &Proposals<'_>) -> Summary {
        let mut summary = Summary { problems: self.problems.clone(), ..Summary::default() };
        for proposal in &self.active {
            if let Some([one, other]) = proposals.in_two_places(&proposal.id) {
                summary.problems.push(in_two_places(&proposal.id, one, other));
                continue;
            }
            *summary.active.entry(proposal.idea.proposer.clone()).or_default() += 1;
            if proposal::partners(proposal, &self.active, &self.deferred).is_empty() {
                summary.to_judge.push((proposal.id.clone(), proposal.fingerprint));
            }
        }
        summary
    }
}
