//! Gives up a task on demand: first it is failed, then the run that has it is asked to end.

use super::project::Project;
use super::retry::refusal;
use super::{collect, machine, stop};
use crate::domain::name::Name;
use crate::domain::task::{Edit, TaskState, key};
use crate::domain::time::{self, Time};
use crate::store::queue::{Queue, Shift};
use crate::store::state::{self, Loaded};
use anyhow::{Context, Result, bail};

/// A task that was cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancelled {
    /// The id as the file is named.
    pub id: Name,
    /// Whose runs had it and are being stopped.
    pub stopping: Vec<Name>,
}

/// Cancels a task.
///
/// # Errors
/// There is no such task, or it is in no state for that; the system's.
pub fn cancel(project: &Project, id: &Name, reason: &str, now: Time) -> Result<Cancelled> {
    let queue = Queue::new(&project.paths);
    let found = queue.get(id)?;
    // RUN stays: by it the run that is stopped finds the file, to name the work that it saved.
    let edit = Edit::new().clear(&[key::CLAIMED_BY, key::CLAIMED_AT]).set(key::CANCELLED_AT, time::to_text(now));
    match queue.cancel(&found.id, &edit.section("Error", &format!("Cancelled: {reason}")))? {
        Shift::Done { from, .. } => {
            let stopping = if from == TaskState::Claimed { stop_run(project, &found.id) } else { Ok(Vec::new()) };
            let stopping = stopping.with_context(|| format!("{} is cancelled, but not its run", found.id))?;
            Ok(Cancelled { id: found.id, stopping })
        }
        Shift::Gone => bail!("{} is in {}: only incoming and claimed tasks can be cancelled", found.id, found.state),
        other => bail!("{}", refusal(&found.id, &other)),
    }
}

/// Asks the supervisor of the run that has the task to end; it saves the work and releases the agent.
fn stop_run(project: &Project, id: &Name) -> Result<Vec<Name>> {
    let mut stopping = Vec::new();
    for name in collect::folders(&project.paths)? {
        let files = project.paths.agent(&name);
        let Loaded::State(state) = state::load(&files)? else { continue };
        if state.current_task.as_ref() != Some(id) {
            continue;
        }
        if let Some(host) = machine::carrier(&files, &state) {
            bail!("that is carried by {host}: `scheduler agent stop {name}` there ends it");
        }
        if stop::ask(&files, &state)? {
            stopping.push(name);
        }
    }
    Ok(stopping)
}
