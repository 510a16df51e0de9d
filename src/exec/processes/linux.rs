//! Reads the process table from `/proc`. It never signals a process that it hasn't just verified.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::process::{
    PidfdFlags, Signal, WaitOptions, child_subreaper, kill_process, pidfd_open, pidfd_send_signal, waitpid,
};

use super::{ProcessId, Row, as_pid, own_uid, verified};

/// The environment of other processes can be read.
pub(super) const READS_MARKS: bool = true;
/// The kernel allows a process three quarters of this for its arguments and environment.
const MAX_ENVIRONMENT: u64 = 8 << 20;

/// Tells this boot from every other.
pub(super) fn boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
}

/// All processes that can be seen.
pub(super) fn table() -> Vec<Row> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter_map(row).collect()
}

/// One process; `None` if there is none of this number.
pub(super) fn row(pid: u32) -> Option<Row> {
    let folder = format!("/proc/{pid}");
    let stat = fs::read(format!("{folder}/stat")).ok()?;
    let uid = fs::metadata(&folder).ok()?.uid();
    parse_stat(pid, &String::from_utf8_lossy(&stat), uid)
}

/// The name in parentheses may hold blanks and parentheses itself, so fields count from the last one.
pub(super) fn parse_stat(pid: u32, stat: &str, uid: u32) -> Option<Row> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    Some(Row {
        pid,
        zombie: matches!(*fields.first()?, "Z" | "X" | "x"),
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        start: (*fields.get(19)?).to_owned(),
        uid,
    })
}

/// Whether the process was started by this user with `name=value` in its environment.
pub(super) fn carries(row: &Row, name: &str, value: &str) -> bool {
    variable(row, name).is_some_and(|found| found == value)
}

/// The variable in the environment with which this user started a process.
pub(super) fn variable(row: &Row, name: &str) -> Option<String> {
    if row.uid != own_uid() || row.zombie {
        return None;
    }
    let path = format!("/proc/{}/environ", row.pid);
    let mut environment = Vec::new();
    File::open(Path::new(&path)).ok()?.take(MAX_ENVIRONMENT).read_to_end(&mut environment).ok()?;
    let prefix = format!("{name}=");
    let found = environment.split(|&byte| byte == 0).find_map(|entry| entry.strip_prefix(prefix.as_bytes()))?;
    Some(String::from_utf8_lossy(found).into_owned())
}

/// Whether a git stands in one of these folders, or has it among its arguments; one that doesn't say, may.
pub(super) fn is_git_at_work(folders: &[PathBuf]) -> bool {
    let Ok(entries) = fs::read_dir("/proc") else { return true };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| is_git(*pid)).any(|pid| {
        let Ok(stands) = fs::read_link(format!("/proc/{pid}/cwd")) else {
            return row(pid).is_some_and(|row| !row.zombie);
        };
        let arguments = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let names = |name: &[u8]| arguments.windows(name.len()).any(|part| part == name);
        // The daemon that watches files for git runs for days and never touches a ref.
        !names(b"fsmonitor--daemon")
            && folders.iter().any(|folder| stands.starts_with(folder) || names(folder.as_os_str().as_bytes()))
    })
}

fn is_git(pid: u32) -> bool {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let name = name.trim_end();
    name == "git" || name.starts_with("git-")
}

/// Sends through a handle that was opened before the check, so that the number can't change hands in between.
pub(super) fn signal_verified(id: &ProcessId, signal: Signal) -> bool {
    let Some(pid) = as_pid(id.pid) else { return false };
    match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(handle) => verified(id).is_some() && pidfd_send_signal(handle, signal).is_ok(),
        Err(rustix::io::Errno::NOSYS | rustix::io::Errno::PERM | rustix::io::Errno::MFILE) => {
            verified(id).is_some() && kill_process(pid, signal).is_ok()
        }
        Err(_) => false,
    }
}

/// Whether orphaned descendants become children of this process.
pub(super) fn is_subreaper() -> bool {
    matches!(child_subreaper(), Ok(Some(_)))
}

/// Waits for one ended child.
pub(super) fn reap(pid: u32) {
    let _ = waitpid(as_pid(pid), WaitOptions::NOHANG);
}
