//! Renames that replace nothing or exchange two files, and what stands in for them where a file system has neither.

use super::{ensure_parent, sync_dir};
use crate::sys::error::cannot;
use anyhow::Result;
use rustix::fs::{CWD, RenameFlags, linkat, lstat, renameat_with, unlink};
use rustix::io::{Errno, retry_on_intr};
use std::path::Path;

/// What became of a file that was to be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// It is where it should be.
    Done,
    /// It wasn't there: the user has moved it.
    NotFound,
    /// A file of that name stands at the destination; both are untouched.
    AlreadyExists,
}

/// Moves a file to another name and never over another file.
///
/// # Errors
/// The system's, with both paths and a remedy.
pub fn move_no_replace(from: &Path, to: &Path) -> Result<Moved> {
    let failed = |error: Errno| cannot(&format!("move {} to", from.display()), to, error);
    let mut moved = no_replace(from, to);
    // "Not found" is also said of a missing directory.
    if moved == Err(Errno::NOENT) && lstat(from).is_ok() {
        ensure_parent(to)?;
        moved = no_replace(from, to);
    }
    match moved {
        Ok(()) => {
            sync_dir(to)?;
            if from.parent() != to.parent() {
                sync_dir(from)?;
            }
            Ok(Moved::Done)
        }
        Err(Errno::NOENT) => Ok(Moved::NotFound),
        Err(Errno::EXIST) => Ok(Moved::AlreadyExists),
        Err(error) => Err(failed(error)),
    }
}

/// Whether [`move_no_replace`] would find a file at its destination. The same file under both names is none.
pub fn is_taken(from: &Path, to: &Path) -> bool {
    lstat(to)
        .is_ok_and(|there| !lstat(from).is_ok_and(|here| (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)))
}

/// Whether this error says that the file system knows no renames with flags.
pub(super) fn is_unsupported(error: Errno) -> bool {
    matches!(error, Errno::INVAL | Errno::NOSYS | Errno::NOTSUP)
}

/// Exchanges what stands at two names.
pub(super) fn exchange(a: &Path, b: &Path) -> rustix::io::Result<()> {
    retry_on_intr(|| renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE))
}

/// Renames, or fails with `EXIST`.
pub(super) fn no_replace(from: &Path, to: &Path) -> rustix::io::Result<()> {
    match retry_on_intr(|| renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)) {
        Err(error) if is_unsupported(error) => link_and_unlink(from, to),
        other => other,
    }
}

/// The same for file systems without such renames. Killed in between, the file has two names: the next call ends that.
pub(super) fn link_and_unlink(from: &Path, to: &Path) -> rustix::io::Result<()> {
    let linked = linkat(CWD, from, CWD, to, rustix::fs::AtFlags::empty());
    if linked == Err(Errno::EXIST) {
        let (a, b) = (lstat(from)?, lstat(to)?);
        if (a.st_dev, a.st_ino) != (b.st_dev, b.st_ino) {
            return Err(Errno::EXIST);
        }
    } else {
        linked?;
    }
    unlink(from)
}
