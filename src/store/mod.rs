//! The files under `.orchestrator/`: where they are, how they are read, locked, written and moved.
//!
//! It does as it is told: no rule is decided here, and no process is started.

pub mod cache;
pub mod events;
pub mod explored;
pub mod issues;
pub mod ledger;
pub mod listing;
pub mod marker;
pub mod messages;
pub mod paths;
pub mod proposals;
pub mod prs;
pub mod queue;
pub mod requests;
pub mod run_requests;
pub mod runs;
pub mod state;
pub mod state_dirs;
pub mod trusted;
pub mod unpublished;
pub mod worktree_name;

use crate::sys::lock::Lock;
use std::time::Duration;

/// How long a change of `shared/` waits for another one.
const LOCK_WAIT: Duration = Duration::from_secs(20);

/// Takes the lock of `shared/`. It is held for milliseconds: never across git, gh or claude.
///
/// # Errors
/// As for [`Lock::take`].
pub fn lock(paths: &paths::Paths) -> anyhow::Result<Lock> {
    Lock::take(&paths.store_lock(), LOCK_WAIT)
}
