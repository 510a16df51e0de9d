//! From which commit a run starts, and what its work is compared with.
//!
//! Of a change from a fork nothing is checked out, so that nothing of it can be executed.

use super::fetch;
use crate::domain::gate::{DueCheck, Status};
use crate::domain::message::Message;
use crate::domain::pull_request::PullRequest;
use crate::domain::role::{MayChange, TaskRole};
use crate::domain::run::Prepared;
use crate::domain::time;
use crate::engine::base_branch;
use crate::engine::fetch::last as last_fetch;
use crate::engine::run::context::{Run, RunError};
use crate::exec::claude_files;
use crate::exec::git::Git;
use crate::exec::github::GhError;
use crate::exec::repo;
use crate::exec::start_point::{self, Candidate, PullRequestHead};
use crate::store::messages;
use crate::store::prs::Prs;
use anyhow::Context;

/// The head of the pull request that a task updates or reviews.
struct Head {
    commit: String,
    pr: Option<PullRequest>,
}

pub fn find(run: &Run<'_>) -> Result<Prepared, RunError> {
    let git = Git::in_repository(&run.project().common_dir);
    match run.assignment.job.check() {
        Some(due) => of_check(run, &git, due),
        None => of_task(run, &git),
    }
}

fn of_task(run: &Run<'_>, git: &Git) -> Result<Prepared, RunError> {
    let (task, remotes) = (run.task(), run.remotes()?);
    let (remote, known) = (remotes.name(), last_fetch(run.paths(), remotes));
    let is_gone = |name: &String| known.as_ref().is_some_and(|known| known.gone.contains(name));
    let head = pull_request_head(run, git)?;
    let pr = head.as_ref().and_then(|head| head.pr.as_ref());
    // What nobody could ask gh about may come from one.
    let fork = head.is_some() && pr.is_none_or(|pr| pr.fork);
    let named = pr.map(|pr| &pr.base).or(task.and_then(|task| task.branch.as_ref()));
    let default = || base_branch::default_branch(run.project(), git, remotes);
    let target = match named.or(run.assignment.settings.base_branch.as_ref()) {
        Some(name) if named.is_none() && is_gone(name) => {
            let instead = default()?;
            tell_of_gone_base(run, name, instead.as_deref())?;
            instead
        }
        Some(name) => Some(name.clone()),
        None => default()?,
    };
    let fresh = match (&head, &target) {
        (Some(head), _) => head.commit.clone(),
        // What is gone there may still be a branch of the user's here.
        (None, Some(name)) if is_gone(name) => {
            git.commit(&format!("refs/heads/{name}"))?.ok_or_else(|| no_branch(run, name))?
        }
        (None, Some(name)) => start_point::branch(git, remote, name)?.ok_or_else(|| no_branch(run, name))?,
        (None, None) => no_default(run, git)?,
    };
    let writes = run.assignment.role.spec().may_change != MayChange::Nothing;
    let saved = match task.and_then(|task| task.work_branch.as_ref()).filter(|_| writes) {
        Some(name) => {
            let candidates = [Candidate::Commit(format!("refs/heads/{name}")), Candidate::Branch(name.clone())];
            start_point::resolve(git, remote, &candidates)?.map(|start| start.commit)
        }
        None => None,
    };
    let (start, base) = match saved {
        Some(saved) => (saved.clone(), shared(git, &saved, &fresh)?),
        None if task.is_some_and(|task| task.role == TaskRole::Review) => {
            // A change under review is compared with where it left the branch that it is meant for.
            let into = pr.map_or_else(default, |pr| Ok(Some(pr.base.clone())))?;
            let into = into.map_or(Ok(None), |name| start_point::branch(git, remote, &name))?;
            let base = match into {
                Some(into) => shared(git, &fresh, &into)?,
                None if fork => return Err(RunError::launch("there is no branch to compare the pull request with")),
                None => fresh.clone(),
            };
            (if fork { base.clone() } else { fresh.clone() }, base)
        }
        None => (fresh.clone(), fresh.clone()),
    };
    let claude_files = match &target {
        // It begins where the branch stands.
        _ if writes && head.is_none() && start == fresh => Vec::new(),
        Some(name) if writes => {
            brought(git, &start, start_point::branch(git, remote, name)?.as_ref().unwrap_or(&base))?
        }
        _ => claude_files::changed(git, &base, if writes { &start } else { &fresh })?,
    };
    let begun = time::compact(run.assignment.assigned_at);
    Ok(Prepared {
        branch: run.assignment.job.task().filter(|_| writes).map(|id| format!("agent/{id}-{begun}")),
        start,
        base,
        target,
        pull_request_branch: head.and_then(|head| head.pr).map(|pr| pr.branch),
        checked: fork.then_some(fresh),
        fork,
        claude_files,
    })
}

/// What directs claude and isn't the user's: what earlier attempts and other agents brought that the branch `into` hasn't.
fn brought(git: &Git, start: &str, into: &str) -> Result<Vec<String>, RunError> {
    if start == into {
        return Ok(Vec::new());
    }
    Ok(claude_files::changed(git, &shared(git, start, into)?, start)?)
}

/// A closed pull request, or one of a fork that is to be changed, is the task's fault.
fn pull_request_head(run: &Run<'_>, git: &Git) -> Result<Option<Head>, RunError> {
    let Some((number, role)) = run.task().and_then(|task| Some((task.pr?, task.role))) else { return Ok(None) };
    let bad = |why: String| Err(RunError::bad_task(format!("pull request {number} {why}")));
    let pr = match run.github().head_of(number) {
        Ok(pr) if !pr.is_open() => return bad(format!("is {}", pr.state.to_lowercase())),
        Ok(pr) if pr.fork && role != TaskRole::Review => {
            return bad("comes from a fork, which can't be pushed to".to_owned());
        }
        Ok(pr) => Some(pr),
        Err(GhError::NotFound) => return Err(RunError::bad_task(format!("there is no pull request {number}"))),
        Err(error) if role == TaskRole::Review => {
            tracing::warn!("{error}");
            None
        }
        // Without its branch there is no place for the work to go.
        Err(error) => {
            let remedy = error.remedy();
            return Err(RunError::launch(format!("pull request {number} can't be looked up: {error}; {remedy}")));
        }
    };
    match fetch::head(run, git, number, pr.as_ref().map(|pr| pr.branch.as_str()))? {
        PullRequestHead::Current(commit) | PullRequestHead::LastKnown(commit, _) => Ok(Some(Head { commit, pr })),
        PullRequestHead::Missing(why) => {
            Err(RunError::launch(format!("the head of pull request {number} can't be fetched: {why}")))
        }
    }
}

/// A check stands at the head of the pull request, or where a fork's change begins.
fn of_check(run: &Run<'_>, git: &Git, due: &DueCheck) -> Result<Prepared, RunError> {
    let number = due.pr;
    let cannot = |why: &str| RunError::launch(format!("pull request {number} can't be checked: {why}"));
    let meta = Prs::new(run.paths()).load(number)?;
    // Closed since the tick: nobody is to blame.
    let meta = meta.filter(|meta| meta.status != Status::Closed).ok_or_else(RunError::stopped)?;
    let branch = (!due.fork).then_some(meta.branch.as_str());
    let head = match fetch::head(run, git, number, branch)? {
        PullRequestHead::Current(commit) => commit,
        PullRequestHead::LastKnown(commit, _) if commit == due.commit => commit,
        PullRequestHead::LastKnown(_, error) => return Err(cannot(&error.to_string())),
        PullRequestHead::Missing(why) => return Err(cannot(&why)),
    };
    let into = fetch::branch(run, git, &meta.base)?
        .ok_or_else(|| cannot(&format!("there is no branch {:?} to compare it with", meta.base)))?;
    let base = shared(git, &head, &into)?;
    Ok(Prepared {
        branch: None,
        start: if due.fork { base.clone() } else { head.clone() },
        claude_files: claude_files::changed(git, &base, &head)?,
        base,
        target: Some(meta.base),
        pull_request_branch: None,
        checked: Some(head),
        fork: due.fork,
    })
}

/// The newest commit that both have; the second where they have none.
fn shared(git: &Git, commit: &str, other: &str) -> Result<String, RunError> {
    let base = git.try_run(["merge-base", commit, other])?;
    Ok(if base.status.success() { base.text() } else { other.to_owned() })
}

/// In a repository whose only branches are agents' work nobody knows where work begins.
fn no_default(run: &Run<'_>, git: &Git) -> Result<String, RunError> {
    let current = repo::discover(run.project().root())?.branch;
    match current.filter(|name| name.starts_with("agent/")) {
        Some(name) => Err(RunError::launch(format!(
            "the main checkout shows an agent's branch, {name}, and no default branch is known: check out the branch that \
             work begins from, or name it with base_branch in agents.yaml"
        ))),
        None => Ok(git.commit("HEAD")?.context("the repository has no commit")?),
    }
}

fn tell_of_gone_base(run: &Run<'_>, name: &str, instead: Option<&str>) -> Result<(), RunError> {
    let instead = instead.map_or_else(String::new, |instead| format!(" Work begins from {instead} meanwhile."));
    let body = format!(
        "{} has no branch {name} any more, which agents.yaml names as base_branch.{instead}\n\nName another one, or take the line out: \
         then work begins from the default branch.",
        run.remotes()?.name()
    );
    let message = Message::warning(format!("The base branch {name} is gone"), body).key(format!("gone base {name}"));
    messages::send(run.paths(), &message, run.now())?;
    Ok(())
}

/// An unknown branch is the task's fault, unless it is the configuration that names it.
fn no_branch(run: &Run<'_>, name: &str) -> RunError {
    let configured = run.assignment.settings.base_branch.is_some();
    match run.task().and_then(|task| task.branch.as_ref()) {
        None if configured => RunError::launch(format!("there is no branch {name:?} (base_branch in agents.yaml)")),
        _ => RunError::bad_task(format!("there is no branch {name:?}")),
    }
}
