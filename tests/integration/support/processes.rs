//! Which processes belong to a test, and their end.
//!
//! A process belongs to it if its environment or working directory names the test's temporary directory.
//! Where there is no `/proc` nothing is found, and the check for leftovers is not made.

use super::Test;
use rustix::{
    fs::{FlockOperation, flock},
    process::{Pid, Signal, kill_process},
};
use std::{
    fs,
    os::unix::ffi::OsStrExt,
    path::Path,
    thread,
    time::{Duration, Instant},
};

/// A process that is still there.
#[derive(Clone, Debug)]
pub struct Leftover {
    /// Its number.
    pub pid: i32,
    /// Its command line, words parted by spaces.
    pub command: String,
}

impl Test {
    /// Kills the supervisor of an agent's run, and waits until its lock is free: that comes last when a process dies.
    #[track_caller]
    pub fn kill_supervisor(&self, agent: &str) {
        let pid = self.state(agent)["supervisor"]["pid"].as_i64().unwrap();
        kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), Signal::KILL).unwrap();
        let lock = self.orchestrator(format!("agents/{agent}/lock"));
        self.wait_until("the lock of a killed supervisor to be free", || {
            fs::File::open(&lock).map_or(true, |file| flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok())
        });
    }
}

/// Every live process of the test in `root`.
pub fn of(root: &Path) -> Vec<Leftover> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let own = std::process::id();
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| *pid != own).filter_map(|pid| leftover(pid, root)).collect()
}

/// Kills them until none is found any more.
pub fn end_all(root: &Path) {
    let since = Instant::now();
    while since.elapsed() < Duration::from_secs(20) {
        let left = of(root);
        if left.is_empty() {
            return;
        }
        for pid in left.iter().filter_map(|process| Pid::from_raw(process.pid)) {
            let _ = kill_process(pid, Signal::KILL);
        }
        thread::sleep(Duration::from_millis(10));
    }
}

fn leftover(pid: u32, root: &Path) -> Option<Leftover> {
    let proc = Path::new("/proc").join(pid.to_string());
    let needle = root.as_os_str().as_bytes();
    let names_root = |bytes: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    let environment = fs::read(proc.join("environ")).unwrap_or_default();
    let cwd = fs::read_link(proc.join("cwd")).unwrap_or_default();
    // A supervisor hides all but its command line.
    let command = fs::read(proc.join("cmdline")).unwrap_or_default();
    if !names_root(&environment) && !cwd.starts_with(root) && !names_root(&command) {
        return None;
    }
    // A zombie has neither, but one may have died between the looks.
    let stat = fs::read_to_string(proc.join("stat")).ok()?;
    if stat.rsplit(')').next()?.trim_start().starts_with(['Z', 'X']) {
        return None;
    }
    let command = String::from_utf8_lossy(&command).replace('\0', " ").trim().to_owned();
    Some(Leftover { pid: pid.try_into().ok()?, command })
}
