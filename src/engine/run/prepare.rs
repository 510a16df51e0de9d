//! The worktree, made ready: what an earlier run left is saved, the newest base is fetched, a fresh branch is there.
//!
//! The main checkout is never touched.

use super::{Run, RunError};
use crate::{
    domain::{
        outcome::Outcome,
        role::{MayChange, TaskRole},
        run::Prepared,
        state::AgentState,
        task::{Edit, key},
        time::{self, Time},
    },
    exec::{
        fingerprint,
        git::{self, Git},
        github::{GhError, GitHub, Pr},
        repo, salvage,
        start_point::{self, Candidate, Fetched, PullRequestHead},
        worktree::{self, Ensured},
    },
    store::{cache, queue::Queue, runs},
    sys::{atomic, lock::Lock},
};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a fetch may take.
pub(super) const FETCH: Duration = Duration::from_secs(300);
/// How often one looks whether another's fetch is over: somewhat longer in all than a fetch may take.
const FETCH_TURNS: u32 = 3_300;
/// How long one waits between two looks.
const FETCH_TURN: Duration = Duration::from_millis(100);
/// How long gh may take.
pub(super) const GH: Duration = Duration::from_secs(60);

/// `cache/last-fetch.json`.
#[derive(Serialize, Deserialize)]
struct LastFetch {
    #[serde(with = "time::required")]
    at: Time,
}

/// The head of the pull request that a task updates or looks at.
struct Head {
    commit: String,
    pr: Option<Pr>,
}

impl Run<'_> {
    /// Makes the worktree ready and writes down where the run works.
    pub(super) fn prepare(&self, state: &mut AgentState) -> Result<Prepared, RunError> {
        git::git_version().map_err(|error| everybody(&error))?;
        self.settle_place()?;
        self.save_leftovers()?;
        self.unless_stopped()?;
        self.fetch()?;
        self.unless_stopped()?;
        let prepared = self.find_start()?;
        self.unless_stopped()?;
        let worktree = self.worktree();
        match worktree.ensure(&prepared.start)? {
            Ensured::Created => worktree.note_set_up(None)?,
            // What was found only now is not to be cleared away either.
            Ensured::Repaired => self.save_leftovers()?,
            Ensured::Whole => {}
        }
        if self.needs_provisioning() {
            // On no branch: what the set-up command may do to it is undone by the stand below.
            worktree.stand_detached(&prepared.start)?;
            self.provision(&worktree, state)?;
            self.unless_stopped()?;
        }
        let warnings = match &prepared.branch {
            Some(branch) => worktree.stand_on_branch(branch, &prepared.start)?,
            None => worktree.stand_detached(&prepared.start)?,
        };
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        self.note_branch(&prepared)?;
        let print =
            fingerprint::fingerprint(&worktree.repository(), &self.project().common_dir, Some(&worktree.verify()?))?;
        runs::write_json(&self.files.fingerprint(), &print)?;
        runs::write_json(&self.files.prepared(), &prepared)?;
        tracing::debug!(?prepared, "worktree is ready");
        Ok(prepared)
    }

    /// Saves what stands uncommitted in the worktree, before it is cleared.
    fn save_leftovers(&self) -> Result<()> {
        let worktree = self.worktree();
        if !worktree.has_files()? {
            return Ok(());
        }
        let head = worktree.repository().commit("HEAD")?.context("the repository has no commit")?;
        let ensured = worktree.ensure(&head)?;
        if ensured == Ensured::Created {
            return Ok(());
        }
        let saved =
            salvage::salvage(&worktree, self.id(), "Left in the worktree before this run", &self.files.set_aside())?;
        if let Some(saved) = saved {
            tracing::warn!(?saved, "saved what an earlier run had left");
        }
        Ok(())
    }

    /// Fetches, at most once a minute for all agents; being offline is no reason to stop.
    fn fetch(&self) -> Result<(), RunError> {
        let paths = &self.project().paths;
        let git = Git::in_repository(&self.project().common_dir);
        let _lock = self.fetch_lock()?;
        let hide = |line| worktree::exclude_line(&self.project().common_dir, line);
        hide(&format!("/{}", worktree::INSTRUCTIONS))?;
        let now = (self.supervisor.clock)();
        let recent = |last: LastFetch| (0..60).contains(&(now - last.at).num_seconds());
        if cache::load(&paths.last_fetch()).is_some_and(recent) {
            return Ok(());
        }
        match start_point::fetch(&git, FETCH).map_err(anyhow::Error::from)? {
            Fetched::Done => cache::save(&paths.last_fetch(), &LastFetch { at: now })?,
            Fetched::NoRemote => {}
            Fetched::Failed(trouble) => tracing::warn!("fetch: {}", trouble.words()),
        }
        Ok(())
    }

    /// Waits for its turn to fetch, but not once the supervisor was told to end.
    pub(super) fn fetch_lock(&self) -> Result<Lock, RunError> {
        let path = self.project().paths.fetch_lock();
        for _ in 0..FETCH_TURNS {
            if let Some(lock) = Lock::try_take(&path)? {
                return Ok(lock);
            }
            self.unless_stopped()?;
            std::thread::sleep(FETCH_TURN);
        }
        let held = anyhow::anyhow!("{} is held for too long; `fuser -v` on it names by whom", path.display());
        Err(RunError::Failed(held))
    }

    /// Finds out from which commit the run starts and what its work is compared with.
    fn find_start(&self) -> Result<Prepared, RunError> {
        let git = Git::in_repository(&self.project().common_dir);
        if let Some(due) = self.assignment.job.check() {
            return self.find_change(&git, due);
        }
        let head = self.pull_request_head(&git)?;
        let target = self.target(&git, head.as_ref())?;
        let fresh = match (&head, &target) {
            (Some(head), _) => head.commit.clone(),
            (None, Some(name)) => {
                start_point::branch(&git, name).map_err(anyhow::Error::from)?.ok_or_else(|| no_branch(name))?
            }
            (None, None) => git.commit("HEAD").map_err(anyhow::Error::from)?.context("the repository has no commit")?,
        };
        let writes = self.assignment.role.spec().may_change != MayChange::Nothing;
        let saved = match self.task.as_ref().and_then(|task| task.head.work_branch.as_deref()).filter(|_| writes) {
            Some(name) => {
                let candidates = [Candidate::Commit(format!("refs/heads/{name}")), Candidate::Branch(name.to_owned())];
                start_point::resolve(&git, &candidates).map_err(anyhow::Error::from)?
            }
            None => None,
        };
        let reviews = self.task.as_ref().is_some_and(|task| task.head.role == TaskRole::Review);
        let (start, base) = match saved {
            Some(saved) => (saved.commit.clone(), shared(&git, &saved.commit, &fresh)?),
            None if reviews => (fresh.clone(), self.review_base(&git, head.as_ref(), &fresh)?),
            None => (fresh.clone(), fresh),
        };
        let pull_request_branch = head.and_then(|head| head.pr).map(|pr| pr.head);
        let branch = self.branch_name(writes);
        Ok(Prepared { branch, start, base, target, pull_request_branch, checked: None })
    }

    /// What a change under review is compared with: where it left the branch that it is meant for.
    fn review_base(&self, git: &Git, head: Option<&Head>, change: &str) -> Result<String, RunError> {
        let target = match head.and_then(|head| head.pr.as_ref()) {
            Some(pr) => Some(pr.base.clone()),
            None => repo::discover(self.project().root())?.default_branch,
        };
        let target = match target {
            Some(name) => start_point::branch(git, &name).map_err(anyhow::Error::from)?,
            None => None,
        };
        target.map_or_else(|| Ok(change.to_owned()), |target| shared(git, change, &target))
    }

    fn branch_name(&self, writes: bool) -> Option<String> {
        let id = self.assignment.job.task().filter(|_| writes)?;
        Some(format!("agent/{id}-{}", time::compact(self.assignment.assigned_at)))
    }

    /// The branch that the work is meant for; an unknown one that the task names is the task's fault.
    fn target(&self, git: &Git, head: Option<&Head>) -> Result<Option<String>, RunError> {
        if let Some(pr) = head.and_then(|head| head.pr.as_ref()) {
            return Ok(Some(pr.base.clone()));
        }
        if let Some(named) = self.task.as_ref().and_then(|task| task.head.branch.clone()) {
            return match start_point::branch(git, &named).map_err(anyhow::Error::from)? {
                Some(_) => Ok(Some(named)),
                None => Err(no_branch(&named)),
            };
        }
        if let Some(configured) = &self.assignment.settings.base_branch {
            return match start_point::branch(git, configured).map_err(anyhow::Error::from)? {
                Some(_) => Ok(Some(configured.clone())),
                None => {
                    let message = format!("there is no branch {configured:?} (base_branch in agents.yaml)");
                    Err(RunError::Outcome(Outcome::LaunchFailed { message, everybody: false }))
                }
            };
        }
        Ok(repo::discover(self.project().root())?.default_branch)
    }

    /// The head of the task's pull request. A closed one, or one of a fork that is to be changed, is the task's fault.
    fn pull_request_head(&self, git: &Git) -> Result<Option<Head>, RunError> {
        let Some((number, role)) = self.task.as_ref().and_then(|task| Some((task.head.pr?, task.head.role))) else {
            return Ok(None);
        };
        let bad = |message: String| Err(RunError::Outcome(Outcome::BadTask { message }));
        let pr = match GitHub::new(self.project().root(), GH).head_of(number) {
            Ok(pr) if !pr.is_open() => return bad(format!("pull request {number} is {}", pr.state.to_lowercase())),
            Ok(pr) if pr.cross_repository && role != TaskRole::Review => {
                return bad(format!("pull request {number} comes from a fork, which can't be pushed to"));
            }
            Ok(pr) => Some(pr),
            Err(GhError::NotFound) => return bad(format!("there is no pull request {number}")),
            Err(error) if role == TaskRole::Review => {
                tracing::warn!("{error}");
                None
            }
            // Without its branch there is no place for the work to go.
            Err(error) => {
                let message = format!("pull request {number} can't be looked up: {error}; {}", error.remedy());
                return Err(RunError::Outcome(Outcome::LaunchFailed { message, everybody: false }));
            }
        };
        let branch = pr.as_ref().map(|pr| pr.head.as_str());
        // Two that fetch the same head at once would be in each other's way.
        let _lock = self.fetch_lock()?;
        match start_point::pull_request(git, number, branch, FETCH).map_err(anyhow::Error::from)? {
            PullRequestHead::Current(commit) | PullRequestHead::LastKnown(commit, _) => Ok(Some(Head { commit, pr })),
            PullRequestHead::Missing(why) => {
                let message = format!("the head of pull request {number} can't be fetched: {why}");
                Err(RunError::Outcome(Outcome::LaunchFailed { message, everybody: false }))
            }
        }
    }

    /// Names the work branch in the task, so that the next attempt finds it whatever happens to this one.
    fn note_branch(&self, prepared: &Prepared) -> Result<()> {
        let (Some(branch), Some(task)) = (&prepared.branch, &self.task) else { return Ok(()) };
        let edit = Edit::new().set(key::WORK_BRANCH, branch);
        Queue::new(&self.project().paths).edit_claimed(&task.head.id, self.id(), &edit)?;
        Ok(())
    }

    /// Writes a file of the run into the worktree. The path is ours, its folder is made.
    pub(super) fn write_own(&self, name: &str, text: &str) -> Result<()> {
        let path = self.worktree_path().join(name);
        if let Some(dir) = path.parent() {
            atomic::ensure_dir(dir)?;
        }
        // By way of another folder: what a kill leaves half-written here would be taken for work.
        atomic::write_cache_through(self.agent.dir(), &path, text.as_bytes())
    }
}

/// The newest commit that both have; the second where they have none.
pub(super) fn shared(git: &Git, commit: &str, other: &str) -> Result<String, RunError> {
    let base = git.try_run(["merge-base", commit, other]).map_err(anyhow::Error::from)?;
    Ok(if base.status.success() { base.text() } else { other.to_owned() })
}

fn no_branch(name: &str) -> RunError {
    RunError::Outcome(Outcome::BadTask { message: format!("there is no branch {name:?}") })
}

fn everybody(error: &dyn std::fmt::Display) -> RunError {
    RunError::Outcome(Outcome::LaunchFailed { message: error.to_string(), everybody: true })
}
