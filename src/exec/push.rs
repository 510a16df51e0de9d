//! Publishes one commit as one branch of the remote. Here, and only here, a hook of the user's runs: `pre-push`.
//!
//! Never forces a branch that isn't an agent's, and an agent's only over the tip that was pushed last.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::exec::git::{Git, GitError, Output};
use crate::exec::pre_push::{self, Hooked, Hooks, Update};
use crate::exec::remote::{self, RemoteError, Remotes};
use crate::exec::stale_ref_locks;
use crate::exec::start_point::is_branch_name;
use crate::exec::worktree::Worktree;

/// How long a remote may take to say which commit a branch has there; one that swallows packets would take all the time of
/// the push.
const ANSWER: Duration = Duration::from_secs(60);

/// What is to be where.
#[derive(Debug, Clone, Copy)]
pub struct Push<'a> {
    /// The branch of the remote.
    pub branch: &'a str,
    /// The commit that it should have.
    pub commit: &'a str,
    /// The commit that was pushed there last, if any. A branch `agent/*` may be replaced if it still has it; any other
    /// only moves forward.
    pub last: Option<&'a str>,
}

/// How a push ended. The texts are for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushOutcome {
    /// The branch has the commit now.
    Pushed,
    /// The branch had it already.
    UpToDate,
    /// There is no remote to push to, for this reason.
    NoRemote(String),
    /// The remote, or somebody's newer commits there, refused it.
    Rejected(String),
    /// The remote can't be reached now.
    Offline(String),
    /// The remote refuses who we are.
    AuthFailed(String),
    /// A hook of this repository refused it.
    HookFailed(String),
    /// It took longer than this and was stopped.
    TimedOut(Duration),
    /// Anything else.
    Failed(String),
}

impl PushOutcome {
    /// Whether the remote branch has the commit.
    pub fn is_there(&self) -> bool {
        matches!(self, Self::Pushed | Self::UpToDate)
    }

    /// What happened and what the user can do, in one sentence or two.
    pub fn advice(&self) -> String {
        match self {
            Self::Pushed => "pushed".into(),
            Self::UpToDate => "was pushed already".into(),
            Self::NoRemote(why) => why.clone(),
            Self::Rejected(why) => format!("the remote refused it: {why}"),
            Self::Offline(why) => format!("the remote can't be reached: {why}"),
            Self::AuthFailed(why) => format!(
                "the remote refused access: {why}. Does `git push` work by hand, without a password being asked?"
            ),
            Self::HookFailed(why) => {
                format!("the hook `pre-push` of the repository refused it: {why}")
            }
            Self::TimedOut(after) => format!("it took longer than {after:?} and was stopped"),
            Self::Failed(why) => format!("git could not push it: {why}"),
        }
    }
}

/// Brings `push.commit` to the remote; doing it again does nothing. The hook may take as long as the push: `timeout`.
pub fn push(
    worktree: &Worktree,
    remotes: &Remotes,
    push: Push<'_>,
    hooks: &Hooks<'_>,
    timeout: Duration,
) -> Result<PushOutcome> {
    worktree.verify()?;
    let git = worktree.git();
    if let Some((why, remedy)) = remotes.chosen.problem() {
        return Ok(PushOutcome::NoRemote(format!("{why}: {remedy}")));
    }
    if !is_branch_name(&git, push.branch)? {
        return Ok(PushOutcome::Failed(format!("{:?} is not a branch name", push.branch)));
    }
    let (git, remote) = (remotes.network(&git).with_timeout(timeout), remotes.name());
    let name = format!("refs/heads/{}", push.branch);
    let asking = git.clone().with_timeout(timeout.min(ANSWER));
    let there = match remote_tip(&asking, remote, &name) {
        Ok(tip) if tip.as_deref() == Some(push.commit) => return Ok(PushOutcome::UpToDate),
        Ok(tip) => tip,
        Err(error) => return from_error(error),
    };
    let update =
        Update { remote: (remote, remotes.push_url()), commit: push.commit, name: &name, there: there.as_deref() };
    match pre_push::run(worktree, hooks, &git, update, timeout)? {
        Hooked::Passed => {}
        Hooked::Refused(words) => return Ok(PushOutcome::HookFailed(words)),
        Hooked::TimedOut => return Ok(PushOutcome::TimedOut(timeout)),
    }
    send(&git, &asking, worktree.common_dir(), remotes, push, there.is_none())
}

/// The same for a commit that needs no hook: a merge of what is on the remote.
pub fn push_merge(
    git: &Git,
    common_dir: &Path,
    remotes: &Remotes,
    push: Push<'_>,
    timeout: Duration,
) -> Result<PushOutcome> {
    let git = remotes.network(git).with_timeout(timeout);
    let asking = git.clone().with_timeout(timeout.min(ANSWER));
    send(&git, &asking, common_dir, remotes, push, false)
}

fn send(
    git: &Git,
    asking: &Git,
    common_dir: &Path,
    remotes: &Remotes,
    push: Push<'_>,
    is_new: bool,
) -> Result<PushOutcome> {
    let (remote, name) = (remotes.name(), format!("refs/heads/{}", push.branch));
    let pushed = git.try_run(arguments(push, remote, &name, is_new));
    if !pushed.as_ref().is_ok_and(|output| output.status.success()) {
        // One that was killed has left its locks, and it may be long until the next run looks for them.
        stale_ref_locks::remove_forsaken(common_dir)?;
    }
    let output = match pushed {
        Ok(output) => output,
        // The reply may have been lost after the remote took it.
        Err(GitError::TimedOut { .. }) if has_it(asking, remote, &name, push.commit) => {
            return Ok(PushOutcome::Pushed);
        }
        Err(error) => return from_error(error),
    };
    if output.status.success() || has_it(asking, remote, &name, push.commit) {
        return Ok(PushOutcome::Pushed);
    }
    Ok(refusal(&output))
}

fn arguments(push: Push<'_>, remote: &str, name: &str, is_new: bool) -> Vec<String> {
    let fixed =
        ["-c", "push.followTags=false", "push", "--porcelain", "--no-verify", "--no-signed", "--recurse-submodules=no"];
    let mut args: Vec<String> = fixed.map(str::to_owned).to_vec();
    // Without a lease git only moves a branch forward: right for one that is there and that we didn't push, as that of a
    // pull request which the work goes on with.
    if push.branch.starts_with("agent/") && (is_new || push.last.is_some()) {
        args.push(format!("--force-with-lease={name}:{}", push.last.unwrap_or_default()));
    }
    args.extend(["--".into(), remote.to_owned(), format!("{}:{name}", push.commit)]);
    args
}

fn remote_tip(git: &Git, remote: &str, name: &str) -> Result<Option<String>, GitError> {
    let listed = git.text(["ls-remote", "--refs", "--", remote, name])?;
    let tip = listed.lines().filter_map(|line| line.split_once('\t')).find(|(_, found)| *found == name);
    Ok(tip.map(|(commit, _)| commit.to_owned()))
}

fn has_it(git: &Git, remote: &str, name: &str, commit: &str) -> bool {
    remote_tip(git, remote, name).is_ok_and(|tip| tip.as_deref() == Some(commit))
}

fn from_error(error: GitError) -> Result<PushOutcome> {
    if let GitError::TimedOut { after, .. } = error {
        return Ok(PushOutcome::TimedOut(after));
    }
    Ok(from_remote(remote::remote_error(error)?))
}

fn from_remote(error: RemoteError) -> PushOutcome {
    match error {
        RemoteError::Offline(why) => PushOutcome::Offline(why),
        RemoteError::Auth(why) => PushOutcome::AuthFailed(why),
        RemoteError::Other(why) => PushOutcome::Failed(why),
    }
}

/// A line with `!` is the remote's answer about the branch. Without one the push did not get that far.
fn refusal(output: &Output) -> PushOutcome {
    let stdout = output.text();
    let said: Vec<_> = output
        .stderr
        .lines()
        .filter_map(|l| l.strip_prefix("remote:"))
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .collect();
    if let Some(line) = stdout.lines().find(|line| line.starts_with('!')) {
        let reason = line.rsplit('\t').next().unwrap_or(line);
        let why = match reason {
            "[rejected] (stale info)" => "somebody else has changed the branch there".to_owned(),
            "[rejected] (fetch first)" | "[rejected] (non-fast-forward)" => {
                "the branch there has commits that this work hasn't".to_owned()
            }
            other if said.is_empty() => other.to_owned(),
            other => format!("{other}: {}", said.join("; ")),
        };
        return PushOutcome::Rejected(why);
    }
    from_remote(remote::classify(&output.stderr))
}

#[cfg(test)]
mod tests;
