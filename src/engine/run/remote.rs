//! A run that its runner carries on another machine, seen from here: handed over, watched by the files that its keeper writes,
//! and taken up again by a recovery.
//!
//! What is to be done about what is seen is decided in [`crate::domain::runner::watch`]. Nothing that can't be read ends a run.

mod contact;
mod finish;
mod watcher;

use super::context::{Run, RunError};
use super::ended::Ended;
use super::launch;
use super::requests::{self, Bell};
use crate::domain::run::Prepared;
use crate::domain::runner::Runner;
use crate::domain::runner::remote::Remote;
use crate::domain::state::AgentState;
use crate::engine::let_go;
use crate::exec::runner::{Calls, Start};
use crate::store::runs;
use crate::sys::{atomic, read};
use anyhow::Result;
use watcher::Watcher;

/// How the supervisor of such a run comes to its end.
pub enum Carried {
    /// The run has ended.
    Ended(Box<Ended>),
    /// Only the supervisor ends: the run goes on, and the next recovery takes it up.
    Left,
}

/// Hands a run to its runner and watches it.
pub fn carry(
    run: &Run<'_>,
    runner: &Runner,
    prepared: &Prepared,
    state: &mut AgentState,
    bell: &Bell<'_>,
) -> Result<Carried, RunError> {
    run.unless_stopped()?;
    let script = launch::order(run, prepared, runner.lease_seconds)?;
    let remote = Remote::new(run.now());
    let mut watcher = Watcher::new(run, runner, remote, Start::of_earlier(None));
    if let Some(why) = watcher.cannot_start() {
        return Ok(Carried::Ended(watcher.refuse(&why)?.into()));
    }
    watcher.renew_lease()?;
    // From here on it may be there: recovery looks for it.
    runs::write_json(&run.files.remote(), &watcher.remote)?;
    let words = runner.start_words(run.id(), &script);
    let start = match watcher.calls.start(&words, &run.files.runner_log()) {
        Ok(start) => start,
        Err(error) => return Ok(Carried::Ended(watcher.refuse(&format!("{error:#}"))?.into())),
    };
    state.process.clone_from(&start.id);
    if let Err(error) = run.save(state) {
        tracing::warn!("{error:#}");
    }
    watcher.start = start;
    Ok(watcher.watch(state, bell))
}

/// Takes up a run that was handed to its runner by a supervisor that is gone; `None` if it wasn't, or was judged since.
pub fn adopt(run: &Run<'_>, state: &AgentState) -> Result<Option<Carried>> {
    let Some(runner) = &run.assignment.runner else { return Ok(None) };
    let is_judged = run.files.record().exists() || run.files.unverified().exists();
    if !run.files.remote().exists() || is_judged {
        return Ok(None);
    }
    // Whatever became of the file, it was handed over.
    let remote = read::read_json(&run.files.remote()).ok().flatten().unwrap_or_else(|| Remote::new(run.now()));
    tracing::info!(?remote, "a run on another machine is taken up");
    let start = Start::of_earlier(state.process.clone());
    Ok(Some(requests::answering(run, |bell| Watcher::new(run, runner, remote, start).watch(state, bell))?))
}

/// Removes what only a keeper needs, and nobody else may read, and has the run cancelled once more, a moment later.
pub fn tidy(run: &Run<'_>) -> Result<()> {
    let Some(runner) = &run.assignment.runner else { return Ok(()) };
    atomic::remove(&run.files.launch())?;
    match &run.assignment.settings.runner {
        Some(name) if !runner.cancel.is_empty() => let_go::note(run.paths(), name, run.id(), run.now()),
        _ => Ok(()),
    }
}

fn calls(run: &Run<'_>) -> Calls {
    Calls::new(run.files.dir(), run.supervisor.environment)
}
