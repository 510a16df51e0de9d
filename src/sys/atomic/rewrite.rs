//! Changing a file that the user may edit or move at the same moment.
//!
//! The new text is *exchanged* with what stands at the path. "Not there" means it was moved: stop. If what was
//! swapped out isn't what the change was made from, the user has edited it: make the change again from that.

use super::renames::{exchange, is_unsupported};
use super::{forget, keep_mode, leftovers, parent, prepared_as, sync_dir};
use crate::sys::error::cannot;
use crate::sys::lossless;
use crate::sys::read::{check_size, read_bytes};
use anyhow::{Result, anyhow, bail};
use rustix::io::Errno;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// What became of a file that was to be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rewritten {
    /// It has this text now.
    Written(String),
    /// It had this text and keeps it.
    Unchanged(String),
    /// It wasn't there: the user has moved it.
    Gone,
}

/// How often the user may get in between before the change is given up.
const TRIES: u32 = 20;

/// Changes a file: `change` is given its text and says what it shall be, or `None` to leave it.
///
/// `change` may be called several times, each time with a newer text. Bytes that are not UTF-8 stay as they are.
///
/// # Errors
/// As for [`super::super::read::read_text`] and [`super::write()`], and a text that would be too large to be read; a
/// user's edit is then in place.
pub fn rewrite(path: &Path, change: impl FnMut(&str) -> Option<String>) -> Result<Rewritten> {
    rewrite_by(path, change, exchange)
}

/// How two files are exchanged; where the file system cannot, [`look_again`] stands in for it.
pub(super) type Exchange = fn(&Path, &Path) -> rustix::io::Result<()>;

enum Swapped {
    /// What was expected has made room.
    Done,
    /// Nothing stands there any more.
    Gone,
    /// Something else stands there, untouched or put back.
    Other,
}

pub(super) fn rewrite_by(
    path: &Path,
    mut change: impl FnMut(&str) -> Option<String>,
    exchange: Exchange,
) -> Result<Rewritten> {
    for _ in 0..TRIES {
        let Some((bytes, stat)) = read_bytes(path)? else { return Ok(Rewritten::Gone) };
        let old = lossless::decode(&bytes);
        let Some(new) = change(&old).filter(|new| *new != old) else { return Ok(Rewritten::Unchanged(old)) };
        let ours = lossless::encode(&new);
        check_size(&path.display().to_string(), &ours)?;
        let temporary =
            prepared_as(&leftovers::prefix(path, &bytes, &ours), parent(path), path, &ours, super::PRIVATE, true)?;
        keep_mode(&temporary, path, stat.st_mode)?;
        match place(temporary, path, &ours, &bytes, exchange)? {
            Swapped::Done => {
                sync_dir(path)?;
                return Ok(Rewritten::Written(new));
            }
            Swapped::Gone => return Ok(Rewritten::Gone),
            Swapped::Other => {}
        }
    }
    bail!("{} is being changed again and again by another program: it was left alone", path.display())
}

/// Puts the temporary file, which says `ours`, where `expected` stands; whatever else stands there stays.
fn place(temporary: NamedTempFile, path: &Path, ours: &[u8], expected: &[u8], exchange: Exchange) -> Result<Swapped> {
    match exchange(temporary.path(), path) {
        Ok(()) => {}
        Err(Errno::NOENT) => return Ok(Swapped::Gone),
        Err(error) if is_unsupported(error) => return look_again(temporary, path, expected),
        Err(error) => return Err(cannot("write", path, error)),
    }
    match read_bytes(temporary.path()) {
        Ok(Some((out, _))) if out == expected => Ok(Swapped::Done),
        Ok(_) => put_back(temporary, path, ours).map(|()| Swapped::Other),
        Err(error) => {
            put_back(temporary, path, ours)?;
            Err(error.context(format!("{} was replaced meanwhile", path.display())))
        }
    }
}

/// Looks once more and then renames. What is edited or moved between these two calls is overlooked.
fn look_again(temporary: NamedTempFile, path: &Path, expected: &[u8]) -> Result<Swapped> {
    match read_bytes(path)? {
        None => Ok(Swapped::Gone),
        Some((now, _)) if now != expected => Ok(Swapped::Other),
        Some(_) => {
            fs::rename(temporary.path(), path).map_err(|error| cannot("write", path, error))?;
            forget(temporary);
            Ok(Swapped::Done)
        }
    }
}

/// Undoes an exchange that placed `ours`, at once: killed before it, what the user wrote has only a temporary name.
///
/// What was placed since then wins over what goes back. Each further turn needs another save of somebody else within
/// microseconds, so there is no bound: giving up would leave an older save in place of a newer one.
fn put_back(temporary: NamedTempFile, path: &Path, ours: &[u8]) -> Result<()> {
    let contents = || read_bytes(temporary.path()).ok().flatten().map(|(bytes, _)| bytes);
    let mut there = ours.to_vec();
    loop {
        let back = contents();
        if let Err(error) = exchange(temporary.path(), path) {
            let kept = keep_apart(temporary, path)?;
            let path = path.display();
            return Err(match error {
                Errno::NOENT => anyhow!(
                    "{path} was edited and moved while it was being changed: the edit is kept in {}, put it in by hand",
                    kept.display()
                ),
                _ => cannot("put back what the user wrote, now in", &kept, error),
            });
        }
        match (contents(), back) {
            (Some(out), Some(back)) if out != there => there = back,
            _ => return Ok(()),
        }
    }
}

/// Gives what the user wrote a name beside the file that it belongs to; returns it.
fn keep_apart(temporary: NamedTempFile, path: &Path) -> Result<PathBuf> {
    let kept = leftovers::keep(temporary.path(), path)?;
    forget(temporary);
    sync_dir(&kept)?;
    Ok(kept)
}
