//! What the remote has, brought here: by one run at a time, for two that fetch the same would be in each other's way.
//!
//! Being offline is no reason to stop.

use crate::domain::fetch::LastFetch;
use crate::domain::message::Message;
use crate::engine::base_branch::{self, FETCH_LIMIT};
use crate::engine::run::context::{Run, RunError};
use crate::exec::git::Git;
use crate::exec::github::Place;
use crate::exec::start_point::{self, Fetched, PullRequestHead};
use crate::exec::{stale_ref_locks, worktree};
use crate::store::messages;
use crate::sys::lock::Lock;
use anyhow::{Result, anyhow};
use std::time::Duration;

/// How often the lock is tried: somewhat longer in all than a fetch may take.
const TURNS: u32 = 4_000;
const TURN: Duration = Duration::from_millis(100);

/// Fetches, at most once a minute for all agents. A failure counts like a success: the others go on with what is there.
pub fn fetch(run: &Run<'_>) -> Result<(), RunError> {
    let common_dir = &run.project().common_dir;
    let remotes = run.remotes()?;
    let fails = || base_branch::last_fetch(run.paths(), remotes).is_some_and(|last| last.error.is_some());
    let Some(_lock) = take_turn(run, &fails)? else { return Ok(()) };
    worktree::exclude_line(common_dir, &format!("/{}", worktree::INSTRUCTIONS))?;
    let (before, begun, remote) = (base_branch::last_fetch(run.paths(), remotes), run.now(), remotes.name());
    if before.as_ref().is_some_and(|last| last.is_recent(remote, begun)) {
        return Ok(());
    }
    // Also before the agent's first run, whose worktree isn't there yet.
    stale_ref_locks::remove_forsaken(common_dir)?;
    let git = Git::in_repository(common_dir);
    let last = match start_point::fetch(&git, remotes, FETCH_LIMIT)? {
        Fetched::NoRemote => return Ok(()),
        Fetched::Done(heads) => {
            let known = before.and_then(|before| before.default_branch);
            let known = known.map_or_else(|| start_point::noted_default(&git, remote), |known| Ok(Some(known)))?;
            if let (Some(old), Some(new)) = (&known, &heads.default)
                && old != new
            {
                tell_of_default(run, old, new)?;
            }
            LastFetch::worked(remote, run.now(), heads.default.or(known), heads.gone)
        }
        Fetched::Failed(error) => {
            // Cut short, it says nothing of the remote.
            run.unless_stopped()?;
            tracing::warn!("fetch: {error}");
            LastFetch::failed(before, remote, begun, run.now(), &error.to_string())
        }
    };
    Ok(base_branch::keep_fetch(run.paths(), last, run.now())?)
}

fn tell_of_default(run: &Run<'_>, old: &str, new: &str) -> Result<()> {
    let remote = run.remotes()?.name();
    let body = format!(
        "The default branch of {remote} is {new} now; here it was {old}. New work begins from {new}.\n\n`git remote set-head \
         {remote} --auto` tells your git, too. To go on with {old}, set `base_branch: {old}` in agents.yaml."
    );
    let message = Message::warning(format!("New work begins from {new}"), body);
    messages::send(run.paths(), &message, run.now()).map(drop)
}

/// Fetches the head of a pull request, where the remote keeps no ref for it by its branch.
pub fn head(run: &Run<'_>, git: &Git, number: u64, branch: Option<&str>) -> Result<PullRequestHead, RunError> {
    let _lock = take_turn(run, &|| false)?;
    let is_elsewhere = run.github().place().is_ok_and(Place::is_of_parent);
    Ok(start_point::pull_request(git, run.remotes()?, number, branch, is_elsewhere, FETCH_LIMIT)?)
}

/// The commit of a branch, also of one that the project isn't configured to fetch.
pub fn branch(run: &Run<'_>, git: &Git, name: &str) -> Result<Option<String>, RunError> {
    if let Some(commit) = start_point::branch(git, run.remotes()?.name(), name)? {
        return Ok(Some(commit));
    }
    let _lock = take_turn(run, &|| false)?;
    Ok(start_point::fetch_branch(git, run.remotes()?, name, FETCH_LIMIT)?)
}

/// The commit that a branch has there now; the last that is known where the remote can't be asked.
pub fn newest(run: &Run<'_>, git: &Git, name: &str) -> Result<Option<String>, RunError> {
    let _lock = take_turn(run, &|| false)?;
    Ok(start_point::fetch_branch(git, run.remotes()?, name, FETCH_LIMIT)?)
}

/// Waits for its turn to fetch, but not once the supervisor was told to end, and not while `in_vain`: then there is no lock.
fn take_turn(run: &Run<'_>, in_vain: &dyn Fn() -> bool) -> Result<Option<Lock>, RunError> {
    let path = run.paths().fetch_lock();
    for _ in 0..TURNS {
        if let Some(lock) = Lock::try_take(&path)? {
            return Ok(Some(lock));
        }
        run.unless_stopped()?;
        if in_vain() {
            return Ok(None);
        }
        std::thread::sleep(TURN);
    }
    Err(anyhow!("{} is held for too long; `fuser -v` on it names by whom", path.display()).into())
}
