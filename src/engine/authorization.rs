//! Who calls a command: the user, or an agent by a request to its supervisor, which may call only what its role allows.
//!
//! What a supervisor answers is its agent's. Anything else is the user's, unless a process above it belongs to a run: in doubt
//! it isn't the user's. Where no process above belongs to a run, no file is asked, so a broken one keeps no user out.

use super::collect;
use super::project::Project;
use super::spawn;
use crate::domain::name::Name;
use crate::domain::proposal::By;
use crate::domain::request::REQUESTS;
use crate::domain::role::Role;
use crate::domain::run::{Assignment, RUN_TAG, SUPERVISOR_TAG};
use crate::domain::state::AgentState;
use crate::exec::processes::{self, Ancestor};
use crate::store::paths::{AgentPaths, RunPaths};
use crate::store::state::{self, Loaded};
use crate::store::worktree_name;
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
    /// An agent from its run.
    Agent(Box<AgentCaller>),
}

/// The calling agent.
#[derive(Clone, Debug)]
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

impl AgentCaller {
    /// The agent of a run, as its supervisor names it. The assignment says what the run is for; one that says anything else of
    /// who it is for is not believed.
    ///
    /// # Errors
    /// The assignment can't be read, or is that of another run.
    pub fn of(project: &Project, agent: &Name, run: &str, role: Role) -> Result<Self> {
        let paths = project.paths.agent(agent);
        let files = paths.run(run)?;
        let path = files.assignment();
        let assignment: Option<Assignment> = read::read_json(&path).map_err(|error| unsure(format!("{error:#}")))?;
        let Some(assignment) = assignment else { return Err(unsure(format!("{} is gone", path.display()))) };
        let Assignment { run_id, agent: assigned, role: given, .. } = &assignment;
        if (run_id.as_str(), assigned.as_str(), *given) != (run, agent.as_str(), role) {
            return Err(unsure(format!("{} is that of another run", path.display())));
        }
        Ok(Self { assignment, files, worktree: worktree_name::path(&paths)? })
    }

    /// Refuses a command, given as its words after `scheduler`, that its role may not call.
    ///
    /// # Errors
    /// Which it may call.
    pub fn authorize(&self, command: &str) -> Result<()> {
        let role = self.assignment.role;
        if !role.may_call(command) {
            let allowed = role.spec().commands.join(", ");
            bail!("the role {role} may not call `scheduler {command}`; it may call: {allowed}");
        }
        Ok(())
    }
}

/// The project that `found` finds, for a call of the user's: one by a process of a run of its is refused.
///
/// # Errors
/// The call comes from a run, or nobody can tell; or as for `found`.
pub fn for_user(found: impl FnOnce() -> Result<Project>) -> Result<Project> {
    let origin = Origin::of_this_process()?;
    match found() {
        Ok(project) => {
            refuse_run(&project, &origin)?;
            Ok(project)
        }
        // A run may be kept from seeing its project.
        Err(error) => match origin.supervisors.first() {
            Some(folder) => Err(error.context(from_run(folder.display()))),
            None => Err(error),
        },
    }
}

/// What a process can't hide of where it comes from.
#[derive(Debug, Default)]
struct Origin {
    /// The run tags in the environments of the processes above it, nearest first.
    inherited: Vec<String>,
    /// The folders of the agents whose supervisors are above it.
    supervisors: Vec<PathBuf>,
    /// The processes above it, where neither their environments nor their command lines can be read.
    untold: Vec<Ancestor>,
}

impl Origin {
    fn of_this_process() -> Result<Self> {
        let Some(above) = processes::ancestors() else {
            bail!(
                "it isn't clear who calls, for the processes above this one come and go: nothing was changed; try again"
            );
        };
        let values =
            |name: &str| -> Vec<String> { above.iter().filter_map(|process| process.variable(name)).collect() };
        let inherited = values(RUN_TAG);
        // A supervisor hides its environment, and its children can be told to: not so its command line.
        let mut supervisors: Vec<_> = above.iter().filter_map(|process| spawn::supervised(&process.words())).collect();
        supervisors.extend(values(SUPERVISOR_TAG).into_iter().map(PathBuf::from));
        Ok(Self { inherited, supervisors, untold: if processes::READS_ENVIRONMENTS { Vec::new() } else { above } })
    }

    /// Whether the call comes from no run, so far as environments tell, and they tell all.
    fn is_outside(&self) -> bool {
        self.inherited.is_empty() && self.supervisors.is_empty() && self.untold.is_empty()
    }

    fn is_below(&self, state: &AgentState) -> bool {
        let ids = [&state.supervisor, &state.process];
        self.untold.iter().any(|above| ids.into_iter().flatten().any(|id| above.is(id)))
    }
}

/// Refuses a call that comes from a run of this project.
fn refuse_run(project: &Project, origin: &Origin) -> Result<()> {
    if origin.is_outside() {
        return Ok(());
    }
    if let Some(folder) = origin.supervisors.iter().find(|folder| is_of(project, folder)) {
        return Err(from_run(folder.display()));
    }
    let agents = Agents::of(project)?;
    for id in &origin.inherited {
        if agents.had_run(id)? {
            return Err(from_run(id));
        }
    }
    if let Some(agent) = agents.under_way(|state| origin.is_below(state)) {
        return Err(from_run(agent.dir().display()));
    }
    if !origin.untold.is_empty() {
        agents.refuse_unclear()?;
    }
    Ok(())
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

/// All agents, each with what is known of its run.
struct Agents(Vec<(AgentPaths, Known)>);

impl Agents {
    fn of(project: &Project) -> Result<Self> {
        let agents = collect::folders(&project.paths)?.into_iter().map(|name| project.paths.agent(&name));
        Ok(Self(agents.map(|agent| (agent.clone(), known(&agent))).collect()))
    }

    fn under_way(&self, is_it: impl Fn(&AgentState) -> bool) -> Option<&AgentPaths> {
        self.0.iter().find(|(_, known)| matches!(known, Known::UnderWay(state) if is_it(state))).map(|(agent, _)| agent)
    }

    /// Whether this is the id of a run of one of them.
    fn had_run(&self, id: &str) -> Result<bool> {
        let had_it = |agent: &AgentPaths| agent.run(id).is_ok_and(|run| run.dir().exists());
        let is_ours = self.under_way(|state| state.run_id.as_deref() == Some(id)).is_some()
            || self.0.iter().any(|(agent, _)| had_it(agent));
        if !is_ours {
            self.refuse_unclear()?;
        }
        Ok(is_ours)
    }

    /// Refuses the call if nothing is known of the run of one of them.
    fn refuse_unclear(&self) -> Result<()> {
        self.0.iter().try_for_each(|(_, known)| match known {
            Known::Unclear(why) => Err(unsure(why)),
            _ => Ok(()),
        })
    }
}

/// Whether this is the folder of an agent of the project.
fn is_of(project: &Project, folder: &Path) -> bool {
    let (Some(theirs), ours) = (folder.parent(), project.paths.agents_dir()) else { return false };
    theirs == ours || theirs.canonicalize().ok().is_some_and(|dir| ours.canonicalize().is_ok_and(|ours| ours == dir))
}

fn from_run(run: impl Display) -> Error {
    anyhow!(
        "this was started by a run ({run}), which may only ask its supervisor: nothing was done; a process of the run \
         finds the way in its variable {REQUESTS}, and you call this from a terminal that no run has started"
    )
}

fn unsure(why: impl Display) -> Error {
    anyhow!(
        "it isn't clear who calls: {why}. Nothing was changed; call this from a terminal that no run has started, \
         or wait until the run has ended: the next tick puts its files right"
    )
}

#[cfg(test)]
mod tests;
