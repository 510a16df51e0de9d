//! Tells processes apart, finds those of a run, and ends them.
//!
//! A signal goes only to a process whose start time and boot were compared a moment before, which belongs to
//! this user, and which is neither this process nor an ancestor of it. A process number alone is never trusted.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as system;
#[cfg(not(target_os = "linux"))]
mod other;
#[cfg(not(target_os = "linux"))]
use other as system;
mod apart;
mod grace;
mod lineage;
#[cfg(test)]
mod tests;

pub use apart::run_apart;
pub use grace::Grace;
pub use lineage::{Ancestor, READS_ENVIRONMENTS, ancestors};

use std::collections::HashSet;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, getpgrp, getpid, kill_process_group};

use crate::domain::state::ProcessId;
use crate::domain::time::Time;

/// How long after a time of which the system's clock tells a process may seem to have begun that was there by then, in seconds.
const CLOCK_MOVES: i64 = 600;
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// One row of the system's process table.
#[derive(Clone, Debug)]
struct Row {
    pid: u32,
    parent: u32,
    group: u32,
    start: String,
    uid: u32,
    zombie: bool,
    /// It was stopped, and does nothing until it is told to go on.
    stopped: bool,
}

impl Row {
    fn id(&self, boot: &str) -> ProcessId {
        ProcessId { pid: self.pid, start: self.start.clone(), boot: boot.to_owned() }
    }
}

/// Says which processes belong to a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Family<'a> {
    /// The leader of its process group: it, its group and all below it belong, as long as it is the one recorded.
    pub leader: Option<&'a ProcessId>,
    /// A variable that only the run's processes carry (name, value). It is looked for on Linux only.
    pub tag: Option<(&'a str, &'a str)>,
    /// Whatever is below this very process belongs too: right for a subreaper that has no other children.
    pub own_descendants: bool,
}

/// What [`end`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// Processes that had to be killed one by one.
    pub killed: usize,
    /// Processes that are still there: in uninterruptible sleep, or beyond this user's reach.
    pub left: Vec<ProcessId>,
}

/// Tells this boot of this machine from every other; empty if the system doesn't.
pub fn boot() -> String {
    system::boot()
}

/// The identity of the process that now has this number; `None` if there is none.
pub fn identity(pid: u32) -> Option<ProcessId> {
    system::row(pid).map(|row| row.id(&system::boot()))
}

/// Whether exactly this process still runs. One that has ended but wasn't waited for does not run.
pub fn is_alive(id: &ProcessId) -> bool {
    verified(id).is_some_and(|row| !row.zombie)
}

/// Whether a process of which only the number is known, and a time when it was there, still runs. One that began after
/// that time has merely the same number.
pub fn is_alive_since(pid: u32, time: Option<Time>) -> bool {
    let Some(row) = system::row(pid).filter(|row| !row.zombie) else { return false };
    let began_after = |began: i64| time.is_some_and(|time| began > time.timestamp() + CLOCK_MOVES);
    !system::began(&row).is_some_and(began_after)
}

/// Whether exactly this process was stopped, as by SIGSTOP: it runs, and does nothing.
pub fn is_stopped(id: &ProcessId) -> bool {
    verified(id).is_some_and(|row| row.stopped)
}

/// This user's processes whose environment held `name=value` when they were started; none where that can't be read.
pub fn tagged(name: &str, value: &str) -> Vec<ProcessId> {
    let boot = system::boot();
    system::table().iter().filter(|row| system::carries(row, name, value)).map(|row| row.id(&boot)).collect()
}

/// This user's processes whose command line is one of these.
pub fn commanded(is_meant: impl Fn(&[String]) -> bool) -> Vec<ProcessId> {
    let boot = system::boot();
    let is_meant = |row: &&Row| row.uid == own_uid() && !row.zombie && is_meant(&system::words(row));
    system::table().iter().filter(is_meant).map(|row| row.id(&boot)).collect()
}

/// Whether a git may be at work in one of these folders: one that stands there or was told of it.
pub fn is_git_at_work(folders: &[PathBuf]) -> bool {
    system::is_git_at_work(folders)
}

/// The living members of a family that may be signalled.
pub fn members(family: &Family<'_>) -> Vec<ProcessId> {
    let (table, protected) = table_and_protected();
    let boot = system::boot();
    let mut pids = HashSet::new();
    if let Some(leader) = family.leader.filter(|leader| leader.boot == boot) {
        let now = table.iter().find(|row| row.pid == leader.pid);
        if now.is_some_and(|row| row.start == leader.start) {
            pids.insert(leader.pid);
            pids.extend(below(&table, leader.pid).iter().map(|row| row.pid));
        }
        // While a group has members its number isn't given to a new process, so a leader that is simply gone
        // leaves the group its own; another process in its place means that the number was given out again.
        // Where tags can be read, they answer for a leader that is gone.
        if now.map_or(!system::READS_ENVIRONMENTS, |row| row.start == leader.start) {
            pids.extend(table.iter().filter(|row| row.group == leader.pid).map(|row| row.pid));
        }
    }
    if let Some((name, value)) = family.tag {
        pids.extend(table.iter().filter(|row| system::carries(row, name, value)).map(|row| row.pid));
    }
    if family.own_descendants {
        pids.extend(below(&table, own_pid()).iter().map(|row| row.pid));
    }
    let is_target = |row: &&Row| pids.contains(&row.pid) && may_signal(row, &protected);
    table.iter().filter(is_target).map(|row| row.id(&boot)).collect()
}

/// Ends a family: TERM, KILL after the grace of `grace`, then every member that is left until two looks find none.
///
/// With the leader alive, TERM goes to its group only, so that it can end its own children in order. It returns when
/// `grace` is over, and reaps those of the ended that are children of this process, but never `leader`: its exit
/// status belongs to whoever started it.
pub fn end(family: &Family<'_>, grace: &Grace) -> Ended {
    let mut known = members(family);
    let leader = family.leader.filter(|leader| is_alive(leader));
    match leader {
        Some(leader) => signal_group(leader, Signal::TERM),
        None => known.iter().for_each(|id| {
            signal(id, Signal::TERM);
        }),
    }
    let waits_for = |known: &[ProcessId]| match leader {
        Some(leader) => is_alive(leader),
        None => known.iter().any(is_alive),
    };
    while waits_for(&known) && grace.lasts() {
        thread::sleep(LOOK_EVERY);
        remember(&mut known, members(family));
        reap_orphans(family.leader.map(|leader| leader.pid));
    }
    if let Some(leader) = leader {
        signal_group(leader, Signal::KILL);
    }
    kill_remaining(family, known, grace)
}

/// Kills what is left of a family until two looks in a row find nothing. However late it is, each is tried once.
fn kill_remaining(family: &Family<'_>, mut known: Vec<ProcessId>, grace: &Grace) -> Ended {
    let mut killed = HashSet::new();
    let mut tried = false;
    let mut empty_looks = 0;
    loop {
        remember(&mut known, members(family));
        known.retain(is_alive);
        empty_looks = if known.is_empty() { empty_looks + 1 } else { 0 };
        if empty_looks == 2 || (tried && grace.is_over()) {
            return Ended { killed: killed.len(), left: known };
        }
        for id in &known {
            if signal(id, Signal::KILL) {
                killed.insert((id.pid, id.start.clone()));
            }
        }
        tried = true;
        thread::sleep(LOOK_EVERY);
        reap_orphans(family.leader.map(|leader| leader.pid));
    }
}

/// Adds those that are new. A process seen once is remembered: its way up to the leader may be gone the next time.
fn remember(known: &mut Vec<ProcessId>, found: Vec<ProcessId>) {
    for id in found {
        if !known.contains(&id) {
            known.push(id);
        }
    }
}

/// Waits for children of this process that have ended and that nobody else waits for; `except` is left alone.
///
/// Only a subreaper has such children: without this they would stay in the process table until it ends.
pub fn reap_orphans(except: Option<u32>) {
    if !is_subreaper() {
        return;
    }
    let me = own_pid();
    let apart = apart::running();
    for row in system::table() {
        if row.zombie && row.parent == me && Some(row.pid) != except && !apart.contains(&row.pid) {
            system::reap(row.pid);
        }
    }
}

/// Asks exactly this process to end (SIGTERM); says whether it was there to be asked.
pub fn terminate(id: &ProcessId) -> bool {
    id.boot == system::boot() && is_alive(id) && signal(id, Signal::TERM)
}

/// Whether orphaned descendants are given to this process.
pub fn is_subreaper() -> bool {
    system::is_subreaper()
}

/// Sends `signal` to exactly this process, if it is one that may be signalled. Says whether it was sent.
fn signal(id: &ProcessId, signal: Signal) -> bool {
    let (table, protected) = table_and_protected();
    let allowed = table.iter().find(|row| row.pid == id.pid).is_some_and(|row| may_signal(row, &protected));
    allowed && system::signal_verified(id, signal)
}

/// Sends `signal` to the group of a leader that is alive; one's own group is protected.
fn signal_group(leader: &ProcessId, signal: Signal) {
    let Some(pid) = as_pid(leader.pid) else { return };
    let leads = verified(leader).is_some_and(|row| row.group == row.pid && row.uid == own_uid());
    if leads && pid != getpgrp() {
        let _ = kill_process_group(pid, signal);
    }
}

/// The row of this process, if it is the one meant.
fn verified(id: &ProcessId) -> Option<Row> {
    system::row(id.pid).filter(|row| row.start == id.start && system::boot() == id.boot)
}

fn may_signal(row: &Row, protected: &HashSet<u32>) -> bool {
    !row.zombie && row.uid == own_uid() && row.pid > 1 && !protected.contains(&row.pid)
}

/// All processes, and those among them that are never signalled: this one, all above it, and what runs apart, with all below.
fn table_and_protected() -> (Vec<Row>, HashSet<u32>) {
    let apart = apart::running();
    let table = system::table();
    let mut protected = above(&table);
    for pid in apart.iter() {
        protected.insert(*pid);
        protected.extend(below(&table, *pid).iter().map(|row| row.pid));
    }
    (table, protected)
}

/// This process and all above it.
fn above(table: &[Row]) -> HashSet<u32> {
    let mut protected = HashSet::new();
    let mut pid = own_pid();
    while protected.insert(pid) {
        match table.iter().find(|row| row.pid == pid) {
            Some(row) => pid = row.parent,
            None => break,
        }
    }
    protected
}

fn below(table: &[Row], root: u32) -> Vec<&Row> {
    let mut seen = HashSet::from([root]);
    let mut found: Vec<&Row> = Vec::new();
    let mut layer = vec![root];
    while !layer.is_empty() {
        let next: Vec<&Row> = table.iter().filter(|row| layer.contains(&row.parent) && seen.insert(row.pid)).collect();
        layer = next.iter().map(|row| row.pid).collect();
        found.extend(next);
    }
    found
}

fn own_pid() -> u32 {
    getpid().as_raw_nonzero().get().unsigned_abs()
}

fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn as_pid(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}
