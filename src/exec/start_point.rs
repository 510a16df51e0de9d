//! Where a task starts: brings what the remote has, and finds the commit behind a branch or a pull request.
//!
//! Never moves a branch of the project, writes no tags and no `FETCH_HEAD`, and removes no ref.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::exec::git::{Git, GitError};
use crate::exec::remote::{self, RemoteError, Remotes};

/// How a fetch ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// All that the remote has is here.
    Done(Heads),
    /// There is no remote to fetch from.
    NoRemote,
    /// It did not work, for this reason; offline is no reason to stop.
    Failed(RemoteError),
}

/// What the remote says of its branches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heads {
    /// The default one.
    pub default: Option<String>,
    /// Those that are known here and no longer there, without those of agents.
    pub gone: Vec<String>,
}

/// How long the remote may take to say what its branches are.
const ASKING: Duration = Duration::from_secs(60);

const QUIET: &[&str] =
    &["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-prune"];

/// Fetches the branches of the remote into `refs/remotes/<its name>/`, as the project is configured to. `git` is bound to the
/// repository. The caller sees to it that only one runs at a time.
pub fn fetch(git: &Git, remotes: &Remotes, timeout: Duration) -> Result<Fetched, GitError> {
    if !remotes.is_there() {
        return Ok(Fetched::NoRemote);
    }
    // A mirror's setting would overwrite the project's own branches; a bare clone has none at all.
    let is_safe = |spec: &str| spec.contains(":refs/remotes/") || spec.starts_with('^');
    let safe = remotes.fetched().next().is_some() && remotes.fetched().all(is_safe);
    let all = (!safe).then(|| format!("+refs/heads/*:refs/remotes/{}/*", remotes.name()));
    if let Err(error) = fetch_refs(git, remotes, timeout, all.as_deref())? {
        return Ok(Fetched::Failed(error));
    }
    heads(git, remotes).map(Fetched::Done)
}

/// Asks the remote for its branches. One that doesn't say is asked again after the next fetch.
fn heads(git: &Git, remotes: &Remotes) -> Result<Heads, GitError> {
    let remote = remotes.name();
    let args = ["ls-remote", "--symref", "--", remote, "HEAD", "refs/heads/*"];
    let answer = remotes.network(git).with_timeout(ASKING).try_run(args);
    let listed = match answer {
        Ok(answer) if answer.status.success() => answer.text(),
        Ok(_) | Err(GitError::TimedOut { .. }) => return Ok(Heads::default()),
        Err(error) => return Err(error),
    };
    let lines = || listed.lines().filter_map(|line| line.split_once('\t'));
    let default = lines().find_map(|(target, name)| target.strip_prefix("ref: refs/heads/").filter(|_| name == "HEAD"));
    let there: BTreeSet<&str> = lines().filter_map(|(_, name)| name.strip_prefix("refs/heads/")).collect();
    let prefix = format!("refs/remotes/{remote}/");
    let known = git.text(["for-each-ref", "--format=%(refname)", &prefix])?;
    let names = known.lines().filter_map(|name| name.strip_prefix(&prefix));
    let gone = names.filter(|name| *name != "HEAD" && !name.starts_with("agent/") && !there.contains(name));
    // What else than branches is fetched there has other names.
    let only_branches = remotes.fetched().all(|spec| spec.trim_start_matches(['+', '^']).starts_with("refs/heads/"));
    Ok(Heads { default: default.map(str::to_owned), gone: gone.filter(|_| only_branches).map(str::to_owned).collect() })
}

fn fetch_refs(
    git: &Git,
    remotes: &Remotes,
    timeout: Duration,
    refspec: Option<&str>,
) -> Result<Result<(), RemoteError>, GitError> {
    let git = remotes.network(git).with_timeout(timeout);
    // Without an empty map git would also write what is configured.
    let only = refspec.map(|_| "--refmap=");
    let args = QUIET.iter().copied().chain(only).chain(["--", remotes.name()]).chain(refspec);
    match git.run(args) {
        Ok(_) => Ok(Ok(())),
        Err(error) => remote::remote_error(error).map(Err),
    }
}

/// The commit of branch `name`, from `remote` where it has it, else from the project. `None` if there is no such
/// branch; a name that could not be one is no branch.
pub fn branch(git: &Git, remote: &str, name: &str) -> Result<Option<String>, GitError> {
    if !is_branch_name(git, name)? {
        return Ok(None);
    }
    match git.commit(&format!("refs/remotes/{remote}/{name}"))? {
        Some(commit) => Ok(Some(commit)),
        None => git.commit(&format!("refs/heads/{name}")),
    }
}

/// The default branch of `remote`, as it was when it was cloned or the user set it.
pub fn noted_default(git: &Git, remote: &str) -> Result<Option<String>, GitError> {
    let prefix = format!("refs/remotes/{remote}/");
    let output = git.try_run(["symbolic-ref", "--quiet", &format!("{prefix}HEAD")])?;
    Ok(output.text().strip_prefix(&prefix).map(str::to_owned).filter(|_| output.status.success()))
}

/// The commit of branch `name` of the remote, fetched by its name to `refs/scheduler/branch/<name>`, for a project that is
/// configured to fetch only some branches. The last that is known where the remote can't be asked; `None` if none is.
pub fn fetch_branch(git: &Git, remotes: &Remotes, name: &str, timeout: Duration) -> Result<Option<String>, GitError> {
    if !is_branch_name(git, name)? || !remotes.is_there() {
        return Ok(None);
    }
    let private = format!("refs/scheduler/branch/{name}");
    if let Err(error) = fetch_refs(git, remotes, timeout, Some(&format!("+refs/heads/{name}:{private}")))? {
        tracing::warn!("fetch of the branch {name}: {error}");
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
    /// A branch, from the remote where it has it.
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
pub fn resolve(git: &Git, remote: &str, candidates: &[Candidate]) -> Result<Option<Start>, GitError> {
    for from in candidates {
        let commit = match from {
            Candidate::Commit(commit) => git.commit(commit)?,
            Candidate::Branch(name) => branch(git, remote, name)?,
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
    LastKnown(String, RemoteError),
    /// It can't be had, for this reason.
    Missing(String),
}

/// Fetches the head of pull request `number` to `refs/scheduler/pr/<number>`; where the remote keeps no such ref, or only such
/// of its own (`is_elsewhere`: the pull request is one of another repository), its branch `head_branch`.
pub fn pull_request(
    git: &Git,
    remotes: &Remotes,
    number: u64,
    head_branch: Option<&str>,
    is_elsewhere: bool,
    timeout: Duration,
) -> Result<PullRequestHead, GitError> {
    let private = format!("refs/scheduler/pr/{number}");
    if let Some((why, remedy)) = remotes.chosen.problem() {
        return Ok(PullRequestHead::Missing(format!("{why}: {remedy}")));
    }
    let mut result = if is_elsewhere {
        Err(RemoteError::Other(format!("the commits of pull request {number} are in another repository")))
    } else {
        fetch_refs(git, remotes, timeout, Some(&format!("+refs/pull/{number}/head:{private}")))?
    };
    if let (Err(RemoteError::Other(_)), Some(name)) = (&result, head_branch)
        && is_branch_name(git, name)?
    {
        result = fetch_refs(git, remotes, timeout, Some(&format!("+refs/heads/{name}:{private}")))?;
    }
    let known = git.commit(&private)?;
    Ok(match (result, known) {
        (Ok(()), Some(commit)) => PullRequestHead::Current(commit),
        (Err(error @ RemoteError::Offline(_)), Some(commit)) => PullRequestHead::LastKnown(commit, error),
        (Err(error), _) => PullRequestHead::Missing(error.to_string()),
        (Ok(()), None) => PullRequestHead::Missing(format!("pull request {number} has no head commit")),
    })
}

#[cfg(test)]
mod tests;
