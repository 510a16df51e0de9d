//! What has to be read for a decision: no more than the agents that could start need.

use super::held_back;
use super::snapshot::Snapshot;
use crate::domain::config::Config;
use crate::domain::role::{Role, TaskRole};
use crate::domain::time::Time;

/// What has to be read before [`decide`] can be asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// An agent that uses claude is due and could start: today's cost.
    pub cost: bool,
    /// How many implementers, testers and reviewers could claim: their tasks.
    pub claimers: [usize; 3],
    /// A gatekeeper could start: the checks that are due.
    pub checks: bool,
    /// A proposer or a curator could start: the proposals as they are this very moment.
    pub proposals: bool,
    /// Those that look for work and could start, by their place: whether anything has changed.
    pub explorers: Vec<usize>,
}

impl Needs {
    /// How many agents that are due claim tasks of this role.
    pub fn claimers_of(&self, role: TaskRole) -> usize {
        self.claimers[role as usize]
    }

    /// Whether anybody could claim.
    pub fn tasks(&self) -> bool {
        self.claimers.iter().any(|count| *count > 0)
    }
}

/// What a decision over this configuration and these agents will need to know.
pub fn needs(config: &Config, snapshot: &Snapshot, now: Time) -> Needs {
    let mut needs = Needs::default();
    for (index, (agent, view)) in config.agents.iter().zip(&snapshot.agents).enumerate() {
        if held_back(config, snapshot, agent, view, now).is_none() {
            needs.cost |= agent.role.uses_claude();
            needs.checks |= agent.role == Role::Gatekeeper;
            if let Some(role) = agent.role.spec().claims {
                needs.claimers[role as usize] += 1;
            }
            needs.proposals |= matches!(agent.role, Role::Proposer | Role::Curator);
            if matches!(agent.role, Role::ProductManager | Role::Proposer) && !snapshot.requested.contains(&agent.name)
            {
                needs.explorers.push(index);
            }
        }
    }
    needs
}
