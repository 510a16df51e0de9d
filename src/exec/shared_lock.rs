//! The one lock of git that all worktrees share and that deleting any ref takes: `packed-refs.lock`. A git that was
//! killed leaves it behind, and then nobody can delete a branch any more, not even the person at the main checkout.
//!
//! It is removed only if it stays as it is while no git is at work in the repository.

use super::{processes, worktree::remove_if_there};
use anyhow::Result;
use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

/// How often, and how far apart, it is looked whether a lock is still held.
const LOOKS: u32 = 40;
const PAUSE: Duration = Duration::from_millis(50);
/// How many looks in a row must find it forsaken.
const FORSAKEN: u32 = 4;

/// Removes the lock of the repository's packed refs, if a killed git has left it. Usually there is none, and that is
/// one look at the disk.
pub(super) fn remove_forsaken(common_dir: &Path) -> Result<()> {
    let lock = common_dir.join("packed-refs.lock");
    let Some(first) = identity(&lock) else { return Ok(()) };
    let folders = folders(common_dir);
    let mut forsaken = 0;
    for _ in 0..LOOKS {
        if identity(&lock) != Some(first) {
            return Ok(());
        }
        forsaken = if processes::is_git_at_work(&folders) { 0 } else { forsaken + 1 };
        if forsaken == FORSAKEN {
            tracing::warn!(lock = %lock.display(), "removed a lock that a killed git had left");
            return remove_if_there(&lock);
        }
        thread::sleep(PAUSE);
    }
    Ok(())
}

fn identity(lock: &Path) -> Option<(u64, i64, i64)> {
    fs::symlink_metadata(lock).ok().map(|lock| (lock.ino(), lock.mtime(), lock.mtime_nsec()))
}

/// Where a git of this repository can stand: its git directory, the main checkout, the linked worktrees.
fn folders(common_dir: &Path) -> Vec<PathBuf> {
    let worktrees = fs::read_dir(common_dir.join("worktrees")).into_iter().flatten().flatten();
    let linked = worktrees.filter_map(|entry| {
        let link = fs::read_to_string(entry.path().join("gitdir")).ok()?;
        Some(Path::new(link.trim_end()).parent()?.to_owned())
    });
    let main = common_dir.parent().map(Path::to_owned);
    [common_dir.to_owned()].into_iter().chain(main).chain(linked).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn goes_unless_somebody_may_hold_it() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().canonicalize().unwrap();
        let git = |args: &[&str]| {
            let mut git = Command::new("git");
            git.current_dir(&dir).env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", &dir).args(args);
            git
        };
        assert!(git(&["init", "-q"]).status().unwrap().success());
        let common_dir = dir.join(".git");
        let lock = common_dir.join("packed-refs.lock");
        remove_forsaken(&common_dir).unwrap();
        fs::write(&lock, "").unwrap();
        let mut at_work = git(&["cat-file", "--batch"]).stdin(Stdio::piped()).spawn().unwrap();
        remove_forsaken(&common_dir).unwrap();
        assert!(lock.exists());
        drop(at_work.stdin.take());
        at_work.wait().unwrap();
        remove_forsaken(&common_dir).unwrap();
        assert!(!lock.exists());
    }
}
