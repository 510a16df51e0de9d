//! The proposals: four directories, a file in exactly one of them.
//!
//! A change holds the store's lock for milliseconds. What a proposal is worth, and who may judge it when, is for others
//! to decide.

mod add;
mod carry_out;
mod dir_stamp;
mod judge;
mod promote;
mod unfinished;

pub use dir_stamp::DirStamp;
pub use judge::REJECTED_DAYS;
pub use promote::TaskChoices;
pub use unfinished::{BlockedProposal, Unfinished};

use super::paths::Paths;
use super::state_dirs::{State, StateDirs};
use crate::domain::name::Name;
use crate::domain::proposal::{self, Proposal, ProposalState};
use anyhow::{Result, bail};
use std::path::PathBuf;

/// The proposals of one project.
pub type Proposals<'a> = StateDirs<'a, ProposalState>;

/// A proposal that was looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundProposal {
    pub state: ProposalState,
    pub proposal: Proposal,
    /// The whole file.
    pub text: String,
}

impl State for ProposalState {
    type Item = Proposal;
    const PREFIX: &'static str = "PROP";

    fn dir(self, paths: &Paths) -> PathBuf {
        paths.proposals(self)
    }

    fn path(self, paths: &Paths, id: &Name) -> PathBuf {
        paths.proposal(self, id)
    }

    fn parse(id: &Name, text: &str) -> Result<Proposal, Vec<String>> {
        proposal::parse(id, text)
    }
}

impl Proposals<'_> {
    /// Looks for a proposal in every state, first by its very name, then without regard to case.
    ///
    /// # Errors
    /// There is none; its file can't be read or understood.
    pub fn get(&self, id: &Name) -> Result<FoundProposal> {
        match self.find(id)? {
            Some(found) => self.understood(&found.id, found.state, found.text),
            None => bail!("there is no proposal {id}; `scheduler proposal list` lists them"),
        }
    }

    /// The proposal that the user calls so, by its whole name.
    ///
    /// # Errors
    /// There is none, or more than one; a directory can't be read.
    pub fn id_of(&self, word: &Name) -> Result<Name> {
        match self.called(word)? {
            Some(found) => Ok(found.id),
            None => bail!("there is no proposal {word}; `scheduler proposal list` lists them"),
        }
    }

    /// The proposal in that state, if it is there.
    fn get_in(&self, state: ProposalState, id: &Name) -> Result<Option<FoundProposal>> {
        self.read(state, id)?.map(|text| self.understood(id, state, text)).transpose()
    }

    fn understood(&self, id: &Name, state: ProposalState, text: String) -> Result<FoundProposal> {
        match proposal::parse(id, &text) {
            Ok(proposal) => Ok(FoundProposal { state, proposal, text }),
            Err(problems) => Err(BlockedProposal::unreadable(&self.path(state, id), &problems).into()),
        }
    }

    /// The proposals that may still become tasks: active ones, and deferred ones.
    ///
    /// # Errors
    /// A directory can't be read.
    pub fn open(&self) -> Result<(Vec<Proposal>, Vec<Proposal>)> {
        Ok((self.good(ProposalState::Active)?, self.good(ProposalState::Deferred)?))
    }

    /// How many proposals a run has added, wherever they are now.
    ///
    /// # Errors
    /// A directory can't be read.
    pub fn added_in(&self, run: &str) -> Result<u32> {
        self.count(|proposal| proposal.idea.run.as_deref() == Some(run))
    }

    /// How many proposals a run was the last to judge.
    ///
    /// # Errors
    /// A directory can't be read.
    pub fn judged_in(&self, run: &str) -> Result<u32> {
        self.count(|proposal| proposal.judgement.as_ref().is_some_and(|judged| judged.run.as_deref() == Some(run)))
    }

    fn count(&self, counts: impl Fn(&Proposal) -> bool) -> Result<u32> {
        let mut count = 0;
        for state in ProposalState::ALL {
            count += self.good(state)?.iter().filter(|proposal| counts(proposal)).count();
        }
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests;
