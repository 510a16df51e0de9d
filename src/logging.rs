//! The debug log: one file a local day for the scheduler and for each agent, written only with `--debug`.
//!
//! It never writes to the terminal, and holds names of environment variables, never values.

use crate::sys::atomic;
use anyhow::{Context, Result};
use std::path::Path;
use tracing::Level;
use tracing_appender::rolling::{RollingFileAppender, Rotation};

/// Sends everything that is logged from here on to the end of the file `log`, one line each, with the time in UTC.
///
/// # Errors
/// The file can't be opened, or logging was begun before.
pub fn begin(log: &Path) -> Result<()> {
    // Created here: only the user may read it, and whatever else stands there is refused.
    drop(atomic::open_log(log)?);
    let (dir, name) = log.parent().zip(log.file_name()).context("a log without a name")?;
    let file = RollingFileAppender::builder().rotation(Rotation::NEVER).filename_prefix(name.to_string_lossy());
    let file = file.build(dir).with_context(|| format!("cannot open {}", log.display()))?;
    let subscriber = tracing_subscriber::fmt().with_max_level(Level::DEBUG).with_ansi(false).with_writer(file).finish();
    Ok(tracing::subscriber::set_global_default(subscriber)?)
}
