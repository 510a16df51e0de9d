//! Copies of files that git keeps or ignores: whole, with permissions and time. Never of anything but a regular file.

use super::error::cannot;
use super::read::open_file;
use anyhow::{Context, Result};
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Copies `from` to the new file `to`; the time last, so that a copy that was cut short doesn't pass for a whole one.
///
/// # Errors
/// There is no regular file `from`, something stands at `to`, or the system's, with path and remedy.
pub fn copy_new(from: &Path, to: &Path) -> Result<()> {
    let mut source = open_file(from)?.with_context(|| format!("{} is gone", from.display()))?;
    let failed = |error| cannot("write", to, error);
    let meta = source.metadata().map_err(|error| cannot("read", from, error))?;
    let mut target = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).map_err(failed)?;
    io::copy(&mut source, &mut target).map_err(failed)?;
    target.set_permissions(meta.permissions()).map_err(failed)?;
    let times = fs::FileTimes::new().set_accessed(meta.modified().map_err(failed)?);
    target.set_times(times.set_modified(meta.modified().map_err(failed)?)).map_err(failed)
}
