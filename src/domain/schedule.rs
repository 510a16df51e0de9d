//! The decision of a tick: which agents start, and the one reason why each other one doesn't.
//!
//! It is a pure function over values; backpressure counts what the very same tick has given away.

mod claim;
mod collision;
mod idle;
mod money;
mod needs;
mod queue;
mod reason;
mod snapshot;

pub use collision::{OpenPr, collision};
pub use idle::{Decided, nothing_started};
pub use money::needs_api_key;
pub use needs::{Needs, needs};
pub use queue::{Waiting, blocked, claim_order, opening, over_budget, waiting};
pub use reason::Reason;
pub use snapshot::{AgentView, Snapshot, Standing, running_of};

use super::config::{Agent, Config, Whole};
use super::gate::DueCheck;
use super::hours::closed_until;
use super::job::Job;
use super::name::Name;
use super::outcome::Cooldown;
use super::role::Role;
use super::state::{AgentState, Phase};
use super::task::Task;
use super::time::Time;
use chrono::{Duration, Local};
use serde::Serialize;
use std::collections::BTreeMap;

/// What became of an agent in one tick.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It starts.
    Start(Job),
    /// It doesn't.
    Skip(Reason),
}

/// Decides on every agent, in the order of the configuration.
pub fn decide(config: &Config, snapshot: &Snapshot, now: Time) -> Vec<Decision> {
    let mut decisions: Vec<Option<Decision>> = config
        .agents
        .iter()
        .zip(&snapshot.agents)
        .map(|(agent, view)| held_back(config, snapshot, agent, view, now).map(Decision::Skip))
        .collect();
    let mut capacity = Capacity::new(config, snapshot);
    capacity.soon = claim::soon(config, &decisions, now);
    let mut due: Vec<usize> = (0..decisions.len()).filter(|index| decisions[*index].is_none()).collect();
    // Requested runs first, then the most overdue; an agent that never ran is the most overdue of all.
    due.sort_by_key(|index| {
        let agent = &config.agents[*index];
        (!snapshot.requested.contains(&agent.name), due_at(agent, &snapshot.agents[*index].state, now))
    });
    for index in due {
        decisions[index] = Some(capacity.assign(config, snapshot, &config.agents[index], now));
    }
    decisions.into_iter().flatten().collect()
}

/// The reason for which an agent can't start whatever there is to do.
fn held_back(config: &Config, snapshot: &Snapshot, agent: &Agent, view: &AgentView, now: Time) -> Option<Reason> {
    let state = &view.state;
    match view.standing {
        Standing::Running => {
            let verifying = state.phase == Phase::Verifying;
            return Some(Reason::Running { since: state.last_started, task: state.current_task.clone(), verifying });
        }
        Standing::Python => return Some(Reason::python(state)),
        Standing::Recovering if snapshot.untrusted.is_none() => return Some(Reason::Recovering),
        Standing::Unreadable => return Some(Reason::Unreadable),
        Standing::Recovering | Standing::Free => {}
    }
    if let Some(since) = snapshot.untrusted {
        return Some(Reason::Untrusted { since });
    }
    if snapshot.paused || config.paused {
        return Some(Reason::SystemPaused { by_marker: snapshot.paused });
    }
    if agent.paused {
        return Some(Reason::Paused);
    }
    if let Some(model) = agent.role.spec().model.filter(|model| *model != config.model) {
        return Some(Reason::NotInModel { needs: model });
    }
    match agent.role {
        Role::Gatekeeper if !config.gatekeeper.enabled => return Some(Reason::Disabled),
        Role::GatekeeperCoordinator if !config.has_coordinator_work() => return Some(Reason::NothingSwitchedOn),
        _ => {}
    }
    if snapshot.lacks_api_key && needs_api_key(agent) {
        return Some(Reason::NoApiKey);
    }
    // A requested run waits for no hours, interval, backoff or cooldown.
    if snapshot.requested.contains(&agent.name) {
        return None;
    }
    let cooldown = snapshot.cooldown.as_ref().filter(|cooldown| cooldown.holds(now) && agent.role.uses_claude());
    let of_runner = cooldown_of_runner(snapshot, agent).filter(|cooldown| cooldown.holds(now));
    let due_at = due_at(agent, state, now).filter(|due_at| now < *due_at);
    closed_until(agent.settings.hours, &agent.settings.days, now, &Local)
        .map(|until| Reason::OutsideHours { until })
        .or_else(|| backoff(agent, state, now))
        .or_else(|| cooldown.or(of_runner).map(|cooldown| cooling(cooldown, None)))
        .or_else(|| due_at.map(|due_at| Reason::NotDue { due_at }))
}

fn cooling(cooldown: &Cooldown, first: Option<&Name>) -> Reason {
    Reason::CoolingDown { until: cooldown.until, cause: cooldown.reason.clone(), first: first.cloned() }
}

/// The cooldown of what would start the agent's runs elsewhere.
fn cooldown_of_runner<'a>(snapshot: &'a Snapshot, agent: &Agent) -> Option<&'a Cooldown> {
    let runner = agent.settings.runner.as_ref().filter(|_| agent.role.uses_claude())?;
    snapshot.runner_cooldowns.get(runner)
}

/// The agent that is under way since the cooldown began, and shows how things are, among those with that runner if one is named.
fn goes_first(config: &Config, snapshot: &Snapshot, cooldown: &Cooldown, runner: Option<&Name>) -> Option<Name> {
    let mut agents = config.agents.iter().zip(&snapshot.agents);
    let tries = |view: &AgentView| {
        view.standing != Standing::Free && view.state.last_started.is_some_and(|begun| cooldown.is_tried_by(begun))
    };
    let is_meant =
        |agent: &Agent| agent.role.uses_claude() && (runner.is_none() || agent.settings.runner.as_ref() == runner);
    agents.find(|(agent, view)| is_meant(agent) && tries(view)).map(|(agent, _)| agent.name.clone())
}

/// When an agent is due; `None` if it never ran or its last start lies in the future.
///
/// Some of the interval is forgiven, so that a tick that comes a moment early or late doesn't cost a whole period.
pub fn due_at(agent: &Agent, state: &AgentState, now: Time) -> Option<Time> {
    let last = state.last_started.filter(|last| *last <= now)?;
    let interval = i64::from(agent.interval_seconds);
    Some(last + Duration::seconds(interval - (interval / 4).min(30)))
}

/// Whether an agent waits because it failed the last times.
fn backoff(agent: &Agent, state: &AgentState, now: Time) -> Option<Reason> {
    let failures = state.consecutive_failures;
    let finished = state.last_finished.filter(|finished| failures > 0 && *finished <= now)?;
    let interval = i64::from(agent.interval_seconds);
    let wait = interval.saturating_mul(1 << failures.min(20)).min(interval.max(3_600));
    let until = finished + Duration::seconds(wait);
    (now < until).then_some(Reason::Backoff { failures, until })
}

/// Whether an agent that looks for work would find what it found the last time.
fn unchanged(snapshot: &Snapshot, agent: &Agent) -> Option<Reason> {
    let last = *snapshot.unchanged.get(&agent.name)?;
    Some(Reason::Unchanged { last, until: last + Duration::seconds(agent.settings.rescan_after.into()) })
}

/// What is left to be given away, while the tick gives it.
struct Capacity<'a> {
    running: u32,
    claimed: u32,
    opening: u32,
    /// What runs that this tick starts may cost.
    given_usd: f64,
    to_judge: u32,
    claimable: Vec<Option<&'a Task>>,
    due_checks: Vec<&'a DueCheck>,
    /// Who shows whether a cooldown can be lifted.
    first: Option<Name>,
    /// The same of the cooldown of a runner.
    first_of_runner: BTreeMap<Name, Name>,
    running_of: BTreeMap<Name, u32>,
    /// Who could claim a task of which role, and hasn't been asked yet.
    soon: BTreeMap<Name, Name>,
}

impl<'a> Capacity<'a> {
    fn new(config: &Config, snapshot: &'a Snapshot) -> Self {
        let running = snapshot.agents.iter().filter(|view| view.standing != Standing::Free).count();
        Self {
            running: u32::try_from(running).unwrap_or(u32::MAX).saturating_add(snapshot.other_running),
            claimed: snapshot.claimed,
            opening: snapshot.claimed_opening,
            given_usd: 0.0,
            to_judge: snapshot.to_judge,
            claimable: snapshot.claimable.iter().map(Some).collect(),
            due_checks: snapshot.due_checks.iter().collect(),
            first: snapshot.cooldown.as_ref().and_then(|cooldown| goes_first(config, snapshot, cooldown, None)),
            first_of_runner: snapshot
                .runner_cooldowns
                .iter()
                .filter_map(|(name, cooldown)| {
                    Some((name.clone(), goes_first(config, snapshot, cooldown, Some(name))?))
                })
                .collect(),
            running_of: snapshot.running_of.clone(),
            soon: BTreeMap::new(),
        }
    }

    fn assign(&mut self, config: &Config, snapshot: &Snapshot, agent: &Agent, now: Time) -> Decision {
        self.soon.remove(&agent.name);
        if let Some(reason) = self.global(config, snapshot, agent, now) {
            return Decision::Skip(reason);
        }
        let job = match (agent.role, agent.role.spec().claims) {
            (Role::Gatekeeper, _) => self.check(agent, snapshot.requested.contains(&agent.name)),
            (Role::GatekeeperCoordinator, _) => Ok(Job::Coordinate),
            (Role::Proposer, _) => Self::propose(config, snapshot, agent),
            (Role::Curator, _) => self.curate(config, snapshot, agent),
            (_, Some(kind)) => self.task(config, snapshot, agent, kind),
            (_, None) => Self::explore(config, snapshot, agent),
        };
        match job {
            Ok(job) => {
                self.running += 1;
                if agent.role.uses_claude() {
                    self.first.get_or_insert_with(|| agent.name.clone());
                    if let Some(runner) = &agent.settings.runner {
                        self.first_of_runner.entry(runner.clone()).or_insert_with(|| agent.name.clone());
                        *self.running_of.entry(runner.clone()).or_insert(0) += 1;
                    }
                    self.given_usd += agent.settings.max_cost_usd.unwrap_or(snapshot.usual_cost_usd);
                }
                Decision::Start(job)
            }
            Err(reason) => Decision::Skip(reason),
        }
    }

    /// What holds back everybody, or everybody who uses claude.
    fn global(&self, config: &Config, snapshot: &Snapshot, agent: &Agent, now: Time) -> Option<Reason> {
        if let Some(limit) = config.max_running.map(Whole::get).filter(|limit| self.running >= *limit) {
            return Some(Reason::TooManyRunning { running: self.running, limit });
        }
        if !agent.role.uses_claude() {
            return None;
        }
        if let Some(reason) =
            money::budget_spent(config, snapshot, self.given_usd).or_else(|| self.runner_full(config, agent))
        {
            return Some(reason);
        }
        // After a cooldown one agent goes first; it lifts the cooldown as soon as it gets through.
        if snapshot.requested.contains(&agent.name) {
            return None;
        }
        if let Some(reason) = money::quota_kept(config, snapshot, agent, now) {
            return Some(reason);
        }
        let of_all = snapshot.cooldown.as_ref().zip(self.first.as_ref());
        let of_runner = || {
            let first = self.first_of_runner.get(agent.settings.runner.as_ref()?)?;
            Some((cooldown_of_runner(snapshot, agent)?, first))
        };
        of_all.or_else(of_runner).map(|(cooldown, first)| cooling(cooldown, Some(first)))
    }

    fn runner_full(&self, config: &Config, agent: &Agent) -> Option<Reason> {
        let (runner, limit) = (agent.settings.runner.as_ref()?, config.runner_of(agent)?.max_running?);
        let running = self.running_of.get(runner).copied().unwrap_or(0);
        (running >= limit).then(|| Reason::RunnerFull { runner: runner.clone(), running, limit })
    }

    /// The first pull request that needs the gatekeeper's check, wasn't tried too often, and not just now. A requested run
    /// begins with what was given up, and waits for nothing.
    fn check(&mut self, agent: &Agent, requested: bool) -> Result<Job, Reason> {
        let fits = |due: &&DueCheck| agent.focus.as_ref() == Some(&due.check);
        let is_given_up = |due: &&DueCheck| fits(due) && due.attempt > agent.settings.max_attempts;
        let first = |wanted: &dyn Fn(&&DueCheck) -> bool| self.due_checks.iter().position(wanted);
        let given_up = if requested { first(&is_given_up) } else { None };
        let Some(at) = given_up.or_else(|| first(&|due| fits(due) && !is_given_up(due) && (requested || !due.waits)))
        else {
            let given_up = self.due_checks.iter().filter(|due| is_given_up(due)).count();
            let given_up = u32::try_from(given_up).unwrap_or(u32::MAX);
            return Err(Reason::NoCheckPending { check: agent.focus.clone(), given_up });
        };
        Ok(Job::Check(self.due_checks.remove(at).clone()))
    }

    fn explore(config: &Config, snapshot: &Snapshot, agent: &Agent) -> Result<Job, Reason> {
        // A claim moves a task from incoming to claimed: the sum stays what the tick found.
        let (pending, limit) = (snapshot.pending(), config.queue_limits.max_incoming.get());
        if snapshot.is_full(config) {
            return Err(Reason::QueueFull { pending, limit });
        }
        unchanged(snapshot, agent).map_or(Ok(Job::Explore), Err)
    }

    fn propose(config: &Config, snapshot: &Snapshot, agent: &Agent) -> Result<Job, Reason> {
        if snapshot.proposals_unreadable {
            return Err(Reason::ProposalsUnreadable);
        }
        let limits = config.limits_of(&agent.name);
        let active = snapshot.proposals.get(&agent.name).copied().unwrap_or(0);
        let limit = if limits.max_per_run.get() == 0 { 0 } else { limits.max_active.get() };
        if active >= limit {
            return Err(Reason::ProposalsFull { active, limit });
        }
        unchanged(snapshot, agent).map_or(Ok(Job::Propose), Err)
    }

    /// A full queue is no reason to wait: rejecting and deferring need no room in it. Once that was done it is.
    fn curate(&mut self, config: &Config, snapshot: &Snapshot, agent: &Agent) -> Result<Job, Reason> {
        if snapshot.proposals_unreadable {
            return Err(Reason::ProposalsUnreadable);
        }
        match std::mem::take(&mut self.to_judge) {
            0 => Err(Reason::NothingToCurate),
            waiting if snapshot.awaits_room(config) && !snapshot.requested.contains(&agent.name) => {
                let (pending, limit) = (snapshot.pending(), config.queue_limits.max_incoming.get());
                Err(Reason::AwaitsRoom { waiting, pending, limit })
            }
            _ => Ok(Job::Curate),
        }
    }
}

#[cfg(test)]
mod tests;
