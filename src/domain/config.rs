//! What agents.yaml says, with every default filled in.
//!
//! Reading is in [`read`]; nothing here opens the file.

mod check;
mod edit;
mod gates;
mod place;
mod read;
mod schema;
mod worktrees;

pub use check::{Problem, Severity};
pub use edit::{Change, Refusal, Step, Value, edit};
pub use read::{notify, read};
pub use schema::SCHEMA;
pub use worktrees::Worktrees;

use super::{
    name::Name,
    role::{Model, Role},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The whole configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Which way work comes into being.
    pub model: Model,
    /// `paused: true` at the top: nothing starts.
    pub paused: bool,
    /// The most runs at once.
    pub max_running: Option<u32>,
    /// The most that a local day's runs may cost together.
    pub max_cost_usd_per_day: Option<f64>,
    /// Globs of the files that a tester may change.
    pub test_paths: Vec<String>,
    /// What the agents' worktrees get, and where they are.
    pub worktrees: Worktrees,
    /// How long logs are kept.
    pub log_retention_days: u32,
    /// Backpressure on tasks.
    pub queue_limits: QueueLimits,
    /// Backpressure on proposals, by agent.
    pub proposal_limits: BTreeMap<Name, ProposalLimits>,
    /// How much a proposer's word counts, by agent.
    pub voice_weights: BTreeMap<Name, f64>,
    /// What matters most to the project: words, or globs of paths.
    pub priorities: Vec<String>,
    /// The weights of the five factors of a proposal's score.
    pub curator_scoring: CuratorScoring,
    /// Checks of pull requests.
    pub gatekeeper: Gatekeeper,
    /// How the human is told of messages.
    pub notify: Option<Notify>,
    /// The workers, in the order of the file.
    pub agents: Vec<Agent>,
}

/// `queue_limits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct QueueLimits {
    /// Creating a task needs incoming + claimed below this.
    pub max_incoming: u32,
    /// Claiming needs claimed below this.
    pub max_claimed: u32,
    /// Claiming what opens a pull request needs open ones below this.
    pub max_open_prs: u32,
}

impl Default for QueueLimits {
    fn default() -> Self {
        Self { max_incoming: 20, max_claimed: 5, max_open_prs: 10 }
    }
}

/// One entry of `proposal_limits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ProposalLimits {
    /// The most active proposals of one proposer.
    pub max_active: u32,
    /// The most that one run may add.
    pub max_per_run: u32,
}

impl Default for ProposalLimits {
    fn default() -> Self {
        Self { max_active: 5, max_per_run: 2 }
    }
}

/// `curator_scoring`: weights that need not add up to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CuratorScoring {
    /// Fits the project's priorities.
    pub priority_alignment: f64,
    /// Makes the code simpler.
    pub complexity_reduction: f64,
    /// How little can go wrong.
    pub risk: f64,
    /// What it builds on is done.
    pub dependencies_met: f64,
    /// Whose idea it is.
    pub voice_weight: f64,
}

impl Default for CuratorScoring {
    fn default() -> Self {
        Self {
            priority_alignment: 0.30,
            complexity_reduction: 0.25,
            risk: 0.15,
            dependencies_met: 0.15,
            voice_weight: 0.15,
        }
    }
}

/// `gatekeeper`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gatekeeper {
    /// Whether pull requests are checked at all.
    pub enabled: bool,
    /// Whether a pull request that passed gets an approving review.
    pub auto_approve: bool,
    /// Checks that must pass.
    pub required_checks: Vec<Name>,
    /// Checks that are reported and block nothing.
    pub optional_checks: Vec<Name>,
    /// Whether pull requests from forks are checked too; their code is then read and never executed.
    pub include_forks: bool,
    /// The most fix tasks for one pull request.
    pub max_fix_rounds: u32,
}

impl Default for Gatekeeper {
    fn default() -> Self {
        let names = |words: [&str; 2]| words.iter().filter_map(|word| word.parse().ok()).collect();
        Self {
            enabled: false,
            auto_approve: false,
            required_checks: names(["lint", "tests"]),
            optional_checks: names(["style", "architecture"]),
            include_forks: false,
            max_fix_rounds: 3,
        }
    }
}

/// `notify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notify {
    /// The program and its arguments; it reads the message as JSON from its standard input.
    pub command: Vec<String>,
}

/// One configured worker.
#[derive(Clone, Debug, PartialEq)]
pub struct Agent {
    /// Its name, unique without case.
    pub name: Name,
    /// What it does.
    pub role: Role,
    /// The field of a proposer, the check of a gatekeeper.
    pub focus: Option<Name>,
    /// How often it runs.
    pub interval_seconds: u32,
    /// `paused: true` on the agent.
    pub paused: bool,
    /// Everything that a run of it needs to know.
    pub settings: RunSettings,
}

/// What `defaults` and an agent may set for its runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunSettings {
    /// The program and its first arguments.
    pub command: Vec<String>,
    /// Claude's model; `None`: claude's own choice.
    pub claude_model: Option<String>,
    /// The most turns of one run.
    pub max_turns: u32,
    /// The longest a run may take.
    pub timeout_seconds: u32,
    /// The longest a run may be silent.
    pub stall_seconds: u32,
    /// The most one run may cost.
    pub max_cost_usd: Option<f64>,
    /// Attempts at one task before it fails.
    pub max_attempts: u32,
    /// Replaces the tools of the role.
    pub allowed_tools: Option<Vec<String>>,
    /// The branch to start from where a task names none.
    pub base_branch: Option<String>,
    /// Added to the environment of claude.
    pub env: BTreeMap<String, String>,
    /// Whether the agent itself may fetch and push.
    pub allow_network_git: bool,
}

impl Config {
    /// How many proposals this proposer may have.
    pub fn limits_of(&self, proposer: &Name) -> ProposalLimits {
        self.proposal_limits.get(proposer).copied().unwrap_or_default()
    }

    /// The agent of that name, with its position in the file.
    pub fn agent(&self, name: &Name) -> Option<(usize, &Agent)> {
        self.agents.iter().enumerate().find(|(_, agent)| agent.name == *name)
    }
}

#[cfg(test)]
mod tests;
