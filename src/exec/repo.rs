//! Questions about the repository that a folder belongs to: where its main checkout is, whose submodule it is. Changes
//! nothing.
//!
//! libgit2 answers; where it can't open a repository (other ref or object formats), `git rev-parse` does.

mod by_git;
mod by_libgit2;

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};

use crate::exec::git::Git;
use crate::exec::libgit2;
use crate::sys::{dir, read};

/// How much of the packed refs is looked through.
const MAX_PACKED: usize = 1 << 20;

/// What is known about a repository, as seen from one of its folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// The top folder of the working tree that was asked from; none in a bare repository.
    pub top_level: Option<PathBuf>,
    /// The top folder of the main checkout; none if the repository is bare.
    pub main_checkout: Option<PathBuf>,
    /// The git directory that all worktrees share.
    pub common_dir: PathBuf,
    /// The working tree is one that `git worktree add` made.
    pub linked_worktree: bool,
    /// There is no main checkout.
    pub bare: bool,
    /// HEAD is a commit.
    pub has_commit: bool,
    /// The current branch, also one without a commit; none if HEAD is detached.
    pub branch: Option<String>,
    /// The top folder of the working tree of which this is a submodule.
    pub superproject: Option<PathBuf>,
}

impl Repository {
    /// The folders that a project may be set up in, nearest first: this working tree, its main checkout, then the same of
    /// each superproject.
    pub fn candidates(&self) -> Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        let mut at = Some(self.clone());
        while let Some(repository) = at {
            for folder in [&repository.top_level, &repository.main_checkout].into_iter().flatten() {
                if !found.contains(folder) {
                    found.push(folder.clone());
                }
            }
            at = match repository.superproject {
                Some(above) if !found.contains(&above) => Some(discover(&above)?),
                _ => None,
            };
        }
        Ok(found)
    }
}

/// The repository that the folder `start` belongs to. An error if it belongs to none.
pub fn discover(start: &Path) -> Result<Repository> {
    let start = start.canonicalize().with_context(|| format!("cannot read {}", start.display()))?;
    let at = start.clone();
    libgit2::within_limit(move || by_libgit2::discover(&at))
        .map_or_else(|| by_git::discover(&Git::at(&start)), Ok)
        .map_err(|error| {
            let none = format!("{} is not in a git repository: run `git init` first", start.display());
            // What git says then says no more.
            if error.to_string().contains("not a git repository") { anyhow!(none) } else { error.context(none) }
        })
}

/// The top folders of the worktrees that `git worktree add` made for the repository `common_dir`, sorted; without those that
/// were deleted.
pub fn linked_worktrees(common_dir: &Path) -> Result<Vec<PathBuf>> {
    let listed = Git::in_repository(common_dir).run(["worktree", "list", "--porcelain"])?;
    let listed = listed.text();
    let all = listed.lines().filter_map(|line| line.strip_prefix("worktree ")).map(PathBuf::from);
    let mut found: Vec<_> = all.filter(|root| root.join(".git").is_file()).collect();
    found.sort();
    Ok(found)
}

/// A branch called `agent`: as long as there is one, git has no place for `agent/...`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchInTheWay {
    /// The remote that has it; none: it is one of the project's own.
    remote: Option<String>,
}

impl fmt::Display for BranchInTheWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.remote.as_ref().map_or_else(String::new, |remote| format!(" at {remote}"));
        write!(f, "the branch `agent`{at} leaves no place for the branches of agents, agent/...")
    }
}

impl BranchInTheWay {
    /// What the user does about it.
    pub fn remedy(&self) -> String {
        match &self.remote {
            None => "rename it: `git branch -m agent OTHER-NAME`".to_owned(),
            Some(remote) => format!("rename it there, then forget it here: `git branch -d -r {remote}/agent`"),
        }
    }
}

/// The branch that is in the way of agents' branches, here or, as far as is known here, at `remote`. No process is started.
pub fn branch_in_the_way(common_dir: &Path, remote: &str) -> Option<BranchInTheWay> {
    let is_there = |name: &str| libgit2::commit(common_dir, name).flatten().is_some();
    if is_there("refs/heads/agent") {
        return Some(BranchInTheWay { remote: None });
    }
    is_there(&format!("refs/remotes/{remote}/agent")).then(|| BranchInTheWay { remote: Some(remote.to_owned()) })
}

/// The commit of a branch, from `remote` as far as that is known here, else from the project. No process is started.
pub fn branch_commit(common_dir: &Path, remote: &str, branch: &str) -> Option<String> {
    let commit = |name: String| libgit2::commit(common_dir, &name);
    commit(format!("refs/remotes/{remote}/{branch}"))?.or_else(|| commit(format!("refs/heads/{branch}")).flatten())
}

/// Whether the remote has branches of agents, as far as is known here. No process is started.
pub fn has_agent_branches(common_dir: &Path, remote: &str) -> bool {
    let folder = common_dir.join("refs/remotes").join(remote).join("agent");
    let is_loose = || dir::readable(&folder).next().is_some();
    let packed = || read::read_head(&common_dir.join("packed-refs"), MAX_PACKED).ok().flatten();
    is_loose() || packed().is_some_and(|refs| refs.text.contains(&format!(" refs/remotes/{remote}/agent/")))
}

/// The main checkout that belongs to a common git directory without a setting that says otherwise.
fn beside(common_dir: &Path) -> Option<PathBuf> {
    common_dir.ends_with(".git").then(|| common_dir.parent().map(Path::to_owned)).flatten()
}

#[cfg(test)]
mod tests;
