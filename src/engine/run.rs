//! One run, carried by its supervisor: prepare, instruct, start, watch, judge, settle.
//!
//! Each step leaves on disk what [`recover`] needs to go on after it.

mod check;
mod coordinate;
mod instruct;
mod judge;
mod launch;
mod place;
mod prepare;
mod provision;
mod publish;
mod recover;
mod settle;
mod supervisor_lock;
mod trouble;

pub use recover::recover;
pub use supervisor_lock::SupervisorLock;

use super::{Clock, project::Project};
use crate::{
    domain::{
        name::Name,
        outcome::{Interruption, Outcome},
        run::{Assignment, Job, RUN_TAG},
        state::{AgentState, Phase},
        task::{self, Task, TaskState},
    },
    exec::{processes, worktree::Worktree},
    store::{
        paths::{AgentPaths, RunPaths},
        queue::Queue,
        state::{self, Loaded},
    },
    sys::read,
};
use anyhow::{Context, Result, bail};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

/// What a supervisor is given.
pub struct Supervisor<'a> {
    /// The project.
    pub project: &'a Project,
    /// The agent's lock: as long as it is held no other run of the agent begins.
    pub lock: SupervisorLock,
    /// Asks what time it is.
    pub clock: Clock<'a>,
    /// Becomes true when the supervisor is to end.
    pub stop: &'a AtomicBool,
    /// The supervisor's own environment.
    pub environment: &'a BTreeMap<OsString, OsString>,
    /// The program itself.
    pub program: &'a Path,
}

/// One run with its files.
struct Run<'a> {
    supervisor: &'a Supervisor<'a>,
    agent: AgentPaths,
    files: RunPaths,
    assignment: Assignment,
    task: Option<HeldTask>,
}

/// The task of a run, as it was when the run began or is being recovered.
struct HeldTask {
    head: Task,
    text: String,
}

/// Why a run can't go on before claude was started.
enum RunError {
    /// It ends with this outcome.
    Outcome(Outcome),
    /// Something of ours failed.
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for RunError {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl RunError {
    fn outcome(self) -> Outcome {
        match self {
            Self::Outcome(outcome) => outcome,
            Self::Failed(error) => {
                let everybody = crate::sys::error::is_disk_trouble(&error);
                Outcome::LaunchFailed { message: format!("{error:#}"), everybody }
            }
        }
    }
}

/// Carries the run that a tick has assigned to `agent`, from its preparation to its settlement.
///
/// # Errors
/// The run's files can't be read or written. What is on disk then, recovery goes on from.
pub fn supervise(supervisor: &Supervisor<'_>, agent: &Name) -> Result<()> {
    let files = supervisor.project.paths.agent(agent);
    let Loaded::State(mut state) = state::load(&files)? else { return recover(supervisor, agent) };
    if state.phase != Phase::Launching {
        tracing::debug!(?state.phase, "nothing was assigned");
        return Ok(());
    }
    refuse_beside_another(&state)?;
    state.phase = Phase::Running;
    state.supervisor = processes::identity(std::process::id());
    // On record before the task is looked at: who cancels it after that look finds somebody to stop.
    state::save(&files, &state)?;
    supervisor.lock.secure()?;
    let run = Run::open(supervisor, files, &state)?;
    if run.assignment.job == Job::Coordinate {
        return run.coordinate(state);
    }
    let end = run.work(&mut state);
    run.conclude(state, end)
}

/// A supervisor that lost its lock file is at work all the same.
fn refuse_beside_another(state: &AgentState) -> Result<()> {
    match &state.supervisor {
        Some(other) if other.pid != std::process::id() && processes::is_alive(other) => {
            bail!("process {} carries this agent's run; this one leaves it alone", other.pid)
        }
        _ => Ok(()),
    }
}

impl<'a> Run<'a> {
    fn open(supervisor: &'a Supervisor<'a>, agent: AgentPaths, state: &AgentState) -> Result<Self> {
        let run_id = state.run_id.as_deref().context("state.json names no run")?;
        let files = agent.run(run_id)?;
        let assignment: Assignment = read::read_json(&files.assignment())?
            .with_context(|| format!("{} is gone", files.assignment().display()))?;
        let task = held_task(supervisor.project, &assignment)?;
        Ok(Self { supervisor, agent, files, assignment, task })
    }

    fn project(&self) -> &Project {
        self.supervisor.project
    }

    fn id(&self) -> &str {
        &self.assignment.run_id
    }

    fn save(&self, state: &AgentState) -> Result<()> {
        tracing::debug!(phase = ?state.phase, process = ?state.process, "state");
        state::save(&self.agent, state)
    }

    fn worktree(&self) -> Worktree {
        let common = &self.project().common_dir;
        let path = self.worktree_path();
        let above = path.parent().unwrap_or(self.agent.dir());
        Worktree::new(&path, above, common).with_env(RUN_TAG, self.id())
    }

    /// Prepares, instructs, starts and watches: everything up to the end of claude's last process.
    fn work(&self, state: &mut AgentState) -> Result<launch::Ended, RunError> {
        if self.assignment.job.task().is_some() && self.task.is_none() {
            // A person has moved it since the claim.
            return Err(RunError::Outcome(Outcome::Interrupted { by: Interruption::Demand }));
        }
        // What fails because it was cut short is no trouble of its own.
        let stopped = |hindrance| {
            if self.is_stopped() {
                RunError::Outcome(Outcome::Interrupted { by: Interruption::Demand })
            } else {
                hindrance
            }
        };
        let prepared = self.prepare(state).map_err(stopped)?;
        self.instruct(&prepared)?;
        self.unless_stopped()?;
        self.launch(state)
    }

    /// Whether the supervisor was told to end.
    fn is_stopped(&self) -> bool {
        self.supervisor.stop.load(Ordering::Relaxed)
    }

    /// Goes on unless the supervisor was told to end.
    fn unless_stopped(&self) -> Result<(), RunError> {
        if self.is_stopped() {
            Err(RunError::Outcome(Outcome::Interrupted { by: Interruption::Demand }))
        } else {
            Ok(())
        }
    }
}

/// The task of an assignment, if the queue still has it claimed for this run.
fn held_task(project: &Project, assignment: &Assignment) -> Result<Option<HeldTask>> {
    let Some(id) = assignment.job.task() else { return Ok(None) };
    let Some(text) = Queue::new(&project.paths).read(TaskState::Claimed, id)? else { return Ok(None) };
    let head = task::parse(id, &text).ok();
    let ours = |head: &Task| head.run.as_deref() == Some(assignment.run_id.as_str());
    Ok(head.filter(ours).map(|head| HeldTask { head, text }))
}
