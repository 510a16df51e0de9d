//! The facts about a worktree by which a run is judged, and the two writes that make its work safe on its
//! branch: committing what is left, and moving the branch forward to HEAD.
//!
//! It judges nothing, and never moves a branch backwards or sideways.

use anyhow::{Context, Result, ensure};

use crate::exec::git::Git;
use crate::exec::gitlinks::{self, Link};
use crate::exec::salvage::{keep_staged, leave_out_own_files, update_ref};
use crate::exec::take_in::{put_back, take_in, write_tree};
use crate::exec::worktree::Worktree;
use crate::exec::worktree::baseline::Baseline;
use crate::exec::worktree::nested;
use crate::exec::worktree::status::Change;

/// What git knows about a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitFacts {
    /// The commit that the worktree stands on.
    pub head: String,
    /// How many commits HEAD has that the base hasn't.
    pub commits: u64,
    /// The paths that those commits changed in the end, both sides of a rename; `/`-separated, no UTF-8 replaced. Without
    /// those where git only wrote in its own way what was there before.
    pub changed: Vec<String>,
    /// The submodules that those commits name by a commit which nobody else can fetch.
    pub unfetchable: Vec<Link>,
    /// The paths that were changed since the run began but not committed, or are untracked and not ignored, without the
    /// run's own files.
    pub dirty: Vec<String>,
}

/// Reads the facts about `worktree`, whose run began at commit `base`.
pub fn read(worktree: &Worktree, base: &str) -> Result<GitFacts> {
    let git_dir = worktree.verify()?;
    let (git, baseline) = (worktree.git(), Baseline::load(&git_dir));
    let at = worktree.path().display();
    let head = git.commit("HEAD")?.with_context(|| format!("HEAD of {at} is no commit"))?;
    let base = git.commit(base)?.with_context(|| format!("the base commit {base} of {at} is gone"))?;
    let range = format!("{base}..{head}");
    let commits = git.text(["rev-list", "--count", &range, "--"])?;
    let merge_base = git.try_run(["merge-base", &base, &head])?;
    let merge_base = merge_base.status.success().then(|| merge_base.text());
    let since = merge_base.as_deref().unwrap_or(&base);
    let diff = ["diff", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--ignore-submodules=none"];
    let entries = git.run(diff.into_iter().chain([since, &head, "--"]))?.entries();
    // ":old-mode new-mode old-object new-object status", then the path.
    let changed = entries.chunks_exact(2).filter_map(|entry| {
        let blob = entry[0].split(' ').nth(3)?;
        (!baseline.explains(&entry[1], blob)).then(|| entry[1].clone())
    });
    Ok(GitFacts {
        commits: commits.parse().with_context(|| format!("odd count of commits: {commits}"))?,
        changed: changed.collect(),
        unfetchable: gitlinks::only_here(worktree, &git, &[since, &head])?,
        dirty: baseline.changes(worktree, &git)?.iter().map(Change::name).collect(),
        head,
    })
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

/// Commits everything that was changed since the run began, untracked files included, on top of HEAD, without the run's
/// own files and what git refuses. Repositories inside the worktree are set aside before.
pub fn commit_leftovers(worktree: &Worktree, run_id: &str, message: &str) -> Result<Leftovers> {
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
    let changes = Baseline::load(&git_dir).changes(worktree, &git)?;
    keep_staged(worktree, &git, &changes, run_id)?;
    nested::move_untracked(worktree, &changes)?;
    take_in(&git, &changes, true)?;
    leave_out_own_files(&git)?;
    leave_out_own_submodules(worktree, &git)?;
    let head = git.commit("HEAD")?.context("HEAD is no commit")?;
    let tree = write_tree(&git)?;
    if tree == git.text(["rev-parse", &format!("{head}^{{tree}}")])? {
        return Ok(Leftovers::Nothing);
    }
    // Not `git commit`, which looks at all files again: a filter that fails would stop it.
    let commit = git.run_with_input(["commit-tree", &tree, "-p", &head], Some(&line(message)))?.text();
    // HEAD's own branch, if that is an agent's and stands for no other.
    let branch = git.try_run(["symbolic-ref", "--quiet", "HEAD"])?.text();
    let name = Some(branch.as_str()).filter(|branch| branch.starts_with("refs/heads/agent/")).unwrap_or("HEAD");
    git.run(["update-ref", "--no-deref", "-m", "scheduler: what a run left", name, &commit, &head])
        .with_context(|| format!("cannot commit what is left in {}", worktree.path().display()))?;
    Ok(Leftovers::Committed(commit))
}

/// A text with one line break at its end.
fn line(text: &str) -> Vec<u8> {
    format!("{}\n", text.trim_end()).into_bytes()
}

/// Commits of submodules that nobody could fetch stay out of the commit; what is in the submodule is for salvage.
fn leave_out_own_submodules(worktree: &Worktree, git: &Git) -> Result<()> {
    let own = gitlinks::only_here(worktree, git, &["--cached"])?;
    Ok(put_back(git, &own.into_iter().map(|link| link.path.into()).collect::<Vec<_>>())?)
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
