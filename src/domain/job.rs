//! What an agent is started for.
//!
//! It chooses nothing: which job is due is decided in [`super::schedule`].

use super::gate::DueCheck;
use super::name::Name;
use serde::{Deserialize, Serialize};

/// One piece of work to be done in one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Job {
    /// To carry out a task.
    Task {
        /// Which one.
        id: Name,
        /// Which attempt this is, counted from 1.
        attempt: u32,
    },
    /// To look at the code and create tasks.
    Explore,
    /// To make one check of a pull request.
    Check(DueCheck),
    /// To see which pull requests there are and carry out the verdicts on them; without claude.
    Coordinate,
    /// To look at the code and propose work.
    Propose,
    /// To judge proposals.
    Curate,
}

impl Job {
    /// The task, if it is one.
    pub fn task(&self) -> Option<&Name> {
        match self {
            Self::Task { id, .. } => Some(id),
            Self::Explore | Self::Check(_) | Self::Coordinate | Self::Propose | Self::Curate => None,
        }
    }

    /// Which attempt at its task or check this is, counted from 1; 1 without either.
    pub fn attempt(&self) -> u32 {
        match self {
            Self::Task { attempt, .. } => *attempt,
            Self::Check(due) => due.attempt,
            Self::Explore | Self::Coordinate | Self::Propose | Self::Curate => 1,
        }
    }

    /// The check that is to be made, if it is one.
    pub fn check(&self) -> Option<&DueCheck> {
        match self {
            Self::Check(due) => Some(due),
            Self::Task { .. } | Self::Explore | Self::Coordinate | Self::Propose | Self::Curate => None,
        }
    }
}
