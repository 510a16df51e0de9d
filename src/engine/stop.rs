//! Ends the run of one agent on demand: its supervisor is asked, and saves the work, puts the task back and releases the agent.
//!
//! It signals only the supervisor, and settles nothing itself.

use super::project::Project;
use super::spawn::Spawner;
use super::whereabouts::Whereabouts;
use super::{collect, machine};
use crate::domain::name::Name;
use crate::domain::outcome::Stopped as Stop;
use crate::domain::run::{Assignment, Record};
use crate::domain::state::{AgentState, ProcessId};
use crate::exec::{clock, processes};
use crate::store::paths::AgentPaths;
use crate::store::state::{self, Loaded};
use crate::store::trusted;
use crate::sys::lock::Lock;
use crate::sys::{atomic, read};
use anyhow::{Result, bail};
use std::thread;
use std::time::Duration;

/// How long a run may take to end.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long the lock of a living supervisor may be free.
const ELSEWHERE: Duration = Duration::from_secs(3);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What became of a demand to end a run.
#[derive(Debug)]
pub enum Stopped {
    /// There was none.
    NoRun,
    /// It has ended, with this record if it left one.
    Ended(Box<Option<Record>>),
    /// It was ended while its work was being published; the next tick goes on with that.
    Publishing(Box<Record>),
    /// It was asked, and nothing is heard of the machine that carries it.
    Silent(Box<Whereabouts>),
    /// It was asked and is still there.
    StillEnding,
}

/// The folder of an agent, configured or not, whatever the case of its letters; `None` if it never ran.
///
/// # Errors
/// The folder of the agents can't be read.
pub fn find(project: &Project, name: &Name) -> Result<Option<Name>> {
    Ok(collect::folders(&project.paths)?.into_iter().find(|found| found == name))
}

/// Ends the run of `agent`, if there is one, and waits for that. A run whose supervisor is dead is recovered, once: what
/// was started here is not ended here.
///
/// # Errors
/// The state can't be read, or nothing can be started.
pub fn stop(spawner: &Spawner<'_>, agent: &Name) -> Result<Stopped> {
    let files = spawner.project.paths.agent(agent);
    if trusted::hold(&spawner.project.paths).is_some() && collect::is_waiting(&files)? {
        bail!("the run of {agent} has ended, and is judged once `scheduler trust` has accepted what git trusts");
    }
    let begun = clock::monotonic_now();
    let mut run: Option<String> = None;
    let mut asked = false;
    let mut recovering = false;
    while begun.elapsed() < PATIENCE {
        let Loaded::State(state) = state::load(&files)? else {
            bail!("{} can't be understood; the next tick sets it aside", files.state().display());
        };
        if collect::is_python_at_work(&state) {
            let pid = state.python_pid.unwrap_or_default();
            bail!("{agent} is at work for the Python system, in process {pid}: `kill {pid}` ends it");
        }
        let is_known = !collect::has_lost_its_state(&files)?;
        if (state.is_idle() && is_known) || run.as_ref().is_some_and(|run| state.run_id.as_ref() != Some(run)) {
            return ended(&files, run.as_deref());
        }
        if let Some(host) = machine::carrier(&files, &state) {
            bail!("the run of {agent} is carried by {host}: `scheduler agent stop {agent}` there ends it");
        }
        run = run.or(state.run_id.clone());
        if state.supervisor.as_ref().is_some_and(processes::is_alive) {
            if let Some(supervisor) = state.supervisor.as_ref().filter(|supervisor| processes::is_stopped(supervisor)) {
                bail!("{agent}: its supervisor is stopped, and the run with it: {}", going_on(supervisor));
            }
            if !asked && !recovering {
                asked = ask(&files, &state)?;
            }
            // A lock file that was deleted under a run is there again by then.
            if !asked && !recovering && begun.elapsed() > ELSEWHERE {
                bail!(
                    "the run of {agent} is not under way here, where its lock is free: stop it in the project that this one was copied from"
                );
            }
        } else if !recovering && let Some(lock) = abandoned(&files, &state)? {
            if let Some(record) = record(&files, run.as_deref())?.filter(|_| asked) {
                return Ok(Stopped::Publishing(Box::new(record)));
            }
            tell_keeper(&files, &state)?;
            spawner.supervisor(agent, lock, true)?;
            recovering = true;
        }
        thread::sleep(LOOK_EVERY);
    }
    let Loaded::State(state) = state::load(&files)? else { return Ok(Stopped::StillEnding) };
    let silent = Whereabouts::of(&files, &state).filter(Whereabouts::is_silent);
    Ok(silent.map_or(Stopped::StillEnding, |place| Stopped::Silent(Box::new(place))))
}

/// How a supervisor that was stopped is made to go on.
pub fn going_on(supervisor: &ProcessId) -> String {
    format!("`kill -CONT {}` lets it go on", supervisor.pid)
}

fn ended(files: &AgentPaths, run: Option<&str>) -> Result<Stopped> {
    if run.is_none() {
        return Ok(Stopped::NoRun);
    }
    Ok(Stopped::Ended(Box::new(record(files, run)?)))
}

fn record(files: &AgentPaths, run: Option<&str>) -> Result<Option<Record>> {
    run.map_or(Ok(None), |run| read::read_json(&files.run(run)?.record()))
}

/// Asks the supervisor of a run to end, and says whether it was there to be asked. In a copy of a project the states name
/// the supervisors of the original; there the lock is free, and nobody is asked.
///
/// # Errors
/// The lock can't be looked at.
pub fn ask(files: &AgentPaths, state: &AgentState) -> Result<bool> {
    let Some(supervisor) = &state.supervisor else { return Ok(false) };
    if Lock::is_free(&files.lock())? {
        return Ok(false);
    }
    tell_keeper(files, state)?;
    Ok(processes::terminate(supervisor))
}

/// Has a run on another machine end, where its keeper sees it too: a supervisor that is only told to end leaves the run to the next
/// one.
fn tell_keeper(files: &AgentPaths, state: &AgentState) -> Result<()> {
    let Some(run) = state.run_id.as_deref() else { return Ok(()) };
    let run = files.run(run)?;
    let assignment: Option<Assignment> = read::read_json(&run.assignment())?;
    if assignment.is_some_and(|assignment| assignment.runner.is_some()) {
        atomic::create_new(&run.stop(), format!("{}\n", Stop::Interrupted).as_bytes())?;
    }
    Ok(())
}

/// The lock, if nobody has it and the state is still as it was seen: there is no supervisor, nor one about to begin.
fn abandoned(files: &AgentPaths, seen: &AgentState) -> Result<Option<Lock>> {
    let Some(lock) = Lock::try_take(&files.lock())? else { return Ok(None) };
    Ok(match state::load(files)? {
        Loaded::State(state) if state == *seen => Some(lock),
        _ => None,
    })
}
