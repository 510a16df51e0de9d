//! Repositories inside a worktree: those that somebody cloned or made there, and submodules with changes of
//! their own. A commit can't hold what is in them, so they are set aside, whole.
//!
//! Never moves an ignored folder, nor a submodule without changes.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::Worktree;
use super::disarm;
use super::set_aside;
use super::status::{Change, Kind};
use crate::exec::git::{Git, GitError};
use crate::sys::atomic::{create_dir, discard};
use crate::sys::copy::move_dir;
use crate::sys::dir::readable;
use crate::sys::read::read_text;

/// Moves every one of `submodules` aside that git can't open, for git would look at nothing else because of it, and what lies
/// in the folder of one that isn't filled, for git doesn't see it; of nested ones, too. An index that can't be read is built
/// anew. After that git may look into all of them: one whose repository lies elsewhere is moved, too, and what settings could
/// make git do is gone. Returns where they are now. The caller has verified the worktree.
pub fn move_unseen(worktree: &Worktree, submodules: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut moved = Vec::new();
    let mut left = submodules.to_vec();
    while let Some(path) = left.pop() {
        let inside = worktree.path().join(&path);
        let link = inside.join(".git");
        if !is_folder(worktree, &inside) || readable(&inside).next().is_none() {
            continue;
        }
        let is_own = link.exists() && disarm::through(worktree, &link)?;
        let nested = if is_own { opened(&worktree.inner_git(&inside))? } else { None };
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

/// Whether this is a folder to which no link leads: git wouldn't follow it either.
fn is_folder(worktree: &Worktree, inside: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    let below = inside.strip_prefix(worktree.path()).ok();
    inside.is_dir() && below.is_some_and(|below| real(inside) == real(worktree.path()).map(|top| top.join(below)))
}

/// The submodules of the repository of `git`; `None` if git can't open it.
fn opened(git: &Git) -> Result<Option<Vec<PathBuf>>> {
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
    let moved = changes.iter().filter(is_filled).map(|change| move_if_filled(worktree, &change.path));
    moved.filter_map(Result::transpose).collect()
}

/// Moves the submodule at `path` aside, together with its git directory, so that it is a repository of its own
/// there. Returns where it is now; one that isn't filled stays as it is.
pub fn move_if_filled(worktree: &Worktree, path: &Path) -> Result<Option<PathBuf>> {
    let inside = worktree.path().join(path);
    let filled = is_folder(worktree, &inside) && inside.join(".git").exists();
    filled.then(|| move_submodule(worktree, path)).transpose()
}

fn move_submodule(worktree: &Worktree, path: &Path) -> Result<PathBuf> {
    let inside = worktree.path().join(path);
    let inner = worktree.inner_git(&inside);
    let git_dir = inner.run(["rev-parse", "--absolute-git-dir"])?.path();
    let own = inside.join(".git").is_dir();
    if !own {
        inner.try_run(["config", "--unset", "core.worktree"])?;
    }
    let target = set_aside::move_to(worktree, path)?;
    create_dir(&inside)?;
    if !own {
        move_dir(&git_dir, &target.join(".git"))?;
    }
    Ok(target)
}

/// The paths of all submodules in the index; an error also if the index can't be read.
pub fn submodules(git: &Git) -> Result<Vec<PathBuf>, GitError> {
    let staged = git.run(["ls-files", "-z", "--stage"])?.stdout;
    let links = staged.split(|byte| *byte == 0).filter(|entry| entry.starts_with(b"160000 "));
    let path = |entry: &[u8]| Some(OsStr::from_bytes(entry.splitn(2, |byte| *byte == b'\t').nth(1)?).into());
    Ok(links.filter_map(path).collect())
}
