//! Proposals: what their files say, how they are judged, what they are worth, and which of them collide.
//!
//! A proposal's id is its file stem, its state the directory that it lies in. It never opens a file.

mod conflict;
mod edit;
pub mod files;
mod idea;
mod lifecycle;
mod parse;
mod score;
mod similar;
mod task;

pub use conflict::{escalation, is_noted, is_only_marked, partners, question_of, to_escalate, ways_to_decide};
pub use edit::with_judgement;
pub use idea::Idea;
pub use lifecycle::may_become;

pub use parse::parse;
pub use score::{Busy, Score, Surroundings, score};
pub use similar::rejected_before;
pub use task::task;

use super::name::Name;
use super::role::TaskRole;
use super::task::Priority;
use super::time::Time;
use super::words::words;
use serde::{Deserialize, Serialize};

words! {
    "a state of proposals"
    /// The four directories of proposals.
    pub enum ProposalState {
        /// To be judged.
        Active = "active",
        /// Became a task.
        Promoted = "promoted",
        /// Not now.
        Deferred = "deferred",
        /// Not at all, with the reason.
        Rejected = "rejected",
    }
}

impl ProposalState {
    /// Whether it may still become a task.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Active | Self::Deferred)
    }
}

words! {
    "a category"
    /// What kind of work is proposed.
    pub enum Category {
        /// Tests added or repaired.
        Test = "test",
        /// The same behaviour in simpler code.
        Refactor = "refactor",
        /// New behaviour.
        Feature = "feature",
        /// Something put off that is to be put right.
        Debt = "debt",
        /// A step of a plan that the project has written down.
        PlanTask = "plan-task",
    }
}

impl Category {
    /// Who carries out the task that such a proposal becomes, unless said otherwise.
    pub fn task_role(self) -> TaskRole {
        if self == Self::Test { TaskRole::Test } else { TaskRole::Implement }
    }
}

words! {
    "a complexity"
    /// How large the work is.
    pub enum Complexity {
        /// A few lines.
        S = "S",
        /// One sitting.
        M = "M",
        /// Several files with consequences.
        L = "L",
        /// Too much for one change.
        XL = "XL",
    }
}

impl Complexity {
    /// How urgent the task is that such a proposal becomes, unless said otherwise: what is small goes first.
    pub fn priority(self) -> Priority {
        if self <= Self::M { Priority::P1 } else { Priority::P2 }
    }
}

/// What a proposal file says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Proposal {
    /// The file stem.
    pub id: Name,
    #[serde(flatten)]
    pub idea: Idea,
    pub created: Option<Time>,
    /// What was decided about it last.
    pub judgement: Option<Judgement>,
    /// The proposals that it was found to contradict.
    pub conflicts: Vec<KnownConflict>,
    /// Stands for everything above the judgement: another one, and the proposal was changed.
    #[serde(serialize_with = "edit::as_hex")]
    pub fingerprint: u64,
}

/// What was decided about a proposal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// What.
    pub verdict: ProposalVerdict,
    /// Who.
    pub by: String,
    /// When.
    pub at: Option<Time>,
    /// In which run.
    pub run: Option<String>,
}

/// The decision itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum ProposalVerdict {
    /// It becomes this task.
    Promoted {
        /// The task's id, decided before the task's file is there.
        task: Name,
        /// Who carries it out.
        role: TaskRole,
        /// How urgent it is.
        priority: Priority,
        /// The branch to start from and to merge into.
        branch: Option<String>,
    },
    /// It won't be done.
    Rejected {
        /// Why, for the proposer to learn from.
        reason: String,
    },
    /// Not now.
    Deferred {
        /// Why.
        reason: String,
        /// When it comes back by itself; `None`: the user brings it back.
        until: Option<Time>,
    },
}

impl ProposalVerdict {
    /// Where a proposal with this verdict belongs.
    pub fn state(&self) -> ProposalState {
        match self {
            Self::Promoted { .. } => ProposalState::Promoted,
            Self::Rejected { .. } => ProposalState::Rejected,
            Self::Deferred { .. } => ProposalState::Deferred,
        }
    }
}

/// A contradiction that the user was told of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KnownConflict {
    /// The other proposal.
    pub with: Name,
    /// This proposal's fingerprint when it was found.
    #[serde(serialize_with = "edit::as_hex")]
    pub own: u64,
    /// The other one's.
    #[serde(serialize_with = "edit::as_hex")]
    pub other: u64,
}

/// Who judges or proposes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// An agent's name, or `human`.
    pub name: String,
    /// The agent's run; `None` for the user.
    pub run: Option<String>,
}

impl By {
    /// Whether it is an agent in its run.
    pub fn is_agent(&self) -> bool {
        self.run.is_some()
    }
}

impl Proposal {
    /// The task that it became or is about to become.
    pub fn task(&self) -> Option<&Name> {
        match &self.judgement.as_ref()?.verdict {
            ProposalVerdict::Promoted { task, .. } => Some(task),
            _ => None,
        }
    }

    /// Why it was rejected or deferred.
    pub fn reason(&self) -> Option<&str> {
        match &self.judgement.as_ref()?.verdict {
            ProposalVerdict::Promoted { .. } => None,
            ProposalVerdict::Rejected { reason } | ProposalVerdict::Deferred { reason, .. } => Some(reason),
        }
    }

    /// When it comes back by itself, if it is deferred for a time.
    pub fn returns_at(&self) -> Option<Time> {
        match &self.judgement.as_ref()?.verdict {
            ProposalVerdict::Deferred { until, .. } => *until,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
