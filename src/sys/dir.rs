//! What stands in a directory, and where a link leads. It opens no file.

use super::error::cannot;
use anyhow::Result;
use std::fs::{self, DirEntry};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The entries of a directory, in no order; a missing one is empty.
///
/// # Errors
/// The directory can't be opened; an item, if it can't be read to its end.
pub fn entries(dir: &Path) -> Result<impl Iterator<Item = Result<DirEntry>> + use<>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => Some(entries),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(cannot("read", dir, error)),
    };
    let dir = dir.to_owned();
    Ok(entries.into_iter().flatten().map(move |entry| entry.map_err(|error| cannot("read", &dir, error))))
}

/// The entries of a directory, as far as it can be read.
pub fn readable(dir: &Path) -> impl Iterator<Item = DirEntry> + use<> {
    entries(dir).into_iter().flatten().flatten()
}

/// The names in a directory that are UTF-8, as far as it can be read; a missing one is empty.
///
/// # Errors
/// The directory can't be opened.
pub fn names(dir: &Path) -> Result<impl Iterator<Item = String> + use<>> {
    Ok(entries(dir)?.flatten().filter_map(|entry| entry.file_name().into_string().ok()))
}

/// Whether others than the user, whose it is, can look into a directory.
pub fn is_open_to_others(dir: &Path) -> bool {
    let ours = |metadata: &fs::Metadata| metadata.is_dir() && metadata.uid() == rustix::process::getuid().as_raw();
    fs::metadata(dir).is_ok_and(|metadata| ours(&metadata) && metadata.mode() & 0o077 != 0)
}

/// Where a symbolic link leads; `None` if there is none.
pub fn link_target(path: &Path) -> Option<PathBuf> {
    fs::read_link(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_directory_is_empty_and_a_file_is_none() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a"), "").unwrap();
        std::os::unix::fs::symlink("a", dir.path().join("link")).unwrap();
        let mut found: Vec<_> = names(dir.path()).unwrap().collect();
        found.sort();
        assert_eq!(found, ["a", "link"]);
        assert_eq!(names(&dir.path().join("none")).unwrap().count(), 0);
        assert!(names(&dir.path().join("a")).is_err());
        assert_eq!(link_target(&dir.path().join("link")), Some("a".into()));
        assert_eq!(link_target(&dir.path().join("a")), None);
    }
}
