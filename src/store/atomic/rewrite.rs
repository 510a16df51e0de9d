//! Changing a file that a person may edit or move at the same moment.
//!
//! The new text is *exchanged* with what stands at the path. "Not there" means it was moved: stop. If what was
//! swapped out isn't what the change was made from, somebody has edited it: make the change again from that.

use super::{
    create_new, forget, keep_mode, prepared,
    renames::{exchange, is_unsupported},
    sync_dir,
};
use crate::store::{error::cannot, lossless, read::read_bytes};
use anyhow::{Context, Result, bail};
use rustix::io::Errno;
use std::{fs, path::Path};
use tempfile::NamedTempFile;

/// What became of a file that was to be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rewritten {
    /// It has this text now.
    Written(String),
    /// It had this text and keeps it.
    Unchanged(String),
    /// It wasn't there: somebody has moved it.
    Gone,
}

/// How often a person may get in between before the change is given up.
const TRIES: u32 = 20;

/// Changes a file: `change` is given its text and says what it shall be, or `None` to leave it.
///
/// `change` may be called several times, each time with a newer text. Bytes that are not UTF-8 stay as they are.
///
/// # Errors
/// As for [`super::super::read::read_text`] and [`super::write`]; a person's edit is then in place.
pub fn rewrite(path: &Path, change: impl Fn(&str) -> Option<String>) -> Result<Rewritten> {
    rewrite_by(path, change, exchange)
}

/// How two files are exchanged; where the file system cannot, [`look_again`] stands in for it.
pub(super) type Exchange = fn(&Path, &Path) -> rustix::io::Result<()>;

enum Swapped {
    /// What was expected has made room.
    Done,
    /// Nothing stands there any more.
    Gone,
    /// These bytes made room (`placed`), or stand there untouched.
    Other { bytes: Vec<u8>, placed: bool },
}

pub(super) fn rewrite_by(
    path: &Path,
    change: impl Fn(&str) -> Option<String>,
    exchange: Exchange,
) -> Result<Rewritten> {
    let Some((mut base, stat)) = read_bytes(path)? else { return Ok(Rewritten::Gone) };
    // What stands at the path, as far as is known; it differs from `base` once something was placed there.
    let mut there = base.clone();
    for turn in 1..=TRIES {
        let old = lossless::decode(&base);
        let new = change(&old).filter(|new| *new != old);
        let bytes = new.as_deref().map_or_else(|| base.clone(), lossless::encode);
        if bytes == there {
            return Ok(new.map_or(Rewritten::Unchanged(old), Rewritten::Written));
        }
        let temporary = prepared(path, &bytes, 0o600, true)?;
        keep_mode(&temporary, path, stat.st_mode)?;
        match place(temporary, path, (&there, &bytes), exchange, turn == TRIES)? {
            Swapped::Done => {
                sync_dir(path)?;
                return Ok(new.map_or(Rewritten::Unchanged(old), Rewritten::Written));
            }
            Swapped::Gone if base == there => return Ok(Rewritten::Gone),
            Swapped::Gone => return keep_apart(path, &base),
            Swapped::Other { bytes: out, placed } => {
                there = if placed { bytes } else { out.clone() };
                base = out;
            }
        }
    }
    bail!("{} is being changed again and again by somebody else: it was left to them", path.display())
}

/// Puts the temporary file, which says `ours`, where `expected` stands. With `last`, what else was there is put back.
fn place(
    temporary: NamedTempFile,
    path: &Path,
    (expected, ours): (&[u8], &[u8]),
    exchange: Exchange,
    last: bool,
) -> Result<Swapped> {
    match exchange(temporary.path(), path) {
        Ok(()) => {}
        Err(Errno::NOENT) => return Ok(Swapped::Gone),
        Err(error) if is_unsupported(error) => return look_again(temporary, path, expected),
        Err(error) => return Err(cannot("write", path, error)),
    }
    let out = match read_bytes(temporary.path()) {
        Ok(Some((out, _))) => out,
        Ok(None) => return Ok(Swapped::Done),
        Err(error) => {
            put_back(temporary, path, ours)?;
            return Err(error.context(format!("{} was replaced meanwhile", path.display())));
        }
    };
    if out == expected {
        return Ok(Swapped::Done);
    }
    if last {
        put_back(temporary, path, ours)?;
    }
    Ok(Swapped::Other { bytes: out, placed: !last })
}

/// Looks once more and then renames. What is edited or moved between these two calls is overlooked.
fn look_again(temporary: NamedTempFile, path: &Path, expected: &[u8]) -> Result<Swapped> {
    match read_bytes(path)? {
        None => Ok(Swapped::Gone),
        Some((now, _)) if now != expected => Ok(Swapped::Other { bytes: now, placed: false }),
        Some(_) => {
            fs::rename(temporary.path(), path).map_err(|error| cannot("write", path, error))?;
            forget(temporary);
            Ok(Swapped::Done)
        }
    }
}

/// Undoes an exchange that placed `ours`; what somebody has placed since then wins over what goes back.
///
/// If the path is empty by now, or never rests, what a person wrote stays under the temporary name.
fn put_back(temporary: NamedTempFile, path: &Path, ours: &[u8]) -> Result<()> {
    let contents = || read_bytes(temporary.path()).ok().flatten().map(|(bytes, _)| bytes);
    let mut there = ours.to_vec();
    let mut failure = Errno::BUSY;
    for _ in 0..TRIES {
        let back = contents();
        if let Err(error) = exchange(temporary.path(), path) {
            failure = error;
            break;
        }
        match (contents(), back) {
            (Some(out), Some(back)) if out != there => there = back,
            _ => return Ok(()),
        }
    }
    let kept = temporary.path().to_owned();
    forget(temporary);
    Err(cannot("put back what a person wrote, now in", &kept, failure))
}

/// The file was edited and then moved, both while it was being changed: its move wins, its edit is kept beside it.
fn keep_apart(path: &Path, edit: &[u8]) -> Result<Rewritten> {
    let suffix = uuid::Uuid::new_v4().simple().to_string();
    let mut name = path.file_name().context("a file without a name")?.to_owned();
    name.push(format!(".edit-{}", &suffix[..8]));
    let kept = path.with_file_name(name);
    create_new(&kept, edit)?;
    bail!(
        "{} was edited and moved while it was being changed: the edit is kept in {}, put it in by hand",
        path.display(),
        kept.display()
    )
}
