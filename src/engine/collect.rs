//! Every agent as its files and its lock show it, and the start of recovery for those that lost their supervisor: the
//! first thing that a tick does, also while everything is paused. Nothing is settled here.

use super::machine;
use super::spawn::{self, Spawner};
use crate::domain::name::Name;
use crate::domain::run::SUPERVISOR_TAG;
use crate::domain::schedule::{AgentView, Standing};
use crate::domain::state::{AgentState, ProcessId};
use crate::exec::processes;
use crate::store::paths::{AgentPaths, Paths};
use crate::store::state::{self, Loaded};
use crate::store::trusted;
use crate::sys::lock::Lock;
use crate::sys::{dir, read};
use anyhow::Result;
use hashbrown::HashMap;
use std::collections::BTreeMap;
use std::mem;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

/// Every agent that has a folder, configured or not.
#[derive(Debug, Default)]
pub struct AgentViews {
    /// The agents, in no order: to sort them takes longer than all that most ticks do with them.
    pub views: HashMap<Name, Arc<AgentView>>,
    /// Those whose run has lost its supervisor, by name.
    pub lost: Vec<Name>,
    /// What went wrong, in sentences.
    pub problems: Vec<String>,
}

impl AgentViews {
    /// The recoveries of lost runs, a sentence each.
    pub fn recoveries(&self) -> impl Iterator<Item = String> {
        self.lost.iter().map(|name| format!("{name}: recovering an interrupted run"))
    }

    /// The view of an agent whose files can't be reached, which is noted as a problem.
    fn unreadable(&mut self, name: &Name, error: &anyhow::Error) -> AgentView {
        self.problems.push(format!("{name}: {error:#}"));
        AgentView { standing: Standing::Unreadable, state: AgentState::default() }
    }

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

/// Views every agent.
///
/// # Errors
/// The folder of the agents can't be read.
pub fn collect(paths: &Paths) -> Result<AgentViews> {
    let mut all = AgentViews::default();
    let Some(agents) = read::open_folder(&paths.agents_dir())? else { return Ok(all) };
    let names = folders(paths)?;
    // While git may not be used, what was cut off waits.
    let is_held = trusted::hold(paths).is_some();
    all.views.reserve(names.len());
    for name in names {
        let (view, lost) =
            view(paths, agents.as_fd(), &name).unwrap_or_else(|error| (all.unreadable(&name, &error), false));
        tracing::debug!(agent = %name, standing = ?view.standing, phase = ?view.state.phase, "collected");
        all.lost.extend((lost && !is_held).then(|| name.clone()));
        all.views.insert(name, Arc::new(view));
    }
    all.lost.sort();
    Ok(all)
}

/// Starts the recovery of the lost runs; those that are not lost after all are taken from the list.
pub(super) fn recover(all: &mut AgentViews, spawner: &Spawner<'_>) {
    for name in mem::take(&mut all.lost) {
        let view = match recover_one(spawner, &name, &all.view(&name)) {
            Ok(None) => {
                all.lost.push(name);
                continue;
            }
            Ok(Some(view)) => view,
            Err(error) => all.unreadable(&name, &error),
        };
        all.views.insert(name, Arc::new(view));
    }
}

fn recover_one(spawner: &Spawner<'_>, name: &Name, viewed: &AgentView) -> Result<Option<AgentView>> {
    let agent = spawner.project.paths.agent(name);
    let Some(lock) = Lock::try_take(&agent.lock())? else {
        return Ok(Some(AgentView { standing: Standing::Running, ..viewed.clone() }));
    };
    let view = not_lost(&agent)?;
    if view.is_none() {
        spawner.supervisor(name, lock, true)?;
    }
    Ok(view)
}

/// The agents that have a folder, configured or not.
///
/// # Errors
/// The folder of the agents can't be read.
pub fn folders(paths: &Paths) -> Result<Vec<Name>> {
    Ok(dir::names(&paths.agents_dir())?.filter_map(|name| name.try_into().ok()).collect())
}

/// One agent, and whether its run is lost.
fn view(paths: &Paths, agents: BorrowedFd<'_>, name: &Name) -> Result<(AgentView, bool)> {
    if let Some(state) = state::at_rest(agents, name) {
        return Ok((AgentView { standing: Standing::Free, state }, false));
    }
    let agent = paths.agent(name);
    let (state, standing) = match state::load(&agent)? {
        Loaded::State(state) if state.is_idle() => {
            // One that says anything was read from a file.
            let lost = state == AgentState::default() && has_lost_its_state(&agent)?;
            let standing = match (lost, is_python_at_work(&state)) {
                (true, _) => Standing::Running,
                (false, true) => Standing::Python,
                (false, false) => Standing::Free,
            };
            return Ok((AgentView { standing, state }, false));
        }
        Loaded::State(state) => (state, Standing::Recovering),
        Loaded::Corrupt(reason) => {
            tracing::debug!(agent = %name, reason, "state.json can't be understood");
            (AgentState::default(), Standing::Unreadable)
        }
    };
    // The lock is not taken: a run that begins this very moment must find it free.
    if !Lock::is_free(&agent.lock())? {
        return Ok((AgentView { standing: Standing::Running, state }, false));
    }
    Ok(not_lost(&agent)?.map_or((AgentView { standing, state }, true), |view| (view, false)))
}

/// An agent whose lock was found free though its state said that it runs, unless its run is lost: its supervisor may have
/// ended since the state was read, or it lives, and the user has deleted the lock's file.
fn not_lost(agent: &AgentPaths) -> Result<Option<AgentView>> {
    let Loaded::State(state) = state::load(agent)? else { return Ok(None) };
    let standing = match state.is_idle() {
        true => Standing::Free,
        // Another machine's lock may only look free here.
        false if has_supervisor(&state) || machine::carrier(agent, &state).is_some() => Standing::Running,
        false => return Ok(None),
    };
    Ok(Some(AgentView { standing, state }))
}

/// Whether a run of this agent is carried by a supervisor, by its lock or, where the lock's file was deleted, by its process.
///
/// # Errors
/// The lock can't be read.
pub fn is_under_way(agent: &AgentPaths, state: &AgentState) -> Result<bool> {
    let carried = |state| has_supervisor(state) || machine::carrier(agent, state).is_some();
    Ok(!state.is_idle() && (!Lock::is_free(&agent.lock())? || carried(state)))
}

/// Whether a run of this agent was cut off, or waits to be judged.
///
/// # Errors
/// The lock or the state can't be read.
pub fn is_waiting(agent: &AgentPaths) -> Result<bool> {
    let Loaded::State(state) = state::load(agent)? else { return Ok(false) };
    Ok(!state.is_idle() && !is_under_way(agent, &state)?)
}

/// Whether state.json was deleted under a run: nobody else holds the lock for long.
///
/// # Errors
/// The lock can't be read.
pub fn has_lost_its_state(agent: &AgentPaths) -> Result<bool> {
    Ok(!agent.state().exists() && !Lock::is_free(&agent.lock())?)
}

/// The processes of a supervisor of this agent, and of what it has started. Asked where the agent's files may have been
/// deleted under a run, for it reads about every process.
pub fn supervisors_of(agent: &AgentPaths) -> Vec<ProcessId> {
    let mut found = processes::tagged(SUPERVISOR_TAG, &agent.dir().display().to_string());
    // It hides its environment, and not its command line.
    found.extend(processes::commanded(|words| spawn::supervised(words).as_deref() == Some(agent.dir())));
    found
}

/// Whether a process of the Python system is at work for an agent.
pub fn is_python_at_work(state: &AgentState) -> bool {
    state.python_pid.is_some_and(|pid| processes::is_alive_since(pid, state.last_started))
}

fn has_supervisor(state: &AgentState) -> bool {
    state.supervisor.as_ref().is_some_and(processes::is_alive)
}
