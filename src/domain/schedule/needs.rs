//! What has to be read for a decision: no more than the agents that could start need.

use super::held_back;
use super::snapshot::Snapshot;
use crate::domain::config::Config;
use crate::domain::name::Name;
use crate::domain::role::Role;
use crate::domain::task::Task;
use crate::domain::time::Time;
use std::collections::BTreeMap;

/// What has to be read before [`decide`] can be asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// An agent that uses claude is due and could start: today's cost.
    pub cost: bool,
    /// How many agents could claim, by the `ROLE:` of their tasks: these tasks.
    pub claimers: BTreeMap<Name, usize>,
    /// A gatekeeper could start: the checks that are due.
    pub checks: bool,
    /// A proposer or a curator could start: the proposals as they are this very moment.
    pub proposals: bool,
    /// Those that look for work and could start, by their place: whether anything has changed.
    pub explorers: Vec<usize>,
}

impl Needs {
    /// How many agents that are due claim tasks like this.
    pub fn claimers_of(&self, task: &Task) -> usize {
        self.claimers.iter().find(|(claims, _)| task.is_for(claims)).map_or(0, |(_, count)| *count)
    }

    /// Whether anybody could claim.
    pub fn tasks(&self) -> bool {
        !self.claimers.is_empty()
    }
}

/// What a decision over this configuration and these agents will need to know.
pub fn needs(config: &Config, snapshot: &Snapshot, now: Time) -> Needs {
    let mut needs = Needs::default();
    for (index, (agent, view)) in config.agents.iter().zip(&snapshot.agents).enumerate() {
        if held_back(config, snapshot, agent, view, now).is_none() {
            needs.cost |= agent.role.uses_claude();
            needs.checks |= agent.role == Role::Gatekeeper;
            if let Some(claims) = agent.claims() {
                *needs.claimers.entry(claims).or_default() += 1;
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
