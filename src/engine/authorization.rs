//! Who calls a command: the user, or an agent from its run, which may call only what its role allows.
//!
//! Whether a call comes from a run is told by the processes above it; which run that is, by the agents' files. Where these
//! can't be read, are gone, or contradict the processes, a call that changes something is refused: in doubt it isn't the
//! user's. Where no process above belongs to a run, no file is asked, so a broken one keeps no user out.

use super::collect;
use super::project::Project;
use crate::domain::proposal::By;
use crate::domain::role::Role;
use crate::domain::run::{Assignment, RUN_TAG, SUPERVISOR_TAG};
use crate::domain::state::AgentState;
use crate::exec::processes::{self, Ancestor};
use crate::store::paths::{AgentPaths, RunPaths};
use crate::store::state::{self, Loaded};
use crate::sys::lock::Lock;
use crate::sys::read;
use anyhow::{Error, Result, anyhow, bail};
use std::fmt::Display;
use std::path::{Path, PathBuf};

/// Who calls.
#[derive(Debug)]
pub enum Caller {
    /// The user, or a script of theirs.
    User,
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
    /// Where its run works.
    pub worktree: PathBuf,
}

impl Caller {
    /// The name in `CREATED_BY` and `From`.
    pub fn name(&self) -> String {
        match self {
            Self::User => "human".to_owned(),
            Self::Agent(agent) => agent.assignment.agent.to_string(),
        }
    }

    /// The calling agent, if it is one.
    pub fn agent(&self) -> Option<&AgentCaller> {
        match self {
            Self::User => None,
            Self::Agent(agent) => Some(agent),
        }
    }

    /// Who it is that proposes or judges.
    pub fn by(&self) -> By {
        By { name: self.name(), run: self.agent().map(|agent| agent.assignment.run_id.clone()) }
    }
}

/// Whether a command changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
}

/// Finds out who calls `command` (its words after `scheduler`) with this run tag in the environment, and refuses what isn't
/// allowed.
///
/// # Errors
/// The role of the calling agent may not call it; a write by a run that is over; nobody can tell who calls.
pub fn authorize(project: &Project, tag: Option<&str>, command: &str, access: Access) -> Result<Caller> {
    let origin = match access {
        // What can be read lies open to every process of this user: who hides the tag gains nothing.
        Access::Read => Origin { tag: tag.map(str::to_owned), ..Origin::default() },
        Access::Write => Origin::of_this_process(tag)?,
    };
    let Some(agent) = calling_agent(project, &origin, access)? else { return Ok(Caller::User) };
    let role: Role = agent.assignment.role;
    if !role.may_call(command) {
        let allowed = role.spec().commands.join(", ");
        bail!("the role {role} may not call `scheduler {command}`; it may call: {allowed}");
    }
    Ok(Caller::Agent(Box::new(agent)))
}

/// What a process can't hide of where it comes from.
#[derive(Debug, Default)]
struct Origin {
    /// The run tag in the environment of the call itself.
    tag: Option<String>,
    /// Those in the environments of the processes above it, nearest first.
    inherited: Vec<String>,
    /// The folders of the agents whose supervisors are above it.
    supervisors: Vec<PathBuf>,
    /// The processes above it, where their environments can't be read.
    untold: Vec<Ancestor>,
}

impl Origin {
    fn of_this_process(tag: Option<&str>) -> Result<Self> {
        let Some(above) = processes::ancestors() else {
            bail!(
                "it isn't clear who calls, for the processes above this one come and go: nothing was changed; try again"
            );
        };
        let values =
            |name: &str| -> Vec<String> { above.iter().filter_map(|process| process.variable(name)).collect() };
        Ok(Self {
            tag: tag.map(str::to_owned),
            inherited: values(RUN_TAG),
            supervisors: values(SUPERVISOR_TAG).into_iter().map(PathBuf::from).collect(),
            untold: if processes::READS_ENVIRONMENTS { Vec::new() } else { above },
        })
    }

    /// Whether the call comes from no run, so far as environments tell, and they tell all.
    fn is_outside(&self) -> bool {
        self.tag.is_none() && self.inherited.is_empty() && self.supervisors.is_empty() && self.untold.is_empty()
    }

    fn is_below(&self, state: &AgentState) -> bool {
        let ids = [&state.supervisor, &state.process];
        self.untold.iter().any(|above| ids.into_iter().flatten().any(|id| above.is(id)))
    }
}

/// The agent from whose run the call comes; none for the user's own.
fn calling_agent(project: &Project, origin: &Origin, access: Access) -> Result<Option<AgentCaller>> {
    if origin.is_outside() {
        return Ok(None);
    }
    if let Some(agent) = origin.supervisors.iter().find_map(|folder| supervised(project, folder)) {
        return match known(&agent) {
            Known::UnderWay(state) => caller(&agent, &state).map(Some),
            Known::AtRest => Err(unsure(format!("{} names no run", agent.state().display()))),
            Known::Unclear(why) => Err(unsure(why)),
        };
    }
    let agents = Agents::of(project)?;
    if let Some(id) = &origin.tag {
        match agents.run(id)? {
            Run::UnderWay(agent, state) => return caller(agent, state).map(Some),
            Run::Over | Run::Unknown if access == Access::Read => {}
            Run::Over | Run::Unknown => bail!(
                "{RUN_TAG} is set but names no run under way in this project: nothing was changed; \
                 unset {RUN_TAG} to call this yourself"
            ),
        }
    }
    for id in &origin.inherited {
        match agents.run(id)? {
            Run::UnderWay(agent, state) => return caller(agent, state).map(Some),
            Run::Over => bail!(
                "this was started by the run {id}, which is over: nothing was changed; \
                 call it from a terminal that no run has started"
            ),
            Run::Unknown => {}
        }
    }
    if let Some((agent, state)) = agents.under_way(|state| origin.is_below(state)) {
        return caller(agent, state).map(Some);
    }
    if !origin.untold.is_empty() {
        agents.refuse_unclear(|_| true)?;
    }
    Ok(None)
}

/// What is known of the run of an agent.
#[derive(Debug)]
enum Known {
    UnderWay(Box<AgentState>),
    AtRest,
    /// There may be one: the agent's lock is held. Why nothing else is known.
    Unclear(String),
}

fn known(agent: &AgentPaths) -> Known {
    let why = match state::load(agent) {
        Ok(Loaded::State(state)) if collect::is_under_way(agent, &state).unwrap_or(true) => {
            return Known::UnderWay(Box::new(state));
        }
        Ok(Loaded::State(_)) if agent.state().exists() => return Known::AtRest,
        Ok(Loaded::State(_)) => format!("{} is gone", agent.state().display()),
        Ok(Loaded::Corrupt(why)) => why,
        Err(error) => format!("{error:#}"),
    };
    match Lock::is_free(&agent.lock()) {
        Ok(true) => Known::AtRest,
        _ => Known::Unclear(why),
    }
}

/// What becomes of the id of a run.
enum Run<'a> {
    UnderWay(&'a AgentPaths, &'a AgentState),
    Over,
    /// No agent here has had it.
    Unknown,
}

/// All agents, each with what is known of its run.
struct Agents(Vec<(AgentPaths, Known)>);

impl Agents {
    fn of(project: &Project) -> Result<Self> {
        let agents = collect::folders(&project.paths)?.into_iter().map(|name| project.paths.agent(&name));
        Ok(Self(agents.map(|agent| (agent.clone(), known(&agent))).collect()))
    }

    fn under_way(&self, is_it: impl Fn(&AgentState) -> bool) -> Option<(&AgentPaths, &AgentState)> {
        self.0.iter().find_map(|(agent, known)| match known {
            Known::UnderWay(state) if is_it(state) => Some((agent, &**state)),
            _ => None,
        })
    }

    fn run(&self, id: &str) -> Result<Run<'_>> {
        if let Some((agent, state)) = self.under_way(|state| state.run_id.as_deref() == Some(id)) {
            return Ok(Run::UnderWay(agent, state));
        }
        let had_it = |agent: &AgentPaths| agent.run(id).is_ok_and(|run| run.dir().exists());
        let is_ours = self.0.iter().any(|(agent, _)| had_it(agent));
        self.refuse_unclear(|agent| !is_ours || had_it(agent))?;
        Ok(if is_ours { Run::Over } else { Run::Unknown })
    }

    /// Refuses the call if nothing is known of the run of one of these agents.
    fn refuse_unclear(&self, is_meant: impl Fn(&AgentPaths) -> bool) -> Result<()> {
        self.0.iter().try_for_each(|(agent, known)| match known {
            Known::Unclear(why) if is_meant(agent) => Err(unsure(why)),
            _ => Ok(()),
        })
    }
}

/// The agent of this project whose folder a supervisor was started with.
fn supervised(project: &Project, folder: &Path) -> Option<AgentPaths> {
    let agent = project.paths.agent(&folder.file_name()?.to_str()?.parse().ok()?);
    let (theirs, ours) = (folder.parent()?, project.paths.agents_dir());
    let is_same = theirs == ours
        || theirs.canonicalize().ok().is_some_and(|dir| ours.canonicalize().is_ok_and(|ours| ours == dir));
    is_same.then_some(agent)
}

/// The agent with what its run was started for. The folder says who it is; an assignment that says otherwise is not believed.
fn caller(agent: &AgentPaths, state: &AgentState) -> Result<AgentCaller> {
    let id = state.run_id.as_deref().unwrap_or_default();
    let files = agent.run(id).map_err(|error| unsure(format!("{}: {error:#}", agent.state().display())))?;
    let path = files.assignment();
    let assignment: Option<Assignment> = read::read_json(&path).map_err(|error| unsure(format!("{error:#}")))?;
    let Some(assignment) = assignment else { return Err(unsure(format!("{} is gone", path.display()))) };
    if assignment.run_id != id || agent.dir().file_name() != Some(assignment.agent.as_str().as_ref()) {
        return Err(unsure(format!("{} is that of another run", path.display())));
    }
    Ok(AgentCaller { assignment, files, worktree: agent.worktree() })
}

fn unsure(why: impl Display) -> Error {
    anyhow!(
        "it isn't clear who calls: {why}. Nothing was changed; call this from a terminal that no run has started, \
         or wait until the run has ended: the next tick puts its files right"
    )
}

#[cfg(test)]
mod tests;
