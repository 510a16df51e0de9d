//! The temporary files that killed writers have left: what nobody needs goes, what the user wrote gets a name of its own.
//!
//! For an instant of a rewrite the user's text may have a temporary name only. The name of such a file says of which file it is,
//! and by digests which two texts this program knows of: any other is the user's, and is never removed.

use super::{TEMPORARY, renames};
use crate::domain::text::fnv1a;
use crate::domain::time;
use crate::sys::dir::entries;
use crate::sys::error::cannot;
use crate::sys::read::read_bytes;
use anyhow::{Context, Result};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The longest name of a file, in bytes, that its temporary one tells of.
const MAX_NAME: usize = 180;

/// What was found of killed writers.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// What was removed.
    pub removed: Vec<PathBuf>,
    /// Edits of the user, with the files that they belong to and their new names.
    pub edits: Vec<(PathBuf, PathBuf)>,
}

/// How the name of the temporary file begins that takes the place of `path` with the text `old`, and says `new`.
pub(super) fn prefix(path: &Path, old: &[u8], new: &[u8]) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Names on disk have 255 bytes at most.
    if name.len() > MAX_NAME {
        return TEMPORARY.to_owned();
    }
    format!("{TEMPORARY}{name}.{:016x}.{:016x}.", digest(old), digest(new))
}

/// Removes temporary files that a killed writer left in `dirs`, if they are older than `age`. Those that hold what the user wrote
/// and no file of that name has are put beside their file once they are older than `rest`.
///
/// # Errors
/// A directory cannot be read, or an edit can't be given its name. A file that cannot be removed is left.
pub fn sweep(dirs: &[PathBuf], rest: Duration, age: Duration) -> Result<Swept> {
    let mut swept = Swept::default();
    for entry in dirs.iter().map(|dir| entries(dir)).collect::<Result<Vec<_>>>()?.into_iter().flatten().flatten() {
        let is_temporary = entry.file_name().as_encoded_bytes().starts_with(TEMPORARY.as_bytes());
        if !is_temporary || !entry.file_type().is_ok_and(|kind| kind.is_file()) || !is_older(&entry, rest) {
            continue;
        }
        let path = entry.path();
        if let Some(name) = edited(&path, dirs) {
            let target = path.with_file_name(name);
            let kept = keep(&path, &target)?;
            swept.edits.push((target, kept));
        } else if is_older(&entry, age) && fs::remove_file(&path).is_ok() {
            swept.removed.push(path);
        }
    }
    Ok(swept)
}

/// Gives the user's text in `temporary`, which belongs to `path`, a name beside it: `<name>.edit-<time>.md.txt`.
pub(super) fn keep(temporary: &Path, path: &Path) -> Result<PathBuf> {
    let written = fs::metadata(temporary).and_then(|found| found.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    let name = path.file_name().context("a file without a name")?.to_string_lossy();
    let (stem, ending) = name.rsplit_once('.').map_or((&*name, String::new()), |(stem, end)| (stem, format!(".{end}")));
    let stem = format!("{stem}.edit-{}", time::compact(written.into()));
    for number in 1_u32.. {
        let number = if number == 1 { String::new() } else { format!("-{number}") };
        let kept = path.with_file_name(format!("{stem}{number}{ending}.txt"));
        match renames::no_replace(temporary, &kept) {
            Ok(()) => return Ok(kept),
            Err(Errno::EXIST) => {}
            Err(error) => return Err(cannot("keep an edit of yours as", &kept, error)),
        }
    }
    Err(cannot("keep an edit of yours beside", path, Errno::EXIST))
}

/// The name of the file that the user's text in `temporary` belongs to; none if this program wrote the text, or if a file of
/// that name in `dirs` has it.
fn edited(temporary: &Path, dirs: &[PathBuf]) -> Option<String> {
    let name = temporary.file_name()?.to_str()?.strip_prefix(TEMPORARY)?;
    let mut parts = name.rsplitn(4, '.').skip(1);
    let mut known = || u64::from_str_radix(parts.next().filter(|part| part.len() == 16)?, 16).ok();
    let known = [known()?, known()?];
    let target = parts.next()?.to_owned();
    let text = |path: &Path| read_bytes(path).ok().flatten().map(|(bytes, _)| bytes);
    match text(temporary) {
        // Cut off before it was written.
        Some(text) if text.is_empty() => None,
        Some(found) if known.contains(&digest(&found)) => None,
        Some(found) => dirs.iter().all(|dir| text(&dir.join(&target)).as_ref() != Some(&found)).then_some(target),
        // What this program writes can be read.
        None => Some(target),
    }
}

/// Whether a name is that of an edit which was kept beside its file.
pub fn is_kept_edit(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.contains(".edit-") && name.ends_with(".txt"))
}

fn digest(text: &[u8]) -> u64 {
    fnv1a(text.iter().copied())
}

fn is_older(entry: &DirEntry, age: Duration) -> bool {
    let modified = entry.metadata().and_then(|metadata| metadata.modified());
    modified.is_ok_and(|time| time.elapsed().is_ok_and(|passed| passed > age))
}
