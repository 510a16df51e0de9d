//! Waits for files that are renamed into a folder: told by the system where it tells, else by the clock. It reads none of them.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{BorrowedFd, OwnedFd};
#[cfg(target_os = "linux")]
use rustix::fs::inotify;
#[cfg(target_os = "linux")]
use rustix::fs::inotify::{CreateFlags, ReadFlags, WatchFlags};
#[cfg(target_os = "linux")]
use std::mem::MaybeUninit;
use std::path::Path;
use std::time::Duration;

/// After these a folder tells nothing any more: it was removed or moved away.
#[cfg(target_os = "linux")]
const LAST: ReadFlags = ReadFlags::DELETE_SELF.union(ReadFlags::MOVE_SELF).union(ReadFlags::IGNORED);
/// The most that is listened to at once.
#[cfg(target_os = "linux")]
const FLOOD: u32 = 10_000;

/// A folder that is waited at.
#[derive(Debug)]
pub struct Arrivals {
    /// Becomes readable when a file arrives; none where the system doesn't tell.
    told: Option<OwnedFd>,
    /// How often to look where it doesn't.
    look_every: Duration,
}

impl Arrivals {
    /// From now on.
    pub fn of(folder: &Path, look_every: Duration) -> Self {
        Self { told: told_of(folder), look_every }
    }

    /// Forgets those that were told of: whoever looks at the folder after this sees them.
    #[cfg(target_os = "linux")]
    pub fn forget(&mut self) {
        let Some(told) = &self.told else { return };
        let mut events = [MaybeUninit::uninit(); 4096];
        let mut events = inotify::Reader::new(told, &mut events);
        // A flood doesn't hold it up: what is left over wakes once more.
        let mut seen = (0..FLOOD).map_while(|_| events.next().ok().map(|event| event.events()));
        let is_last = seen.by_ref().any(|event| event.intersects(LAST));
        if is_last {
            self.told = None;
        }
    }

    /// Nobody tells.
    #[cfg(not(target_os = "linux"))]
    pub fn forget(&mut self) {}

    /// Whether arrivals end the wait, not the clock alone.
    pub fn is_told(&self) -> bool {
        self.told.is_some()
    }

    /// Waits until it is worth to look: something arrived or may have, `other` has become readable or was closed at its other
    /// end, or so much time has passed. Whether it was for `other`.
    pub fn wait(&self, most: Option<Duration>, other: Option<BorrowedFd<'_>>) -> bool {
        let most = if self.is_told() { most } else { Some(most.unwrap_or(Duration::MAX).min(self.look_every)) };
        let most = most.and_then(|most| Timespec::try_from(most).ok());
        let mut fds: Vec<_> = other.iter().map(|other| PollFd::from_borrowed_fd(*other, PollFlags::IN)).collect();
        fds.extend(self.told.as_ref().map(|told| PollFd::new(told, PollFlags::IN)));
        poll(&mut fds, most.as_ref()).is_ok()
            && other.is_some()
            && fds.first().is_some_and(|fd| !fd.revents().is_empty())
    }
}

#[cfg(target_os = "linux")]
fn told_of(folder: &Path) -> Option<OwnedFd> {
    let told = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).ok()?;
    let what = WatchFlags::MOVED_TO | WatchFlags::DELETE_SELF | WatchFlags::MOVE_SELF;
    inotify::add_watch(&told, folder, what | WatchFlags::ONLYDIR | WatchFlags::DONT_FOLLOW).ok()?;
    Some(told)
}

#[cfg(not(target_os = "linux"))]
fn told_of(_folder: &Path) -> Option<OwnedFd> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::time::Instant;

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn a_file_that_arrives_ends_the_wait() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, outside) = (dir.path().join("folder"), dir.path().join("outside"));
        fs::create_dir(&folder).unwrap();
        let mut arrivals = Arrivals::of(&folder, LONG);
        assert!(cfg!(not(target_os = "linux")) || arrivals.is_told());
        let begun = Instant::now();
        if arrivals.is_told() {
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    fs::write(&outside, "").unwrap();
                    fs::rename(&outside, folder.join("x")).unwrap();
                });
                assert!(!arrivals.wait(None, None));
            });
            assert!(begun.elapsed() < LONG);
            arrivals.forget();
        }
        assert!(!arrivals.wait(Some(Duration::from_millis(5)), None));
        let (closed, close) = std::io::pipe().unwrap();
        drop(close);
        assert!(arrivals.wait(None, Some(rustix::fd::AsFd::as_fd(&closed))));
        // Moved away, it tells nothing; then the clock does.
        fs::rename(&folder, &outside).unwrap();
        arrivals.forget();
        assert!(!arrivals.is_told());
        arrivals.look_every = Duration::from_millis(5);
        assert!(!arrivals.wait(None, None));
        assert!(begun.elapsed() < LONG);
        assert!(!Arrivals::of(&folder, LONG).is_told());
    }
}
