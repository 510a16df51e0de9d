//! Starts one agent: assignment, state, claim, supervisor, in an order that can be cut anywhere.
//!
//! Cut before the supervisor has the lock, recovery finds the state and puts everything back.

use super::collect;
use super::spawn::Spawner;
use crate::domain::config::{Agent, Config, Usd};
use crate::domain::job::Job;
use crate::domain::role::TaskRole;
use crate::domain::run::Assignment;
use crate::domain::schedule::Reason;
use crate::domain::state::{AgentState, Phase};
use crate::domain::task::{Edit, key};
use crate::domain::{ports, time};
use crate::exec::machine;
use crate::store::events::{Event, EventKind};
use crate::store::explored;
use crate::store::paths::AgentPaths;
use crate::store::prs::Prs;
use crate::store::queue::{Claim, Queue};
use crate::store::runs;
use crate::store::state::{self, Loaded};
use crate::sys::atomic;
use crate::sys::lock::Lock;
use anyhow::Result;
use uuid::Uuid;

/// An agent that is to be started.
#[derive(Clone, Copy)]
pub(super) struct Start<'a> {
    pub(super) spawner: &'a Spawner<'a>,
    pub(super) config: &'a Config,
    /// Its place in the configuration.
    pub(super) position: usize,
    pub(super) agent: &'a Agent,
    pub(super) job: &'a Job,
    /// The run logs what it does.
    pub(super) debug: bool,
}

/// Starts an agent. Returns the start, for the record, or why it can't be started: something has changed since the decision.
pub(super) fn start(start: &Start<'_>) -> Result<Result<Event, Reason>> {
    let Start { spawner, config, agent, .. } = *start;
    let files = spawner.project.paths.agent(&agent.name);
    atomic::ensure_dir(files.dir())?;
    let busy = Reason::Running { since: None, task: None, verifying: false };
    let Some(lock) = Lock::try_take(&files.lock())? else { return Ok(Err(busy)) };
    tracing::debug!(agent = %agent.name, "lock taken");
    let Loaded::State(before) = state::load(&files)? else { return Ok(Err(Reason::Unreadable)) };
    // Who never ran has no state; neither has a run under which the agent's folder was deleted, its lock with it.
    let is_taken = !before.is_idle() || collect::is_python_at_work(&before);
    if is_taken || (!files.state().exists() && !collect::supervisors_of(&files).is_empty()) {
        return Ok(Err(busy));
    }
    let assignment = assignment(start);
    let run = runs::create(&files, &assignment.run_id)?;
    runs::write_json(&run.assignment(), &assignment)?;
    state::save(&files, &launching(&before, &assignment))?;
    if let Some(reason) = claim(spawner, config, &assignment)? {
        give_up(&files, &before, &assignment)?;
        return Ok(Err(reason));
    }
    if let Err(error) = spawner.supervisor(&agent.name, lock, false) {
        if let Some(task) = assignment.job.task() {
            let back = Edit::new().count(key::ATTEMPTS, assignment.job.attempt() - 1).unclaim();
            Queue::new(&spawner.project.paths).release(task, Some(&assignment.run_id), &back)?;
        }
        give_up(&files, &before, &assignment)?;
        return Err(error);
    }
    let mut event = Event::new(spawner.now, EventKind::Started, &agent.name, &assignment.run_id);
    event.task = assignment.job.task().cloned();
    Ok(Ok(event))
}

fn assignment(start: &Start<'_>) -> Assignment {
    let Start { spawner, config, position, agent, job, debug } = *start;
    Assignment {
        run_id: Uuid::new_v4().to_string(),
        agent: agent.name.clone(),
        role: agent.role,
        custom: agent.custom.clone(),
        focus: agent.focus.clone(),
        position,
        ports: ports::ports(position),
        job: job.clone(),
        assigned_at: spawner.now,
        settings: agent.settings.clone(),
        runner: config.runner_of(agent).filter(|_| agent.role.uses_claude()).cloned(),
        test_paths: agent
            .custom
            .as_ref()
            .and_then(|custom| custom.may_change.as_ref())
            .unwrap_or(&config.test_paths)
            .clone(),
        worktrees: config.worktrees(),
        remote: config.remote.clone(),
        max_cost_usd_per_task: config.max_cost_usd_per_task.map(Usd::get),
        max_incoming: config.queue_limits.max_incoming.get(),
        draft_pull_requests: config.gatekeeper.enabled,
        gatekeeper: config.gatekeeper.clone(),
        pull_requests: config.pull_requests.clone(),
        intake: config.intake.clone(),
        explored: match job {
            Job::Explore | Job::Propose => {
                explored::files(&spawner.project.paths, &agent.name, agent.focus.as_ref()).ok()
            }
            _ => None,
        },
        debug,
    }
}

fn launching(before: &AgentState, assignment: &Assignment) -> AgentState {
    AgentState {
        phase: Phase::Launching,
        run_id: Some(assignment.run_id.clone()),
        machine: Some(machine::here().machine),
        runner: assignment.runner.as_ref().and(assignment.settings.runner.clone()),
        process: None,
        last_started: Some(assignment.assigned_at),
        current_task: assignment.job.task().cloned(),
        recoveries: 0,
        trouble: None,
        ..before.clone()
    }
}

/// Claims the task or check, if there is one. Returns why it can't be had.
fn claim(spawner: &Spawner<'_>, config: &Config, assignment: &Assignment) -> Result<Option<Reason>> {
    let (id, attempt) = match &assignment.job {
        Job::Task { id, attempt } => (id, attempt),
        Job::Check(due) => {
            let begun = Prs::new(&spawner.project.paths).begin(due, &assignment.run_id, assignment.assigned_at)?;
            return Ok((!begun).then(|| Reason::NoCheckPending { check: Some(due.check.clone()), given_up: 0 }));
        }
        Job::Explore | Job::Coordinate | Job::Propose | Job::Curate => return Ok(None),
    };
    let mut edit = Edit::new();
    if let Some(custom) = &assignment.custom
        && let (Some(claims), Some(kind)) = (&custom.claims, assignment.role.spec().claims)
    {
        // What kind of work it is lies in who does it.
        edit = edit.set(key::ROLE, kind);
        if TaskRole::or_own(claims.as_str()).is_ok_and(|(_, own)| own.is_some()) {
            edit = edit.set(key::FOR_ROLE, claims);
        }
    }
    let edit = edit
        .set(key::ATTEMPTS, attempt)
        .set(key::CLAIMED_BY, &assignment.agent)
        .set(key::CLAIMED_AT, time::to_text(assignment.assigned_at))
        .set(key::RUN, &assignment.run_id);
    let limit = config.queue_limits.max_claimed.get();
    let claim = Queue::new(&spawner.project.paths).claim(id, &edit, Some(limit))?;
    tracing::debug!(task = %id, ?claim, "claim");
    Ok(match claim {
        Claim::Claimed { .. } => None,
        Claim::Full { claimed, limit } => Some(Reason::ClaimsFull { claimed, limit }),
        Claim::Gone | Claim::Exists(_) => config
            .agent(&assignment.agent)
            .and_then(|(_, agent)| agent.claims())
            .map(|role| Reason::NoTask { role, waiting: 0, unreadable: 0 }),
    })
}

/// Takes the launch back: the state as it was, and no trace of the run.
fn give_up(files: &AgentPaths, before: &AgentState, assignment: &Assignment) -> Result<()> {
    state::save(files, before)?;
    runs::remove(&files.run(&assignment.run_id)?)
}
