//! The processes that led to this one. What a call takes out of its own environment, those above it still hold.

use super::{Row, system};
use crate::domain::state::ProcessId;
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use std::os::unix::process::parent_id;

/// Whether the environments of other processes can be read here.
pub const READS_ENVIRONMENTS: bool = system::READS_ENVIRONMENTS;

/// More processes than lead to any real one.
const MAX: usize = 1_000;
/// How often the way up is begun anew, where a process on it ended meanwhile and its children went to another.
const TRIES: usize = 5;

/// A process above this one.
#[derive(Debug)]
pub struct Ancestor(Row);

impl Ancestor {
    /// The variable in the environment with which it was started; `None` also where that can't be read.
    pub fn variable(&self, name: &str) -> Option<String> {
        system::variable(&self.0, name)
    }

    /// The words of its command line; none where they can't be read.
    pub fn words(&self) -> Vec<String> {
        system::words(&self.0)
    }

    /// Whether it is exactly this process.
    pub fn is(&self, id: &ProcessId) -> bool {
        self.0.pid == id.pid && self.0.start == id.start && system::boot() == id.boot
    }
}

/// The processes above this one, nearest first; `None` if the way up can't be followed to its end.
pub fn ancestors() -> Option<Vec<Ancestor>> {
    (0..TRIES).find_map(|_| way_up())
}

fn way_up() -> Option<Vec<Ancestor>> {
    let mut found = Vec::new();
    let mut pid = parent_id();
    // Above a process that another namespace has started there is 0.
    while pid > 1 {
        match system::row(pid) {
            Some(row) if found.len() < MAX => {
                pid = row.parent;
                found.push(Ancestor(row));
            }
            None if is_hidden(pid) => break,
            _ => return None,
        }
    }
    Some(found)
}

/// Whether there is such a process, of another user, that the system doesn't show to this one.
fn is_hidden(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| test_kill_process(pid) == Err(Errno::PERM))
}
