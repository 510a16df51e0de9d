//! Removes what git keeps of agents: branches that are merged, and worktrees in which nothing is unsaved.
//!
//! Never removes a commit that nothing else holds, and never touches `refs/salvage/`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::domain::retention::MergedBranch;
use crate::exec::evidence;
use crate::exec::git::{Git, GitError};
use crate::exec::salvage;
use crate::exec::worktree::{Worktree, nested};
use crate::sys::atomic::discard_dir;

/// What a worktree is called behind its name while it is being removed.
pub const LEAVING: &str = ".leaving";

/// The branches `agent/*` of which `into` has the commits, or all changes as after a squash merge. `git` is bound to the
/// repository.
pub fn merged_branches(git: &Git, into: &str) -> Result<Vec<MergedBranch>, GitError> {
    let mut found = branches(git, &format!("--merged={into}"))?;
    let tree = git.text(["rev-parse", "--verify", &format!("{into}^{{tree}}")])?;
    for branch in branches(git, &format!("--no-merged={into}"))? {
        if adds_nothing(git, into, &tree, &branch.tip)? {
            found.push(branch);
        }
    }
    Ok(found)
}

/// Whether merging `tip` into the commit `into` would leave its `tree` as it is, though `tip` changes something. A git that
/// can't tell (before 2.38), and a conflict, are a no.
fn adds_nothing(git: &Git, into: &str, tree: &str, tip: &str) -> Result<bool, GitError> {
    let merged = git.try_run(["merge-tree", "--write-tree", "--no-messages", into, tip])?;
    if !merged.status.success() || merged.text() != tree {
        return Ok(false);
    }
    let base = git.try_run(["merge-base", into, tip])?;
    Ok(base.status.success() && !git.ok(["diff", "--quiet", "--no-ext-diff", &base.text(), tip, "--"])?)
}

fn branches(git: &Git, which: &str) -> Result<Vec<MergedBranch>, GitError> {
    let format = "--format=%(objectname) %(if)%(worktreepath)%(then)here%(else)-%(end) %(refname:lstrip=2)";
    let listed = git.text(["for-each-ref", format, which, "--", "refs/heads/agent/"])?;
    let branch = |line: &str| {
        let (tip, rest) = line.split_once(' ')?;
        let (place, name) = rest.split_once(' ')?;
        Some(MergedBranch { name: name.to_owned(), tip: tip.to_owned(), checked_out: place == "here" })
    };
    Ok(listed.lines().filter_map(branch).collect())
}

/// Removes a branch, if it still has the commit that it was seen with.
pub fn remove_branch(git: &Git, branch: &MergedBranch) -> Result<(), GitError> {
    git.run(["update-ref", "--no-deref", "-d", &format!("refs/heads/{}", branch.name), &branch.tip]).map(drop)
}

/// What became of a worktree that nobody needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removal {
    /// There was none.
    NotThere,
    /// It is gone.
    Removed,
    /// It stays, for this reason.
    Kept(String),
}

/// Removes a worktree unless something unsaved is in it: changes, a commit that no ref holds, an operation in progress,
/// a submodule's repository. Ignored files go. For the holder of the agent's lock.
pub fn remove_worktree(worktree: &Worktree) -> Result<Removal> {
    remove(worktree, |git_dir| unsaved(worktree, git_dir))
}

/// The same of a worktree that was left to a run, of which nothing is left: what is unsaved is kept under `refs/salvage/`, and what
/// no commit can hold is set aside. `kept` is what was kept of its git directory before the run.
pub fn remove_left_worktree(worktree: &Worktree, kept: &Path, run_id: &str) -> Result<Removal> {
    if worktree.path().is_dir() {
        worktree.put_back_left(kept)?;
    }
    remove(worktree, |git_dir| {
        let why = unsavable(worktree, git_dir)?;
        if why.is_none() {
            salvage::salvage(worktree, run_id, &format!("Left by run {run_id}, which was given up\n"))?;
        }
        Ok(why)
    })
}

/// Removes a worktree unless it is `kept` for a reason.
fn remove(worktree: &Worktree, kept: impl FnOnce(&Path) -> Result<Option<String>>) -> Result<Removal> {
    // What an earlier removal was cut off from had been looked at then.
    let leaving = leaving(worktree);
    let resumed = discard_dir(&leaving)?;
    if fs::symlink_metadata(worktree.path()).is_err() {
        return Ok(if resumed { Removal::Removed } else { Removal::NotThere });
    }
    let git_dir = match worktree.verify() {
        Ok(git_dir) => git_dir,
        Err(error) => return Ok(Removal::Kept(format!("{error:#}"))),
    };
    if let Some(why) = kept(&git_dir)? {
        return Ok(Removal::Kept(why));
    }
    fs::rename(worktree.path(), &leaving).with_context(|| format!("cannot move {}", worktree.path().display()))?;
    discard_dir(&git_dir)?;
    discard_dir(&leaving)?;
    Ok(Removal::Removed)
}

/// What would be lost with a worktree, and can't be saved from here, if anything.
fn unsavable(worktree: &Worktree, git_dir: &Path) -> Result<Option<String>> {
    if Worktree::operation_in_progress(git_dir) {
        return Ok(Some("a rebase or merge is in progress".to_owned()));
    }
    let is_filled = |path: &PathBuf| worktree.path().join(path).join(".git").exists();
    if git_dir.join("modules").exists() || nested::submodules(&worktree.git())?.iter().any(is_filled) {
        return Ok(Some("it has submodules with repositories of their own".to_owned()));
    }
    Ok(None)
}

/// What would be lost with a worktree, if anything.
fn unsaved(worktree: &Worktree, git_dir: &Path) -> Result<Option<String>> {
    if let Some(why) = unsavable(worktree, git_dir)? {
        return Ok(Some(why));
    }
    let found = match evidence::read(worktree, "HEAD") {
        Ok(found) => found,
        Err(error) => return Ok(Some(format!("{error:#}"))),
    };
    if let Some(path) = found.dirty.first() {
        return Ok(Some(format!("there are changes that are not committed, such as {path:?}")));
    }
    let contains = format!("--contains={}", found.head);
    let holders = ["refs/heads", "refs/remotes", "refs/tags", "refs/salvage", "refs/scheduler"];
    let args = ["for-each-ref", "--count=1", "--format=%(refname)", contains.as_str(), "--"];
    let held = !worktree.repository().text(args.into_iter().chain(holders))?.is_empty();
    Ok((!held).then(|| format!("no branch holds its commit {}", found.head)))
}

/// Where a worktree lies while it is being removed.
fn leaving(worktree: &Worktree) -> PathBuf {
    let mut name = worktree.path().to_owned().into_os_string();
    name.push(LEAVING);
    name.into()
}
