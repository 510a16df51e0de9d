//! Judgements other than promotion: rejected, deferred, brought back, found to contradict each other.

use super::{FoundProposal, Proposals, Unfinished};
use crate::{
    domain::{
        name::Name,
        proposal::{self, By, Judgement, ProposalState, ProposalVerdict, Transition, partners},
        time::Time,
    },
    sys::lock::Lock,
};
use anyhow::{Result, bail};

/// Why, and for how long, a proposal is deferred.
#[derive(Clone, Debug)]
pub struct Deferral {
    pub reason: String,
    /// When it comes back by itself.
    pub until: Time,
}

impl Proposals<'_> {
    /// Turns a proposal down; returns its id as the file is named.
    ///
    /// # Errors
    /// It is in no state for that, or not to be judged by an agent: nothing was changed. Or the system's.
    pub fn reject(&self, id: &Name, reason: &str, by: &By, now: Time) -> Result<Name> {
        self.judge(id, Transition::Reject, ProposalVerdict::Rejected { reason: reason.to_owned() }, by, now)
    }

    /// Puts a proposal off; returns its id as the file is named.
    ///
    /// # Errors
    /// As for [`Proposals::reject`].
    pub fn defer(&self, id: &Name, deferral: Deferral, by: &By, now: Time) -> Result<Name> {
        let Deferral { reason, until } = deferral;
        self.judge(id, Transition::Defer, ProposalVerdict::Deferred { reason, until: Some(until) }, by, now)
    }

    /// Brings a deferred or rejected proposal back to be judged.
    ///
    /// # Errors
    /// As for [`Proposals::reject`].
    pub fn reactivate(&self, id: &Name, by: &By, now: Time) -> Result<()> {
        let lock = self.lock()?;
        if let Some(Unfinished::Reactivate { id: done, .. }) = self.complete_under(&lock, now)?
            && done == *id
        {
            return Ok(());
        }
        let found = self.may(id, Transition::Reactivate, by)?;
        self.perform(&lock, &Unfinished::Reactivate { id: found.proposal.id, from: found.state }, now)
    }

    /// Defers two open proposals until the user decides between them. The caller has told the user.
    ///
    /// # Errors
    /// One of them isn't open: nothing was changed. Or the system's.
    pub fn conflict_under(&self, lock: &Lock, ids: [&Name; 2], reason: &str, by: &By, now: Time) -> Result<()> {
        self.complete_under(lock, now)?;
        let verdict = ProposalVerdict::Deferred { reason: reason.to_owned(), until: None };
        let what = Unfinished::Conflict { ids: ids.map(Clone::clone), judgement: judgement(verdict, by, now) };
        self.perform(lock, &what, now)
    }

    fn judge(&self, id: &Name, step: Transition, verdict: ProposalVerdict, by: &By, now: Time) -> Result<Name> {
        let lock = self.lock()?;
        if let Some(Unfinished::Judge { id: done, judgement, .. }) = self.complete_under(&lock, now)?
            && done == *id
            && judgement.verdict.state() == verdict.state()
        {
            return Ok(done);
        }
        let FoundProposal { proposal, state: from, .. } = self.may(id, step, by)?;
        let (id, judgement) = (proposal.id, judgement(verdict, by, now));
        let what = Unfinished::Judge { id: id.clone(), from, judgement, blocked_by: Vec::new(), overlaps: Vec::new() };
        self.perform(&lock, &what, now)?;
        Ok(id)
    }

    /// The proposal, if this step is allowed to who asks for it. The caller holds the lock.
    pub(super) fn may(&self, id: &Name, step: Transition, by: &By) -> Result<FoundProposal> {
        let found = self.get(id)?;
        if let Some(task) = found.proposal.task().filter(|_| found.state == ProposalState::Promoted) {
            bail!("{id} is promoted already, as {task}");
        }
        proposal::next(found.state, step, by.is_agent()).map_err(|why| anyhow::anyhow!("{id} {why}"))?;
        if by.is_agent() {
            self.is_not_the_users(&found)?;
        }
        Ok(found)
    }

    /// Refuses what only the user may decide.
    fn is_not_the_users(&self, found: &FoundProposal) -> Result<()> {
        let (active, deferred) = self.open()?;
        let id = &found.proposal.id;
        if let Some(other) = partners(&found.proposal, &active, &deferred).first() {
            bail!("{id} contradicts {} (\"{}\"): only the user may decide between them", other.id, other.idea.title);
        }
        if found.state == ProposalState::Deferred && found.proposal.returns_at().is_none() {
            bail!("{id} is deferred until the user decides about it");
        }
        Ok(())
    }
}

pub(super) fn judgement(verdict: ProposalVerdict, by: &By, now: Time) -> Judgement {
    Judgement { verdict, by: by.name.clone(), at: Some(now), run: by.run.clone() }
}
