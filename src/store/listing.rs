//! The markdown files of a directory, by name alone: no file is opened or looked at.
//!
//! What users or their editors have left there is named with its reason, never touched.

use super::paths::MARKDOWN;
use crate::domain::name::Name;
use crate::domain::text::one_line;
use crate::sys::atomic::is_kept_edit;
use crate::sys::dir;
use anyhow::Result;
use std::fmt;
use std::fs::DirEntry;
use std::path::{Path, PathBuf};

/// The files in a directory whose files are named by checked names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    pub ids: Vec<Name>,
    pub strays: Vec<Stray>,
}

/// What stands in a directory and is not counted as one of its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// Where it is.
    pub path: PathBuf,
    /// Why it isn't counted, and what to do about it.
    pub reason: String,
}

impl fmt::Display for Stray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", one_line(&self.path.display().to_string()), self.reason)
    }
}

/// What there is to say of two files of one name: nobody guesses which one is meant.
pub fn in_two_places(id: &Name, one: impl fmt::Display, other: impl fmt::Display) -> String {
    format!("{id} is in {one} and in {other}: remove one of the two files")
}

/// The stems of the markdown files in `dir`, sorted, and what else is there. Names that begin with a dot are passed
/// over in silence, and so are edits that were kept beside their file; a missing directory is empty.
///
/// # Errors
/// The directory cannot be read.
pub fn markdown(dir: &Path) -> Result<(Vec<String>, Vec<Stray>)> {
    let (mut stems, mut strays) = (Vec::new(), Vec::new());
    for entry in dir::entries(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        if name.as_encoded_bytes().starts_with(b".") || is_kept_edit(&name) {
            continue;
        }
        match stem(&entry) {
            Ok(stem) => stems.push(stem),
            Err(reason) => strays.push(Stray { path: entry.path(), reason: reason.to_owned() }),
        }
    }
    stems.sort_unstable();
    strays.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok((stems, strays))
}

/// As [`markdown`], for files that are named by checked names; in the order of the bytes.
///
/// # Errors
/// The directory cannot be read.
pub fn named(dir: &Path) -> Result<Listing> {
    let (stems, mut strays) = markdown(dir)?;
    let mut ids = Vec::with_capacity(stems.len());
    for stem in stems {
        match stem.parse::<Name>() {
            Ok(name) => ids.push(name),
            Err(problem) => {
                let path = dir.join(format!("{stem}.{MARKDOWN}"));
                strays.push(Stray { path, reason: format!("{problem}; rename it") });
            }
        }
    }
    Ok(Listing { ids, strays })
}

fn stem(entry: &DirEntry) -> Result<String, &'static str> {
    let kind = entry.file_type().map_err(|_| "cannot be looked at")?;
    if kind.is_dir() {
        return Err("is a directory: move it away");
    }
    if kind.is_symlink() {
        return Err("is a symbolic link: put the file itself there");
    }
    if !kind.is_file() {
        return Err("is not a regular file: move it away");
    }
    let name = entry.file_name().into_string().map_err(|_| "has a name that is not UTF-8: rename it")?;
    let stem = name.strip_suffix(MARKDOWN).and_then(|stem| stem.strip_suffix('.'));
    stem.map(str::to_owned).ok_or("does not end in .md: rename it or move it away")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::fs;
    use std::os::unix::ffi::OsStrExt;

    #[test]
    fn strays_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in
            ["b.md", "a.md", ".tmp-x.md", ".gitkeep", "a.md~", "a.edit-20260101-100000.md.txt", "notes.txt", "md"]
        {
            fs::write(at(name), "").unwrap();
        }
        fs::create_dir(at("dir.md")).unwrap();
        std::os::unix::fs::symlink(at("a.md"), at("link.md")).unwrap();
        fs::write(dir.path().join(OsStr::from_bytes(b"caf\xe9.md")), "").unwrap();
        let (stems, strays) = markdown(dir.path()).unwrap();
        assert_eq!(stems, ["a", "b"]);
        let reasons: Vec<_> = strays.iter().map(|stray| stray.reason.split_whitespace().nth(2).unwrap()).collect();
        assert_eq!(reasons, ["end", "name", "directory:", "symbolic", "end", "end"], "{strays:?}");
        assert_eq!(markdown(&at("none")).unwrap(), (vec![], vec![]));
        assert!(markdown(&at("a.md")).is_err());
    }
}
