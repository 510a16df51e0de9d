//! The debug log: one file a local day for the scheduler and for each agent, written only with `--debug`.
//!
//! It never writes to the terminal, and holds names of environment variables, never values.

use anyhow::Result;
use std::{fs::File, sync::Mutex};
use tracing::Level;

/// Sends everything that is logged from here on to `file`, one line each, with the time in UTC.
///
/// # Errors
/// Logging was begun before.
pub fn begin(file: File) -> Result<()> {
    let subscriber =
        tracing_subscriber::fmt().with_max_level(Level::DEBUG).with_ansi(false).with_writer(Mutex::new(file)).finish();
    Ok(tracing::subscriber::set_global_default(subscriber)?)
}
