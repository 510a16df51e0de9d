//! Starts the supervisor apart from the tick that starts it, and lets it cut the last ties itself.
//!
//! The agent's lock travels as the supervisor's standard input. It is never unlocked here, only closed by the end
//! of the process.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno, fcntl_dupfd_cloexec};
use rustix::process::{setsid, umask};
use rustix::stdio::dup2_stdin;

use crate::sys::dir;
#[cfg(target_os = "linux")]
use crate::sys::read::{lossy, read_proc};

/// More than the kernel says of a process.
#[cfg(target_os = "linux")]
const MAX_STATUS: u64 = 64 << 10;

/// Starts `program` with `lock` as its standard input and `log` as both outputs, in `dir`, and does not wait for it.
///
/// Nothing of this process's terminal is handed on. The child keeps this process's group so that it can open a session
/// of its own, which a group leader may not: [`become_supervisor`] must be the first thing that it does.
/// Returns its process number.
pub fn spawn_detached(
    program: &Path,
    arguments: &[impl AsRef<OsStr>],
    environment: &[(String, String)],
    dir: &Path,
    lock: OwnedFd,
    log: File,
) -> io::Result<u32> {
    let child = Command::new(program)
        .args(arguments)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .current_dir(dir)
        .stdin(Stdio::from(lock))
        .stdout(Stdio::from(log.try_clone()?))
        .stderr(Stdio::from(log))
        .spawn()?;
    Ok(child.id())
}

/// What a supervisor does before anything else, while it has but one thread: takes the lock from its standard input,
/// closes what it inherited, leaves the session, and asks for the orphans of its descendants.
///
/// Returns the lock: the same open file, closed in programs that are started later. Whether it is the right file is for
/// the caller to check.
pub fn become_supervisor() -> io::Result<File> {
    let lock = take_over_stdin()?;
    become_alone(&[0, 1, 2, lock.as_raw_fd()])?;
    Ok(lock)
}

/// The same for a keeper, whose standard input is of no use.
pub fn become_keeper() -> io::Result<()> {
    drop(take_over_stdin()?);
    become_alone(&[0, 1, 2])
}

fn become_alone(keep: &[RawFd]) -> io::Result<()> {
    close_foreign(keep)?;
    leave_session()?;
    #[cfg(target_os = "linux")]
    {
        rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
        close_to_others()?;
    }
    tighten_umask();
    Ok(())
}

/// Keeps other processes of this user, agents among them, from reading the environment and the memory of this one, which has
/// the user's credentials. One that is traced already has been started by its reader, who would only see less of what it does.
#[cfg(target_os = "linux")]
fn close_to_others() -> io::Result<()> {
    let status = read_proc("/proc/self/status", MAX_STATUS).map(lossy).unwrap_or_default();
    if status.lines().filter_map(|line| line.strip_prefix("TracerPid:")).all(|pid| pid.trim() == "0") {
        rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    }
    Ok(())
}

/// Moves standard input to a descriptor that no child inherits, and puts `/dev/null` in its place.
pub fn take_over_stdin() -> io::Result<File> {
    let lock = fcntl_dupfd_cloexec(io::stdin(), 3)?;
    dup2_stdin(rustix::fs::open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?)?;
    Ok(File::from(lock))
}

/// Closes every descriptor but `keep`: cron, an editor or a shell may have left theirs open.
///
/// Only right where nothing of this process has opened a file that it still needs.
fn close_foreign(keep: &[RawFd]) -> io::Result<()> {
    // The listing itself holds a descriptor, which is gone by the time the numbers are used.
    let names = dir::names(Path::new("/dev/fd")).map_err(io::Error::other)?;
    let open: Vec<RawFd> = names.filter_map(|name| name.parse().ok()).filter(|fd| !keep.contains(fd)).collect();
    for fd in open {
        let _ = nix::unistd::close(fd);
    }
    Ok(())
}

/// Opens a session of its own. A process that leads a group already, as when started by hand, stays in its session.
fn leave_session() -> io::Result<()> {
    match setsid() {
        Ok(_) | Err(Errno::PERM) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Files of a run are never writable for others, however loose the starter's mask was.
fn tighten_umask() {
    let inherited = umask(Mode::from_raw_mode(0o077));
    umask(inherited | Mode::from_raw_mode(0o022));
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use crate::exec::processes;
    use std::fs;
    use std::io::Write;
    use std::time::{Duration, Instant};

    const DIR: &str = "DETACH_TEST_DIR";

    /// Not a test of its own: the other side of the test below, which starts this very binary again.
    #[test]
    fn other_side() {
        let Some(dir) = std::env::var_os(DIR) else { return };
        let lock = become_supervisor().unwrap();
        let fds: Vec<String> = fs::read_dir("/proc/self/fd")
            .unwrap()
            .flatten()
            .filter_map(|entry| fs::read_link(entry.path()).ok())
            .map(|target| target.display().to_string())
            .collect();
        let inherited = Command::new("sh").args(["-c", "ls -l /proc/self/fd"]).output().unwrap();
        let session = rustix::process::getsid(None).unwrap() == rustix::process::getpid();
        let closed = rustix::process::dumpable_behavior().unwrap() == rustix::process::DumpableBehavior::NotDumpable;
        let report = format!(
            "session={session} closed={closed} reaper={} lock={:?} fds={fds:?} child={}",
            processes::is_subreaper(),
            lock.metadata().unwrap().len(),
            String::from_utf8_lossy(&inherited.stdout)
        );
        fs::write(Path::new(&dir).join("part"), report).unwrap();
        fs::rename(Path::new(&dir).join("part"), Path::new(&dir).join("report")).unwrap();
        await_file(&Path::new(&dir).join("seen"));
    }

    fn await_file(path: &Path) {
        let begun = Instant::now();
        while !path.exists() {
            let log = fs::read_to_string(path.with_file_name("log")).unwrap_or_default();
            assert!(begun.elapsed() < Duration::from_secs(60), "no {}; {log}", path.display());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[test]
    fn a_supervisor_keeps_the_lock_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let lock_path = dir.path().join("the-lock");
        let mut lock = File::create(&lock_path).unwrap();
        lock.write_all(b"four").unwrap();
        rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive).unwrap();
        // A descriptor that its owner forgot to mark close-on-exec.
        let stray = rustix::io::dup(File::create(dir.path().join("stray")).unwrap()).unwrap();
        let program = std::env::current_exe().unwrap();
        let arguments = ["--exact", "exec::detach::tests::other_side", "--nocapture"];
        let environment = [(DIR.to_owned(), dir.path().display().to_string())];
        let log = File::create(dir.path().join("log")).unwrap();
        let pid = spawn_detached(&program, &arguments, &environment, dir.path(), lock.into(), log).unwrap();
        drop(stray);
        let report = dir.path().join("report");
        await_file(&report);
        let report = fs::read_to_string(report).unwrap();
        assert!(report.starts_with("session=true closed=true reaper=true lock=4 "), "{report}");
        assert!(!report.contains("stray"), "{report}");
        let (own, child) = report.split_once("child=").unwrap();
        assert_eq!(own.matches("the-lock").count(), 1, "{report}");
        assert!(!child.contains("the-lock"), "{report}");
        let other = File::open(&lock_path).unwrap();
        let taken = rustix::fs::flock(&other, rustix::fs::FlockOperation::NonBlockingLockExclusive);
        assert!(taken.is_err(), "the lock was lost on the way");
        assert!(processes::identity(pid).is_some());
        fs::write(dir.path().join("seen"), "").unwrap();
    }
}
