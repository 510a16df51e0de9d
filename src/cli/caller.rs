//! Who calls: a person, or an agent in its run. An agent may call only what its role allows.

use super::Context;
use crate::{
    domain::{
        name::Name,
        role::Role,
        run::{Assignment, RUN_TAG},
    },
    engine::{collect, project::Project},
    exec::processes,
    store::{
        paths::RunPaths,
        state::{self, Loaded},
    },
    sys::read,
};
use anyhow::{Result, bail};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Who calls.
#[derive(Debug)]
pub enum Caller {
    /// A person, or a script of one.
    Person,
    /// An agent whose run is under way.
    Agent(Box<AgentCaller>),
}

/// The calling agent.
#[derive(Debug)]
pub struct AgentCaller {
    /// What its run was started for.
    pub assignment: Assignment,
    /// The files of its run.
    pub files: RunPaths,
    worktree: PathBuf,
}

impl AgentCaller {
    /// Where its run works.
    pub fn worktree(&self) -> &Path {
        &self.worktree
    }
}

impl Caller {
    /// The name in `CREATED_BY` and `From`.
    pub fn name(&self) -> String {
        match self {
            Self::Person => "human".to_owned(),
            Self::Agent(agent) => agent.assignment.agent.to_string(),
        }
    }

    /// The calling agent, if it is one.
    pub fn agent(&self) -> Option<&AgentCaller> {
        match self {
            Self::Person => None,
            Self::Agent(agent) => Some(agent),
        }
    }
}

/// Whether a command changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It only looks.
    Read,
    /// It changes something.
    Write,
}

/// Finds out who calls `command` (its words after `scheduler`), and refuses what isn't allowed.
///
/// # Errors
/// The role of the calling agent may not call it; a write by a run that is over.
pub fn authorize(context: &Context, project: &Project, command: &str, access: Access) -> Result<Caller> {
    let Some(run_id) = context.env(RUN_TAG) else {
        return match hidden(project, access)? {
            Some(agent) => may_call(agent, command),
            None => Ok(Caller::Person),
        };
    };
    match find(project, run_id)? {
        Some(agent) => may_call(agent, command),
        None if access == Access::Read => Ok(Caller::Person),
        None => bail!(
            "{RUN_TAG} is set but names no run under way in this project: nothing was changed; \
             unset {RUN_TAG} to call this as a person"
        ),
    }
}

fn may_call(agent: AgentCaller, command: &str) -> Result<Caller> {
    let role: Role = agent.assignment.role;
    if !role.may_call(command) {
        let allowed = role.spec().commands.join(", ");
        bail!("the role {role} may not call `scheduler {command}`; it may call: {allowed}");
    }
    Ok(Caller::Agent(Box::new(agent)))
}

/// The agent that has taken the mark out of the environment and is about to change something.
fn hidden(project: &Project, access: Access) -> Result<Option<AgentCaller>> {
    if access == Access::Read {
        return Ok(None);
    }
    for run_id in processes::inherited(RUN_TAG) {
        if let Some(agent) = find(project, &run_id)? {
            return Ok(Some(agent));
        }
    }
    Ok(None)
}

/// Refuses a command that makes no sense inside a run.
///
/// # Errors
/// The run's mark is in the environment.
pub fn refuse_inside_run(context: &Context, what: &str) -> Result<()> {
    match context.env(RUN_TAG) {
        Some(_) => Err(super::usage(format!("{what} can't be done inside a run ({RUN_TAG} is set)"))),
        None => Ok(()),
    }
}

fn find(project: &Project, run_id: &str) -> Result<Option<AgentCaller>> {
    let Ok(entries) = fs::read_dir(project.paths.agents_dir()) else { return Ok(None) };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<Name>().ok());
    for name in names {
        let agent = project.paths.agent(&name);
        let Loaded::State(state) = state::load(&agent)? else { continue };
        if state.run_id.as_deref() != Some(run_id) || !collect::is_under_way(&agent, &state)? {
            continue;
        }
        let files = agent.run(run_id)?;
        if let Some(assignment) = read::read_json(&files.assignment())? {
            return Ok(Some(AgentCaller { assignment, files, worktree: agent.worktree() }));
        }
    }
    Ok(None)
}
