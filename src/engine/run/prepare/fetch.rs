//! What the remote has, brought here: by one run at a time, for two that fetch the same would be in each other's way.
//!
//! Being offline is no reason to stop.

use crate::{
    domain::time::{self, Time},
    engine::run::context::{Run, RunError},
    exec::{
        git::Git,
        stale_ref_locks,
        start_point::{self, Fetched, PullRequestHead},
        worktree,
    },
    store::cache,
    sys::lock::Lock,
};
use anyhow::anyhow;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a fetch may take.
const LIMIT: Duration = Duration::from_secs(300);
/// How often the lock is tried: somewhat longer in all than a fetch may take.
const TURNS: u32 = 3_300;
const TURN: Duration = Duration::from_millis(100);

/// `cache/last-fetch.json`.
#[derive(Serialize, Deserialize)]
struct LastFetch {
    #[serde(with = "time::required")]
    at: Time,
}

/// Fetches, at most once a minute for all agents.
pub fn fetch(run: &Run<'_>) -> Result<(), RunError> {
    let (path, common_dir) = (run.paths().last_fetch(), &run.project().common_dir);
    let _lock = take_turn(run)?;
    worktree::exclude_line(common_dir, &format!("/{}", worktree::INSTRUCTIONS))?;
    let now = run.now();
    let recent = |last: LastFetch| (0..60).contains(&(now - last.at).num_seconds());
    if cache::load(&path).is_some_and(recent) {
        return Ok(());
    }
    // Also before the agent's first run, whose worktree isn't there yet.
    stale_ref_locks::remove_forsaken(common_dir)?;
    match start_point::fetch(&Git::in_repository(common_dir), LIMIT)? {
        Fetched::Done => cache::save(&path, &LastFetch { at: now })?,
        Fetched::NoRemote => {}
        Fetched::Failed(trouble) => tracing::warn!("fetch: {}", trouble.words()),
    }
    Ok(())
}

/// Fetches the head of a pull request, where the remote keeps no ref for it by its branch.
pub fn head(run: &Run<'_>, git: &Git, number: u64, branch: Option<&str>) -> Result<PullRequestHead, RunError> {
    let _lock = take_turn(run)?;
    Ok(start_point::pull_request(git, number, branch, LIMIT)?)
}

/// The commit of a branch, also of one that the project isn't configured to fetch.
pub fn branch(run: &Run<'_>, git: &Git, name: &str) -> Result<Option<String>, RunError> {
    if let Some(commit) = start_point::branch(git, name)? {
        return Ok(Some(commit));
    }
    let _lock = take_turn(run)?;
    Ok(start_point::fetch_branch(git, name, LIMIT)?)
}

/// Waits for its turn to fetch, but not once the supervisor was told to end.
fn take_turn(run: &Run<'_>) -> Result<Lock, RunError> {
    let path = run.paths().fetch_lock();
    for _ in 0..TURNS {
        if let Some(lock) = Lock::try_take(&path)? {
            return Ok(lock);
        }
        run.unless_stopped()?;
        std::thread::sleep(TURN);
    }
    Err(anyhow!("{} is held for too long; `fuser -v` on it names by whom", path.display()).into())
}
