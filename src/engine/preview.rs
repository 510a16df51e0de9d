//! What the next tick would find and decide: the same steps, without a lock, a write or a start.

use super::{
    collect::{self, AgentViews},
    configuration,
    project::Project,
    reconcile,
    snapshot::{self, Taken},
};
use crate::domain::{
    config::{Config, Problem},
    schedule::{self, Decision, Snapshot},
    time::Time,
};
use anyhow::Result;

/// What the next tick would find, and what it would decide.
#[derive(Debug)]
pub struct Preview {
    /// agents.yaml.
    pub config: Config,
    /// What is odd in it.
    pub warnings: Vec<Problem>,
    /// Every agent that has a folder.
    pub views: AgentViews,
    /// What would be put right first, a line each.
    pub changes: Vec<String>,
    /// What the decision was made from.
    pub snapshot: Snapshot,
    /// What would become of each agent, in the order of agents.yaml.
    pub decisions: Vec<Decision>,
    /// Files that are left alone, and why.
    pub problems: Vec<String>,
    /// What couldn't be found out.
    pub failures: Vec<String>,
}

/// Why nothing would start: agents.yaml is wrong.
#[derive(Debug)]
pub struct Misconfigured {
    /// What is wrong in it.
    pub problems: Vec<Problem>,
    /// Every agent that has a folder.
    pub views: AgentViews,
}

/// Finds and decides as a tick at `now` would.
///
/// # Errors
/// agents.yaml, the queue or the folder of the agents can't be read.
pub fn preview(project: &Project, now: Time) -> Result<Result<Preview, Misconfigured>> {
    let paths = &project.paths;
    let views = collect::collect(paths)?;
    let (config, warnings) = match configuration::read(paths)?.understand() {
        Ok(understood) => understood,
        Err(problems) => return Ok(Err(Misconfigured { problems, views })),
    };
    let reconciled = reconcile::plan(paths, &config, &views, now)?.assume();
    let Taken { snapshot, changes, problems, failures, .. } = snapshot::take(paths, &config, &views, reconciled, now)?;
    let decisions = schedule::decide(&config, &snapshot, now);
    let failures = [views.problems.clone(), failures].concat();
    Ok(Ok(Preview { config, warnings, views, changes, snapshot, decisions, problems, failures }))
}
