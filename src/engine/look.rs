//! A look at everything as the next tick would find it: the same decision, without a lock, a write or a start.

use super::{
    collect::{self, AgentViews},
    configuration,
    project::Project,
    snapshot::{self, Taken},
};
use crate::domain::{
    config::{Config, Problem},
    schedule::{self, Decision, Snapshot},
    time::Time,
};
use anyhow::Result;

/// What the next tick would find and decide.
#[derive(Debug)]
pub struct Look {
    /// agents.yaml.
    pub config: Config,
    /// What is odd in it.
    pub warnings: Vec<Problem>,
    /// Every agent that has a folder.
    pub crew: AgentViews,
    /// What the decision was made from.
    pub snapshot: Snapshot,
    /// What would become of each agent, in the order of agents.yaml.
    pub decisions: Vec<Decision>,
    /// Files that are left alone, and why.
    pub problems: Vec<String>,
}

/// The result of a look.
#[derive(Debug)]
pub enum Looked {
    /// Everything.
    Whole(Box<Look>),
    /// agents.yaml is wrong: nothing would start.
    Misconfigured {
        /// What is wrong in it.
        problems: Vec<Problem>,
        /// Every agent that has a folder.
        crew: AgentViews,
    },
}

/// Looks at the project and decides as a tick at `now` would.
///
/// # Errors
/// agents.yaml, the queue or the folder of the agents can't be read.
pub fn look(project: &Project, now: Time) -> Result<Looked> {
    let crew = collect::collect(&project.paths, None)?;
    let (config, warnings) = match configuration::read(&project.paths)?.understand() {
        Ok(read) => read,
        Err(problems) => return Ok(Looked::Misconfigured { problems, crew }),
    };
    let Taken { snapshot, problems, .. } = snapshot::take(&project.paths, &config, &crew, now, false)?;
    let decisions = schedule::decide(&config, &snapshot, now);
    let problems = [crew.problems.clone(), problems].concat();
    Ok(Looked::Whole(Box::new(Look { config, warnings, crew, snapshot, decisions, problems })))
}
