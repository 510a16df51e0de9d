//! The machine: room on the disk, a file system on which locks hold, and who holds them.

use super::Probe;
use crate::engine::machine;
use crate::engine::project::Project;
use crate::sys::lock::Lock;
use crate::sys::read::{MAX_BYTES, lossy, read_proc};
use anyhow::{Context as _, Result};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Less room than this is soon too little for worktrees.
const LOW_BYTES: u64 = 1 << 30;

/// Looks at disk and locks.
pub(super) fn probe(project: &Project) -> Result<Vec<Probe>> {
    let dot = project.paths.dot();
    let disk = rustix::fs::statvfs(dot).with_context(|| dot.display().to_string())?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let room = format!("{} MiB are free on the disk of {}", free >> 20, dot.display());
    let mut probes = vec![if free < LOW_BYTES {
        Probe::warning(room, "free some: every agent has a worktree of its own")
    } else {
        Probe::ok(room)
    }];
    probes.extend(network_file_system(dot));
    if let Some(host) = machine::elsewhere(&project.paths) {
        let what = format!("the ticks of this project run on {host}, not here");
        probes.push(Probe::warning(what, "look there; or `scheduler adopt --here` moves them here"));
    }
    for lock in [project.paths.scheduler_lock(), project.paths.store_lock(), project.paths.fetch_lock()] {
        if lock.exists() && !Lock::is_free(&lock)? {
            let holder = holder(&lock).map_or("another process".to_owned(), |pid| format!("process {pid}"));
            let what = format!("{} is held by {holder}", lock.display());
            probes.push(Probe::warning(what, "fine for moments; if it stays, look what that process waits for"));
        }
    }
    Ok(probes)
}

/// File systems on which a lock may not reach other machines, or may not hold at all.
#[cfg(target_os = "linux")]
fn network_file_system(dot: &Path) -> Option<Probe> {
    const NAMES: [(u64, &str); 5] =
        [(0x6969, "NFS"), (0xff53_4d42, "CIFS"), (0xfe53_4d42, "SMB"), (0x0102_1997, "9p"), (0x6573_5546, "FUSE")];
    let kind = u64::try_from(rustix::fs::statfs(dot).ok()?.f_type).ok()?;
    let (_, name) = NAMES.into_iter().find(|(magic, _)| *magic == kind)?;
    Some(Probe::warning(
        format!("{} is on {name}, where locks may not hold", dot.display()),
        "fine as long as you change things from the machine of the ticks only",
    ))
}

/// Elsewhere the kinds have other numbers, and users know where they keep their projects.
#[cfg(not(target_os = "linux"))]
fn network_file_system(_: &Path) -> Option<Probe> {
    None
}

/// The process that holds a lock, as /proc/locks has it.
fn holder(lock: &Path) -> Option<u32> {
    let inode = format!(":{}", fs::metadata(lock).ok()?.ino());
    let locks = lossy(read_proc("/proc/locks", MAX_BYTES as u64)?);
    let line = locks.lines().find(|line| line.split_whitespace().any(|word| word.ends_with(&inode)))?;
    line.split_whitespace().nth(4)?.parse().ok()
}
