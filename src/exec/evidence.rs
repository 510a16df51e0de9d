//! The facts about a worktree by which a run is judged, and the two writes that make its work safe on its
//! branch: committing what is left, and moving the branch forward to HEAD.
//!
//! It judges nothing, and never moves a branch backwards or sideways.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::exec::git::Git;
use crate::exec::gitlinks::{self, Link};
use crate::exec::nested;
use crate::exec::salvage::{leave_out_own_files, update_ref};
use crate::exec::worktree::{Worktree, is_own_file};

/// What git knows about a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitFacts {
    /// The commit that the worktree stands on.
    pub head: String,
    /// How many commits HEAD has that the base hasn't.
    pub commits: u64,
    /// The paths that those commits changed in the end, both sides of a rename; `/`-separated, no UTF-8 replaced.
    pub changed: Vec<String>,
    /// The submodules that those commits name by a commit which nobody else can fetch.
    pub unfetchable: Vec<Link>,
    /// The paths that are changed but not committed, or untracked and not ignored, without the run's own files.
    pub dirty: Vec<String>,
}

/// Reads the facts about `worktree`, whose run began at commit `base`.
pub fn read(worktree: &Worktree, base: &str) -> Result<GitFacts> {
    worktree.verify()?;
    let git = worktree.git();
    let at = worktree.path().display();
    let head = git.commit("HEAD")?.with_context(|| format!("HEAD of {at} is no commit"))?;
    let base = git.commit(base)?.with_context(|| format!("the base commit {base} of {at} is gone"))?;
    let range = format!("{base}..{head}");
    let commits = git.text(["rev-list", "--count", &range, "--"])?;
    let merge_base = git.try_run(["merge-base", &base, &head])?;
    let merge_base = merge_base.status.success().then(|| merge_base.text());
    let since = merge_base.as_deref().unwrap_or(&base);
    let diff = ["diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--ignore-submodules=none"];
    let changed = git.run(diff.into_iter().chain([since, &head, "--"]))?.entries();
    Ok(GitFacts {
        commits: commits.parse().with_context(|| format!("odd count of commits: {commits}"))?,
        changed,
        unfetchable: gitlinks::only_here(worktree, &git, &[since, &head])?,
        dirty: dirty(&git)?,
        head,
    })
}

fn dirty(git: &Git) -> Result<Vec<String>> {
    let args = ["status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--ignore-submodules=none"];
    let entries = git.run(args)?.entries();
    // Two letters and a blank stand before each path.
    let paths = entries.iter().filter_map(|entry| entry.get(3..));
    Ok(paths.filter(|path| !is_own_file(path)).map(str::to_owned).collect())
}

/// What became of uncommitted changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leftovers {
    /// There were none that a commit can hold.
    Nothing,
    /// They are this commit now, on top of what HEAD was.
    Committed(String),
    /// They can't be committed as they are and were left alone: salvage them.
    NotPossible(String),
}

/// Commits everything uncommitted, untracked files included, on top of HEAD, without the run's own files.
/// Repositories inside the worktree are moved to `folder` before.
pub fn commit_leftovers(worktree: &Worktree, message: &str, folder: &Path) -> Result<Leftovers> {
    let git_dir = worktree.verify()?;
    if Worktree::operation_in_progress(&git_dir) {
        return Ok(Leftovers::NotPossible("a rebase or merge is in progress".into()));
    }
    worktree.remove_locks(&git_dir)?;
    let git = worktree.git().with_identity()?;
    let unmerged = git.try_run(["ls-files", "--unmerged"])?;
    if !unmerged.status.success() {
        return Ok(Leftovers::NotPossible(unmerged.stderr.trim().to_owned()));
    }
    if !unmerged.stdout.is_empty() {
        return Ok(Leftovers::NotPossible("there are unresolved conflicts".into()));
    }
    nested::move_untracked(worktree, &git, &nested::submodules(&git)?, folder)?;
    let added = git.try_run(["add", "--all", "--", "."])?;
    if !added.status.success() {
        return Ok(Leftovers::NotPossible(added.stderr.trim().to_owned()));
    }
    leave_out_own_files(&git, git.commit("HEAD")?.is_some())?;
    leave_out_own_submodules(worktree, &git)?;
    if git.ok(["diff", "--cached", "--quiet", "--no-ext-diff", "--ignore-submodules=none"])? {
        return Ok(Leftovers::Nothing);
    }
    git.run_with_input(
        ["commit", "--quiet", "--no-verify", "--cleanup=whitespace", "-F", "-"],
        Some(message.as_bytes()),
    )
    .with_context(|| format!("cannot commit what is left in {}", worktree.path().display()))?;
    Ok(Leftovers::Committed(git.text(["rev-parse", "HEAD"])?))
}

/// Commits of submodules that nobody could fetch stay out of the commit; what is in the submodule is for salvage.
fn leave_out_own_submodules(worktree: &Worktree, git: &Git) -> Result<()> {
    for link in gitlinks::only_here(worktree, git, &["--cached"])? {
        git.clone().with_env("GIT_LITERAL_PATHSPECS", "1").run(["reset", "--quiet", "HEAD", "--", &link.path])?;
    }
    Ok(())
}

/// What became of a branch that should move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Advance {
    /// It was there already.
    Already,
    /// It moved forward, or was made anew because somebody had removed it.
    Moved,
    /// It has commits that the new tip hasn't, and stayed at this commit.
    NotForward(String),
}

/// Moves the branch `branch`, one of `agent/*`, forward to commit `to`.
pub fn advance_branch(worktree: &Worktree, branch: &str, to: &str) -> Result<Advance> {
    ensure!(branch.starts_with("agent/"), "branch {branch} is not an agent's: it is never moved");
    worktree.verify()?;
    let git = worktree.git();
    let name = format!("refs/heads/{branch}");
    let tip = git.commit(&name)?;
    match tip.as_deref() {
        Some(tip) if tip == to => return Ok(Advance::Already),
        Some(tip) if !git.ok(["merge-base", "--is-ancestor", tip, to])? => {
            return Ok(Advance::NotForward(tip.to_owned()));
        }
        _ => {}
    }
    // The old value makes it fail, not overwrite, if anybody moves it at the same time.
    update_ref(&git, "scheduler: work of a run", &name, to, tip.as_deref().unwrap_or(""))
        .with_context(|| format!("cannot move {branch} to {to}"))?;
    Ok(Advance::Moved)
}

#[cfg(test)]
mod tests;
