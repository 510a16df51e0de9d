//! What happens to proposals as time passes: deferred ones come back, rejected ones are forgotten in the end.

use super::{BlockedProposal, Proposals, Unfinished};
use crate::{
    domain::{name::Name, proposal::ProposalState, time::Time},
    sys::{atomic, lock::Lock},
};
use anyhow::Result;
use chrono::{DateTime, Duration};

/// How long a rejection is remembered, in days.
pub const REJECTED_DAYS: i64 = 90;

impl Proposals<'_> {
    /// Brings back the deferred proposals whose time is over; and what is in the way of the others.
    ///
    /// # Errors
    /// The system's; those brought back before stay so.
    pub fn bring_back_under(&self, lock: &Lock, now: Time) -> Result<(Vec<Name>, Vec<BlockedProposal>)> {
        let (mut back, mut blocked) = (Vec::new(), Vec::new());
        for id in self.due_back(now)? {
            match self.perform(lock, &Unfinished::Reactivate { id: id.clone(), from: ProposalState::Deferred }, now) {
                Ok(()) => back.push(id),
                Err(error) => blocked.push(error.downcast::<BlockedProposal>()?),
            }
        }
        Ok((back, blocked))
    }

    /// The deferred proposals whose time is over.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn due_back(&self, now: Time) -> Result<Vec<Name>> {
        let deferred = self.good(ProposalState::Deferred)?;
        let due = deferred.into_iter().filter(|proposal| proposal.returns_at().is_some_and(|until| until <= now));
        Ok(due.map(|proposal| proposal.id).collect())
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
}
