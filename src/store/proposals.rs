//! The proposals: four directories, a file in exactly one of them.
//!
//! A change holds the store's lock for milliseconds; reading takes none, and people move and edit files as they like.
//! What a proposal is worth, and who may judge it when, is for others to decide.

mod add;
mod carry_out;
mod dir_stamp;
mod judge;
mod keep;
mod promote;
mod unfinished;

pub use dir_stamp::DirStamp;
pub use judge::Deferral;
pub use keep::REJECTED_DAYS;
pub use promote::TaskChoices;
pub use unfinished::{BlockedProposal, Unfinished};

use super::{
    listing::{self, Stray},
    paths::Paths,
};
use crate::{
    domain::{
        name::Name,
        proposal::{self, Proposal, ProposalState},
    },
    sys::{atomic, lock::Lock, read},
};
use anyhow::{Result, bail};
use std::{fmt, path::PathBuf};

/// The proposals of one project.
#[derive(Clone, Copy, Debug)]
pub struct Proposals<'a> {
    paths: &'a Paths,
}

/// A proposal file that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadProposal {
    /// The file stem.
    pub id: Name,
    /// The file.
    pub path: PathBuf,
    /// What is wrong in it, one sentence each.
    pub problems: Vec<String>,
}

impl fmt::Display for BadProposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.problems.join("; "))
    }
}

/// A proposal that was looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Where it is.
    pub state: ProposalState,
    /// What its file says.
    pub proposal: Proposal,
    /// The whole file.
    pub text: String,
}

impl<'a> Proposals<'a> {
    /// The proposals of the project with these paths.
    pub fn new(paths: &'a Paths) -> Self {
        Self { paths }
    }

    /// The proposals in a state, by name alone, and what else stands there: no file is opened.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn list(&self, state: ProposalState) -> Result<(Vec<Name>, Vec<Stray>)> {
        listing::named(&self.paths.proposals(state))
    }

    /// The proposals in a state, in the order of their names.
    ///
    /// # Errors
    /// The directory cannot be read. A file that cannot be read or understood is an item of its own.
    pub fn all(&self, state: ProposalState) -> Result<Vec<Result<Proposal, BadProposal>>> {
        let (ids, _) = self.list(state)?;
        Ok(ids.into_iter().filter_map(|id| self.one(state, id).transpose()).collect())
    }

    /// The proposals in a state that can be understood.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn good(&self, state: ProposalState) -> Result<Vec<Proposal>> {
        Ok(self.all(state)?.into_iter().flatten().collect())
    }

    /// Looks for a proposal in every state, first by its very name, then without regard to case.
    ///
    /// # Errors
    /// There is none; its file cannot be read or understood.
    pub fn find(&self, id: &Name) -> Result<Found> {
        // One that is moved just then, against the order of the states, is seen the second time.
        for _ in 0..2 {
            for state in ProposalState::ALL {
                if let Some(found) = self.found(state, id)? {
                    return Ok(found);
                }
            }
        }
        for state in ProposalState::ALL {
            for other in self.list(state)?.0.into_iter().filter(|other| other == id) {
                if let Some(found) = self.found(state, &other)? {
                    return Ok(found);
                }
            }
        }
        bail!("there is no proposal {id}; `scheduler proposal list` lists them")
    }

    /// How many proposals a run has added, wherever they are now.
    ///
    /// # Errors
    /// A directory cannot be read.
    pub fn added_in(&self, run: &str) -> Result<u32> {
        self.count(|proposal| proposal.idea.run.as_deref() == Some(run))
    }

    /// How many proposals a run was the last to judge.
    ///
    /// # Errors
    /// A directory cannot be read.
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

    /// Two states in which there is a file of that name, readable or not, if there are two: a mistake of somebody's.
    pub fn in_two_places(&self, id: &Name) -> Option<[ProposalState; 2]> {
        let mut places = ProposalState::ALL.into_iter().filter(|&state| self.exists(state, id));
        let one = places.next()?;
        let other = places.find(|&other| atomic::is_taken(&self.path(one, id), &self.path(other, id)))?;
        Some([one, other])
    }

    /// Where a file of that name is, readable or not.
    pub fn whereabouts(&self, id: &Name) -> Option<ProposalState> {
        ProposalState::ALL.into_iter().find(|&state| self.exists(state, id))
    }

    /// The id as the file of that name is spelled, readable or not.
    ///
    /// # Errors
    /// A directory cannot be read.
    pub fn spelling(&self, id: &Name) -> Result<Option<Name>> {
        if self.whereabouts(id).is_some() {
            return Ok(Some(id.clone()));
        }
        for state in ProposalState::ALL {
            if let Some(other) = self.list(state)?.0.into_iter().find(|other| other == id) {
                return Ok(Some(other));
            }
        }
        Ok(None)
    }

    /// The path of a proposal in a state.
    pub fn path(&self, state: ProposalState, id: &Name) -> PathBuf {
        self.paths.proposal(state, id)
    }

    fn exists(&self, state: ProposalState, id: &Name) -> bool {
        rustix::fs::lstat(self.paths.proposal(state, id)).is_ok()
    }

    fn found(&self, state: ProposalState, id: &Name) -> Result<Option<Found>> {
        let path = self.path(state, id);
        let Some(text) = read::read_text(&path)? else { return Ok(None) };
        match proposal::parse(id, &text) {
            Ok(proposal) => Ok(Some(Found { state, proposal, text })),
            Err(problems) => {
                Err(BlockedProposal(format!("{}: {}: correct it first", path.display(), problems.join("; "))).into())
            }
        }
    }

    /// `None` if it has been moved since it was listed.
    fn one(&self, state: ProposalState, id: Name) -> Result<Option<Proposal>, BadProposal> {
        let path = self.path(state, &id);
        let problems = match read::read_text(&path) {
            Ok(None) => return Ok(None),
            Ok(Some(text)) => match proposal::parse(&id, &text) {
                Ok(proposal) => return Ok(Some(proposal)),
                Err(problems) => problems,
            },
            Err(error) => vec![format!("{error:#}")],
        };
        Err(BadProposal { id, path, problems })
    }

    fn lock(&self) -> Result<Lock> {
        crate::store::lock(self.paths)
    }
}

#[cfg(test)]
mod tests;
