//! New proposals: never more than a proposer may have, however many add at once, and none that was turned down before.

use super::Proposals;
use crate::domain::config::ProposalLimits;
use crate::domain::name::Name;
use crate::domain::proposal::{Idea, Proposal, ProposalState, rejected_before};
use crate::domain::time::{self, Time};
use crate::sys::atomic::{self, Published};
use crate::sys::read;
use anyhow::{Result, bail};
use std::path::PathBuf;

impl Proposals<'_> {
    /// Adds a proposal within the proposer's limits; `None`: without any. Returns its id and its file.
    ///
    /// # Errors
    /// A limit is reached, or the idea was rejected before and `again` doesn't say why it is a better one now: nothing
    /// was changed. Or it could not be done.
    pub fn add(&self, new: &Idea, limits: Option<ProposalLimits>, now: Time) -> Result<(Name, PathBuf)> {
        let lock = self.lock()?;
        self.complete_under(&lock, now)?;
        let mut active = 0;
        let mut by_run = 0;
        let mut rejected = Vec::new();
        for state in ProposalState::ALL {
            let own = |proposal: &Proposal| proposal.idea.proposer == new.proposer;
            for proposal in self.good(state)?.into_iter().filter(own) {
                active += u32::from(state == ProposalState::Active);
                by_run += u32::from(new.run.is_some() && proposal.idea.run == new.run);
                rejected.extend((state == ProposalState::Rejected).then_some(proposal));
            }
        }
        if let Some(limits) = limits {
            within(limits, new, active, by_run)?;
        }
        if let (Some(old), None) = (rejected_before(&new.title, &new.files, &rejected), &new.again) {
            bail!("{}", repeats(old));
        }
        loop {
            let id = self.free_id()?;
            let text = new.to_text(&id, now);
            read::check_size("the proposal", text.as_bytes())?;
            new.is_kept_by(&id, &text).map_err(|what| {
                anyhow::anyhow!("the {what} of this proposal would not survive in its file: nothing was added")
            })?;
            let path = self.path(ProposalState::Active, &id);
            if atomic::create_new(&path, text.as_bytes())? == Published::New {
                return Ok((id, path));
            }
        }
    }
}

fn within(limits: ProposalLimits, new: &Idea, active: u32, by_run: u32) -> Result<()> {
    let proposer = &new.proposer;
    let also = if new.run.is_none() { ", or add it all the same with --force" } else { "" };
    let (max_active, max_per_run) = (limits.max_active.get(), limits.max_per_run.get());
    if by_run >= max_per_run {
        bail!(
            "this run has added {by_run} proposals and may add no more than {max_per_run} \
             (proposal_limits.{proposer}.max_per_run): nothing was added, end the run"
        );
    }
    if active >= max_active {
        bail!(
            "{active} proposals of {proposer} wait to be judged and no more than {max_active} may \
             (proposal_limits.{proposer}.max_active): nothing was added, wait until some are judged{also}"
        );
    }
    Ok(())
}

fn repeats(old: &Proposal) -> String {
    let when = old.judgement.as_ref().and_then(|judgement| judgement.at).map(time::local_day);
    format!(
        "nothing was added: {} \"{}\" was this idea, and was rejected{}: {}\n\
         If something has changed since, say what: --again 'what is different now'",
        old.id,
        old.idea.title,
        when.map(|day| format!(" on {day}")).unwrap_or_default(),
        old.reason().filter(|reason| !reason.is_empty()).unwrap_or("no reason was written down"),
    )
}
