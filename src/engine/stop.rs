//! Ends the run of one agent on demand: its supervisor is asked, and saves the work, puts the task back and lets go.
//!
//! It signals only the supervisor, and settles nothing itself.

use super::{collect, project::Project, spawn::Spawner};
use crate::{
    domain::{
        name::Name,
        run::Record,
        state::{AgentState, ProcessId},
    },
    exec::{clock, processes},
    store::{
        lock::Lock,
        paths::AgentPaths,
        read,
        state::{self, Loaded},
    },
};
use anyhow::{Result, bail};
use std::{thread, time::Duration};

/// How long a run may take to end.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What became of a demand to end a run.
#[derive(Debug)]
pub enum Stopped {
    /// There was none.
    NoRun,
    /// It has ended, with this record if it left one.
    Ended(Box<Option<Record>>),
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

/// Ends the run of `agent`, if there is one, and waits for that. A run whose supervisor is dead is recovered.
///
/// # Errors
/// The state can't be read, or nothing can be started.
pub fn stop(spawner: &Spawner<'_>, agent: &Name) -> Result<Stopped> {
    let files = spawner.project.paths.agent(agent);
    let begun = clock::monotonic_now();
    let mut run: Option<String> = None;
    let mut asked: Option<ProcessId> = None;
    while begun.elapsed() < PATIENCE {
        let Loaded::State(state) = state::load(&files)? else {
            bail!("{} can't be understood; the next tick sets it aside", files.state().display());
        };
        if state.is_idle() || run.as_ref().is_some_and(|run| state.run_id.as_ref() != Some(run)) {
            return ended(&files, run.as_deref());
        }
        run = run.or(state.run_id.clone());
        match state.supervisor.as_ref().filter(|id| processes::is_alive(id)) {
            Some(supervisor) if asked.as_ref() != Some(supervisor) => {
                processes::terminate(supervisor);
                asked = Some(supervisor.clone());
            }
            Some(_) => {}
            None => recover(spawner, agent, &files, &state)?,
        }
        thread::sleep(LOOK_EVERY);
    }
    Ok(Stopped::StillEnding)
}

fn ended(files: &AgentPaths, run: Option<&str>) -> Result<Stopped> {
    let Some(run) = run else { return Ok(Stopped::NoRun) };
    Ok(Stopped::Ended(Box::new(read::read_json(&files.run(run)?.record())?)))
}

/// With the lock free there is no supervisor, nor one that is about to begin.
fn recover(spawner: &Spawner<'_>, agent: &Name, files: &AgentPaths, seen: &AgentState) -> Result<()> {
    let Some(lock) = Lock::try_take(&files.lock())? else { return Ok(()) };
    match state::load(files)? {
        Loaded::State(state) if state == *seen => spawner.supervisor(agent, lock, true).map(drop),
        _ => Ok(()),
    }
}
