//! A state.json that can't be understood: set aside, and built anew from the newest run, as if that weren't settled.

use super::{end_orphans, recover};
use crate::domain::message::Message;
use crate::domain::name::Name;
use crate::domain::run::Assignment;
use crate::domain::state::{AgentState, Phase};
use crate::engine::run::Supervisor;
use crate::store::paths::AgentPaths;
use crate::store::{messages, runs, state};
use crate::sys::read::{self, Refused};
use anyhow::{Context, Result};

pub fn rebuild(supervisor: &Supervisor<'_>, agent: &Name, reason: &str) -> Result<()> {
    let paths = &supervisor.project.paths;
    let files = paths.agent(agent);
    let now = (supervisor.clock)();
    let (run_id, newest) = newest_run(&files)?;
    // Interrupted after the next step, nobody would look for them any more.
    if newest.as_ref().is_none_or(|newest| newest.runner.is_none()) {
        end_orphans(&AgentState { run_id, ..AgentState::default() })?;
    }
    let aside = state::set_aside(&files, now)?.context("state.json is gone")?;
    let aside = aside.display();
    let message = Message::warning(
        format!("The state of {agent} was unreadable"),
        format!("{reason}\n\nIt lies at {aside} now. The agent begins anew; nothing else is lost."),
    );
    messages::send(paths, &message.key(format!("corrupt {aside}")), now)?;
    // Whatever the lost state said: with the newest run settled once more, which does nothing if it was, all is known.
    let state = newest.map_or_else(AgentState::default, |assignment| AgentState {
        phase: Phase::Running,
        last_started: Some(assignment.assigned_at),
        current_task: assignment.job.task().cloned(),
        run_id: Some(assignment.run_id),
        ..AgentState::default()
    });
    state::save(&files, &state)?;
    if state.is_idle() { Ok(()) } else { recover(supervisor, agent) }
}

/// The id of an agent's newest run and what it was started for. If that can't be read the task is named by nobody any
/// more, and the tick puts it back; what is in the worktree is saved by the next run.
fn newest_run(agent: &AgentPaths) -> Result<(Option<String>, Option<Assignment>)> {
    let Some(run) = runs::list(agent)?.into_iter().next() else { return Ok((None, None)) };
    let id = run.dir().file_name().map(|name| name.to_string_lossy().into_owned());
    match read::read_json(&run.assignment()) {
        Err(error) if error.is::<Refused>() || error.is::<serde_json::Error>() => {
            tracing::warn!(run = id, "neither its state nor its assignment can be read: {error:#}");
            Ok((id, None))
        }
        read => Ok((id, read?)),
    }
}
