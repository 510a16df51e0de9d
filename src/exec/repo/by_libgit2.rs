//! The answers of libgit2: no process is started.

use std::path::{Path, PathBuf};

use super::{Repository, beside};

/// What libgit2 says about the folder `start`; `None` if it can't open the repository or isn't sure.
pub(super) fn discover(start: &Path) -> Option<Repository> {
    let found = git2::Repository::discover(start).ok()?;
    let common_dir = plain(found.commondir());
    let top_level = found.workdir().map(plain);
    if top_level.as_deref().is_some_and(|top| !top.join(".git").exists()) {
        // Of a git directory kept elsewhere libgit2 takes the folder above for the working tree.
        return None;
    }
    let linked_worktree = found.is_worktree();
    let main_checkout = match linked_worktree {
        false => top_level.clone(),
        true => main_checkout(&common_dir)?,
    };
    let head = found.find_reference("HEAD").ok()?;
    let target = head.symbolic_target_bytes().map(|target| String::from_utf8_lossy(target).into_owned());
    let branch = target.and_then(|target| target.strip_prefix("refs/heads/").map(str::to_owned));
    Some(Repository {
        superproject: top_level.as_deref().and_then(superproject),
        bare: main_checkout.is_none() && git2::Repository::open(&common_dir).ok()?.is_bare(),
        top_level,
        main_checkout,
        linked_worktree,
        has_commit: head.peel_to_commit().is_ok(),
        branch,
        common_dir,
    })
}

fn main_checkout(common_dir: &Path) -> Option<Option<PathBuf>> {
    let main = git2::Repository::open(common_dir).ok()?;
    if main.is_bare() {
        return Some(None);
    }
    // The folder above is only a guess of libgit2.
    let configured = main.config().ok()?.get_path("core.worktree").is_ok();
    Some(if configured { main.workdir().map(plain) } else { beside(common_dir) })
}

/// The working tree around `top_level` whose index has it as a submodule.
fn superproject(top_level: &Path) -> Option<PathBuf> {
    let above = git2::Repository::discover(top_level.parent()?).ok()?;
    let around = plain(above.workdir()?);
    let path = top_level.strip_prefix(&around).ok()?;
    let entry = above.index().ok()?.get_path(path, 0)?;
    (entry.mode == u32::from(git2::FileMode::Commit)).then_some(around)
}

/// libgit2 ends the paths of folders with a slash and may go through links.
fn plain(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.components().collect())
}
