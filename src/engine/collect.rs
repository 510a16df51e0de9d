//! What has finished, and what was cut off: the first thing that a tick does, also while everything is paused.
//!
//! A run whose supervisor is gone is handed to a recovering one; nothing is settled here.

use super::spawn::Spawner;
use crate::{
    domain::{
        name::Name,
        run::SUPERVISOR_TAG,
        schedule::{AgentView, Standing},
        state::{AgentState, ProcessId},
    },
    exec::processes,
    store::{
        paths::{AgentPaths, Paths},
        state::{self, Loaded},
    },
    sys::{dir, lock::Lock, read},
};
use anyhow::Result;
use std::{
    collections::{BTreeMap, HashMap},
    os::fd::{AsFd, BorrowedFd},
    sync::Arc,
};

/// Every agent that has a folder, configured or not.
#[derive(Debug, Default)]
pub struct AgentViews {
    /// The agents, in no order: to sort them takes longer than all that most ticks do with them.
    pub views: HashMap<Name, Arc<AgentView>>,
    /// Those whose recovery was started.
    pub recovering: Vec<Name>,
    /// What went wrong, in sentences.
    pub problems: Vec<String>,
}

impl AgentViews {
    /// The agents with the tasks that their states name, by name.
    pub fn named(&self) -> Vec<(Name, Name)> {
        let named = |(name, view): (&Name, &Arc<AgentView>)| Some((name.clone(), view.state.current_task.clone()?));
        let mut named: Vec<_> = self.views.iter().filter_map(named).collect();
        named.sort();
        named
    }

    /// Those that could not take up a run, by name, whether configured or not.
    pub fn occupied(&self) -> BTreeMap<&Name, &AgentView> {
        let views = self.views.iter().map(|(name, view)| (name, &**view));
        views.filter(|(_, view)| view.standing != Standing::Free).collect()
    }

    /// The view of an agent; one that never ran has none yet and is free.
    pub fn view(&self, name: &Name) -> Arc<AgentView> {
        let never_ran = || Arc::new(AgentView { standing: Standing::Free, state: AgentState::default() });
        self.views.get(name).cloned().unwrap_or_else(never_ran)
    }
}

/// Looks at every agent; starts the recovery of lost runs with `spawner`, if there is one.
///
/// # Errors
/// The folder of the agents can't be read.
pub fn collect(paths: &Paths, spawner: Option<&Spawner<'_>>) -> Result<AgentViews> {
    let mut crew = AgentViews::default();
    let Some(agents) = read::open_folder(&paths.agents_dir())? else { return Ok(crew) };
    let names = folders(paths)?;
    crew.views.reserve(names.len());
    for name in names {
        let view = match look(paths, agents.as_fd(), &name, spawner) {
            Ok((view, recovering)) => {
                tracing::debug!(agent = %name, standing = ?view.standing, phase = ?view.state.phase, "collected");
                crew.recovering.extend(recovering.then(|| name.clone()));
                view
            }
            Err(error) => {
                crew.problems.push(format!("{name}: {error:#}"));
                AgentView { standing: Standing::Unreadable, state: AgentState::default() }
            }
        };
        crew.views.insert(name, Arc::new(view));
    }
    Ok(crew)
}

/// The agents that have a folder, configured or not.
///
/// # Errors
/// The folder of the agents can't be read.
pub fn folders(paths: &Paths) -> Result<Vec<Name>> {
    Ok(dir::names(&paths.agents_dir())?.filter_map(|name| name.try_into().ok()).collect())
}

/// One agent, and whether its recovery was started.
fn look(
    paths: &Paths,
    agents: BorrowedFd<'_>,
    name: &Name,
    spawner: Option<&Spawner<'_>>,
) -> Result<(AgentView, bool)> {
    if let Some(state) = state::at_rest(agents, name) {
        return Ok((AgentView { standing: Standing::Free, state }, false));
    }
    let agent = paths.agent(name);
    let (state, lost) = match state::load(&agent)? {
        Loaded::State(state) if state.is_idle() => {
            // One that tells of anything was read from a file.
            let lost = state == AgentState::default() && has_lost_its_state(&agent)?;
            let standing = if lost { Standing::Running } else { Standing::Free };
            return Ok((AgentView { standing, state }, false));
        }
        Loaded::State(state) => (state, Standing::Recovering),
        Loaded::Corrupt(reason) => {
            tracing::debug!(agent = %name, reason, "state.json can't be understood");
            (AgentState::default(), Standing::Unreadable)
        }
    };
    // Who only looks doesn't take the lock: a run that begins this very moment must find it free.
    let lock = if spawner.is_some() { Lock::try_take(&agent.lock())? } else { None };
    if lock.is_none() && (spawner.is_some() || !Lock::is_free(&agent.lock())?) {
        return Ok((AgentView { standing: Standing::Running, state }, false));
    }
    // Its supervisor may have ended between the two looks; or it lives, and somebody has deleted the lock's file.
    if let Loaded::State(state) = state::load(&agent)? {
        if state.is_idle() {
            return Ok((AgentView { standing: Standing::Free, state }, false));
        }
        if has_supervisor(&state) {
            return Ok((AgentView { standing: Standing::Running, state }, false));
        }
    }
    let Some((spawner, lock)) = spawner.zip(lock) else { return Ok((AgentView { standing: lost, state }, false)) };
    spawner.supervisor(name, lock, true)?;
    Ok((AgentView { standing: lost, state }, true))
}

/// Whether a run of this agent is carried by a supervisor, by its lock or, where the lock's file was deleted, by its process.
///
/// # Errors
/// The lock can't be looked at.
pub fn is_under_way(agent: &AgentPaths, state: &AgentState) -> Result<bool> {
    Ok(!state.is_idle() && (!Lock::is_free(&agent.lock())? || has_supervisor(state)))
}

/// Whether state.json was deleted under a run: nobody else holds the lock for long.
///
/// # Errors
/// The lock can't be looked at.
pub fn has_lost_its_state(agent: &AgentPaths) -> Result<bool> {
    Ok(!agent.state().exists() && !Lock::is_free(&agent.lock())?)
}

/// The processes of a supervisor of this agent, and of what it has started. Asked where the agent's files may have been
/// deleted under a run, for it takes a look at every process.
pub fn crew_of(agent: &AgentPaths) -> Vec<ProcessId> {
    processes::marked(SUPERVISOR_TAG, &agent.dir().display().to_string())
}

fn has_supervisor(state: &AgentState) -> bool {
    state.supervisor.as_ref().is_some_and(processes::is_alive)
}
