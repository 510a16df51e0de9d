//! Reads the process table through `ps`, where there is no `/proc`. Environments can't be read there.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rustix::process::{Signal, kill_process};

use super::{ProcessId, Row, as_pid, verified};
use crate::exec::command;

/// The environment of other processes can't be read.
pub(super) const READS_ENVIRONMENTS: bool = false;
const TIMEOUT: Duration = Duration::from_secs(5);
const MAX_OUTPUT: usize = 4 << 20;

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let mut call = Command::new(program);
    call.args(arguments).env("LC_ALL", "C").env("TZ", "UTC");
    let captured = command::run(&mut call, None, TIMEOUT, MAX_OUTPUT).ok()?;
    captured.status.success().then(|| String::from_utf8_lossy(&captured.stdout).into_owned())
}

/// When a process began isn't told as a number.
pub(super) fn began(_row: &Row) -> Option<i64> {
    None
}

/// No environment can be read.
pub(super) fn variable(_row: &Row, _name: &str) -> Option<String> {
    None
}

/// None: words with blanks can't be told apart.
pub(super) fn words(_row: &Row) -> Vec<String> {
    Vec::new()
}

/// Tells this boot from every other.
pub(super) fn boot() -> String {
    output("sysctl", &["-n", "kern.bootsessionuuid"]).map(|id| id.trim().to_owned()).unwrap_or_default()
}

/// All processes.
pub(super) fn table() -> Vec<Row> {
    let columns = ["-A", "-o", "pid=,ppid=,pgid=,uid=,stat=,lstart="];
    output("ps", &columns).map(|text| text.lines().filter_map(parse).collect()).unwrap_or_default()
}

/// One process; `None` if there is none of this number.
pub(super) fn row(pid: u32) -> Option<Row> {
    let number = pid.to_string();
    output("ps", &["-o", "pid=,ppid=,pgid=,uid=,stat=,lstart=", "-p", &number])?.lines().find_map(parse)
}

fn parse(line: &str) -> Option<Row> {
    let mut fields = line.split_ascii_whitespace();
    let mut number = || fields.next()?.parse().ok();
    let (pid, parent, group, uid) = (number()?, number()?, number()?, number()?);
    let status = fields.next()?;
    Some(Row {
        pid,
        parent,
        group,
        uid,
        zombie: status.starts_with('Z'),
        stopped: status.starts_with('T'),
        start: fields.collect::<Vec<_>>().join(" "),
    })
}

/// Never: it can't be known.
pub(super) fn carries(_row: &Row, _name: &str, _value: &str) -> bool {
    false
}

/// Whether any git is at work: where can't be known.
pub(super) fn is_git_at_work(_folders: &[PathBuf]) -> bool {
    let is_git =
        |line: &str| line.trim().rsplit('/').next().is_some_and(|name| name == "git" || name.starts_with("git-"));
    output("ps", &["-A", "-o", "comm="]).is_none_or(|text| text.lines().any(is_git))
}

/// Sends a signal right after the check.
pub(super) fn signal_verified(id: &ProcessId, signal: Signal) -> bool {
    as_pid(id.pid).is_some_and(|pid| verified(id).is_some() && kill_process(pid, signal).is_ok())
}

/// There are no subreapers.
pub(super) fn is_subreaper() -> bool {
    false
}

/// Nobody's orphans come here.
pub(super) fn reap(_pid: u32) {}
