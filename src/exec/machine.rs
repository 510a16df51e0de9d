//! What tells this machine from others. It decides nothing.

use super::clock::since_boot;
use super::processes;
use crate::domain::machine::{Here, Machine};
use crate::sys::read::read_linked_text;
use rustix::time::{ClockId, clock_gettime};
use std::path::Path;

/// Where systems keep what they were installed with.
const IDS: [&str; 2] = ["/etc/machine-id", "/var/lib/dbus/machine-id"];
/// This machine.
pub fn here() -> Here {
    Here { machine: Machine { host: host(), id: id(), boot: processes::boot() }, booted: booted() }
}

/// Its name: one system call.
pub fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Its clock, in seconds since the epoch: to compare clocks with, and to tell no time by.
pub fn clock() -> i64 {
    clock_gettime(ClockId::Realtime).tv_sec
}

/// When it was booted, in seconds since the epoch, give or take one: no system call. It moves when the clock is set.
pub fn booted() -> i64 {
    clock() - since_boot().as_secs().cast_signed()
}

fn id() -> Option<String> {
    let text = |path: &str| read_linked_text(Path::new(path)).ok().flatten();
    // Before the first boot of an image is over, systemd writes a word in its place.
    let is_id = |id: &String| id.len() >= 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    IDS.into_iter().filter_map(text).map(|text| text.trim().to_owned()).find(is_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_itself() {
        let here = here();
        assert!(!here.machine.host.is_empty() && !here.machine.boot.is_empty());
        assert!(here.is(&super::here().machine, None));
        assert!((booted() - here.booted).abs() < 3);
    }
}
