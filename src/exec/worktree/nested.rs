//! Repositories inside a worktree: those that somebody cloned or made there, and submodules with changes of
//! their own. A commit can't hold what is in them, so they are set aside, whole.
//!
//! Never moves an ignored folder, nor a submodule without changes.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::Worktree;
use super::set_aside;
use super::status::{Change, Kind};
use crate::exec::git::{Git, GitError};
use crate::sys::atomic::{create_dir, discard};
use crate::sys::copy::move_dir;
use crate::sys::dir::readable;
use crate::sys::read::read_text;

/// Moves every one of `submodules` aside that git can't open, for git would look at nothing else because of it, and what lies
/// in the folder of one that isn't filled, for git doesn't see it; of nested ones, too. An index that can't be read is built
/// anew. Returns where they are now. The caller has verified the worktree.
pub fn move_unseen(worktree: &Worktree, submodules: &[String]) -> Result<Vec<PathBuf>> {
    let mut moved = Vec::new();
    let mut left: Vec<_> = submodules.iter().map(PathBuf::from).collect();
    while let Some(path) = left.pop() {
        let inside = worktree.path().join(&path);
        let link = inside.join(".git");
        let is_folder = fs::symlink_metadata(&inside).is_ok_and(|meta| meta.is_dir());
        if !is_folder || readable(&inside).next().is_none() {
            continue;
        }
        let nested = if link.exists() { opened(&worktree.inner_git(&inside))? } else { None };
        if let Some(nested) = nested {
            left.extend(nested.iter().map(|name| path.join(name)));
        } else if link.is_file() && readable(&inside).count() == 1 {
            // Nothing was checked out yet.
            discard(&link)?;
        } else {
            let target = set_aside::move_to(worktree, &path)?;
            create_dir(&inside)?;
            bring_git_directory(worktree, &inside, &target)?;
            moved.push(target);
        }
    }
    Ok(moved)
}

/// The submodules of the repository of `git`; `None` if git can't open it.
fn opened(git: &Git) -> Result<Option<Vec<String>>> {
    let refused = |error: &GitError| matches!(error, GitError::Failed { code: Some(128), .. }) && error.is_refusal();
    let git_dir = match git.run(["rev-parse", "--absolute-git-dir"]) {
        Ok(answer) => answer.path(),
        Err(error) if refused(&error) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    match submodules(git) {
        Err(error) if refused(&error) => {}
        answer => return Ok(Some(answer?)),
    }
    discard(&git_dir.join("index"))?;
    match git.run(["read-tree", "HEAD"]).and_then(|_| submodules(git)) {
        Err(error) if refused(&error) => Ok(None),
        answer => Ok(Some(answer?)),
    }
}

/// What git can't open may hold commits that are nowhere else: it comes along, if it is the worktree's own. The submodule was
/// `inside` the worktree and is at `target` now.
fn bring_git_directory(worktree: &Worktree, inside: &Path, target: &Path) -> Result<()> {
    let moved = target.join(".git");
    let Some(text) = read_text(&moved).ok().flatten() else { return Ok(()) };
    let Some(named) = text.trim_end().strip_prefix("gitdir: ") else { return Ok(()) };
    let git_dir = inside.join(named).canonicalize().ok();
    let own = worktree.verify()?.canonicalize()?.join("modules");
    let git_dir = git_dir.filter(|git_dir| git_dir.starts_with(&own) && *git_dir != own);
    git_dir.map_or(Ok(()), |git_dir| move_dir(&git_dir, &moved))
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
        move_dir(&git_dir, &target.join(".git"))?;
    }
    Ok(target)
}

/// The paths of all submodules in the index; an error also if the index can't be read.
pub fn submodules(git: &Git) -> Result<Vec<String>, GitError> {
    let staged = git.run(["ls-files", "-z", "--stage"])?.entries();
    let links = staged.iter().filter(|entry| entry.starts_with("160000 "));
    Ok(links.filter_map(|entry| Some(entry.split_once('\t')?.1.to_owned())).collect())
}
