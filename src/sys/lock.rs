//! Locks between processes, as `flock` on files that are never deleted.
//!
//! A lock ends when the last descriptor of it is closed, so it can be handed to a child; it is never unlocked
//! explicitly, for that would free every duplicate. Users do delete lock files: who takes a lock compares what it
//! has locked with what stands at the path.

use super::error::cannot;
use super::read::{Links, open_regular};
use anyhow::{Context, Result, bail};
use fs2::FileExt;
use rustix::fs::{Mode, OFlags, Stat, fstat};
use rustix::io::FdFlags;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Duration;

/// Who only looks whether a lock is free holds it for microseconds; a taker outlasts that.
const LOOKS: [Duration; 3] = [Duration::from_millis(1), Duration::from_millis(2), Duration::from_millis(4)];

/// How often a lock file may be replaced under a taker before it gives up.
const REPLACED_MAX: u32 = 100;

/// A lock that is held until this and every duplicate handed out is closed.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock if it is free; `None` if another holds it.
    ///
    /// # Errors
    /// The file cannot be opened or locked at all: that is not "busy".
    pub fn try_take(path: &Path) -> Result<Option<Self>> {
        for pause in LOOKS {
            if let Some(lock) = Self::try_once(path)? {
                return Ok(Some(lock));
            }
            std::thread::sleep(pause);
        }
        Self::try_once(path)
    }

    /// Takes the lock, waiting for it at most about as long as `deadline`.
    ///
    /// # Errors
    /// As for [`Lock::try_take`], and a lock that is not free by then.
    pub fn take(path: &Path, deadline: Duration) -> Result<Self> {
        let mut waited = Duration::ZERO;
        let mut pause = Duration::from_millis(1);
        loop {
            if let Some(lock) = Self::try_once(path)? {
                return Ok(lock);
            }
            if waited >= deadline {
                bail!(
                    "{path} has been held for {seconds} s: another `scheduler` is at work or hangs; \
                     `fuser -v {path}` names it, try again when it has ended",
                    path = path.display(),
                    seconds = deadline.as_secs(),
                );
            }
            std::thread::sleep(pause);
            waited += pause;
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }

    /// Whether nobody holds the lock at `path`. A file that isn't there is free; none is created.
    ///
    /// # Errors
    /// The file cannot be opened or looked at.
    pub fn is_free(path: &Path) -> Result<bool> {
        let Some(file) = open_if_there(path, OFlags::empty())? else { return Ok(true) };
        // Shared, so that two who look never see each other.
        taken(FileExt::try_lock_shared(&file), path)
    }

    /// Takes over the lock that a parent handed to this process as `file`, from now on closed by exec.
    ///
    /// # Errors
    /// Somebody else holds it, or `file` isn't what stands at `path`.
    pub fn adopt(file: File, path: &Path) -> Result<Self> {
        rustix::io::fcntl_setfd(&file, FdFlags::CLOEXEC).map_err(|error| cannot("keep the lock", path, error))?;
        if !taken(file.try_lock_exclusive(), path)? {
            bail!("{} is held by another process: this one was handed a file without the lock", path.display());
        }
        let lock = Self { file };
        if !lock.still_at(path) {
            bail!("{} was deleted or replaced while it was handed over", path.display());
        }
        Ok(lock)
    }

    /// What the holder has noted in the lock's file, in one line; `None` if nothing.
    pub fn note(&self) -> Option<String> {
        first_line(&self.file)
    }

    /// Notes something in the lock's file, in one line and one write: it stays there when the lock has ended.
    ///
    /// # Errors
    /// The system's.
    pub fn set_note(&self, text: &str, path: &Path) -> Result<()> {
        let line = format!("{text}\n");
        let write = || {
            self.file.write_all_at(line.as_bytes(), 0)?;
            self.file.set_len(line.len() as u64)?;
            self.file.sync_all()
        };
        write().map_err(|error| cannot("write to", path, error))
    }

    /// The descriptor itself, to be handed to a child.
    pub fn into_file(self) -> File {
        self.file
    }

    /// A duplicate of the descriptor, to be handed to a child while the lock stays here as well.
    ///
    /// # Errors
    /// The system's.
    pub fn duplicate(&self) -> Result<File> {
        self.file.try_clone().context("the lock can't be handed on")
    }

    /// Whether the locked file still stands at `path`. If not, somebody deleted it, and another may hold the new one.
    pub fn still_at(&self, path: &Path) -> bool {
        let same = |a: &Stat, b: &Stat| a.st_dev == b.st_dev && a.st_ino == b.st_ino;
        matches!((fstat(&self.file), rustix::fs::lstat(path)), (Ok(held), Ok(there)) if same(&held, &there))
    }

    fn try_once(path: &Path) -> Result<Option<Self>> {
        for _ in 0..REPLACED_MAX {
            let file = open(path)?;
            let is_ours = taken(file.try_lock_exclusive(), path)?;
            let lock = Self { file };
            if lock.still_at(path) {
                return Ok(is_ours.then_some(lock));
            }
        }
        bail!("{} is deleted again and again: find out by whom", path.display())
    }
}

/// What a holder, of now or before, has noted in the lock's file at `path`.
pub fn note_at(path: &Path) -> Option<String> {
    let (file, _) = open_regular(path, OFlags::RDONLY, Mode::empty(), Links::Refuse).ok()??;
    first_line(&file)
}

/// The first line of a file of less than a page, if it is whole.
fn first_line(file: impl AsFd) -> Option<String> {
    let mut page = [0; 1024];
    let read = rustix::io::pread(file, &mut page[..], 0).ok()?;
    let (line, _) = std::str::from_utf8(page.get(..read)?).ok()?.split_once('\n')?;
    Some(line.to_owned())
}

fn open(path: &Path) -> Result<File> {
    let opened = match open_if_there(path, OFlags::CREATE)? {
        None => {
            super::atomic::ensure_parent(path)?;
            open_if_there(path, OFlags::CREATE)?
        }
        opened => opened,
    };
    opened.with_context(|| format!("{} vanishes while it is opened", path.display()))
}

fn open_if_there(path: &Path, create: OFlags) -> Result<Option<File>> {
    let opened = open_regular(path, OFlags::RDWR | create, Mode::from_raw_mode(0o600), Links::Refuse)?;
    Ok(opened.map(|(file, _)| file.into()))
}

/// Whether an attempt to lock succeeded; that another holds it is no error.
fn taken(attempt: io::Result<()>, path: &Path) -> Result<bool> {
    match attempt {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
        Err(error) => Err(cannot("lock", path, error)),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::fs;
    use std::process::{Command, Stdio};
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Waits until a lock that was let go is free: what another test has just forked holds it until it becomes its program.
    pub fn until_free(path: &Path) {
        let begun = std::time::Instant::now();
        while !Lock::is_free(path).unwrap() {
            assert!(begun.elapsed() < Duration::from_secs(30), "{} is still held", path.display());
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn one_holder_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("agents/a/lock");
        assert!(Lock::is_free(&path).unwrap());
        assert!(!path.exists());
        let lock = Lock::try_take(&path).unwrap().unwrap();
        assert!(Lock::try_take(&path).unwrap().is_none());
        assert!(!Lock::is_free(&path).unwrap());
        let error = Lock::take(&path, Duration::from_millis(5)).unwrap_err().to_string();
        assert!(error.contains("fuser") && error.contains("lock"), "{error}");
        drop(lock);
        until_free(&path);
        assert!(path.exists());
    }

    #[test]
    fn a_note_outlasts_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        assert_eq!(note_at(&path), None);
        let lock = Lock::try_take(&path).unwrap().unwrap();
        assert_eq!(lock.note(), None);
        for note in ["a longer one", "short"] {
            lock.set_note(note, &path).unwrap();
            assert_eq!(lock.note().as_deref(), Some(note));
        }
        drop(lock);
        assert_eq!(note_at(&path).as_deref(), Some("short"));
        fs::write(&path, "cut o").unwrap();
        assert_eq!(note_at(&path), None);
    }

    #[test]
    fn threads_exclude_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.lock");
        let inside = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let _lock = Lock::take(&path, Duration::from_secs(30)).unwrap();
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        assert_eq!(inside.fetch_sub(1, Ordering::SeqCst), 1);
                    }
                });
            }
        });
    }

    #[test]
    fn a_deleted_lock_file_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let old = Lock::try_take(&path).unwrap().unwrap();
        assert!(old.still_at(&path));
        fs::remove_file(&path).unwrap();
        assert!(!old.still_at(&path));
        let new = Lock::try_take(&path).unwrap().unwrap();
        assert!(new.still_at(&path) && !old.still_at(&path));
        assert!(Lock::adopt(old.into_file(), &path).is_err());
    }

    #[test]
    fn a_child_holds_what_it_was_handed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let lock = Lock::try_take(&path).unwrap().unwrap();
        let file = lock.into_file();
        let adopted = Lock::adopt(file.try_clone().unwrap(), &path).unwrap();
        let mut child = Command::new("sleep").arg("60").stdin(Stdio::from(file)).spawn().unwrap();
        drop(adopted);
        assert!(!Lock::is_free(&path).unwrap());
        assert!(Lock::try_take(&path).unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        until_free(&path);
    }

    #[test]
    fn an_error_is_not_busy() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        fs::create_dir(&path).unwrap();
        assert!(Lock::try_take(&path).is_err());
        assert!(Lock::is_free(&path).is_err());
        let other = dir.path().join("other");
        std::os::unix::fs::symlink("/dev/null", &other).unwrap();
        assert!(Lock::try_take(&other).is_err());
    }

    #[test]
    fn adopting_what_another_holds_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let _held = Lock::try_take(&path).unwrap().unwrap();
        let stranger = fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
        assert!(Lock::adopt(stranger, &path).is_err());
    }
}
