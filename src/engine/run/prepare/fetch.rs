//! What the remote has, brought here: by one run at a time, for two that fetch the same would be in each other's way.
//!
//! Being offline is no reason to stop.

use crate::engine::fetch;
use crate::engine::run::context::{Run, RunError};
use crate::exec::git::Git;
use crate::exec::github::Place;
use crate::exec::start_point::{self, PullRequestHead};
use crate::exec::worktree;
use crate::sys::lock::Lock;
use anyhow::anyhow;
use std::time::Duration;

/// How often the lock is tried: somewhat longer in all than a fetch may take.
const TURNS: u32 = 4_000;
const TURN: Duration = Duration::from_millis(100);

/// Fetches, at most once a minute for all agents. A failure counts like a success: the others go on with what is there.
pub fn fetch(run: &Run<'_>) -> Result<(), RunError> {
    let common_dir = &run.project().common_dir;
    let remotes = run.remotes()?;
    let last = || fetch::last(run.paths(), remotes);
    let Some(_lock) = take_turn(run, &|| last().is_some_and(|last| last.error.is_some()))? else { return Ok(()) };
    worktree::exclude_line(common_dir, &format!("/{}", worktree::INSTRUCTIONS))?;
    if last().is_some_and(|last| last.is_recent(remotes.name(), run.now())) {
        return Ok(());
    }
    Ok(fetch::fetch(run.project(), remotes, run.supervisor.clock, &|| run.is_stopped())?)
}

/// Fetches the head of a pull request, where the remote keeps no ref for it by its branch.
pub fn head(run: &Run<'_>, git: &Git, number: u64, branch: Option<&str>) -> Result<PullRequestHead, RunError> {
    let _lock = take_turn(run, &|| false)?;
    let is_elsewhere = run.github().place().is_ok_and(Place::is_of_parent);
    Ok(start_point::pull_request(git, run.remotes()?, number, branch, is_elsewhere, fetch::LIMIT)?)
}

/// The commit of a branch, also of one that the project isn't configured to fetch.
pub fn branch(run: &Run<'_>, git: &Git, name: &str) -> Result<Option<String>, RunError> {
    if let Some(commit) = start_point::branch(git, run.remotes()?.name(), name)? {
        return Ok(Some(commit));
    }
    let _lock = take_turn(run, &|| false)?;
    Ok(start_point::fetch_branch(git, run.remotes()?, name, fetch::LIMIT)?)
}

/// The commit that a branch has there now; the last that is known where the remote can't be asked.
pub fn newest(run: &Run<'_>, git: &Git, name: &str) -> Result<Option<String>, RunError> {
    let _lock = take_turn(run, &|| false)?;
    Ok(start_point::fetch_branch(git, run.remotes()?, name, fetch::LIMIT)?)
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
