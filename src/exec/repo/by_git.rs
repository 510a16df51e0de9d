//! The answers of the git command, for repositories that libgit2 can't open.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{Repository, beside};
use crate::exec::git::{Git, GitError};

/// What git says about the folder that `git` is bound to.
pub(super) fn discover(git: &Git) -> Result<Repository> {
    let path = |question: &str| -> Result<PathBuf, GitError> {
        Ok(git.run(["rev-parse", "--path-format=absolute", question])?.path())
    };
    let git_dir = path("--git-dir")?;
    let common_dir = path("--git-common-dir")?;
    let inside = git.text(["rev-parse", "--is-inside-work-tree"])? == "true";
    let top_level = if inside { Some(path("--show-toplevel")?) } else { None };
    let superproject = if inside { path("--show-superproject-working-tree")? } else { PathBuf::new() };
    let bare = setting(git, &common_dir, "core.bare")?.is_some_and(|value| value == Path::new("true"));
    let linked_worktree = git_dir != common_dir;
    let main_checkout = match () {
        () if bare => None,
        () if !linked_worktree => top_level.clone(),
        () => main_checkout(git, &common_dir)?,
    };
    let head = git.try_run(["symbolic-ref", "--quiet", "HEAD"])?.text();
    let branch = head.strip_prefix("refs/heads/").map(str::to_owned);
    Ok(Repository {
        top_level,
        main_checkout,
        linked_worktree,
        bare,
        has_commit: git.commit("HEAD")?.is_some(),
        branch,
        superproject: Some(superproject).filter(|p| !p.as_os_str().is_empty()),
        common_dir,
    })
}

fn main_checkout(git: &Git, common_dir: &Path) -> Result<Option<PathBuf>, GitError> {
    Ok(match setting(git, common_dir, "core.worktree")? {
        Some(configured) => common_dir.join(configured).canonicalize().ok(),
        None => beside(common_dir),
    })
}

/// A setting of the repository itself, whatever the user's own say.
fn setting(git: &Git, common_dir: &Path, key: &str) -> Result<Option<PathBuf>, GitError> {
    let file = common_dir.join("config");
    let args = ["config".as_ref(), "--file".as_ref(), file.as_os_str(), "--get".as_ref(), key.as_ref()];
    let output = git.try_run(args)?;
    Ok(output.status.success().then(|| output.path()))
}
