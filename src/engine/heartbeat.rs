//! Calls whom `heartbeat` in agents.yaml names, so that a watchdog elsewhere learns when ticks stop.
//!
//! A tick only looks whether it is time; a detached process calls. What an address or a command line says is in no log.

use super::project::Project;
use super::{Clock, configuration};
use crate::domain::config::Heartbeat;
use crate::domain::time::Time;
use crate::exec::command;
use crate::store::cache;
use crate::store::paths::Paths;
use anyhow::{Result, bail};
use std::process::Command;
use std::time::Duration;

/// How often it is called, in seconds.
const EVERY: u32 = 300;
/// How long it may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// What it prints is of no use to anybody: it may hold the address.
const MAX_OUTPUT: usize = 1_000;
/// The address is read from the standard input: nobody finds it in the list of processes.
const CURL: [&str; 10] =
    ["--config", "-", "--silent", "--fail", "--globoff", "--proto", "=http,https", "--max-time", "20", "--output"];

/// Whether it is time.
pub(super) fn is_due(paths: &Paths, now: Time) -> bool {
    cache::is_due(&paths.last_heartbeat(), EVERY, now)
}

/// Calls, and notes the time before.
///
/// # Errors
/// The time can't be noted, or as for [`call`].
pub fn beat(project: &Project, clock: Clock<'_>) -> Result<()> {
    let config = configuration::read(&project.paths)?.understand().ok();
    let Some(heartbeat) = config.and_then(|(config, _)| config.heartbeat) else { return Ok(()) };
    cache::save_time(&project.paths.last_heartbeat(), clock())?;
    call(project, &heartbeat, None)
}

/// Calls once.
///
/// # Errors
/// Whoever is called can't be reached, refuses, or takes too long.
pub(super) fn call(project: &Project, heartbeat: &Heartbeat, search_path: Option<&str>) -> Result<()> {
    let (program, arguments, input) = match heartbeat {
        Heartbeat::Url(url) => {
            let words = CURL.into_iter().chain(["/dev/null"]).map(str::to_owned).collect();
            ("curl", words, Some(format!("url = \"{url}\"\n")))
        }
        Heartbeat::Command(words) => match words.split_first() {
            Some((program, arguments)) => (program.as_str(), arguments.to_vec(), None),
            None => return Ok(()),
        },
    };
    let mut command = Command::new(program);
    command.args(arguments).current_dir(project.root()).envs(search_path.map(|path| ("PATH", path)));
    let ended = command::run(&mut command, input.as_deref().map(str::as_bytes), TIMEOUT, MAX_OUTPUT)?;
    if !ended.status.success() {
        bail!("`{program}` ended with {}", command::describe(ended.status));
    }
    Ok(())
}
