//! What every phase of a run may rely on: where it is, what it was started for, and why it can't go on.
//!
//! Nothing of it changes while the run lasts.

use super::ended::Ended;
use super::{Supervisor, cost, place};
use crate::domain::config::RepositoryPath;
use crate::domain::name::Name;
use crate::domain::outcome::{Interruption, Outcome};
use crate::domain::prompt::Skill;
use crate::domain::run::{Assignment, Usage};
use crate::domain::secrets::Secrets;
use crate::domain::state::AgentState;
use crate::domain::task::{self, Task, TaskState};
use crate::domain::time::Time;
use crate::engine::project::Project;
use crate::engine::trust::Asker;
use crate::exec::git::GitError;
use crate::exec::github::{GhError, GitHub, Place};
use crate::exec::remote::Remotes;
use crate::exec::salvage;
use crate::exec::worktree::{Ensured, Worktree};
use crate::store::paths::{AgentPaths, Paths, RunPaths};
use crate::store::queue::Queue;
use crate::store::state;
use crate::sys::error::is_of_system;
use crate::sys::read;
use anyhow::{Context, Result};
use std::cell::OnceCell;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long a call of gh may take.
const GH: Duration = Duration::from_secs(60);

/// One run with its files.
pub struct Run<'a> {
    pub supervisor: &'a Supervisor<'a>,
    pub agent: AgentPaths,
    pub files: RunPaths,
    pub assignment: Assignment,
    /// Its task as it was when the run began or is being recovered; `None` also if it wasn't the run's any more.
    pub task: Option<HeldTask>,
    pub worktree: Worktree,
    remotes: OnceCell<Remotes>,
    /// What it may call, once it has been read.
    pub(super) skills: OnceCell<Vec<Skill>>,
}

/// A task that is claimed for the run.
pub struct HeldTask {
    pub head: Task,
    pub text: String,
}

impl<'a> Run<'a> {
    /// The run that `state` names; `None` if it names none, or one that was cut off before it had an assignment.
    pub fn open(supervisor: &'a Supervisor<'a>, agent: &Name, state: &AgentState) -> Result<Option<Self>> {
        let agent = supervisor.project.paths.agent(agent);
        let Some(run_id) = state.run_id.as_deref() else { return Ok(None) };
        let files = agent.run(run_id)?;
        let Some(assignment) = read::read_json::<Assignment>(&files.assignment())? else { return Ok(None) };
        let task = held_task(supervisor.project, &assignment)?;
        let place = place::of(supervisor, &agent, &assignment)?;
        let worktree = place::worktree_at(&place, supervisor.project, &files, run_id);
        Ok(Some(Self {
            supervisor,
            agent,
            files,
            assignment,
            task,
            worktree,
            remotes: OnceCell::new(),
            skills: OnceCell::new(),
        }))
    }

    pub fn id(&self) -> &str {
        &self.assignment.run_id
    }

    pub fn project(&self) -> &Project {
        self.supervisor.project
    }

    pub fn paths(&self) -> &Paths {
        &self.supervisor.project.paths
    }

    pub fn now(&self) -> Time {
        (self.supervisor.clock)()
    }

    /// The head of its task.
    pub fn task(&self) -> Option<&Task> {
        self.task.as_ref().map(|task| &task.head)
    }

    /// Whether its task is still claimed for it: the user may have cancelled or moved it meanwhile.
    pub fn holds_task(&self) -> Result<bool> {
        Ok(held_task(self.project(), &self.assignment)?.is_some())
    }

    /// The remotes as they are when they are first asked for: what the user adds later is for later runs.
    pub fn remotes(&self) -> Result<&Remotes, GitError> {
        if let Some(known) = self.remotes.get() {
            return Ok(known);
        }
        let found = Remotes::read(&self.worktree.repository(), self.assignment.remote.as_deref())?;
        Ok(self.remotes.get_or_init(|| found))
    }

    /// Pull requests and what belongs to them.
    pub fn github(&self) -> GitHub {
        let to = self.assignment.pull_requests.to.as_ref().map(RepositoryPath::as_str);
        let place = self.remotes().map_err(|_| GhError::NoRemote).and_then(|remotes| Place::of(remotes, to));
        let inherited = self.supervisor.environment.iter();
        let inherited = inherited.filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?)));
        let configured = self.assignment.settings.env.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        GitHub::new(self.project().root(), place, GH).hiding(Secrets::of(inherited.chain(configured)))
    }

    /// Who asks whether git may be used.
    pub fn asker(&self) -> Asker<'_> {
        Asker {
            project: self.project(),
            agent: &self.assignment.agent,
            run: self.id(),
            files: &self.files,
            remote: self.assignment.remote.as_deref(),
            home: self.supervisor.environment.get(OsStr::new("HOME")).map(Path::new),
            now: self.now(),
        }
    }

    pub fn save(&self, state: &AgentState) -> Result<()> {
        tracing::debug!(phase = ?state.phase, process = ?state.process, "state");
        state::save(&self.agent, state)
    }

    /// Whether the supervisor was told to end.
    pub fn is_stopped(&self) -> bool {
        self.supervisor.stop.load(Ordering::Relaxed)
    }

    /// Goes on unless the supervisor was told to end.
    pub fn unless_stopped(&self) -> Result<(), RunError> {
        if self.is_stopped() { Err(RunError::stopped()) } else { Ok(()) }
    }

    /// What it has used up.
    pub fn usage(&self, ended: &Ended, now: Time) -> Usage {
        cost::of(self.paths(), &self.files, ended, self.assignment.settings.max_cost_usd, now)
    }

    /// Saves what stands uncommitted in a worktree under the name of this run. Whether there was a worktree.
    pub fn save_leftovers(&self, worktree: &Worktree, why: &str) -> Result<bool> {
        if !worktree.has_files()? {
            return Ok(false);
        }
        let head = worktree.repository().commit("HEAD")?.context("the repository has no commit")?;
        if worktree.ensure(&head)? == Ensured::Created {
            return Ok(true);
        }
        if let Some(saved) = salvage::salvage(worktree, self.id(), why)? {
            tracing::warn!(?saved, why, "uncommitted changes were saved");
        }
        Ok(true)
    }
}

/// The task of an assignment, if the queue still has it claimed for this run.
fn held_task(project: &Project, assignment: &Assignment) -> Result<Option<HeldTask>> {
    let Some(id) = assignment.job.task() else { return Ok(None) };
    let Some(text) = Queue::new(&project.paths).read(TaskState::Claimed, id)? else { return Ok(None) };
    let head = task::parse(id, &text).ok();
    let ours = |head: &Task| head.run.as_deref() == Some(assignment.run_id.as_str());
    Ok(head.filter(ours).map(|head| HeldTask { head, text }))
}

/// Why a run doesn't come to the start of claude.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It ends with this outcome.
    #[error("{0}")]
    Outcome(Outcome),
    /// Something of ours failed.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

impl RunError {
    /// Someone wants it to end.
    pub fn stopped() -> Self {
        Self::Outcome(Outcome::Interrupted { by: Interruption::Demand })
    }

    /// It would hit this agent again.
    pub fn launch(message: impl Into<String>) -> Self {
        Self::Outcome(Outcome::launch_failed(message.into(), false))
    }

    /// It would hit every agent.
    pub fn launch_of_all(message: impl Into<String>) -> Self {
        Self::Outcome(Outcome::launch_failed(message.into(), true))
    }

    pub fn bad_task(message: impl Into<String>) -> Self {
        Self::Outcome(Outcome::BadTask { message: message.into() })
    }
}

impl From<GitError> for RunError {
    fn from(error: GitError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<RunError> for Outcome {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Outcome(outcome) => outcome,
            RunError::Failed(error) => {
                let message = format!("{error:#}");
                if is_of_system(&error) { Self::SystemTrouble { message } } else { Self::launch_failed(message, false) }
            }
        }
    }
}
