//! An agent's worktree: there, whole, and standing where a run starts.
//!
//! Every function is for the holder of the agent's lock, with none of the agent's processes left. The main
//! checkout, its branch, its index and its files are never touched, and nothing that was not saved
//! before ([`crate::exec::salvage`]) is asked for: what is uncommitted when a stand is taken, goes.

pub mod baseline;
mod claude_files;
mod disarm;
mod excludes;
mod link;
mod move_out;
pub mod nested;
mod obstacles;
mod operations;
mod own_git_dir;
pub mod set_aside;
mod set_away;
mod sparse;
mod stand;
pub mod status;
mod submodules;

pub use link::is_linked;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::exec::git::Git;
use crate::sys::atomic::{self, discard};
use crate::sys::read::{MAX_BYTES, read_linked_bytes, read_text};

/// The instruction file that is laid into a worktree for a run.
pub const INSTRUCTIONS: &str = ".agent-instructions.md";
/// The folder of a role's skills that is laid into a worktree for a run.
pub const SKILLS: &str = ".claude/commands/scheduler";

/// In the worktree's git directory: the set-up command that it was last made ready with.
const SET_UP: &str = "scheduler-setup";

/// Whether `path`, relative to a worktree, is one of the files that are laid there for a run.
pub fn is_own_file(path: &str) -> bool {
    path == INSTRUCTIONS || path.strip_prefix(SKILLS).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Where an agent's worktree is and to which repository it belongs.
#[derive(Debug, Clone)]
pub struct Worktree {
    path: PathBuf,
    agent_dir: PathBuf,
    common_dir: PathBuf,
    set_aside: PathBuf,
    environment: Vec<(OsString, OsString)>,
}

impl Worktree {
    /// The worktree at `path` below the folder `agent_dir`, of the repository whose common git directory
    /// is `common_dir`. Nothing is looked at yet.
    pub fn new(path: &Path, agent_dir: &Path, common_dir: &Path) -> Self {
        Self {
            path: path.to_owned(),
            agent_dir: agent_dir.to_owned(),
            common_dir: common_dir.to_owned(),
            set_aside: agent_dir.join("set-aside"),
            environment: Vec::new(),
        }
    }

    /// The same with another folder for files that are to be kept and that no commit holds.
    pub fn setting_aside_to(mut self, folder: &Path) -> Self {
        folder.clone_into(&mut self.set_aside);
        self
    }

    /// That folder.
    pub fn set_aside(&self) -> &Path {
        &self.set_aside
    }

    /// The same with one more variable for every git command: the tag by which a run's processes are found.
    pub fn with_env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Its top folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The git directory that it shares with the main checkout.
    pub fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    /// git in this worktree. Call [`Worktree::verify`] before the first write.
    pub fn git(&self) -> Git {
        let git = self.plain_git();
        excludes::file(self).map_or(git.clone(), |file| git.with_config(excludes::setting(&file)))
    }

    fn plain_git(&self) -> Git {
        self.tagged(Git::in_worktree(&self.path, &self.agent_dir))
    }

    /// git on the repository's refs.
    pub fn repository(&self) -> Git {
        self.tagged(Git::in_repository(&self.common_dir))
    }

    /// git in a repository inside this worktree.
    pub fn inner_git(&self, inside: &Path) -> Git {
        self.tagged(Git::in_worktree(inside, inside.parent().unwrap_or(&self.path)))
    }

    /// Keeps what a run may write in the worktree's own git directory and must not: before its processes begin.
    pub fn keep_git_dir(&self, kept: &Path) -> Result<()> {
        own_git_dir::keep(self, kept)
    }

    /// Puts that back, once none of them is left and before git is asked anything.
    pub fn put_back_git_dir(&self, kept: &Path) -> Result<()> {
        own_git_dir::put_back(self, kept)
    }

    /// Whether a rebase, merge, cherry-pick or revert is in progress. `git_dir` is what [`Worktree::verify`] returned.
    pub fn operation_in_progress(git_dir: &Path) -> bool {
        operations::in_progress(git_dir)
    }

    /// Removes the locks that killed processes left in this worktree. `git_dir` is what [`Worktree::verify`] returned.
    pub fn remove_locks(&self, git_dir: &Path) -> Result<()> {
        operations::remove_locks(self, git_dir)
    }

    fn tagged(&self, git: Git) -> Git {
        self.environment.iter().fold(git, |git, (name, value)| git.with_env(name, value))
    }

    /// Makes sure that git in this folder works on this very worktree of this repository: a broken one
    /// would otherwise lead to the main checkout. Returns the worktree's own git directory.
    pub fn verify(&self) -> Result<PathBuf> {
        link::verify(self)
    }

    /// Makes sure that the worktree exists and is linked with its repository, and ends what keeps git from working: locks
    /// that a killed process left, and pipes; what git would never see is set aside. Its files, index and HEAD stay as they are, so that they can be saved; only an index that
    /// can't be read is built anew from HEAD.
    /// `start` is the commit that a new or unreadable HEAD gets.
    pub fn ensure(&self, start: &str) -> Result<Ensured> {
        own_git_dir::close(self)?;
        obstacles::clear(self)?;
        let (ensured, git_dir) = link::ensure(self, start)?;
        operations::remove_locks(self, &git_dir)?;
        operations::mend_index(self, &git_dir)?;
        link::share_filter_keys(self, &git_dir)?;
        Ok(ensured)
    }

    /// Whether there are files of it, be it beside its place, where they wait for a new link.
    pub fn has_files(&self) -> Result<bool> {
        link::has_files(self)
    }

    /// Takes its stand on the new branch `branch` (never an existing one with other commits) at `start`.
    /// Returns warnings. Uncommitted changes go, ignored files stay.
    pub fn stand_on_branch(&self, branch: &str, start: &str) -> Result<Vec<String>> {
        let warnings = self.stand_detached(start)?;
        let (git, name) = (self.git(), format!("refs/heads/{branch}"));
        match git.commit(&name)? {
            // Not `git checkout -b`, which looks at all files again: a filter that fails would stop it.
            None => drop(git.run(["update-ref", "--no-deref", "-m", "scheduler: new branch", &name, start, ""])?),
            Some(tip) if tip == start => {}
            Some(tip) => bail!("branch {branch} exists already, at {tip}: it was left as it is"),
        }
        git.run(["symbolic-ref", "-m", "scheduler: stand", "HEAD", &name])?;
        Ok(warnings)
    }

    /// Takes its stand at commit `start` on no branch. Returns warnings. Uncommitted changes go, ignored files stay; those
    /// that aren't ignored there or are in the way are set aside.
    pub fn stand_detached(&self, start: &str) -> Result<Vec<String>> {
        stand::detached(self, start)
    }

    /// Whether taking a stand or the set-up command was interrupted: what lies in the worktree is then nobody's work, for
    /// all work was saved before, and no agent has run since. `git_dir` is what [`Worktree::verify`] returned.
    pub fn is_half_checked_out(git_dir: &Path) -> bool {
        stand::is_half_checked_out(git_dir)
    }

    /// From now on until the next stand, what changes in the worktree is the set-up command's.
    pub fn begin_set_up(&self) -> Result<()> {
        stand::begin_set_up(self)
    }

    /// Keeps what the set-up command made: it survives every stand, and isn't seen as anybody's work.
    pub fn keep_set_up(&self) -> Result<()> {
        stand::keep_set_up(self)
    }

    /// The list of patterns that hides what the set-up command made, if it made anything.
    pub fn excludes_file(&self) -> Option<PathBuf> {
        excludes::file(self)
    }

    /// The command that this worktree was made ready with, since it was created.
    pub fn set_up_with(&self) -> Result<Option<String>> {
        read_text(&self.verify()?.join(SET_UP))
    }

    /// Remembers the command that this worktree was made ready with; `None`: it has to be done anew.
    pub fn note_set_up(&self, command: Option<&str>) -> Result<()> {
        let path = self.verify()?.join(SET_UP);
        command.map_or_else(|| discard(&path).map(drop), |command| atomic::write(&path, command.as_bytes()))
    }

    /// Sets aside what an earlier run left that would direct claude, where no commit holds it. Whether there was anything.
    pub fn clear_claude_files(&self) -> Result<bool> {
        claude_files::clear(self)
    }

    /// Takes what of that lies there now for the user's.
    pub fn keep_claude_files(&self) -> Result<()> {
        claude_files::remember(self)
    }

    /// Whether the folder is a worktree of another repository, which still exists, or of none.
    pub fn is_foreign(&self) -> bool {
        move_out::is_foreign(self)
    }

    /// Removes the worktree, its files and its entry. What was not saved before is lost.
    pub fn remove(&self) -> Result<()> {
        move_out::remove(self)
    }

    /// Moves it with its git directory to another path, for good: somebody may still be at work there. Done again, it does
    /// nothing.
    pub fn set_away(&self, to: &Path) -> Result<()> {
        set_away::set_away(self, to)
    }

    /// As [`Self::put_back_git_dir`], of one that was set away and is here now.
    pub fn put_back_left(&self, kept: &Path) -> Result<()> {
        set_away::put_back(self, kept)
    }

    /// Lets go of the branch, and of whatever a rebase or bisect in progress holds, so that the user can check it
    /// out. Files and index stay as they are.
    pub fn detach(&self) -> Result<()> {
        let git_dir = self.verify()?;
        operations::remove_locks(self, &git_dir)?;
        operations::quit(&git_dir)?;
        let git = self.git();
        if let Some(head) = git.commit("HEAD")? {
            git.run(["update-ref", "--no-deref", "-m", "scheduler: detach", "HEAD", &head])
                .with_context(|| format!("cannot let go of the branch in {}", self.path.display()))?;
        }
        Ok(())
    }
}

/// What [`Worktree::ensure`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ensured {
    /// It was whole.
    Whole,
    /// It was not there and was created.
    Created,
    /// Its link with the repository was broken or led elsewhere and was mended; its files were kept.
    Repaired,
}

/// Adds `line` to the file `info/exclude` of the repository `common_dir`, unless it is there. What else is in the
/// file stays. The caller holds a lock against others who do the same. Returns whether it was added.
pub fn exclude_line(common_dir: &Path, line: &str) -> Result<bool> {
    let path = common_dir.join("info/exclude");
    let mut content = read_linked_bytes(&path, MAX_BYTES)?.unwrap_or_default();
    if content.split(|b| *b == b'\n').any(|have| have.trim_ascii_end() == line.as_bytes()) {
        return Ok(false);
    }
    if content.last().is_some_and(|last| *last != b'\n') {
        content.push(b'\n');
    }
    content.extend_from_slice(line.as_bytes());
    content.push(b'\n');
    // Somebody may have linked to a file of their own.
    atomic::write_shared(&path.canonicalize().unwrap_or(path), &content)?;
    Ok(true)
}

#[cfg(test)]
mod tests;
