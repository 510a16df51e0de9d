//! Saves what a run left uncommitted, and commits that nothing else holds, as a commit under `refs/salvage/`.
//!
//! Never changes the worktree's index, its HEAD or a branch; the only files that move are those that no commit can hold:
//! repositories inside the worktree, and what git refuses.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::exec::git::{Git, GitError};
use crate::exec::libgit2;
use crate::exec::take_in::{put_back, take_in, write_tree};
use crate::exec::worktree::baseline::Baseline;
use crate::exec::worktree::nested;
use crate::exec::worktree::set_aside;
use crate::exec::worktree::status::{Change, Kind};
use crate::exec::worktree::{INSTRUCTIONS, SKILLS, Worktree};
use crate::sys::atomic::discard;
use crate::sys::copy::copy_new;
use crate::sys::read::read_text;

/// Keeps `commit` under `refs/salvage/<run_id>`, as [`salvage`] names it; returns the ref's name.
pub fn keep_commit(worktree: &Worktree, run_id: &str, commit: &str) -> Result<String> {
    Ok(hold(&worktree.repository(), run_id, commit)?.ref_name)
}

/// The refs that hold work of a run, its own and those that were made beside it. `git` is bound to the repository.
pub fn refs_of(git: &Git, run_id: &str) -> Result<Vec<String>, GitError> {
    let (own, beside) = (format!("refs/salvage/{run_id}"), format!("refs/salvage/{run_id}-*"));
    let listed = git.text(["for-each-ref", "--format=%(refname)", "--", &own, &beside])?;
    Ok(listed.lines().map(str::to_owned).collect())
}

/// All refs that hold work which belongs to no branch; each names its run. `git` is bound to the repository.
pub fn refs(git: &Git) -> Result<Vec<String>, GitError> {
    Ok(git.text(["for-each-ref", "--format=%(refname)", "refs/salvage/"])?.lines().map(str::to_owned).collect())
}

/// Unfinished work that is safe now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The commit that holds it, if there was anything that a commit can hold.
    pub held: Option<SalvageRef>,
    /// Where repositories and files are now that no commit can hold.
    pub moved: Vec<PathBuf>,
}

/// A commit that a ref holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SalvageRef {
    /// The full name of the ref.
    pub ref_name: String,
    /// The commit.
    pub commit: String,
}

/// Saves what is unfinished in `worktree` under `refs/salvage/<run_id>`, with `-2`, `-3` … appended where that
/// is taken by something else. What then differs still from what was saved is set aside, so that the worktree may be
/// cleared afterwards. `None` if there was nothing to save. Done again it saves nothing twice.
pub fn salvage(worktree: &Worktree, run_id: &str, message: &str) -> Result<Option<Saved>> {
    let git_dir = worktree.verify()?;
    let at = || format!("cannot save the work in {}", worktree.path().display());
    worktree.remove_locks(&git_dir)?;
    if Worktree::is_half_checked_out(&git_dir) {
        return Ok(None);
    }
    keep_autostash(worktree, &git_dir, run_id)?;
    let head = worktree.git().commit("HEAD")?;
    let baseline = Baseline::load(&git_dir);
    let index = Index::of(worktree, &git_dir, head.as_deref()).with_context(at)?;
    let mut moved = nested::move_unseen(worktree, &index.submodules).with_context(at)?;
    let mut changes = baseline.changes(worktree, &index.git).with_context(at)?;
    changes.retain(|change| index.complete || !change.gone);
    if let Some(head) = head.as_deref().filter(|_| changes.is_empty() && moved.is_empty()) {
        let commit = unless_held(worktree, head)?;
        let held = commit.map(|commit| hold(&worktree.repository(), run_id, &commit)).transpose()?;
        return Ok(held.map(|held| Saved { held: Some(held), moved: Vec::new() }));
    }
    keep_staged(worktree, &index.git, &changes, run_id).with_context(at)?;
    moved.extend(nested::move_untracked(worktree, &changes).with_context(at)?);
    let tree = index.tree_with(&changes).with_context(at)?;
    let commit = commit_for(worktree, head.as_deref(), &tree, message).with_context(at)?;
    let held = commit.map(|commit| hold(&worktree.repository(), run_id, &commit)).transpose()?;
    moved.extend(nested::move_changed_submodules(worktree, &changes).with_context(at)?);
    let left = baseline.changes(worktree, &index.git).with_context(at)?;
    moved.extend(set_aside::move_left(worktree, &left).with_context(at)?);
    let nothing = held.is_none() && moved.is_empty();
    Ok((!nothing).then_some(Saved { held, moved }))
}

/// Keeps what is in the index and nowhere else: files that were staged and then removed. `git` is bound to the worktree.
pub fn keep_staged(worktree: &Worktree, git: &Git, changes: &[Change], run_id: &str) -> Result<()> {
    let is_only_staged = |change: &Change| change.staged && change.unstaged && change.gone;
    if !changes.iter().any(is_only_staged) || changes.iter().any(|change| change.kind == Kind::Unmerged) {
        return Ok(());
    }
    let Some(head) = git.commit("HEAD")? else { return Ok(()) };
    let tree = write_tree(git)?;
    let git = worktree.git().with_identity()?;
    let commit = git.run_with_input(["commit-tree", &tree, "-p", &head], Some(b"What was staged\n"))?.text();
    hold(&worktree.repository(), &format!("{run_id}-staged"), &commit).map(drop)
}

/// The commit to hold on to: one with the files on top of HEAD, HEAD itself if no branch has it, or none.
fn commit_for(worktree: &Worktree, head: Option<&str>, tree: &str, message: &str) -> Result<Option<String>> {
    let git = worktree.git().with_identity()?;
    let Some(head) = head else {
        let empty = git.run(["ls-tree", tree])?.stdout.is_empty();
        if empty {
            return Ok(None);
        }
        let new = git.run_with_input(["commit-tree", tree], Some(message.as_bytes()))?;
        return Ok(Some(new.text()));
    };
    if git.text(["rev-parse", "--verify", &format!("{head}^{{tree}}")])? != tree {
        let new = git.run_with_input(["commit-tree", tree, "-p", head], Some(message.as_bytes()))?;
        return Ok(Some(new.text()));
    }
    unless_held(worktree, head)
}

/// HEAD itself, if nothing else holds it.
fn unless_held(worktree: &Worktree, head: &str) -> Result<Option<String>> {
    let holders = ["refs/heads", "refs/remotes", "refs/tags", "refs/salvage", "refs/scheduler"];
    let contains = format!("--contains={head}");
    let args = ["for-each-ref", "--count=1", "--format=%(refname)", &contains];
    let held = !worktree.repository().text(args.into_iter().chain(holders))?.is_empty();
    Ok((!held).then(|| head.to_owned()))
}

/// An index of our own for one worktree, removed at the end.
struct Index {
    git: Git,
    /// The files were checked out once, so that a missing one was removed by somebody.
    complete: bool,
    /// The paths of the submodules in it.
    submodules: Vec<PathBuf>,
    _scratch: tempfile::TempDir,
}

impl Index {
    /// A copy of the worktree's index, which knows what files are unchanged; where that is damaged, what HEAD has.
    fn of(worktree: &Worktree, git_dir: &Path, head: Option<&str>) -> Result<Self> {
        let scratch = tempfile::Builder::new()
            .prefix("scheduler-index-")
            .tempdir_in(git_dir)
            .with_context(|| format!("cannot create a folder in {}", git_dir.display()))?;
        let path = scratch.path().join("index");
        let git = worktree.git().with_env("GIT_INDEX_FILE", &path);
        // With its time: git looks again at files that are not older than it.
        let copied = copy_new(&git_dir.join("index"), &path).is_ok();
        let known = libgit2::submodules(&path);
        let submodules = match known.map_or_else(|| nested::submodules(&git), Ok) {
            Ok(submodules) if copied => submodules,
            Ok(_) | Err(GitError::Failed { .. }) => {
                discard(&path)?;
                git.run(["read-tree", head.unwrap_or("--empty")])?;
                nested::submodules(&git)?
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Self { git, complete: git_dir.join("index").exists(), submodules, _scratch: scratch })
    }

    /// The tree of what it holds with these changes.
    fn tree_with(&self, changes: &[Change]) -> Result<String> {
        take_in(&self.git, changes, self.complete)?;
        leave_out_own_files(&self.git)?;
        Ok(write_tree(&self.git)?)
    }
}

/// Puts the files that are laid into the worktree for a run back to what HEAD has, in the index of `git`.
pub fn leave_out_own_files(git: &Git) -> Result<()> {
    let staged = git.run(["ls-files", "-z", "--", INSTRUCTIONS, SKILLS])?.entries();
    Ok(put_back(git, &staged.into_iter().map(PathBuf::from).collect::<Vec<_>>())?)
}

/// A rebase or merge that stashed changes before it began holds them in a file only.
fn keep_autostash(worktree: &Worktree, git_dir: &Path, run_id: &str) -> Result<()> {
    for file in ["rebase-merge/autostash", "rebase-apply/autostash", "MERGE_AUTOSTASH"] {
        let Ok(Some(text)) = read_text(&git_dir.join(file)) else { continue };
        if let Some(commit) = worktree.git().commit(text.trim())? {
            hold(&worktree.repository(), &format!("{run_id}-autostash"), &commit)?;
        }
    }
    Ok(())
}

/// Makes a ref under `refs/salvage/` for `commit`; never moves one. A ref with the same files and the same parent serves.
fn hold(git: &Git, run_id: &str, commit: &str) -> Result<SalvageRef> {
    let first = format!("refs/salvage/{run_id}");
    ensure!(git.try_run(["check-ref-format", &first])?.status.success(), "{run_id:?} can't be part of a ref's name");
    let identity = |commit: &str| git.text(["show", "--no-patch", "--format=%T %P", commit, "--"]);
    let wanted = identity(commit)?;
    let mut name = first.clone();
    for n in 2.. {
        match git.commit(&name)? {
            None => break,
            Some(old) if old == commit || identity(&old)? == wanted => {
                return Ok(SalvageRef { ref_name: name, commit: old });
            }
            Some(_) => name = format!("{first}-{n}"),
        }
    }
    update_ref(git, "scheduler: salvage", &name, commit, "").with_context(|| format!("cannot create {name}"))?;
    Ok(SalvageRef { ref_name: name, commit: commit.to_owned() })
}

/// Sets a ref that only this program writes, from the value `old`. A lock on it that outlasts git's own grace was
/// left by a process that was killed.
pub(super) fn update_ref(git: &Git, reason: &str, name: &str, new: &str, old: &str) -> Result<()> {
    // A ref that an agent made to stand for another moves itself, not the other.
    let args = ["update-ref", "--no-deref", "-m", reason, name, new, old];
    let Err(error) = git.run(args) else { return Ok(()) };
    let lock = git.run(["rev-parse", "--path-format=absolute", "--git-path", &format!("{name}.lock")])?.path();
    if !discard(&lock).unwrap_or(false) {
        return Err(error.into());
    }
    tracing::warn!(lock = %lock.display(), "removed a lock that a killed process had left");
    git.run(args)?;
    Ok(())
}

#[cfg(test)]
mod tests;
