//! Where a task starts: brings what the remote has, and finds the commit behind a branch or a pull request.
//!
//! Never moves a branch of the project, writes no tags and no `FETCH_HEAD`, and removes no ref.

use std::time::Duration;

use anyhow::Result;

use crate::exec::git::{Git, GitError};
use crate::exec::remote::{self, Origin, Trouble};

/// How a fetch ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// All that the remote has is here.
    Done,
    /// There is no remote `origin`.
    NoRemote,
    /// It did not work, for this reason; offline is no reason to stop.
    Failed(Trouble),
}

const QUIET: &[&str] =
    &["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-prune"];

/// Fetches the branches of `origin` into `refs/remotes/origin/`, as the project is configured to. `git` is bound to the
/// repository. The caller sees to it that only one runs at a time.
pub fn fetch(git: &Git, timeout: Duration) -> Result<Fetched, GitError> {
    let Some(origin) = remote::origin(git)? else { return Ok(Fetched::NoRemote) };
    // A mirror's setting would overwrite the project's own branches; a bare clone has none at all.
    let safe = !origin.fetched.is_empty()
        && origin.fetched.iter().all(|spec| spec.contains(":refs/remotes/") || spec.starts_with('^'));
    let all = "+refs/heads/*:refs/remotes/origin/*";
    fetch_refs(&origin, timeout, if safe { None } else { Some(all) })
}

fn fetch_refs(origin: &Origin, timeout: Duration, refspec: Option<&str>) -> Result<Fetched, GitError> {
    let git = origin.git.clone().with_timeout(timeout);
    // Without an empty map git would also write what is configured.
    let only = refspec.map(|_| "--refmap=");
    let args = QUIET.iter().copied().chain(only).chain(["--", "origin"]).chain(refspec);
    match git.run(args) {
        Ok(_) => Ok(Fetched::Done),
        Err(error) => remote::trouble(error).map(Fetched::Failed),
    }
}

/// The commit of branch `name`, from `origin` where it has it, else from the project. `None` if there is no such
/// branch; a name that could not be one is no branch.
pub fn branch(git: &Git, name: &str) -> Result<Option<String>, GitError> {
    if !is_branch_name(git, name)? {
        return Ok(None);
    }
    match git.commit(&format!("refs/remotes/origin/{name}"))? {
        Some(commit) => Ok(Some(commit)),
        None => git.commit(&format!("refs/heads/{name}")),
    }
}

/// The commit of branch `name` of `origin`, fetched by its name to `refs/scheduler/branch/<name>`, for a project that is
/// configured to fetch only some branches. The last that is known where `origin` can't be asked; `None` if none is.
pub fn fetch_branch(git: &Git, name: &str, timeout: Duration) -> Result<Option<String>, GitError> {
    if !is_branch_name(git, name)? {
        return Ok(None);
    }
    let Some(origin) = remote::origin(git)? else { return Ok(None) };
    let private = format!("refs/scheduler/branch/{name}");
    if let Fetched::Failed(trouble) = fetch_refs(&origin, timeout, Some(&format!("+refs/heads/{name}:{private}")))? {
        tracing::warn!("fetch of the branch {name}: {}", trouble.words());
    }
    git.commit(&private)
}

/// Whether `name` could be a branch. The text may come from anywhere.
pub fn is_branch_name(git: &Git, name: &str) -> Result<bool, GitError> {
    let plain = !name.is_empty()
        && !name.starts_with('-')
        && !name.starts_with("refs/")
        && name != "HEAD"
        && !name.contains('\0');
    // What git refuses in names are blanks, dots in some places, and signs; without them there is nothing to ask.
    let word =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if plain && name.split('/').all(word) {
        return Ok(true);
    }
    Ok(plain && git.try_run(["check-ref-format", &format!("refs/heads/{name}")])?.status.success())
}

/// One place where a task might start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Candidate {
    /// A commit or full ref name, as recorded by this program.
    Commit(String),
    /// A branch, from `origin` where it has it.
    Branch(String),
}

/// Where a task starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// The candidate that was found.
    pub from: Candidate,
    /// Its commit.
    pub commit: String,
}

/// The first of `candidates` that exists.
pub fn resolve(git: &Git, candidates: &[Candidate]) -> Result<Option<Start>, GitError> {
    for from in candidates {
        let commit = match from {
            Candidate::Commit(commit) => git.commit(commit)?,
            Candidate::Branch(name) => branch(git, name)?,
        };
        if let Some(commit) = commit {
            return Ok(Some(Start { from: from.clone(), commit }));
        }
    }
    Ok(None)
}

/// The head of a pull request, as far as it can be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PullRequestHead {
    /// Its head commit as the remote has it now.
    Current(String),
    /// The remote could not be asked; this is the commit that was known before.
    LastKnown(String, Trouble),
    /// It can't be had, for this reason.
    Missing(String),
}

/// Fetches the head of pull request `number` to `refs/scheduler/pr/<number>`; where the remote keeps no such ref, the
/// branch `head_branch` of `origin`.
pub fn pull_request(
    git: &Git,
    number: u64,
    head_branch: Option<&str>,
    timeout: Duration,
) -> Result<PullRequestHead, GitError> {
    let private = format!("refs/scheduler/pr/{number}");
    let Some(origin) = remote::origin(git)? else {
        return Ok(PullRequestHead::Missing("there is no remote `origin`".into()));
    };
    let mut result = fetch_refs(&origin, timeout, Some(&format!("+refs/pull/{number}/head:{private}")))?;
    if let (Fetched::Failed(Trouble::Other(_)), Some(name)) = (&result, head_branch)
        && is_branch_name(git, name)?
    {
        result = fetch_refs(&origin, timeout, Some(&format!("+refs/heads/{name}:{private}")))?;
    }
    let known = git.commit(&private)?;
    Ok(match (result, known) {
        (Fetched::Done, Some(commit)) => PullRequestHead::Current(commit),
        (Fetched::Failed(trouble @ Trouble::Offline(_)), Some(commit)) => PullRequestHead::LastKnown(commit, trouble),
        (Fetched::Failed(trouble), _) => PullRequestHead::Missing(trouble.words().to_owned()),
        _ => PullRequestHead::Missing(format!("pull request {number} has no head commit")),
    })
}

#[cfg(test)]
mod tests;
