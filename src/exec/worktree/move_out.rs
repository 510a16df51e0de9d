//! Giving a worktree up, where the configuration has put the agent's elsewhere.
//!
//! Nothing is removed but a worktree that was proved to be this repository's.

use anyhow::{Context, Result};
use std::ffi::OsString;

use super::{Worktree, link};

/// See [`Worktree::is_foreign`].
pub(super) fn is_foreign(worktree: &Worktree) -> bool {
    let Some(entry) = link::read_link(&worktree.path.join(".git")) else { return true };
    // An entry that is gone says nothing: the project may have been moved.
    let Ok(entry) = entry.canonicalize() else { return false };
    !worktree.common_dir.canonicalize().is_ok_and(|own| entry.starts_with(own))
}

/// See [`Worktree::remove`].
pub(super) fn remove(worktree: &Worktree) -> Result<()> {
    link::verify(worktree)?;
    let mut args = ["worktree", "remove", "--force", "--force", "--"].map(OsString::from).to_vec();
    args.push(worktree.path.clone().into_os_string());
    let removed = worktree.repository().run(args);
    removed.with_context(|| format!("cannot remove the worktree {}", worktree.path.display()))?;
    Ok(())
}
