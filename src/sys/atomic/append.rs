//! Lines added at the end of logs: whole ones, each by one write, so that writers never mix. Only the user
//! may read them.

use crate::sys::error::cannot;
use crate::sys::read::{Links, open_regular};
use anyhow::{Result, bail};
use rustix::fd::OwnedFd;
use rustix::fs::OFlags;
use rustix::io::{pread, retry_on_intr};
use std::fs::File;
use std::path::Path;

/// Opens a log, to add to it; the file and its directory are created if they are missing.
///
/// # Errors
/// As for [`append_line`].
pub fn open_log(path: &Path) -> Result<File> {
    Ok(open(path, OFlags::WRONLY)?.0.into())
}

/// Adds a line, which is on the disk when it returns; line breaks inside become blanks. The file and its directory are
/// created if they are missing.
///
/// # Errors
/// The system's, with path and remedy; anything but a regular file at `path`.
pub fn append_line(path: &Path, line: &str) -> Result<()> {
    let (file, is_new) = append(path, line)?;
    rustix::fs::fsync(&file).map_err(|error| cannot("write", path, error))?;
    if is_new { super::sync_dir(path) } else { Ok(()) }
}

/// The open file, and whether it was empty before.
fn append(path: &Path, line: &str) -> Result<(OwnedFd, bool)> {
    let (file, size) = open(path, OFlags::RDWR)?;
    let mut text = String::with_capacity(line.len() + 2);
    // Where a full disk has cut the last line, the next one must not be glued to it.
    if size > 0 && last_byte(&file, size) != Some(b'\n') {
        text.push('\n');
    }
    text.extend(line.chars().map(|c| if matches!(c, '\n' | '\r') { ' ' } else { c }));
    text.push('\n');
    let written = retry_on_intr(|| rustix::io::write(&file, text.as_bytes()));
    match written {
        Ok(count) if count == text.len() => Ok((file, size == 0)),
        Ok(_) => Err(cannot("write all of a line to", path, rustix::io::Errno::NOSPC)),
        Err(error) => Err(cannot("write", path, error)),
    }
}

fn open(path: &Path, access: OFlags) -> Result<(OwnedFd, u64)> {
    let flags = access | OFlags::APPEND | OFlags::CREATE;
    let open = || open_regular(path, flags, super::PRIVATE, Links::Refuse);
    let mut opened = open()?;
    if opened.is_none() {
        super::ensure_parent(path)?;
        opened = open()?;
    }
    let Some((file, stat)) = opened else { bail!("{} vanishes while it is opened", path.display()) };
    Ok((file, u64::try_from(stat.st_size).unwrap_or_default()))
}

fn last_byte(file: &OwnedFd, size: u64) -> Option<u8> {
    let mut last = [0];
    let got = retry_on_intr(|| pread(file, &mut last, size - 1)).ok()?;
    (got == 1).then_some(last[0])
}
