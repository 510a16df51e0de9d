//! Reads the process table from `/proc`. It never signals a process that it hasn't just verified.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::process::{
    PidfdFlags, Signal, WaitOptions, child_subreaper, kill_process, pidfd_open, pidfd_send_signal, waitpid,
};

use super::{ProcessId, Row, as_pid, own_uid, verified};
use crate::sys::dir::{link_target, names};
use crate::sys::read::{lossy, read_proc};

/// The environment of other processes can be read.
pub(super) const READS_ENVIRONMENTS: bool = true;
/// The kernel allows a process three quarters of this for its arguments and environment.
const MAX_ENVIRONMENT: u64 = 8 << 20;

/// In how many parts the kernel tells a second to programs.
const TICKS: i64 = 100;

/// Tells this boot from every other.
pub(super) fn boot() -> String {
    text("/proc/sys/kernel/random/boot_id").trim().to_owned()
}

/// All processes that can be seen.
pub(super) fn table() -> Vec<Row> {
    pids().into_iter().flatten().filter_map(row).collect()
}

fn pids() -> Option<impl Iterator<Item = u32>> {
    Some(names(Path::new("/proc")).ok()?.filter_map(|name| name.parse().ok()))
}

fn text(path: &str) -> String {
    read_proc(path, MAX_ENVIRONMENT).map(lossy).unwrap_or_default()
}

/// One process; `None` if there is none of this number.
pub(super) fn row(pid: u32) -> Option<Row> {
    let folder = format!("/proc/{pid}");
    let stat = text(&format!("{folder}/stat"));
    let uid = fs::metadata(&folder).ok()?.uid();
    parse_stat(pid, &stat, uid)
}

/// The name in parentheses may hold blanks and parentheses itself, so fields count from the last one.
pub(super) fn parse_stat(pid: u32, stat: &str, uid: u32) -> Option<Row> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    Some(Row {
        pid,
        zombie: matches!(*fields.first()?, "Z" | "X" | "x"),
        stopped: *fields.first()? == "T",
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        start: (*fields.get(19)?).to_owned(),
        uid,
    })
}

/// When a process began, in seconds since 1970.
pub(super) fn began(row: &Row) -> Option<i64> {
    let booted = text("/proc/stat").lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse::<i64>().ok())?;
    Some(booted + row.start.parse::<i64>().ok()? / TICKS)
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
    let environment = read_proc(&format!("/proc/{}/environ", row.pid), MAX_ENVIRONMENT)?;
    let prefix = format!("{name}=");
    let found = environment.split(|&byte| byte == 0).find_map(|entry| entry.strip_prefix(prefix.as_bytes()))?;
    Some(String::from_utf8_lossy(found).into_owned())
}

/// The words of the command line of a process: they lie open also where its environment doesn't.
pub(super) fn words(row: &Row) -> Vec<String> {
    let line = read_proc(&format!("/proc/{}/cmdline", row.pid), MAX_ENVIRONMENT).unwrap_or_default();
    let line = line.strip_suffix(b"\0").unwrap_or(&line);
    line.split(|&byte| byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

/// Whether a git stands in one of these folders, or has it among its arguments; one that doesn't say, may.
pub(super) fn is_git_at_work(folders: &[PathBuf]) -> bool {
    let Some(mut pids) = pids() else { return true };
    pids.any(|pid| {
        if !is_git(pid) {
            return false;
        }
        let Some(stands) = link_target(Path::new(&format!("/proc/{pid}/cwd"))) else {
            return row(pid).is_some_and(|row| !row.zombie);
        };
        let arguments = read_proc(&format!("/proc/{pid}/cmdline"), MAX_ENVIRONMENT).unwrap_or_default();
        let names = |name: &[u8]| arguments.windows(name.len()).any(|part| part == name);
        // The daemon that watches files for git runs for days and never touches a ref.
        !names(b"fsmonitor--daemon")
            && folders.iter().any(|folder| stands.starts_with(folder) || names(folder.as_os_str().as_bytes()))
    })
}

fn is_git(pid: u32) -> bool {
    let name = text(&format!("/proc/{pid}/comm"));
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
