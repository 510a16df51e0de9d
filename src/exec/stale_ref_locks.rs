//! Locks of git that all worktrees share: that of the packed refs, which deleting any ref takes, that of the maintenance, which
//! a commit begins, and those of what this program and a fetch write. A git that was killed leaves them behind, and then
//! nobody can delete a branch any more, not even the user in the main checkout, and the repository is never packed again.
//!
//! They are removed only if they stay as they are while no git is at work in the repository, and none of a run on another machine,
//! which can't be seen, may hold them.

use super::processes;
use crate::sys::atomic::discard;
use crate::sys::dir::readable;
use crate::sys::read::read_text;
use anyhow::Result;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};
use std::{fs, thread};

/// How often, and how far apart, it is looked whether a lock is still held.
const LOOKS: u32 = 40;
const PAUSE: Duration = Duration::from_millis(50);
/// What a fetch holds is let go of within this time.
const LONGEST_FETCH: Duration = Duration::from_secs(600);
/// How far the clocks of machines that share the repository may be apart, in seconds.
const SKEW: i64 = 120;
/// How many looks in a row must find it forsaken.
const FORSAKEN: u32 = 4;

/// When the oldest of the runs on other machines began, in seconds since the epoch.
type Elsewhere = Box<dyn Fn() -> Option<i64> + Send + Sync>;

static ELSEWHERE: OnceLock<Elsewhere> = OnceLock::new();

/// From now on locks that a run on another machine may hold are left alone: those that are not older than the oldest one.
pub fn spare(elsewhere: impl Fn() -> Option<i64> + Send + Sync + 'static) {
    // Whoever says so first is the process itself.
    let _ = ELSEWHERE.set(Box::new(elsewhere));
}

/// Removes the shared locks that a killed git has left. Usually there is none, and that is a few looks at the disk.
pub fn remove_forsaken(common_dir: &Path) -> Result<()> {
    let mut locks = locks(common_dir);
    if locks.is_empty() {
        return Ok(());
    }
    if let Some(since) = ELSEWHERE.get().and_then(|elsewhere| elsewhere()) {
        locks.retain(|(_, (_, modified, _))| *modified < since - SKEW);
    }
    let folders = folders(common_dir);
    let mut forsaken = 0;
    for _ in 0..LOOKS {
        locks.retain(|(lock, first)| identity(lock).as_ref() == Some(first));
        if locks.is_empty() {
            return Ok(());
        }
        forsaken = if processes::is_git_at_work(&folders) { 0 } else { forsaken + 1 };
        if forsaken == FORSAKEN {
            break;
        }
        thread::sleep(PAUSE);
    }
    for (lock, _) in locks.iter().filter(|_| forsaken == FORSAKEN) {
        tracing::warn!(lock = %lock.display(), "removed a lock that a killed git had left");
        discard(lock)?;
    }
    Ok(())
}

type Identity = (u64, i64, i64);

/// The locks that are there, each with what tells it from a later one of its name.
fn locks(common_dir: &Path) -> Vec<(PathBuf, Identity)> {
    let refs = common_dir.join("refs");
    let mut found = ["packed-refs.lock", "objects/maintenance.lock"].map(|lock| common_dir.join(lock)).to_vec();
    for folder in ["heads/agent", "salvage", "scheduler"] {
        locks_below(&refs.join(folder), &mut found);
    }
    let (remotes, mut of_remotes) = (refs.join("remotes"), vec![common_dir.join("shallow.lock")]);
    locks_below(&remotes, &mut of_remotes);
    // Those of agents' branches are ours. The others a fetch of the user's, or on another machine, may hold.
    let is_ours = |lock: &Path| {
        lock.strip_prefix(&remotes).is_ok_and(|below| below.iter().nth(1).is_some_and(|folder| folder == "agent"))
    };
    found.extend(of_remotes.into_iter().filter(|lock| is_ours(lock) || is_older_than_a_fetch(lock)));
    found.into_iter().filter_map(|lock| identity(&lock).map(|identity| (lock, identity))).collect()
}

fn locks_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in readable(folder) {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            locks_below(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "lock") {
            found.push(path);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the age of a file is measured by the clock that wrote it")]
fn is_older_than_a_fetch(lock: &Path) -> bool {
    let written = fs::symlink_metadata(lock).and_then(|lock| lock.modified()).ok();
    written.and_then(|written| SystemTime::now().duration_since(written).ok()).is_some_and(|age| age > LONGEST_FETCH)
}

fn identity(lock: &Path) -> Option<Identity> {
    fs::symlink_metadata(lock).ok().map(|lock| (lock.ino(), lock.mtime(), lock.mtime_nsec()))
}

/// Where a git of this repository can stand: its git directory, the main checkout, the linked worktrees.
fn folders(common_dir: &Path) -> Vec<PathBuf> {
    let worktrees = readable(&common_dir.join("worktrees")).map(|entry| entry.path());
    let linked = worktrees.filter_map(|entry| {
        let link = read_text(&entry.join("gitdir")).ok()??;
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
        let (lock, of_others) = (common_dir.join("packed-refs.lock"), common_dir.join("refs/heads/main.lock"));
        let of_maintenance = common_dir.join("objects/maintenance.lock");
        let of_agent = common_dir.join("refs/remotes/origin/agent/a.lock");
        let old = ["refs/remotes/origin/main.lock", "shallow.lock"].map(|name| common_dir.join(name));
        let new = common_dir.join("refs/remotes/origin/x/y.lock");
        remove_forsaken(&common_dir).unwrap();
        for path in [&lock, &of_maintenance, &of_others, &of_agent, &new].into_iter().chain(&old) {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        for lock in &old {
            let lock = fs::File::options().write(true).open(lock).unwrap();
            lock.set_modified(SystemTime::now() - 2 * LONGEST_FETCH).unwrap();
        }
        let mut at_work = git(&["cat-file", "--batch"]).stdin(Stdio::piped()).spawn().unwrap();
        remove_forsaken(&common_dir).unwrap();
        assert!(lock.exists());
        drop(at_work.stdin.take());
        at_work.wait().unwrap();
        remove_forsaken(&common_dir).unwrap();
        assert!(!lock.exists() && !of_maintenance.exists() && !of_agent.exists() && of_others.exists());
        assert!(!old.iter().any(|lock| lock.exists()) && new.exists());
    }
}
