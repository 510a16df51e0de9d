//! A judgement that is under way: written down first, so that whatever cuts it off, somebody completes it, once.
//!
//! There is never more than one, for the store's lock is held from the first write to the last. Who takes the lock and
//! finds one completes it before anything else. One that can't be carried out is told to a person and given up.

use super::Proposals;
use crate::{
    domain::{
        message::Message,
        name::Name,
        proposal::{Judgement, ProposalState},
        time::Time,
    },
    store::{marker, messages},
    sys::{atomic, lock::Lock, read},
};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::fmt;

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
        /// Of these, the tasks that only have to be out of its way, however they end.
        #[serde(default)]
        overlaps: Vec<Name>,
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

/// Why a judgement can't be carried out, now or later, unless a person puts something right.
#[derive(Debug)]
pub struct BlockedProposal(pub String);

impl fmt::Display for BlockedProposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BlockedProposal {}

impl Unfinished {
    fn ids(&self) -> Vec<&Name> {
        match self {
            Self::Judge { id, .. } | Self::Reactivate { id, .. } => vec![id],
            Self::Conflict { ids, .. } => ids.iter().collect(),
        }
    }
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
        match self.carry_out(&what, now) {
            Ok(()) => {}
            Err(error) => {
                let Some(BlockedProposal(why)) = error.downcast_ref() else { return Err(error) };
                return self.give_up(lock, &what, why, now).map(|()| None);
            }
        }
        atomic::remove(&path)?;
        Ok(Some(what))
    }

    /// Writes down what is to be done, does it, and strikes it off.
    pub(super) fn perform(&self, lock: &Lock, what: &Unfinished, now: Time) -> Result<()> {
        for id in what.ids() {
            if let Some([one, other]) = self.in_two_places(id) {
                return Err(twice(id, one, other));
            }
        }
        let path = self.paths.unfinished_judgement();
        atomic::write(&path, &atomic::json(what)?)?;
        if let Err(error) = self.carry_out(what, now) {
            if let Some(BlockedProposal(why)) = error.downcast_ref() {
                self.give_up(lock, what, why, now)?;
                return Err(error);
            }
            return Err(error.context("not complete yet; the next tick or call goes on with it"));
        }
        atomic::remove(&path).map(drop)
    }

    /// Tells a person of a judgement that can't be carried out, and strikes it off.
    fn give_up(&self, lock: &Lock, what: &Unfinished, why: &str, now: Time) -> Result<()> {
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

/// Two files of one name: nobody guesses which one is meant.
pub(super) fn twice(id: &Name, from: ProposalState, to: ProposalState) -> anyhow::Error {
    BlockedProposal(format!("{id} is in {from} and in {to}: remove one of the two files")).into()
}
