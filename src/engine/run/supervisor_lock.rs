//! The agent's lock while its supervisor lives. Users delete lock files: then the lock is taken anew at its path, so that
//! no other process finds it free.
//!
//! It never gives the lock up; that is done by the end of the process.

use crate::sys::lock::Lock;
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A lock that is kept at its path.
#[derive(Debug)]
pub struct SupervisorLock {
    path: PathBuf,
    locks: Mutex<Vec<Lock>>,
}

/// What was found at the path of a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockStatus {
    /// The locked file.
    Held,
    /// Another file or none: it has been locked.
    Renewed,
    /// Another file, locked by another process.
    Taken,
}

impl SupervisorLock {
    /// Keeps `lock` at `path`, where its file is to stand.
    pub fn new(lock: Lock, path: PathBuf) -> Self {
        Self { path, locks: Mutex::new(vec![lock]) }
    }

    fn locks(&self) -> MutexGuard<'_, Vec<Lock>> {
        self.locks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A duplicate of the lock, for a child that acts in the agent's name.
    ///
    /// # Errors
    /// The system's.
    pub fn duplicate(&self) -> Result<File> {
        self.locks().last().context("there is no lock")?.duplicate()
    }

    /// Whether the locked file still stands at its path; if not, what stands there is locked.
    ///
    /// # Errors
    /// The system's, when the lock is taken anew.
    pub fn check(&self) -> Result<LockStatus> {
        if self.locks().last().is_some_and(|lock| lock.still_at(&self.path)) {
            return Ok(LockStatus::Held);
        }
        let Some(lock) = Lock::try_take(&self.path)? else { return Ok(LockStatus::Taken) };
        self.locks().push(lock);
        Ok(LockStatus::Renewed)
    }

    /// Makes sure that the lock is held.
    ///
    /// # Errors
    /// Another process holds it, or as for [`SupervisorLock::check`].
    pub fn secure(&self) -> Result<()> {
        match self.check()? {
            LockStatus::Held | LockStatus::Renewed => Ok(()),
            LockStatus::Taken => bail!("{} was replaced, and another process has locked it", self.path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::lock::tests::until_free;
    use std::fs;

    #[test]
    fn a_deleted_lock_file_is_noticed_and_locked_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let held = SupervisorLock::new(Lock::try_take(&path).unwrap().unwrap(), path.clone());
        assert_eq!(held.check().unwrap(), LockStatus::Held);
        fs::remove_file(&path).unwrap();
        assert_eq!(held.check().unwrap(), LockStatus::Renewed);
        assert_eq!(held.check().unwrap(), LockStatus::Held);
        assert!(Lock::try_take(&path).unwrap().is_none());
        fs::remove_file(&path).unwrap();
        let other = Lock::try_take(&path).unwrap().unwrap();
        assert_eq!(held.check().unwrap(), LockStatus::Taken);
        assert!(held.secure().is_err());
        drop(other);
        until_free(&path);
        assert_eq!(held.check().unwrap(), LockStatus::Renewed);
    }
}
