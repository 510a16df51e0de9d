//! Judgements other than promotion: rejected, deferred, brought back, found to contradict each other; and what happens
//! as time passes: deferred ones come back, rejected ones are forgotten in the end.

use super::{FoundProposal, Proposals, Unfinished};
use crate::domain::name::Name;
use crate::domain::proposal::{self, By, Judgement, ProposalState, ProposalVerdict, partners};
use crate::domain::time::Time;
use crate::sys::atomic;
use crate::sys::lock::Lock;
use anyhow::{Result, bail};
use chrono::{DateTime, Duration};

/// How long a rejection is remembered, in days.
pub const REJECTED_DAYS: i64 = 90;

impl Proposals<'_> {
    /// Rejects or defers a proposal; returns its id as the file is named.
    ///
    /// # Errors
    /// It is in no state for that, or not to be judged by an agent: nothing was changed. Or the system's.
    pub fn judge(&self, id: &Name, verdict: ProposalVerdict, by: &By, now: Time) -> Result<Name> {
        let (lock, to) = (self.lock()?, verdict.state());
        if let Some(Unfinished::Judge { id: done, judgement, .. }) = self.complete_under(&lock, now)?
            && done == *id
            && judgement.verdict.state() == to
        {
            return Ok(done);
        }
        let FoundProposal { proposal, state: from, .. } = self.may(id, to, by)?;
        let (id, judgement) = (proposal.id, judgement(verdict, by, now));
        let what = Unfinished::Judge { id: id.clone(), from, judgement, blocked_by: Vec::new(), overlaps: Vec::new() };
        self.perform(&lock, &what, now)?;
        Ok(id)
    }

    /// Brings a deferred or rejected proposal back to be judged.
    ///
    /// # Errors
    /// As for [`Proposals::judge`].
    pub fn reactivate(&self, id: &Name, by: &By, now: Time) -> Result<()> {
        let lock = self.lock()?;
        if let Some(Unfinished::Reactivate { id: done, .. }) = self.complete_under(&lock, now)?
            && done == *id
        {
            return Ok(());
        }
        let found = self.may(id, ProposalState::Active, by)?;
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

    /// Brings back a deferred proposal.
    ///
    /// # Errors
    /// [`super::BlockedProposal`] if something is in its way; the system's.
    pub fn bring_back_under(&self, lock: &Lock, id: &Name, now: Time) -> Result<()> {
        self.perform(lock, &Unfinished::Reactivate { id: id.clone(), from: ProposalState::Deferred }, now)
    }

    /// Removes the proposals that were rejected more than `REJECTED_DAYS` ago. Every rejected one is looked at, so it is
    /// not for every tick.
    ///
    /// # Errors
    /// The store's lock, or the system's.
    pub fn forget(&self, now: Time) -> Result<Vec<Name>> {
        let oldest = now - Duration::days(REJECTED_DAYS);
        let mut forgotten = Vec::new();
        for id in self.list(ProposalState::Rejected)?.ids {
            let path = self.path(ProposalState::Rejected, &id);
            // A file is at least as young as the judgement in it, so that most needn't be read.
            let changed = rustix::fs::lstat(&path).ok().and_then(|stat| DateTime::from_timestamp(stat.st_mtime, 0));
            let Some(changed) = changed.filter(|changed| *changed < oldest) else { continue };
            let _lock = self.lock()?;
            let found = self.get_in(ProposalState::Rejected, &id).ok().flatten();
            let rejected = found.and_then(|found| found.proposal.judgement?.at).unwrap_or(changed);
            if rejected < oldest && atomic::remove(&path)? {
                forgotten.push(id);
            }
        }
        Ok(forgotten)
    }

    /// The proposal, if who asks may put it there. The caller holds the lock.
    pub(super) fn may(&self, id: &Name, to: ProposalState, by: &By) -> Result<FoundProposal> {
        let found = self.get(id)?;
        if let Some(task) = found.proposal.task().filter(|_| found.state == ProposalState::Promoted) {
            bail!("{id} is promoted already, as {task}");
        }
        proposal::may_become(found.state, to, by.is_agent()).map_err(|why| anyhow::anyhow!("{id} {why}"))?;
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
