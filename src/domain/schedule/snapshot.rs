//! What a decision is made from: how everything stands at one moment. It is filled in elsewhere, and decides nothing.

use crate::domain::config::Config;
use crate::domain::gate::DueCheck;
use crate::domain::name::Name;
use crate::domain::outcome::Cooldown;
use crate::domain::quota::Quota;
use crate::domain::state::AgentState;
use crate::domain::task::Task;
use crate::domain::time::Time;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Whether an agent could take up a run at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// No run is under way.
    Free,
    /// A supervisor holds its lock.
    Running,
    /// Its supervisor is gone, and recovery has been started.
    Recovering,
    /// A process of the Python system is at work for it.
    Python,
    /// Its state.json can't be read, or its files can't be reached.
    Unreadable,
}

/// One agent as the tick found it.
#[derive(Clone, Debug)]
pub struct AgentView {
    /// Whether it could take up a run.
    pub standing: Standing,
    /// What is remembered of it.
    pub state: AgentState,
}

/// Everything that a decision depends on beside the configuration.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// What makes git run or send something is not as the user accepted it; since when, if that is known.
    pub untrusted: Option<Option<Time>>,
    /// Whether the marker file `paused` is there.
    pub paused: bool,
    /// The cooldown that was set last and not lifted since.
    pub cooldown: Option<Cooldown>,
    /// The same of each runner.
    pub runner_cooldowns: BTreeMap<Name, Cooldown>,
    /// Agents whose run the user has requested: these wait for no interval.
    pub requested: BTreeSet<Name>,
    /// The environment of ticks has no key by which the API pays.
    pub lacks_api_key: bool,
    /// The agents, in the order of the configuration.
    pub agents: Vec<Arc<AgentView>>,
    /// Runs of agents that are no longer configured.
    pub other_running: u32,
    /// Of all runs under way, how many each runner carries.
    pub running_of: BTreeMap<Name, u32>,
    /// Tasks in incoming.
    pub incoming: u32,
    /// Tasks in incoming that can be claimed, best first. Only read if an agent could claim.
    pub claimable: Vec<Task>,
    /// Tasks in incoming that have to wait, by role.
    pub waiting: [u32; 3],
    /// Files in incoming that can't be read.
    pub unreadable: u32,
    /// Of these, the ones that wait for an open pull request that they would conflict with: their role, and which.
    pub overlapping: Vec<(Name, u64)>,
    /// Tasks in claimed.
    pub claimed: u32,
    /// Of these, how many will open a pull request.
    pub claimed_opening: u32,
    /// Checks that pull requests need, best first. Only read if a gatekeeper could start.
    pub due_checks: Vec<DueCheck>,
    /// Pull requests open, from the cache; `None` if that was never found out.
    pub open_prs: Option<u32>,
    /// There may be some, and GitHub is being asked for the first time.
    pub prs_awaited: bool,
    /// What leaves no place for agents' branches, and what the user does about it.
    pub branch_in_the_way: Option<(String, String)>,
    /// How many active proposals each proposer has.
    pub proposals: BTreeMap<Name, u32>,
    /// Active proposals that an agent may judge.
    pub to_judge: u32,
    /// The last curation has seen all of these as they are.
    pub judged_before: bool,
    /// The proposals can't be read.
    pub proposals_unreadable: bool,
    /// Agents that look for work, and for which nothing has changed since their last run began, then.
    pub unchanged: BTreeMap<Name, Time>,
    /// What today's runs cost, those under way counted with their limit.
    pub spent_usd: f64,
    /// The same of the last seven local days.
    pub week_usd: f64,
    /// How much of the account's usage limits is used.
    pub quota: Quota,
    /// What a run without a limit of its own is counted with.
    pub usual_cost_usd: f64,
}

/// How many runs each runner carries, by the states of the agents whose run is under way.
pub fn running_of<'a>(occupied: impl IntoIterator<Item = &'a AgentView>) -> BTreeMap<Name, u32> {
    let mut counts = BTreeMap::new();
    for runner in occupied.into_iter().filter_map(|view| view.state.runner.as_ref()) {
        *counts.entry(runner.clone()).or_insert(0) += 1;
    }
    counts
}

impl Snapshot {
    /// How many tasks count against `max_incoming`.
    pub fn pending(&self) -> u32 {
        self.incoming + self.claimed
    }

    /// Whether no task may be added.
    pub fn is_full(&self, config: &Config) -> bool {
        self.pending() >= config.queue_limits.max_incoming.get()
    }

    /// Whether all that is left to be judged was seen before and waits for room in the queue.
    pub fn awaits_room(&self, config: &Config) -> bool {
        self.judged_before && self.is_full(config)
    }
}
