//! Gives an agent another name, with all that it has done. Called again after it was cut off, it goes on.

use super::configure::{self, Configured};
use super::project::Project;
use crate::domain::config::{Agent, Change, Config, Step};
use crate::domain::name::Name;
use crate::store::run_requests;
use crate::store::state::{self, Loaded};
use crate::sys::atomic::{Moved, move_no_replace};
use crate::sys::lock::Lock;
use anyhow::{Context, Result, bail};
use serde_yaml::Value;

/// Renames an agent that has no run under way: its folder first, then what agents.yaml says of it.
///
/// # Errors
/// A tick or a run is under way; something of the new name is there; agents.yaml can't be read or written.
pub fn rename(project: &Project, config: &Config, agent: &Agent, to: &Name) -> Result<Configured> {
    let paths = &project.paths;
    // No tick starts it in between.
    let busy = "a tick is under way; try again in a moment";
    let _tick = Lock::try_take(&paths.scheduler_lock())?.context(busy)?;
    let (old, new) = (paths.agent(&agent.name), paths.agent(to));
    if old.dir().exists() {
        let at_work = || format!("{} is at work: `scheduler agent stop {0}` ends its run", agent.name);
        let _lock = Lock::try_take(&old.lock())?.with_context(at_work)?;
        if !matches!(state::load(&old)?, Loaded::State(state) if state.is_idle()) {
            bail!("the last run of {} isn't over: the next tick recovers it", agent.name);
        }
        if move_no_replace(old.dir(), new.dir())? == Moved::AlreadyExists {
            bail!("{} is there already: it is what an earlier agent has left; move it away first", new.dir().display());
        }
    }
    run_requests::withdraw(paths, &agent.name)?;
    configure::configure(project, &changes(config, agent, to)?)
}

/// Its name, and the keys that are called by it.
fn changes(config: &Config, agent: &Agent, to: &Name) -> Result<Vec<Change>> {
    let (position, _) = config.agent(&agent.name).context("it is no longer in agents.yaml")?;
    let name = Value::from(to.as_str());
    let path = vec![Step::key("agents"), Step::Item(position), Step::key("name")];
    let mut changes = vec![Change { path, value: Some(name) }];
    if let Some(limits) = config.proposal_limits.get(&agent.name) {
        let at = |name: &Name| vec![Step::key("proposal_limits"), Step::key(name.as_str())];
        changes.push(Change { path: at(to), value: Some(serde_yaml::to_value(limits)?) });
        changes.push(Change { path: at(&agent.name), value: None });
    }
    // Some names have a weight that is written nowhere.
    if let Some(weight) = config.voice_weights.get(&agent.name) {
        let path = vec![Step::key("voice_weights"), Step::key(to.as_str())];
        changes.push(Change { path, value: Some(weight.get().into()) });
    }
    Ok(changes)
}
