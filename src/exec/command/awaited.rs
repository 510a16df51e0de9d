//! The end of a child, known at once without a thread that waits for it.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use std::io;
use std::os::fd::OwnedFd;
use std::process::{Child, ExitStatus};
use std::thread;
use std::time::Duration;

/// A child whose end is awaited. It is reaped only when it is asked for.
pub struct Awaited {
    child: Child,
    ended: io::Result<OwnedFd>,
}

impl Awaited {
    pub fn new(child: Child) -> Self {
        Self { ended: exit_of(Pid::from_child(&child)), child }
    }

    /// Waits for its end, at most so long.
    ///
    /// # Errors
    /// It can't be waited for; that takes as long.
    pub fn wait(&mut self, most: Duration) -> io::Result<Option<ExitStatus>> {
        let limit = Timespec::try_from(most).ok();
        let told = self.ended.as_ref().is_ok_and(|ended| {
            retry_on_intr(|| poll(&mut [PollFd::new(ended, PollFlags::IN)], limit.as_ref())).is_ok()
        });
        let status = self.child.try_wait();
        match &status {
            Ok(Some(_)) => return status,
            Ok(None) if told => return status,
            _ => thread::sleep(most),
        }
        status
    }
}

/// Becomes readable when `pid` has ended. It is left for the caller to reap.
pub(super) fn exit_of(pid: Pid) -> io::Result<OwnedFd> {
    #[cfg(target_os = "linux")]
    if let Ok(process) = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()) {
        return Ok(process);
    }
    waited_for(pid)
}

/// The same where the system has no descriptors of processes: a thread waits, and closes the other end of a pipe.
fn waited_for(pid: Pid) -> io::Result<OwnedFd> {
    let (reader, writer) = io::pipe()?;
    thread::Builder::new().spawn(move || {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while let Err(Errno::INTR) = waitid(WaitId::Pid(pid), options) {}
        drop(writer);
    })?;
    Ok(reader.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn an_end_is_known_at_once_and_no_end_in_time() {
        for lacks_descriptors in [false, true] {
            let child = Command::new("sh").args(["-c", "sleep 0.1; exit 3"]).spawn().unwrap();
            let pid = Pid::from_child(&child);
            let mut awaited = Awaited::new(child);
            if lacks_descriptors {
                awaited.ended = waited_for(pid);
            }
            assert_eq!(awaited.wait(Duration::from_millis(1)).unwrap(), None);
            assert_eq!(awaited.wait(Duration::from_secs(60)).unwrap().unwrap().code(), Some(3));
        }
    }
}
