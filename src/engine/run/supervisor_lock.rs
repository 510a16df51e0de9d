//! The agent's lock while its supervisor lives. People delete lock files: then the lock is taken anew at its path, so that
//! nobody else finds it free.
//!
//! It never gives the lock up; that is done by the end of the process.

use crate::sys::lock::Lock;
use anyhow::{Result, bail};
use std::{cell::RefCell, path::PathBuf};

/// A lock that is looked after.
#[derive(Debug)]
pub struct SupervisorLock {
    path: PathBuf,
    locks: RefCell<Vec<Lock>>,
}

/// What was found at the path of a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockStatus {
    /// The locked file.
    Still,
    /// Another file or none: it has been locked.
    Renewed,
    /// Another file, locked by somebody else.
    Taken,
}

impl SupervisorLock {
    /// Looks after `lock`, whose file is to stand at `path`.
    pub fn new(lock: Lock, path: PathBuf) -> Self {
        Self { path, locks: RefCell::new(vec![lock]) }
    }

    /// Looks whether the locked file still stands at its path, and locks what stands there if not.
    ///
    /// # Errors
    /// The system's, when the lock is taken anew.
    pub fn look(&self) -> Result<LockStatus> {
        if self.locks.borrow().last().is_some_and(|lock| lock.still_at(&self.path)) {
            return Ok(LockStatus::Still);
        }
        let Some(lock) = Lock::try_take(&self.path)? else { return Ok(LockStatus::Taken) };
        self.locks.borrow_mut().push(lock);
        Ok(LockStatus::Renewed)
    }

    /// Makes sure that the lock is held.
    ///
    /// # Errors
    /// Somebody else holds it, or as for [`SupervisorLock::look`].
    pub fn secure(&self) -> Result<()> {
        match self.look()? {
            LockStatus::Still | LockStatus::Renewed => Ok(()),
            LockStatus::Taken => bail!("{} was replaced, and another process has locked it", self.path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_deleted_lock_file_is_noticed_and_locked_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let held = SupervisorLock::new(Lock::try_take(&path).unwrap().unwrap(), path.clone());
        assert_eq!(held.look().unwrap(), LockStatus::Still);
        fs::remove_file(&path).unwrap();
        assert_eq!(held.look().unwrap(), LockStatus::Renewed);
        assert_eq!(held.look().unwrap(), LockStatus::Still);
        assert!(Lock::try_take(&path).unwrap().is_none());
        fs::remove_file(&path).unwrap();
        let other = Lock::try_take(&path).unwrap().unwrap();
        assert_eq!(held.look().unwrap(), LockStatus::Taken);
        assert!(held.secure().is_err());
        drop(other);
        assert_eq!(held.look().unwrap(), LockStatus::Renewed);
    }
}
