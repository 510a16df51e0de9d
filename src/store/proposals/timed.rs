//! What happens to proposals as time passes: deferred ones come back, rejected ones are forgotten in the end.

use super::{Proposals, Unfinished};
use crate::{
    domain::{name::Name, proposal::ProposalState, time::Time},
    sys::{atomic, lock::Lock},
};
use anyhow::Result;
use chrono::{DateTime, Duration};

/// How long a rejection is remembered, in days.
pub const REJECTED_DAYS: i64 = 90;

impl Proposals<'_> {
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
}
