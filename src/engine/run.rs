//! One run, from its assignment to its settlement: a chain of phases, each a value that the next one goes on from.
//!
//! A claude's run is [`Prepared`](crate::domain::run::Prepared), launched, ended, judged, verified and settled; the coordinator's,
//! which needs no claude, begins as ended. Each phase leaves on disk what [`recover`] needs to enter the chain after it.

mod confinement;
mod context;
mod coordinate;
mod cost;
mod ended;
mod environment;
mod evidence;
mod instruct;
mod judge;
mod last_answer;
mod launch;
mod merge_base;
mod moved_refs;
mod place;
mod plan;
mod prepare;
mod publish;
mod recover;
mod remote;
mod requests;
mod session;
mod settle;
mod supervisor_lock;
mod verify;
mod watch;

pub use merge_base::{Merged, Tip};
pub use recover::recover;
pub use supervisor_lock::SupervisorLock;

use super::Clock;
use super::project::Project;
use super::trust;
use crate::domain::job::Job;
use crate::domain::name::Name;
use crate::domain::outcome::{Interruption, Outcome};
use crate::domain::run::Prepared;
use crate::domain::state::{AgentState, Phase};
use crate::exec::{git, machine, processes};
use crate::store::paths::AgentPaths;
use crate::store::runs;
use crate::store::state::{self, Loaded};
use anyhow::{Context, Result, bail};
use context::{Run, RunError};
use ended::Ended;
use remote::Carried;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// What a supervisor is given.
pub struct Supervisor<'a> {
    pub project: &'a Project,
    /// The agent's lock: as long as it is held no other run of the agent begins.
    pub lock: SupervisorLock,
    pub clock: Clock<'a>,
    /// Becomes true when the supervisor is to end.
    pub stop: &'a AtomicBool,
    /// The supervisor's own environment.
    pub environment: &'a BTreeMap<OsString, OsString>,
    /// The program itself.
    pub program: &'a Path,
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
    // On record before the task is looked at: who cancels it after that finds a process to stop.
    take_over(supervisor, &files, &mut state)?;
    let run = Run::open(supervisor, agent, &state)?.context("the assignment of the run is gone")?;
    let ended = match may_begin(&run) {
        Ok(true) if run.assignment.job == Job::Coordinate => coordinate::coordinate(&run)?,
        Ok(true) => match carry_out(&run, &mut state)? {
            Carried::Ended(ended) => *ended,
            Carried::Left => return Ok(()),
        },
        Ok(false) => Ended::without_claude(&run.files, Outcome::Untrusted)?,
        Err(error) => Ended::without_claude(&run.files, error.into())?,
    };
    if run.files.before().exists() && !trust::after_run(&run.asker())? {
        // It is judged by a recovery, once the user has looked.
        return Ok(());
    }
    // A run that lost its place to another leaves everything to that one.
    supervisor.lock.secure()?;
    let record = judge::judge(&run, ended)?;
    match verify::verify(&run, record, &mut state)? {
        Some(judged) => settle::settle(&run, &judged, state),
        None => Ok(()),
    }
}

/// Whether git is there, and may be used.
fn may_begin(run: &Run<'_>) -> Result<bool, RunError> {
    git::git_version().map_err(|error| RunError::launch_of_all(error.to_string()))?;
    Ok(trust::before_run(&run.asker())?)
}

/// Everything up to the end of claude's last process.
fn carry_out(run: &Run<'_>, state: &mut AgentState) -> Result<Carried> {
    // Also what it asks while the worktree is set up. A verdict of its last moment counts: it is there before the run is judged.
    let watched = requests::answering(run, |bell| {
        verify::can_start(run)?;
        let prepared = prepare::prepare(run, state)?;
        let resumed = session::choose(run, &prepared)?;
        instruct::instruct(run, &prepared, resumed.as_ref())?;
        let carried = match &run.assignment.runner {
            Some(runner) => remote::carry(run, runner, &prepared, state, bell)?,
            None => Carried::Ended(with_claude(run, prepared, resumed.is_some(), state)?.into()),
        };
        if let Carried::Ended(ended) = &carried {
            last_answer::hand_in(run, &ended.facts)?;
        }
        Ok(carried)
    });
    let outcome = match watched.flatten() {
        Ok(carried) => return Ok(carried),
        // What fails because it was cut short is no failure of its own.
        Err(_) if run.is_stopped() => Outcome::Interrupted { by: Interruption::Demand },
        Err(error) => error.into(),
    };
    Ok(Carried::Ended(Ended::without_claude(&run.files, outcome)?.into()))
}

/// Claude from its start to its end; from the beginning where it has lost the conversation that was to go on.
fn with_claude(run: &Run<'_>, prepared: Prepared, resumes: bool, state: &mut AgentState) -> Result<Ended, RunError> {
    let ended = watch::watch(run, launch::launch(run, prepared.clone(), state)?, state);
    if !resumes || !ended.facts.lacks_conversation() {
        return Ok(ended);
    }
    runs::begin_anew(&run.files)?;
    Ok(watch::watch(run, launch::launch(run, prepared, state)?, state))
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

/// Puts this process on record as the one that carries the run.
fn take_over(supervisor: &Supervisor<'_>, files: &AgentPaths, state: &mut AgentState) -> Result<()> {
    state.supervisor = processes::identity(std::process::id());
    state.machine = Some(machine::here().machine);
    state::save(files, state)?;
    supervisor.lock.secure()
}

#[cfg(test)]
mod tests;
