//! Refs beyond those of agents that moved during a run: which of them no one but the run can have moved so, for what they point
//! at now is a commit that it made.
//!
//! It moves none itself. What the user and fetches do to refs is told apart by what they leave: reflogs of HEAD, and what
//! remotes have.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::exec::git::{Git, GitError};
use crate::exec::worktree::Worktree;
use crate::sys::dir;
use crate::sys::read::read_text;

/// Refs that runs, fetches of theirs or this program itself may move.
const OWN: [&str; 6] =
    ["refs/heads/agent/", "refs/salvage/", "refs/scheduler/", "refs/stash", "refs/bisect/", "refs/worktree/"];
const REMOTES: &str = "refs/remotes/";

/// The most steps of a reflog, and new commits, that are looked at.
const MAX: &str = "2000";

/// A ref that moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Its full name.
    pub name: String,
    /// What it was; `None`: it wasn't there.
    pub old: Option<String>,
    pub new: String,
}

/// Every ref, with the object that it points at; those that stand for another ref are left out.
pub fn all(git: &Git) -> Result<BTreeMap<String, String>, GitError> {
    let listed = git.text(["for-each-ref", "--format=%(refname) %(objectname) %(symref)"])?;
    let split = |line: &str| match line.split(' ').collect::<Vec<_>>()[..] {
        [name, object, ""] => Some((name.to_owned(), object.to_owned())),
        _ => None,
    };
    Ok(listed.lines().filter_map(split).collect())
}

/// The refs that were as in `before` when the run began and are now what only a run can have made of them. `agents` are the
/// worktrees of agents.
pub fn by_run(worktree: &Worktree, before: &BTreeMap<String, String>, agents: &[PathBuf]) -> Result<Vec<Moved>> {
    let git = worktree.repository();
    let after = all(&git)?;
    let is_own = |name: &str| OWN.iter().any(|own| name.starts_with(own));
    let changed: Vec<Moved> = after
        .iter()
        .filter(|(name, new)| !is_own(name) && before.get(*name) != Some(new))
        // A new branch or tag hides nothing of the user's; a new one of a remote was pushed.
        .filter(|(name, _)| before.contains_key(*name) || name.starts_with(REMOTES))
        .map(|(name, new)| Moved { name: name.clone(), old: before.get(name).cloned(), new: new.clone() })
        .collect();
    if changed.is_empty() {
        return Ok(Vec::new());
    }
    let stood = stood_on(&worktree.git(), "HEAD")?;
    let made = commits(&git, &stood, before.values())?;
    let foreign: BTreeSet<&String> =
        changed.iter().filter(|moved| moved.name.starts_with(REMOTES)).map(|moved| &moved.name).collect();
    let mut users = stood_by_users(worktree, &git, agents)?;
    // What was fetched.
    let fetched = after.iter().filter(|(name, _)| name.starts_with(REMOTES));
    users.extend(
        fetched.filter(|(name, _)| !foreign.contains(name) || !made.contains(&after[*name])).map(|(_, at)| at.clone()),
    );
    let mut told = Vec::new();
    for moved in changed {
        let Some(commit) = git.commit(&moved.new)? else { continue };
        let is_unknown = || -> Result<bool> {
            let known = before.values().chain(&users);
            Ok(commits(&git, std::slice::from_ref(&commit), known)?.contains(&commit))
        };
        if made.contains(&commit) || (!moved.name.starts_with(REMOTES) && is_unknown()?) {
            told.push(moved);
        }
    }
    Ok(told)
}

/// The commits that lead to these and not to `known`.
fn commits<'a>(
    git: &Git,
    of: &[String],
    known: impl Iterator<Item = &'a String>,
) -> Result<BTreeSet<String>, GitError> {
    let wanted = of.iter().cloned().chain(known.map(|known| format!("^{known}")));
    let input = wanted.collect::<Vec<_>>().join("\n") + "\n";
    let args = ["rev-list", "--ignore-missing", "--max-count", MAX, "--stdin"];
    Ok(git.run_with_input(args, Some(input.as_bytes()))?.text().lines().map(str::to_owned).collect())
}

/// Every commit that a HEAD stands or stood on, as far as its reflog tells.
fn stood_on(git: &Git, head: &str) -> Result<Vec<String>, GitError> {
    let now = git.commit(head)?;
    let log = git.try_run(["rev-list", "--walk-reflogs", "--max-count", MAX, head, "--"])?;
    Ok(now.into_iter().chain(log.text().lines().map(str::to_owned)).collect())
}

/// The same of the main checkout, and of all worktrees that aren't agents'.
fn stood_by_users(worktree: &Worktree, git: &Git, agents: &[PathBuf]) -> Result<Vec<String>> {
    let mut found = stood_on(git, "HEAD")?;
    for entry in dir::readable(&worktree.common_dir().join("worktrees")) {
        let Some(dot_git) = read_text(&entry.path().join("gitdir")).ok().flatten() else { continue };
        let top = Path::new(dot_git.trim_end()).parent().map(Path::to_owned).unwrap_or_default();
        let top = top.canonicalize().unwrap_or(top);
        if !agents.contains(&top) {
            found.extend(stood_on(git, &format!("worktrees/{}/HEAD", entry.file_name().to_string_lossy()))?);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
