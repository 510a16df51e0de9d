//! Brings the base of a pull request of ours into its branch, as far as git can do it by itself.
//!
//! Nothing is checked out, and no hook runs: all that is merged is on the remote already.

use super::context::{Run, RunError};
use super::prepare::fetch;
use crate::domain::pull_request::PullRequest;
use crate::engine::trust;
use crate::exec::git::Git;
use crate::exec::merge::{Merge, merge};
use crate::exec::push::{self, Push};
use crate::exec::start_point::PullRequestHead;
use anyhow::Result;
use std::time::Duration;

/// How long the push may take.
const PUSH: Duration = Duration::from_secs(300);

/// What became of it.
#[derive(Debug)]
pub enum Merged {
    /// The branch has both now.
    Pushed,
    /// These files have to be merged by hand.
    Conflict(Vec<String>),
    /// It can't be tried now, for this reason.
    NotNow(String),
}

/// Merges the branch `base` into that of the pull request and pushes it, if nobody pushed there meanwhile.
pub fn merge_base(run: &Run<'_>, pull: &PullRequest, base: &str) -> Result<Merged> {
    match tried(run, pull, base) {
        Ok(merged) => Ok(merged),
        Err(RunError::Outcome(outcome)) => Ok(Merged::NotNow(outcome.to_string())),
        Err(RunError::Failed(error)) => Err(error),
    }
}

/// Something that may contain a commit.
#[derive(Clone, Copy, Debug)]
pub enum Tip<'a> {
    /// The head of a pull request.
    Of(&'a PullRequest),
    /// A branch of the remote.
    Branch(&'a str),
}

/// Whether a tip, as the remote has it now, contains a commit; `None` if that can't be found out now.
pub fn contains(run: &Run<'_>, tip: Tip<'_>, commit: &str) -> Result<Option<bool>> {
    match holds(run, tip, commit) {
        Ok(holds) => Ok(holds),
        Err(RunError::Outcome(outcome)) => {
            tracing::warn!(?tip, "{outcome}");
            Ok(None)
        }
        Err(RunError::Failed(error)) => Err(error),
    }
}

fn holds(run: &Run<'_>, tip: Tip<'_>, commit: &str) -> Result<Option<bool>, RunError> {
    if !trust::before_run(&run.asker())? {
        return Ok(None);
    }
    let git = Git::in_repository(&run.project().common_dir);
    let tip = match tip {
        Tip::Branch(name) => fetch::newest(run, &git, name)?,
        Tip::Of(pull) => match fetch::head(run, &git, pull.number, Some(&pull.branch))? {
            PullRequestHead::Current(head) if head == pull.head_sha => Some(head),
            _ => None,
        },
    };
    let Some(tip) = tip else { return Ok(None) };
    // What isn't here can't be below what is.
    let Some(commit) = git.commit(commit)? else { return Ok(Some(false)) };
    Ok(Some(git.ok(["merge-base", "--is-ancestor", &commit, &tip])?))
}

fn tried(run: &Run<'_>, pull: &PullRequest, base: &str) -> Result<Merged, RunError> {
    let not_now = |why: &str| Ok(Merged::NotNow(why.to_owned()));
    if !trust::before_run(&run.asker())? {
        return not_now("what git trusts has changed");
    }
    let git = Git::in_repository(&run.project().common_dir);
    match fetch::head(run, &git, pull.number, Some(&pull.branch))? {
        PullRequestHead::Current(head) if head == pull.head_sha => {}
        PullRequestHead::Current(_) => return not_now("its branch has moved on"),
        PullRequestHead::LastKnown(_, error) => return not_now(&error.to_string()),
        PullRequestHead::Missing(why) => return not_now(&why),
    }
    let Some(into) = fetch::newest(run, &git, base)? else { return not_now("its base can't be fetched") };
    // GitHub may be slow to see that there is no conflict any more.
    if git.ok(["merge-base", "--is-ancestor", &into, &pull.head_sha])? {
        return not_now("it has all of its base already");
    }
    let remotes = run.remotes()?;
    let message = format!("Merge branch '{base}' into {}", pull.branch);
    let commit = match merge(&remotes.network(&git), &pull.head_sha, &into, &message)? {
        Merge::Done(commit) => commit,
        Merge::Conflict(files) => return Ok(Merged::Conflict(files)),
    };
    let push = Push { branch: &pull.branch, commit: &commit, last: Some(&pull.head_sha) };
    let pushed = push::push_merge(&git, &run.project().common_dir, remotes, push, PUSH)?;
    tracing::info!(number = pull.number, ?pushed, "its base was merged into it");
    if pushed.is_there() { Ok(Merged::Pushed) } else { not_now(&pushed.advice()) }
}
