//! Log files: one a local day for the scheduler and for each agent, only ever appended to.

use super::{atomic::ensure_dir, error::cannot};
use anyhow::Result;
use std::{
    fs::{File, OpenOptions},
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
