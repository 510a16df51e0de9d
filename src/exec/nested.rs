//! Repositories inside a worktree: those that somebody cloned or made there, and submodules with changes of
//! their own. A commit can't hold what is in them, so they are moved to a folder, whole.
//!
//! Never moves an ignored folder, nor a submodule without changes.

use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};

use crate::exec::git::{Git, GitError};
use crate::exec::worktree::Worktree;
use crate::sys::atomic::{create_dir, discard, ensure_dir};

/// Moves every untracked repository, and every one of `submodules` whose link is broken, to `folder`. Returns where they
/// are now. `git` is bound to the worktree, which the caller has verified, with the index that tells what is tracked.
pub fn move_untracked(worktree: &Worktree, git: &Git, submodules: &[String], folder: &Path) -> Result<Vec<PathBuf>> {
    let mut moved = Vec::new();
    for path in submodules {
        let inside = worktree.path().join(path);
        if inside.join(".git").exists() && !works(worktree, &inside) {
            moved.push(move_to(&inside, folder, path)?);
            create_dir(&inside)?;
        }
    }
    let untracked = git.run(["ls-files", "-z", "--others", "--exclude-standard"])?.entries();
    for path in untracked.iter().filter_map(|path| path.strip_suffix('/')) {
        moved.push(move_to(&worktree.path().join(path), folder, path)?);
    }
    Ok(moved)
}

/// Moves every one of `submodules` with uncommitted files or other commits than recorded to `folder`. Returns where they
/// are now. `git` as above.
pub fn move_changed_submodules(
    worktree: &Worktree,
    git: &Git,
    submodules: &[String],
    folder: &Path,
) -> Result<Vec<PathBuf>> {
    let mut moved = Vec::new();
    for path in submodules {
        if !worktree.path().join(path).join(".git").is_file() {
            continue;
        }
        let status = ["status", "--porcelain", "-z", "--ignore-submodules=none", "--", path];
        if !git.clone().with_env("GIT_LITERAL_PATHSPECS", "1").run(status)?.stdout.is_empty() {
            moved.push(move_submodule(worktree, path, folder)?);
        }
    }
    Ok(moved)
}

/// Moves the submodule at `path` to `folder`, together with its git directory, so that it is a repository of its own
/// there. Returns where it is now; one that isn't filled stays as it is.
pub fn move_if_filled(worktree: &Worktree, path: &str, folder: &Path) -> Result<Option<PathBuf>> {
    let filled = worktree.path().join(path).join(".git").exists();
    filled.then(|| move_submodule(worktree, path, folder)).transpose()
}

fn move_submodule(worktree: &Worktree, path: &str, folder: &Path) -> Result<PathBuf> {
    let inside = worktree.path().join(path);
    let inner = worktree.inner_git(&inside);
    let git_dir = inner.run(["rev-parse", "--absolute-git-dir"])?.path();
    let own = inside.join(".git").is_dir();
    if !own {
        inner.try_run(["config", "--unset", "core.worktree"])?;
    }
    let target = move_to(&inside, folder, path)?;
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

/// Moves `from` to a free name in `folder` made of `path`, the place where it was.
fn move_to(from: &Path, folder: &Path, path: &str) -> Result<PathBuf> {
    ensure_dir(folder)?;
    let parts: Vec<_> = Path::new(path)
        .components()
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            _ => None,
        })
        .collect();
    let name = parts.join("-");
    let mut target = folder.join(&name);
    for n in 2.. {
        if fs::symlink_metadata(&target).is_err() {
            break;
        }
        target = folder.join(format!("{name}-{n}"));
    }
    fs::rename(from, &target).with_context(|| format!("cannot move {} to {}", from.display(), target.display()))?;
    Ok(target)
}
