//! A judgement that is under way: written down first, so that whatever cuts it off, it is completed, once.
//!
//! There is never more than one, for the store's lock is held from the first write to the last. Who takes the lock and
//! finds one completes it before anything else. One that can't be carried out is told to the user and given up.

use super::Proposals;
use crate::domain::message::Message;
use crate::domain::name::Name;
use crate::domain::proposal::{Judgement, ProposalState};
use crate::domain::time::Time;
use crate::store::listing::in_two_places;
use crate::store::{marker, messages};
use crate::sys::lock::Lock;
use crate::sys::{atomic, read};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What is being carried out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unfinished {
    /// A proposal is judged.
    Judge {
        id: Name,
        from: ProposalState,
        judgement: Judgement,
        /// What its task waits for, if it becomes one.
        blocked_by: Vec<Name>,
        /// Of these, the tasks that only have to be out of its way, however they end.
        #[serde(default)]
        overlaps: Vec<Name>,
    },
    /// A proposal comes back.
    Reactivate { id: Name, from: ProposalState },
    /// Two contradict each other and wait for the user.
    Conflict { ids: [Name; 2], judgement: Judgement },
}

/// Why a judgement can't be carried out, now or later, unless the user puts something right.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BlockedProposal(String);

impl BlockedProposal {
    /// Two files of one name: nobody guesses which one is meant.
    pub(super) fn in_two_places(id: &Name, [one, other]: [ProposalState; 2]) -> Self {
        Self(in_two_places(id, one, other))
    }

    pub(super) fn unreadable(path: &Path, problems: &[String]) -> Self {
        Self(format!("{}: {}: correct it first", path.display(), problems.join("; ")))
    }
}

impl Unfinished {
    /// The proposals that it is about.
    pub fn ids(&self) -> Vec<&Name> {
        match self {
            Self::Judge { id, .. } | Self::Reactivate { id, .. } => vec![id],
            Self::Conflict { ids, .. } => ids.iter().collect(),
        }
    }

    /// Where they are once it is completed.
    pub fn leads_to(&self) -> ProposalState {
        match self {
            Self::Judge { judgement, .. } => judgement.verdict.state(),
            Self::Reactivate { .. } => ProposalState::Active,
            Self::Conflict { .. } => ProposalState::Deferred,
        }
    }
}

impl Proposals<'_> {
    /// The judgement that was cut off, if there is one. Costs one system call if there is none.
    ///
    /// # Errors
    /// It can't be read or understood.
    pub fn unfinished(&self) -> Result<Option<Unfinished>> {
        read::read_json(&self.paths.unfinished_judgement())
    }

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
    pub fn complete_under(&self, lock: &Lock, now: Time) -> Result<Option<Unfinished>> {
        let path = self.paths.unfinished_judgement();
        let Some(text) = read::read_text(&path)? else { return Ok(None) };
        let what: Unfinished = match serde_json::from_str(&text) {
            Ok(what) => what,
            Err(error) => {
                // Complete when it was written; whatever it is now, nobody could act on it.
                atomic::remove(&path)?;
                let error = anyhow::Error::new(error).context(path.display().to_string());
                return Err(error.context("a judgement that was cut off can't be understood and was dropped"));
            }
        };
        match self.finish(lock, &what, now) {
            Ok(()) => Ok(Some(what)),
            Err(error) if error.is::<BlockedProposal>() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes down what is to be done, does it, and strikes it off.
    pub(super) fn perform(&self, lock: &Lock, what: &Unfinished, now: Time) -> Result<()> {
        for id in what.ids() {
            if let Some(states) = self.in_two_places(id) {
                return Err(BlockedProposal::in_two_places(id, states).into());
            }
        }
        atomic::write(&self.paths.unfinished_judgement(), &atomic::json(what)?)?;
        self.finish(lock, what, now).map_err(|error| {
            let is_given_up = error.is::<BlockedProposal>();
            if is_given_up { error } else { error.context("not complete yet; the next tick or call goes on with it") }
        })
    }

    /// Does what was written down, and strikes it off; what is blocked is struck off too, and the user told.
    fn finish(&self, lock: &Lock, what: &Unfinished, now: Time) -> Result<()> {
        let done = self.carry_out(what, now);
        match &done {
            Ok(()) => atomic::remove(&self.paths.unfinished_judgement()).map(drop),
            Err(error) => {
                if let Some(why) = error.downcast_ref::<BlockedProposal>() {
                    self.give_up(lock, what, why, now)?;
                }
                done
            }
        }
    }

    /// Tells the user of a judgement that can't be carried out, and strikes it off.
    fn give_up(&self, lock: &Lock, what: &Unfinished, why: &BlockedProposal, now: Time) -> Result<()> {
        let ids: Vec<_> = what.ids().into_iter().map(Name::as_str).collect();
        let ids = ids.join(" and ");
        let text = String::from_utf8(atomic::json(what)?).context("a judgement that isn't UTF-8")?;
        let message = Message::warning(
            format!("A judgement of {ids} was given up"),
            format!("{why}\n\nPut that right, then judge it again. This is what was to be done:\n\n{text}"),
        )
        .key(format!("judgement {ids}: {why}"));
        messages::send_under(lock, self.paths, &message, now)?;
        atomic::remove(&self.paths.unfinished_judgement()).map(drop)
    }
}
