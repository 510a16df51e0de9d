//! Log files: one a local day for the scheduler and for each agent, only ever appended to.

use super::paths::Paths;
use crate::sys::{
    atomic::{self, ensure_dir},
    error::cannot,
};
use anyhow::Result;
use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Opens a log file for appending, with its folder.
///
/// # Errors
/// The system's, with path and remedy.
pub fn open(path: &Path) -> Result<File> {
    if let Some(dir) = path.parent().filter(|dir| !dir.is_dir()) {
        ensure_dir(dir)?;
    }
    OpenOptions::new().append(true).create(true).mode(0o600).open(path).map_err(|error| cannot("open", path, error))
}

/// The names of the files in the folder of logs, ours and others'.
///
/// # Errors
/// The folder can't be read.
pub fn names(paths: &Paths) -> Result<Vec<String>> {
    let dir = paths.logs();
    let entries = match fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(cannot("read", &dir, error)),
    };
    let is_file = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_file());
    Ok(entries.flatten().filter(is_file).filter_map(|entry| entry.file_name().into_string().ok()).collect())
}

/// Removes one of the files that [`names`] named.
///
/// # Errors
/// The system's, with path and remedy.
pub fn remove(paths: &Paths, name: &str) -> Result<()> {
    atomic::remove(&paths.logs().join(name)).map(drop)
}
