//! The submodules of a worktree: filled from what the project already has, else from their remotes.
//!
//! Never writes into the project's configuration, and a submodule that can't be had is a warning: the run goes on.

use std::fs::DirEntry;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, ensure};

use super::Worktree;
use super::{disarm, nested};
use crate::domain::system_trouble::tells_of_system;
use crate::exec::git::{Git, GitError};
use crate::exec::libgit2;
use crate::sys::atomic::{discard, discard_dir};
use crate::sys::dir::readable;

/// How long submodules may take: a run should not wait for a dead server.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Brings every submodule to the commit that the worktree records, without leftovers. Returns warnings.
pub(super) fn update(worktree: &Worktree) -> Result<Vec<String>> {
    let git_dir = worktree.verify()?;
    if !worktree.path.join(".gitmodules").is_file() {
        // What there may be nevertheless is looked into.
        let known = libgit2::submodules(&git_dir.join("index"));
        nested::move_unseen(worktree, &known.map_or_else(|| nested::submodules(&worktree.git()), Ok)?)?;
        return Ok(Vec::new());
    }
    // `submodule init` would write into the configuration that all worktrees share.
    let git = worktree.git().with_config("submodule.active=.").with_timeout(TIMEOUT);
    let mut warnings = Vec::new();
    remove_half_made(worktree, &git_dir.join("modules"))?;
    nested::move_unseen(worktree, &nested::submodules(&git)?)?;
    for (name, path) in listed(&git)? {
        if let Err(e) = from_project(worktree, &git, &name, &path) {
            tracing::debug!("submodule {name} is not at hand: {e}");
        }
    }
    let online = git.clone().with_network()?;
    if let Err(e) = online.run(["submodule", "--quiet", "update", "--force", "--checkout", "--recursive"]) {
        warnings.push(format!("submodules could not be brought up to date: {e}"));
    }
    let clean = ["submodule", "--quiet", "foreach", "--recursive", "git clean -ffdq"];
    if let Err(e) = git.run(clean) {
        warnings.push(format!("submodules could not be cleaned: {e}"));
    }
    Ok(warnings)
}

/// Removes the repositories of submodules that git can't open, such as those whose clone was killed, and folders without
/// any: they are copies of what is elsewhere, and git would neither use nor replace them. `modules` is a folder of them, also
/// of nested ones. Whether one is left there.
fn remove_half_made(worktree: &Worktree, modules: &Path) -> Result<bool> {
    let mut any = false;
    for folder in folders(modules) {
        if opens(worktree, &folder)? {
            remove_half_made(worktree, &folder.join("modules"))?;
            any = true;
        } else if !has_parts(&folder) && remove_half_made(worktree, &folder)? {
            // A submodule's name may have slashes.
            any = true;
        } else {
            tracing::warn!(folder = %folder.display(), "removed a submodule's repository that git can't open");
            discard_dir(&folder)?;
        }
    }
    Ok(any)
}

/// Whether this is a repository, or a part of one.
fn has_parts(folder: &Path) -> bool {
    let is_part = |entry: DirEntry| {
        entry.file_type().is_ok_and(|kind| !kind.is_dir())
            || ["objects", "refs", "modules"].iter().any(|part| entry.file_name() == *part)
    };
    readable(folder).any(is_part)
}

/// Whether git finds a commit there, and a remote to bring others from. An index that can't be read is removed: it is made
/// anew.
fn opens(worktree: &Worktree, folder: &Path) -> Result<bool> {
    disarm::git_directory(worktree, folder)?;
    // Its working tree may be gone.
    let git = worktree.tagged(Git::in_repository(folder)).with_env("GIT_WORK_TREE", folder);
    let index = folder.join("index");
    if libgit2::submodules(&index).is_none() {
        discard(&index)?;
    }
    for question in [["cat-file", "-e", "HEAD^{commit}"], ["config", "--get-regexp", r"^remote\..*\.url$"]] {
        let answer = git.try_run(question)?;
        if !answer.status.success() {
            ensure!(!tells_of_system(&answer.stderr), "cannot open {}: {}", folder.display(), answer.stderr.trim());
            return Ok(false);
        }
    }
    Ok(true)
}

/// The folders in a folder. A link leads to what is not git's.
fn folders(above: &Path) -> Vec<PathBuf> {
    let is_folder = |entry: &DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
    let entries = if above.is_symlink() { None } else { Some(readable(above)) };
    entries.into_iter().flatten().filter(is_folder).map(|entry| entry.path()).collect()
}

/// The name and path of each submodule that `.gitmodules` lists.
fn listed(git: &Git) -> Result<Vec<(String, String)>, GitError> {
    let args = ["config", "--file", ".gitmodules", "-z", "--get-regexp", r"^submodule\..*\.path$"];
    let named = |(key, path): (String, String)| {
        let name = key.strip_prefix("submodule.")?.strip_suffix(".path")?;
        Some((name.to_owned(), path))
    };
    Ok(git.try_run(args)?.settings().into_iter().filter_map(named).collect())
}

/// Clones a submodule from the copy that the main checkout has, if it isn't here yet.
fn from_project(worktree: &Worktree, git: &Git, name: &str, path: &str) -> Result<()> {
    let copy = worktree.common_dir.join("modules").join(name);
    let inside = copy.starts_with(&worktree.common_dir) && !name.split('/').any(|part| part == "..");
    if !inside || !copy.join("HEAD").is_file() || worktree.path.join(path).join(".git").exists() {
        return Ok(());
    }
    let url = worktree.tagged(Git::in_repository(&copy)).text(["config", "--get", "remote.origin.url"])?;
    let local = git
        .clone()
        .with_config(format!("submodule.{name}.url={}", copy.display()))
        .with_config("protocol.file.allow=always");
    let cloned = local.run(["submodule", "--quiet", "update", "--checkout", "--", path]);
    // The copy was only the quickest source; what the agent sees as origin is the real one.
    if worktree.path.join(path).join(".git").exists() {
        let inner = worktree.inner_git(&worktree.path.join(path));
        inner.run(["remote", "set-url", "origin", &url])?;
    }
    cloned?;
    Ok(())
}
