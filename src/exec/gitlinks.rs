//! Submodules as commits name them: by a commit of another repository, which may be nowhere but in this worktree.
//!
//! It only asks; what is done about such a commit is for others.

use std::path::Path;

use anyhow::Result;

use crate::exec::git::Git;
use crate::exec::worktree::Worktree;

/// A submodule, and the commit of it that is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its path in the worktree.
    pub path: String,
    /// The commit.
    pub commit: String,
}

/// The submodules that differ in what `git diff` is asked for (`--cached`, or two commits), and whose commit nobody else
/// can fetch: no remote of the submodule has it, and no remote branch of the project names it.
pub fn only_here(worktree: &Worktree, git: &Git, compared: &[&str]) -> Result<Vec<Link>> {
    let diff = ["diff", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--ignore-submodules=none"];
    let entries = git.run(diff.iter().chain(compared).chain(&["--"]))?.entries();
    let mut found = Vec::new();
    for entry in entries.chunks_exact(2) {
        let fields: Vec<&str> = entry[0].split(' ').collect();
        // ":old-mode new-mode old-object new-object status"
        if let [_, "160000", _, commit, _] = fields[..] {
            let link = Link { path: entry[1].clone(), commit: commit.to_owned() };
            if !is_fetchable(worktree, git, &link)? {
                found.push(link);
            }
        }
    }
    Ok(found)
}

fn is_fetchable(worktree: &Worktree, git: &Git, link: &Link) -> Result<bool> {
    let inside = worktree.path().join(&link.path);
    if is_held_by_remote(worktree, &inside, &link.commit)? {
        return Ok(true);
    }
    // Taken over from another branch, as by a merge: then it is known there.
    let find = format!("--find-object={}", link.commit);
    let args = ["log", "--remotes", "--max-count=1", "--format=%H", &find, "--", &link.path];
    Ok(!git.clone().with_env("GIT_LITERAL_PATHSPECS", "1").text(args)?.is_empty())
}

fn is_held_by_remote(worktree: &Worktree, inside: &Path, commit: &str) -> Result<bool> {
    if !inside.join(".git").exists() {
        return Ok(false);
    }
    let inner = worktree.inner_git(inside);
    let contains = format!("--contains={commit}");
    // It fails where the commit isn't known.
    let held = inner.try_run(["for-each-ref", "--count=1", &contains, "refs/remotes", "refs/tags"])?;
    Ok(held.status.success() && !held.stdout.is_empty())
}
