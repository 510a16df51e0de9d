//! Stands behind the keeper that carries a run: if that one dies, it ends what is left and says how the run ended.
//!
//! It starts nothing of the run itself.

use super::{Keeper, end_rest};
use crate::domain::outcome::Stopped;
use crate::domain::run::RUN_TAG;
use crate::domain::runner::files::{ExitReport, Started};
use crate::domain::state::ProcessId;
use crate::exec::command::{Awaited, describe};
use crate::exec::processes;
use crate::store::paths::RunPaths;
use crate::store::runs;
use crate::sys::read;
use anyhow::{Context, Result};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How late it hands on that the run is to end.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// A keeper that has ended, with its exit code. It has said why.
#[derive(Debug, thiserror::Error)]
#[error("the keeper ended with exit code {0}")]
pub struct Ended(pub u8);

/// Has the run carried by a process of its own, and sees to its end.
///
/// # Errors
/// [`Ended`], if not well; the system's.
pub fn guard(keeper: &Keeper<'_>, folder: &Path) -> Result<()> {
    let mut command = Command::new(keeper.program);
    let child = command.args(["keep", "--carry"]).arg(folder).spawn().context("the keeper can't be started")?;
    let carrier = processes::identity(child.id()).context("the process table can't be read")?;
    let status = outlast(keeper, child, &carrier)?;
    if status.success() {
        return Ok(());
    }
    see_to_end(&carrier, folder)?;
    let code = status.code().with_context(|| format!("the keeper ended with {}", describe(status)))?;
    Err(Ended(u8::try_from(code).unwrap_or(1)).into())
}

/// Waits for its end, and hands on that it is wanted.
fn outlast(keeper: &Keeper<'_>, child: Child, carrier: &ProcessId) -> Result<ExitStatus> {
    let mut child = Awaited::new(child);
    let mut is_told = false;
    loop {
        match child.wait(LOOK_EVERY).context("the keeper can't be waited for")? {
            Some(status) => return Ok(status),
            None if !is_told && keeper.stop.load(Ordering::Relaxed) => is_told = processes::terminate(carrier),
            None => {}
        }
    }
}

/// If it had started the run and didn't say how that ended: ends what is left, and says so in its place.
fn see_to_end(carrier: &ProcessId, folder: &Path) -> Result<()> {
    let files = folder.canonicalize().map_err(anyhow::Error::from).and_then(|folder| RunPaths::at(&folder));
    // Where there is no such folder, nothing was started.
    let Ok(files) = files else { return Ok(()) };
    let started = read::read_json::<Started>(&files.started()).ok().flatten();
    if started.is_none_or(|started| started.process != *carrier) || files.exit().exists() {
        return Ok(());
    }
    end_rest((RUN_TAG, &files.dir().file_name().unwrap_or_default().to_string_lossy()));
    let report = ExitReport { stopped: Some(Stopped::Cancelled), ..ExitReport::default() };
    runs::write_json(&files.exit(), &report)
}
