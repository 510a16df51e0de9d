//! What killed or unfinished git commands leave in a worktree's own git directory: locks, and rebases, merges,
//! cherry-picks, reverts and bisects in progress. Never touches anything that belongs to other worktrees.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::Worktree;
use crate::exec::git::GitError;
use crate::exec::libgit2;
use crate::exec::stale_ref_locks;
use crate::sys::atomic::{discard, discard_dir};
use crate::sys::dir::entries;
use crate::sys::read::read_text;

/// What git keeps while an operation is in progress. Removing it is what `--quit` does.
const IN_PROGRESS: &[&str] = &[
    "rebase-merge",
    "rebase-apply",
    "sequencer",
    "MERGE_HEAD",
    "MERGE_MODE",
    "MERGE_MSG",
    "MERGE_RR",
    "MERGE_AUTOSTASH",
    "AUTO_MERGE",
    "SQUASH_MSG",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
    "REBASE_HEAD",
    "BISECT_LOG",
    "BISECT_START",
    "BISECT_TERMS",
    "BISECT_NAMES",
    "BISECT_EXPECTED_REV",
    "BISECT_ANCESTORS_OK",
    "BISECT_FIRST_PARENT",
    "BISECT_RUN",
    "BISECT_HEAD",
    "refs/bisect",
];

/// Whether an operation is in progress in the worktree whose git directory is `git_dir`.
pub(super) fn in_progress(git_dir: &Path) -> bool {
    ["rebase-merge", "rebase-apply", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD"]
        .iter()
        .any(|name| git_dir.join(name).exists())
}

/// Ends what is in progress. Files, index and HEAD stay.
pub(super) fn quit(git_dir: &Path) -> Result<()> {
    for name in IN_PROGRESS {
        let path = git_dir.join(name);
        match fs::symlink_metadata(&path) {
            Ok(meta) if meta.is_dir() => discard_dir(&path)?,
            _ => discard(&path)?,
        };
    }
    Ok(())
}

/// Removes the locks of this worktree, and the lock on its own branch: whoever took them is gone.
pub(super) fn remove_locks(worktree: &Worktree, git_dir: &Path) -> Result<()> {
    locks_below(git_dir)?;
    // "initializing": the sign of a `worktree add` that was killed; it would keep the entry for ever.
    let locked = git_dir.join("locked");
    if text(&locked).trim() == "initializing" {
        discard(&locked)?;
    }
    if let Some(branch) = text(&git_dir.join("HEAD")).trim().strip_prefix("ref: refs/heads/agent/") {
        let name = format!("refs/heads/agent/{branch}.lock");
        discard(&worktree.common_dir.join(name))?;
    }
    stale_ref_locks::remove_forsaken(&worktree.common_dir)
}

/// Builds the index anew from HEAD if it can't be read, as after a power failure: the files stay, and what they change
/// is seen again.
pub(super) fn mend_index(worktree: &Worktree, git_dir: &Path) -> Result<()> {
    if libgit2::submodules(&git_dir.join("index")).is_some() {
        return Ok(());
    }
    let git = worktree.git();
    // Nothing below `.git` is ever tracked: the question only makes git read its index.
    let Err(GitError::Failed { .. }) = git.run(["ls-files", "--cached", "--", ".git"]) else { return Ok(()) };
    discard(&git_dir.join("index"))?;
    git.run(["read-tree", "HEAD"]).with_context(|| format!("cannot mend the index in {}", git_dir.display()))?;
    Ok(())
}

/// What a small file of git says; nothing if there is none that can be read.
fn text(path: &Path) -> String {
    read_text(path).ok().flatten().unwrap_or_default()
}

fn locks_below(folder: &Path) -> Result<()> {
    for entry in entries(folder)? {
        let entry = entry?;
        let path = entry.path();
        let is_dir = entry.file_type().is_ok_and(|t| t.is_dir());
        let name = entry.file_name();
        // Submodules' repositories hold nothing but this worktree's own; objects are never locked.
        if is_dir && name != "objects" {
            locks_below(&path)?;
        } else if path.extension().is_some_and(|e| e == "lock") {
            discard(&path)?;
        }
    }
    Ok(())
}
