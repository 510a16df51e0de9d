//! Which files a sparse checkout has: the worktree follows the user's checkout whenever that has changed.
//!
//! A choice that was made in the worktree itself stays until then. The user's checkout is only read.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{Worktree, link};
use crate::exec::git::Git;
use crate::sys::atomic::{self, discard};
use crate::sys::read::{MAX_BYTES, read_linked_bytes, read_text};

/// Where git has the patterns, in a git directory.
const PATTERNS: &str = "info/sparse-checkout";
/// In the worktree's git directory: what the user's checkout had when the worktree last followed it.
const FOLLOWED: &str = "scheduler-sparse";
/// What git has beside the patterns.
const KEYS: [&str; 3] = ["core.sparsecheckout", "core.sparsecheckoutcone", "index.sparse"];
/// Whether a worktree may have settings of its own.
const OWN_SETTINGS: (&str, &str) = ("extensions.worktreeconfig", "true");

/// What decides which files are there.
#[derive(Default)]
struct Sparse {
    patterns: Vec<u8>,
    settings: Vec<(String, String)>,
}

/// Gives the worktree whose git directory is `git_dir` the user's choice, if that has changed; the next checkout does the
/// rest.
pub(super) fn follow(worktree: &Worktree, git_dir: &Path) -> Result<()> {
    let (users, followed) = (Sparse::of_user(worktree)?, git_dir.join(FOLLOWED));
    let text = users.text();
    if read_text(&followed)?.unwrap_or_default() == text {
        return Ok(());
    }
    users.apply(worktree, git_dir).context("cannot follow the sparse checkout of the project")?;
    atomic::write(&followed, text.as_bytes())
}

impl Sparse {
    /// That of the user's checkout; nothing if all files are there.
    fn of_user(worktree: &Worktree) -> Result<Self> {
        let Some(git_dir) = users_git_dir(worktree) else { return Ok(Self::default()) };
        let Some(patterns) = read_linked_bytes(&git_dir.join(PATTERNS), MAX_BYTES)? else { return Ok(Self::default()) };
        let git = worktree.tagged(Git::at(&worktree.agent_dir));
        let asked = [
            "config",
            "-z",
            "--get-regexp",
            r"^(core\.sparsecheckout(cone)?|index\.sparse|extensions\.worktreeconfig)$",
        ];
        let settings = git.try_run(asked)?.settings();
        let users = Self { patterns, settings };
        Ok(if users.value("core.sparsecheckout") == Some("true") { users } else { Self::default() })
    }

    fn value(&self, key: &str) -> Option<&str> {
        self.settings.iter().rfind(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// All of it, to be compared.
    fn text(&self) -> String {
        let settings = KEYS.iter().filter_map(|key| Some(format!("{key}={}\n", self.value(key)?)));
        settings.collect::<String>() + &String::from_utf8_lossy(&self.patterns)
    }

    fn apply(&self, worktree: &Worktree, git_dir: &Path) -> Result<()> {
        let (git, patterns) = (worktree.git(), git_dir.join(PATTERNS));
        let own = git.text(["config", "--type=bool", "--default=false", "--get", OWN_SETTINGS.0])? == OWN_SETTINGS.1;
        if own {
            for key in KEYS {
                match self.value(key) {
                    Some(value) => drop(git.run(["config", "--worktree", key, value])?),
                    None => drop(git.try_run(["config", "--worktree", "--unset-all", key])?),
                }
            }
        }
        if !self.patterns.is_empty() {
            return atomic::write(&patterns, &self.patterns);
        }
        discard(&patterns)?;
        // An index of which git took parts for absent on purpose; from this one it writes them.
        git.run(["read-tree", "HEAD"])?;
        Ok(())
    }
}

/// The git directory of the checkout that the agent's folder is in.
fn users_git_dir(worktree: &Worktree) -> Option<PathBuf> {
    let link = worktree.agent_dir.ancestors().map(|above| above.join(".git")).find(|link| link.exists())?;
    if link.is_dir() { Some(link) } else { link::read_link(&link) }
}

#[cfg(test)]
mod tests {
    use crate::exec::test_project::{TestProject, read_in};

    #[test]
    fn the_users_choice_is_followed_when_it_changes() {
        let scratch = TestProject::plain();
        for folder in ["a", "b", "c"] {
            scratch.write(&format!("{folder}/f"), "x\n");
        }
        let main = scratch.commit_all("folders");
        let worktree = scratch.ready("agent");
        let has = || ["a", "b", "c"].map(|folder| read_in(&worktree, &format!("{folder}/f")).is_some());
        let next = || {
            worktree.stand_detached(&main).unwrap();
            let status = scratch.run_at(worktree.path(), &["status", "--porcelain"]);
            assert_eq!(status, "");
            has()
        };
        assert_eq!(next(), [true; 3]);
        scratch.run(&["sparse-checkout", "set", "a"]);
        assert_eq!(next(), [true, false, false]);
        scratch.run(&["sparse-checkout", "set", "--sparse-index", "b"]);
        assert_eq!(next(), [false, true, false]);
        scratch.run(&["sparse-checkout", "set", "--no-cone", "/f", "/c/"]);
        assert_eq!(next(), [false, false, true]);
        // Its own choice, until the user makes another.
        scratch.run_at(worktree.path(), &["sparse-checkout", "set", "--cone", "a", "b"]);
        assert_eq!(next(), [true, true, false]);
        scratch.run(&["sparse-checkout", "disable"]);
        assert_eq!(next(), [true; 3]);
    }

    #[test]
    fn a_checkout_that_is_itself_a_linked_worktree_is_followed() {
        let scratch = TestProject::plain();
        scratch.write("a/f", "x\n");
        scratch.write("b/f", "x\n");
        let main = scratch.commit_all("folders");
        let linked = scratch.path().join("linked");
        scratch.run(&["worktree", "add", "-q", "--detach", linked.to_str().unwrap()]);
        scratch.run_at(&linked, &["sparse-checkout", "set", "a"]);
        let worktree = scratch.worktree_of("agent", &linked);
        worktree.ensure(&main).unwrap();
        worktree.stand_detached(&main).unwrap();
        assert!(read_in(&worktree, "a/f").is_some() && read_in(&worktree, "b/f").is_none());
    }
}
