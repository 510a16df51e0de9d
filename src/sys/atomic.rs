//! The one place that writes, moves and removes files under `.orchestrator/`.
//!
//! A reader sees the old file or the new one, never half of one, whenever the writer is killed: a temporary file in the
//! same directory, one write, fsync, rename, fsync of the directory. It never decides what is written.

mod append;
mod beneath;
mod leftovers;
mod renames;
mod rewrite;
mod shorten;

pub use append::{append_line, open_log};
pub use beneath::write_beneath;
pub use leftovers::{is_kept_edit, sweep};
pub use renames::{Moved, is_taken, move_no_replace};
pub use rewrite::{Rewritten, rewrite};
pub use shorten::{free, shorten};

use super::dir::is_open_to_others;
use super::error::cannot;
use anyhow::Result;
use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno, retry_on_intr};
use serde::Serialize;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use tempfile::NamedTempFile;

/// How the name of every temporary file begins.
pub const TEMPORARY: &str = ".tmp-";

/// What is committed, or is for others too: as the umask says.
const SHARED: Mode = Mode::from_raw_mode(0o666);
/// What is nobody else's business.
const PRIVATE: Mode = Mode::from_raw_mode(0o600);

/// What became of a file that was to be new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// It is there.
    New,
    /// A file of that name was there already, and still is.
    AlreadyExists,
}

/// Replaces or creates a file that only the user may read. The permissions of an earlier one are kept.
///
/// # Errors
/// The system's, with path and remedy; the earlier file is then untouched.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    replace(path, bytes, PRIVATE, parent(path))
}

/// As [`write()`], but others may read it as far as the umask lets them.
///
/// # Errors
/// As for [`write()`].
pub fn write_shared(path: &Path, bytes: &[u8]) -> Result<()> {
    replace(path, bytes, SHARED, parent(path))
}

/// As [`write_shared`], or [`create_shared`] where nothing is to be replaced, for a file among the user's: what a killed writer
/// leaves of it lies in `dir`, if that is on the same disk.
///
/// # Errors
/// As for [`write()`].
pub fn install(path: &Path, bytes: &[u8], replaces: bool, dir: &Path) -> Result<()> {
    ensure_parent(path)?;
    let disk = |dir: &Path| fs::metadata(dir).map(|found| found.dev()).ok();
    let dir = if disk(dir) == disk(parent(path)) { dir } else { parent(path) };
    if replaces {
        return replace(path, bytes, SHARED, dir);
    }
    // Whoever made it in the meantime keeps what they made.
    create(path, bytes, SHARED, dir).map(|(Published::New | Published::AlreadyExists)| ())
}

/// The same for a program.
///
/// # Errors
/// The system's, with path and remedy.
pub fn write_program(path: &Path, bytes: &[u8]) -> Result<()> {
    write(path, bytes)?;
    fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(|error| cannot("make a program of", path, error))
}

fn replace(path: &Path, bytes: &[u8], mode: Mode, dir: &Path) -> Result<()> {
    let earlier = fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file);
    let temporary = prepared_as(TEMPORARY, dir, path, bytes, mode, true)?;
    if let Some(earlier) = earlier {
        keep_mode(&temporary, path, earlier.permissions().mode())?;
    }
    put(temporary, path)?;
    sync_dir(path)
}

/// Replaces or creates a file that can be computed again: atomic, but without waiting for the disk.
///
/// # Errors
/// As for [`write()`].
pub fn write_cache(path: &Path, bytes: &[u8]) -> Result<()> {
    put(prepared(path, bytes, PRIVATE, false)?, path)
}

/// A value as the text of a JSON file.
///
/// # Errors
/// A value that JSON cannot express.
pub fn json(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    Ok(text)
}

/// Creates a file that only the user may read, complete from the first instant; never replaces one.
///
/// # Errors
/// The system's, with path and remedy.
pub fn create_new(path: &Path, bytes: &[u8]) -> Result<Published> {
    create(path, bytes, PRIVATE, parent(path))
}

/// As [`create_new`], but others may read it as far as the umask lets them.
///
/// # Errors
/// As for [`create_new`].
pub fn create_shared(path: &Path, bytes: &[u8]) -> Result<Published> {
    create(path, bytes, SHARED, parent(path))
}

fn create(path: &Path, bytes: &[u8], mode: Mode, dir: &Path) -> Result<Published> {
    let temporary = prepared_as(TEMPORARY, dir, path, bytes, mode, true)?;
    match renames::no_replace(temporary.path(), path) {
        Ok(()) => {
            forget(temporary);
            if let Err(error) = sync_dir(path) {
                // Whoever is told that it failed tries again: then there would be two.
                let _ = fs::remove_file(path);
                return Err(error);
            }
            Ok(Published::New)
        }
        Err(Errno::EXIST) => Ok(Published::AlreadyExists),
        Err(error) => Err(cannot("create", path, error)),
    }
}

/// A file outside of every project, for another program to read; it goes with what is given back.
///
/// # Errors
/// As for [`write()`].
pub fn scratch(bytes: &[u8]) -> Result<NamedTempFile> {
    prepared(&std::env::temp_dir().join("scratch"), bytes, PRIVATE, false)
}

/// Proves that so many bytes can be written in `dir`, and leaves nothing.
///
/// # Errors
/// As for [`write()`].
pub fn prove_room(dir: &Path, bytes: usize) -> Result<()> {
    let failed = |error| cannot("write", dir, error);
    temporary(dir, TEMPORARY, PRIVATE).map_err(failed)?.as_file_mut().write_all(&vec![0; bytes]).map_err(failed)
}

/// Removes a file; whether it was there.
///
/// # Errors
/// The system's, with path and remedy.
pub fn remove(path: &Path) -> Result<bool> {
    let was_there = discard(path)?;
    if was_there {
        sync_dir(path)?;
    }
    Ok(was_there)
}

/// As [`remove`], of a file that may come back after a power failure: without waiting for the disk.
///
/// # Errors
/// As for [`remove`].
pub fn discard(path: &Path) -> Result<bool> {
    removed(fs::remove_file(path), path)
}

/// Removes a directory with all that is in it, as [`discard`] does a file.
///
/// # Errors
/// As for [`remove`].
pub fn discard_dir(dir: &Path) -> Result<bool> {
    removed(fs::remove_dir_all(dir), dir)
}

fn removed(done: io::Result<()>, path: &Path) -> Result<bool> {
    match done {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(cannot("remove", path, error)),
    }
}

/// Creates a directory and those above it, if they are missing.
///
/// # Errors
/// The system's, with path and remedy.
pub fn ensure_dir(dir: &Path) -> Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    if let Some(above) = dir.parent().filter(|above| !above.as_os_str().is_empty()) {
        ensure_dir(above)?;
    }
    match fs::create_dir(dir) {
        Ok(()) => sync_dir(dir),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && dir.is_dir() => Ok(()),
        Err(error) => Err(cannot("create the directory", dir, error)),
    }
}

/// The same of a directory that only the user may look into, also if it is there already and theirs.
///
/// # Errors
/// The system's, with path and remedy.
pub fn ensure_private_dir(dir: &Path) -> Result<()> {
    ensure_dir(dir)?;
    if !is_open_to_others(dir) {
        return Ok(());
    }
    fs::set_permissions(dir, Permissions::from_mode(0o700)).map_err(|error| cannot("keep others out of", dir, error))
}

/// Creates a directory that must not be there yet.
///
/// # Errors
/// It is there, or the system's, with path and remedy.
pub fn create_dir(dir: &Path) -> Result<()> {
    fs::create_dir(dir).map_err(|error| cannot("create the directory", dir, error))?;
    sync_dir(dir)
}

/// Sees to it that there is an empty file, which says something by its name; whether it outlasts a power failure is no matter.
///
/// # Errors
/// The system's, with path and remedy.
pub fn hold_place(path: &Path) -> Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = retry_on_intr(|| rustix::fs::open(path, flags, PRIVATE));
    opened.map(drop).map_err(|error| cannot("create", path, error))
}

/// The same, as a further name of a place that is held: for many of them that takes a tenth of the time.
///
/// # Errors
/// As for [`hold_place`], which is the way where the file system has no such names.
pub fn hold_place_with(path: &Path, held: &Path) -> Result<()> {
    match fs::hard_link(held, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => hold_place(path),
        _ => Ok(()),
    }
}

/// Creates the directory that a file is to stand in.
pub(super) fn ensure_parent(path: &Path) -> Result<()> {
    path.parent().map_or(Ok(()), ensure_dir)
}

/// A temporary file beside `path` with these contents.
fn prepared(path: &Path, bytes: &[u8], mode: Mode, durable: bool) -> Result<NamedTempFile> {
    prepared_as(TEMPORARY, parent(path), path, bytes, mode, durable)
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("."))
}

/// The same in this directory, under a name that begins so.
fn prepared_as(
    prefix: &str,
    dir: &Path,
    path: &Path,
    bytes: &[u8],
    mode: Mode,
    durable: bool,
) -> Result<NamedTempFile> {
    let failed = |error| cannot("write", path, error);
    let mut temporary = match temporary(dir, prefix, mode) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            ensure_parent(path)?;
            temporary(dir, prefix, mode)
        }
        other => other,
    }
    .map_err(failed)?;
    temporary.as_file_mut().write_all(bytes).map_err(failed)?;
    if durable {
        temporary.as_file().sync_all().map_err(failed)?;
    }
    Ok(temporary)
}

fn temporary(dir: &Path, prefix: &str, mode: Mode) -> io::Result<NamedTempFile> {
    // Opened here: the library would wrap the error, which hides the number that names the remedy.
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let open = |path: &Path| -> io::Result<File> { Ok(retry_on_intr(|| rustix::fs::open(path, flags, mode))?.into()) };
    tempfile::Builder::new().prefix(prefix).make_in(dir, open)
}

fn keep_mode(temporary: &NamedTempFile, path: &Path, mode: impl Into<u32>) -> Result<()> {
    let permissions = Permissions::from_mode(mode.into() & 0o777);
    temporary.as_file().set_permissions(permissions).map_err(|error| cannot("keep the permissions of", path, error))
}

fn put(temporary: NamedTempFile, path: &Path) -> Result<()> {
    fs::rename(temporary.path(), path).map_err(|error| cannot("write", path, error))?;
    forget(temporary);
    Ok(())
}

/// The temporary file has got another name: nothing is left to remove.
fn forget(mut temporary: NamedTempFile) {
    temporary.disable_cleanup(true);
}

/// Makes what happened to the name of `path` outlast a power failure.
fn sync_dir(path: &Path) -> Result<()> {
    let Some(dir) = path.parent() else { return Ok(()) };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let synced = rustix::fs::open(dir, flags, Mode::empty()).and_then(rustix::fs::fsync);
    match synced {
        // Some file systems know no fsync of directories.
        Ok(()) | Err(Errno::INVAL | Errno::NOTSUP) => Ok(()),
        Err(error) => Err(cannot("write the directory", dir, error)),
    }
}

#[cfg(test)]
mod tests;
