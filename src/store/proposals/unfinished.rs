//! A judgement as it is carried out: written down first, so that whatever cuts it off, somebody completes it, once.
//!
//! There is never more than one, for the store's lock is held from the first write to the last. Who takes the lock and
//! finds one completes it before anything else.

use super::Proposals;
use crate::{
    domain::{
        name::Name,
        proposal::{self, Judgement, KnownConflict, Proposal, ProposalState},
        time::Time,
    },
    store::{
        atomic::{self, Moved, Rewritten},
        lock::Lock,
        marker,
        queue::Queue,
        read,
    },
};
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

/// What is being carried out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unfinished {
    /// A proposal is judged.
    Judge {
        /// Which.
        id: Name,
        /// Where it was.
        from: ProposalState,
        /// How.
        judgement: Judgement,
        /// What its task waits for, if it becomes one.
        blocked_by: Vec<Name>,
    },
    /// A proposal comes back.
    Reactivate {
        /// Which.
        id: Name,
        /// Where it was.
        from: ProposalState,
    },
    /// Two contradict each other and wait for a person.
    Conflict {
        /// Which.
        ids: [Name; 2],
        /// The deferral of both.
        judgement: Judgement,
    },
}

impl Proposals<'_> {
    /// Completes a judgement that was cut off; returns it. Costs one system call if there is none.
    ///
    /// # Errors
    /// It can't be completed now; the next call tries again.
    pub fn complete(&self, now: Time) -> Result<Option<Unfinished>> {
        if !marker::is_set(&self.paths.unfinished_judgement())? {
            return Ok(None);
        }
        let lock = self.lock()?;
        self.complete_under(&lock, now)
    }

    /// As [`Proposals::complete`], for who holds the store's lock already and is about to change something.
    ///
    /// # Errors
    /// As for [`Proposals::complete`].
    pub fn complete_under(&self, _lock: &Lock, now: Time) -> Result<Option<Unfinished>> {
        let path = self.paths.unfinished_judgement();
        let what: Option<Unfinished> = match read::read_json(&path) {
            Ok(what) => what,
            Err(error) => {
                // Complete when it was written; whatever it is now, nobody could act on it.
                atomic::remove(&path)?;
                return Err(error.context("a judgement that was cut off can't be read and was dropped"));
            }
        };
        let Some(what) = what else { return Ok(None) };
        self.carry_out(&what, now)?;
        atomic::remove(&path)?;
        Ok(Some(what))
    }

    /// Writes down what is to be done, does it, and strikes it off.
    pub(super) fn perform(&self, _lock: &Lock, what: &Unfinished, now: Time) -> Result<()> {
        let path = self.paths.unfinished_judgement();
        atomic::write(&path, &atomic::json(what)?)?;
        self.carry_out(what, now).context("not complete yet; the next tick or call goes on with it")?;
        atomic::remove(&path).map(drop)
    }

    /// Every step of it; what is done already is not done again.
    fn carry_out(&self, what: &Unfinished, now: Time) -> Result<()> {
        match what {
            Unfinished::Judge { id, from, judgement, blocked_by } => {
                self.judge_step(id, *from, judgement, blocked_by, now)
            }
            Unfinished::Reactivate { id, from } => {
                let edit = |text: &str, proposal: &Proposal| proposal::with_judgement(text, None, &proposal.conflicts);
                self.shift(id, *from, ProposalState::Active, edit).map(drop)
            }
            Unfinished::Conflict { ids: [a, b], judgement } => self.conflict_step(a, b, judgement),
        }
    }

    fn judge_step(
        &self,
        id: &Name,
        from: ProposalState,
        judgement: &Judgement,
        blocked_by: &[Name],
        now: Time,
    ) -> Result<()> {
        let to = judgement.verdict.state();
        let edit =
            |text: &str, proposal: &Proposal| proposal::with_judgement(text, Some(judgement), &proposal.conflicts);
        let Some(judged) = self.stamp(id, from, to, edit)? else { return Ok(()) };
        if let (Some(task), Some(new)) = (judged.task(), proposal::task(&judged, judgement, blocked_by)) {
            // Whether it is there already or is created now is all the same.
            Queue::new(self.paths).add_as(task, &new, judgement.at.unwrap_or(now))?;
        }
        self.relocate(id, from, to)
    }

    fn conflict_step(&self, a: &Name, b: &Name, judgement: &Judgement) -> Result<()> {
        let open = [ProposalState::Active, ProposalState::Deferred];
        let mut found = Vec::new();
        for id in [a, b] {
            let state = open.into_iter().find(|&state| self.exists(state, id));
            let one = state.map(|state| self.found(state, id)).transpose()?.flatten();
            found.extend(one.map(|one| (id, one.state, one.proposal.fingerprint)));
        }
        // One of them decided meanwhile: there is nothing left to choose between.
        let [(_, _, print_a), (_, _, print_b)] = found[..] else { return Ok(()) };
        for ((id, state, own), (with, other)) in found.iter().zip([(b, print_b), (a, print_a)]) {
            let known = KnownConflict { with: with.clone(), own: *own, other };
            let edit = |text: &str, proposal: &Proposal| {
                let mut conflicts = proposal.conflicts.clone();
                conflicts.retain(|old| old.with != known.with);
                conflicts.push(known.clone());
                proposal::with_judgement(text, Some(judgement), &conflicts)
            };
            self.shift(id, *state, ProposalState::Deferred, edit)?;
        }
        Ok(())
    }

    /// Edits a proposal and moves it; whether it was there.
    fn shift(
        &self,
        id: &Name,
        from: ProposalState,
        to: ProposalState,
        edit: impl Fn(&str, &Proposal) -> String,
    ) -> Result<bool> {
        let Some(_) = self.stamp(id, from, to, edit)? else { return Ok(false) };
        self.relocate(id, from, to).map(|()| true)
    }

    /// Edits a proposal where it is; `None` if it isn't there any more, or is where it is to go.
    fn stamp(
        &self,
        id: &Name,
        from: ProposalState,
        to: ProposalState,
        edit: impl Fn(&str, &Proposal) -> String,
    ) -> Result<Option<Proposal>> {
        let (here, there) = (self.path(from, id), self.path(to, id));
        if from != to && atomic::is_taken(&here, &there) {
            if self.exists(from, id) {
                bail!("{id} is in {from} and in {to}: remove one of the two files");
            }
            return Ok(None);
        }
        let mut problems = Vec::new();
        let rewritten = atomic::rewrite(&here, |text| match proposal::parse(id, text) {
            Ok(proposal) => Some(edit(text, &proposal)),
            Err(found) => {
                problems = found;
                None
            }
        })?;
        match rewritten {
            Rewritten::Gone => Ok(None),
            Rewritten::Unchanged(_) if !problems.is_empty() => {
                bail!("{}: {}: correct it first", here.display(), problems.join("; "))
            }
            Rewritten::Written(text) | Rewritten::Unchanged(text) => Ok(proposal::parse(id, &text).ok()),
        }
    }

    fn relocate(&self, id: &Name, from: ProposalState, to: ProposalState) -> Result<()> {
        if from == to {
            return Ok(());
        }
        match atomic::move_no_replace(&self.path(from, id), &self.path(to, id))? {
            // Not there: a person was quicker, and that counts.
            Moved::Done | Moved::NotFound => Ok(()),
            Moved::AlreadyExists => bail!("{id} is in {from} and in {to}: remove one of the two files"),
        }
    }
}
