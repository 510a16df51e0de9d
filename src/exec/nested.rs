//! Repositories inside a worktree: those that somebody cloned or made there, and submodules with changes of
//! their own. A commit can't hold what is in them, so they are set aside, whole.
//!
//! Never moves an ignored folder, nor a submodule without changes.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::exec::git::{Git, GitError};
use crate::exec::worktree::Worktree;
use crate::exec::worktree::set_aside;
use crate::exec::worktree::status::{Change, Kind};
use crate::sys::atomic::{create_dir, discard};
use crate::sys::dir::readable;

/// Moves every one of `submodules` aside whose link is broken, for git would look at nothing else because of it, and what
/// lies in the folder of one that isn't filled, for git doesn't see it. Returns where they are now. The caller has
/// verified the worktree.
pub fn move_unseen(worktree: &Worktree, submodules: &[String]) -> Result<Vec<PathBuf>> {
    let mut moved = Vec::new();
    for path in submodules {
        let inside = worktree.path().join(path);
        let is_filled = inside.join(".git").exists();
        let is_folder = fs::symlink_metadata(&inside).is_ok_and(|meta| meta.is_dir());
        let is_unseen = is_folder && !is_filled && readable(&inside).next().is_some();
        if is_unseen || is_filled && !works(worktree, &inside) {
            moved.push(set_aside::move_to(worktree, Path::new(path))?);
            create_dir(&inside)?;
        }
    }
    Ok(moved)
}

/// Moves every untracked repository among `changes` aside. Returns where they are now.
pub fn move_untracked(worktree: &Worktree, changes: &[Change]) -> Result<Vec<PathBuf>> {
    let repositories = changes.iter().filter(|change| change.kind == Kind::Repository);
    repositories.map(|change| set_aside::move_to(worktree, &change.path)).collect()
}

/// Moves every submodule among `changes`, those with uncommitted files or other commits than recorded, aside. Returns
/// where they are now.
pub fn move_changed_submodules(worktree: &Worktree, changes: &[Change]) -> Result<Vec<PathBuf>> {
    let is_filled =
        |change: &&Change| change.kind == Kind::Submodule && worktree.path().join(&change.path).join(".git").is_file();
    changes.iter().filter(is_filled).map(|change| move_submodule(worktree, &change.name())).collect()
}

/// Moves the submodule at `path` aside, together with its git directory, so that it is a repository of its own
/// there. Returns where it is now; one that isn't filled stays as it is.
pub fn move_if_filled(worktree: &Worktree, path: &str) -> Result<Option<PathBuf>> {
    let filled = worktree.path().join(path).join(".git").exists();
    filled.then(|| move_submodule(worktree, path)).transpose()
}

fn move_submodule(worktree: &Worktree, path: &str) -> Result<PathBuf> {
    let inside = worktree.path().join(path);
    let inner = worktree.inner_git(&inside);
    let git_dir = inner.run(["rev-parse", "--absolute-git-dir"])?.path();
    let own = inside.join(".git").is_dir();
    if !own {
        inner.try_run(["config", "--unset", "core.worktree"])?;
    }
    let target = set_aside::move_to(worktree, Path::new(path))?;
    create_dir(&inside)?;
    if !own {
        let link = target.join(".git");
        discard(&link)?;
        fs::rename(&git_dir, &link).with_context(|| format!("cannot move {}", git_dir.display()))?;
    }
    Ok(target)
}

/// The paths of all submodules in the index; an error also if the index can't be read.
pub fn submodules(git: &Git) -> Result<Vec<String>, GitError> {
    let staged = git.run(["ls-files", "-z", "--stage"])?.entries();
    let links = staged.iter().filter(|entry| entry.starts_with("160000 "));
    Ok(links.filter_map(|entry| Some(entry.split_once('\t')?.1.to_owned())).collect())
}

fn works(worktree: &Worktree, inside: &Path) -> bool {
    worktree.inner_git(inside).run(["rev-parse", "--git-dir"]).is_ok()
}
