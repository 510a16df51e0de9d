//! The keeper: carries a run on another machine than its supervisor's. It starts claude there, once, watches over it, ends it
//! when it is told to or hears nothing more, and says how it ended when nothing of it is left.
//!
//! It judges and settles nothing, and talks to nobody but through the files of the run's folder.

mod beats;
mod check;
mod guard;

pub use guard::{Ended, guard};

use super::Clock;
use crate::domain::outcome::Stopped;
use crate::domain::run::RUN_TAG;
use crate::domain::runner::files::{Confined, ELSEWHERE, ExitReport, LaunchOrder, Started, StartedBy};
use crate::domain::sandbox::Mode;
use crate::exec::claude::{Call, StartError};
use crate::exec::confine::{self, Confiner};
use crate::exec::machine;
use crate::exec::processes::{self, Family, Grace};
use crate::exec::stream::StreamReader;
use crate::exec::watch::{self, Watched};
use crate::store::paths::RunPaths;
use crate::store::runs;
use crate::sys::atomic::{self, Published};
use anyhow::{Context, Result};
use beats::Beats;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

/// How long to wait before what must be written is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// What a keeper is given.
pub struct Keeper<'a> {
    pub clock: Clock<'a>,
    /// Becomes true when the machine wants it to end.
    pub stop: &'a AtomicBool,
    /// The environment on this machine.
    pub environment: &'a BTreeMap<OsString, OsString>,
    /// The program itself.
    pub program: &'a Path,
}

/// Why a keeper has started nothing.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    #[error("the run can't be carried on {host}: {why}")]
    Refused { host: String, why: String },
    #[error("this run was started before, or given up: nothing was done")]
    AlreadyStarted,
}

impl NotKept {
    fn refused(why: impl Into<String>) -> Self {
        Self::Refused { host: machine::host(), why: why.into() }
    }
}

/// Carries the run whose folder this is.
///
/// # Errors
/// [`NotKept`]; the files of the run can't be written.
pub fn keep(keeper: &Keeper<'_>, folder: &Path) -> Result<()> {
    let files = check::folder(folder)?;
    let checked = check::order(&files).and_then(|order| Ok((confined(keeper, &order)?, order)));
    claim(keeper, &files, checked.as_ref().map_or(Confined::Yes, |(confined, _)| confined.clone()))?;
    let (confined, order) = match checked {
        Ok(checked) => checked,
        Err(why) => return refuse(&files, why),
    };
    let beats = Beats::new(&files, &order, keeper.stop)?;
    beats.beating(|| match carry_out(keeper, &files, &order, &confined, &beats) {
        Ok(report) => say(&files, &report, &beats),
        Err(why) => refuse(&files, why),
    })
}

/// Makes this the one process that ever starts the run.
fn claim(keeper: &Keeper<'_>, files: &RunPaths, confined: Confined) -> Result<()> {
    let process = processes::identity(std::process::id()).context("the process table can't be read")?;
    let (here, job) = (machine::here().machine, keeper.environment.get(OsStr::new("SLURM_JOB_ID")));
    let started = Started {
        by: StartedBy::Keeper,
        host: here.host,
        machine: here.id.unwrap_or_default(),
        boot: here.boot,
        process,
        job: job.map(|job| job.to_string_lossy().into_owned()),
        confined,
        at: (keeper.clock)(),
    };
    match atomic::create_new(&files.started(), &atomic::json(&started)?)? {
        Published::New => Ok(()),
        Published::AlreadyExists => Err(NotKept::AlreadyStarted.into()),
    }
}

fn refuse(files: &RunPaths, why: String) -> Result<()> {
    let refused = NotKept::refused(why);
    let report = ExitReport { refused: Some(refused.to_string()), ..ExitReport::default() };
    runs::write_json(&files.exit(), &report)?;
    Err(refused.into())
}

/// From the start of claude to the end of its last process; or why it can't be started here.
fn carry_out(
    keeper: &Keeper<'_>,
    files: &RunPaths,
    order: &LaunchOrder,
    confined: &Confined,
    beats: &Beats<'_>,
) -> Result<ExitReport, String> {
    if let Some(stopped) = beats.stopped() {
        return Ok(ExitReport { stopped: Some(stopped), ..ExitReport::default() });
    }
    let confiner = || Confiner { program: keeper.program.to_owned(), profile: files.profile() };
    let confinement = (*confined == Confined::Yes).then(confiner);
    let mut environment = order.environment.on(keeper.environment);
    environment.insert(ELSEWHERE.into(), machine::host().into());
    let mut call = Call {
        line: &order.argv,
        worktree: &order.worktree,
        prompt_file: &order.prompt,
        output_file: &order.output,
        stderr_file: &order.stderr,
        search_path: environment.get(OsStr::new("PATH")).map(OsString::as_os_str).unwrap_or_default(),
        confinement: confinement.as_ref(),
    };
    let mut output = StreamReader::new(&order.output);
    let mut watched = watch_over(&call, &environment, order, beats, &mut output)?;
    let anew = order.argv_anew.as_ref().filter(|_| output.facts().lacks_conversation() && beats.stopped().is_none());
    if let Some(line) = anew {
        runs::begin_anew(files).map_err(|error| format!("{error:#}"))?;
        call.line = line;
        watched = watch_over(&call, &environment, order, beats, &mut output)?;
    }
    Ok(ExitReport {
        exit: watched.exit,
        // An engine tells everybody at once: claude may have been gone before it was ended.
        stopped: watched.stopped.or_else(|| beats.stopped()),
        duration_seconds: watched.duration.as_secs(),
        refused: None,
    })
}

/// One claude, to the end of its last process.
fn watch_over(
    call: &Call<'_>,
    environment: &BTreeMap<OsString, OsString>,
    order: &LaunchOrder,
    beats: &Beats<'_>,
    output: &mut StreamReader,
) -> Result<Watched, String> {
    let surround = |command: &mut Command| {
        command.env_clear().envs(environment);
    };
    let claude = call.start(surround).map_err(not_started)?;
    let tag = (RUN_TAG, order.run_id.as_str());
    let watched = watch::watch(claude, &order.limits, tag, &|_| beats.stopped(), output);
    if !watched.left.is_empty() {
        end_rest(tag);
    }
    Ok(watched)
}

/// Whether the run is confined here; or why it may not be started here.
fn confined(keeper: &Keeper<'_>, order: &LaunchOrder) -> Result<Confined, String> {
    if order.sandbox == Mode::Off {
        return Ok(Confined::Off);
    }
    let elsewhere = || {
        let is_same = order.environment.has_same_home(keeper.environment);
        (!is_same).then(|| "the home of the user is another folder there".to_owned())
    };
    match confine::missing(order.sandbox).or_else(elsewhere) {
        None => Ok(Confined::Yes),
        Some(why) if order.sandbox == Mode::Required => {
            Err(format!("agents can't be confined there, and sandbox.mode is required: {why}"))
        }
        Some(why) => Ok(Confined::Unable(why)),
    }
}

fn not_started(error: StartError) -> String {
    match error {
        StartError::NotFound { program } => format!("{program} is not on PATH there"),
        StartError::PermissionDenied { program } => format!("{program} may not be executed there"),
        StartError::Other(error) => format!("{error:#}"),
    }
}

/// As long as anything of the run is left, it hasn't ended.
fn end_rest(tag: (&str, &str)) {
    let family = Family { leader: None, tag: Some(tag), own_descendants: processes::is_subreaper() };
    while !processes::end(&family, &Grace::on_demand()).left.is_empty() {}
}

/// Says how it ended, and tries again as long as somebody may wait for it.
fn say(files: &RunPaths, report: &ExitReport, beats: &Beats<'_>) -> Result<()> {
    loop {
        match runs::write_json(&files.exit(), report) {
            Err(error) if beats.stopped().is_none_or(|stopped| stopped == Stopped::Interrupted) => {
                tracing::warn!("{error:#}");
                thread::sleep(TRY_AGAIN);
            }
            written => return written,
        }
    }
}
