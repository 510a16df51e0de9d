//! Cancels runs of other machines once more when they have ended: their engine may not have been there to be told, or may have lost
//! power and remember them as running.
//!
//! It runs detached. No run is ended here: those that are noted have ended.

use super::configuration;
use super::project::Project;
use crate::domain::name::Name;
use crate::domain::text::{cut, one_line};
use crate::domain::time::Time;
use crate::exec::runner::{CALL, Calls};
use crate::store::cache;
use crate::store::paths::Paths;
use crate::sys::{atomic, dir};
use anyhow::Result;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ffi::OsString;

/// After so long an engine that can't be told is let be.
const TRIED: TimeDelta = TimeDelta::days(1);
/// The most of what an engine says that is told, in characters.
const MAX_SAID: usize = 300;

/// A run that has ended, in a file by its name.
#[derive(Serialize, Deserialize)]
struct Ended {
    runner: Name,
    at: Time,
}

/// Notes a run that has ended.
///
/// # Errors
/// The system's.
pub fn note(paths: &Paths, runner: &Name, run: &str, now: Time) -> Result<()> {
    cache::save(&paths.ended_elsewhere().join(run), &Ended { runner: runner.clone(), at: now })
}

/// Whether there is any.
///
/// # Errors
/// The system's.
pub fn is_due(paths: &Paths) -> Result<bool> {
    Ok(noted(paths)?.next().is_some())
}

fn noted(paths: &Paths) -> Result<impl Iterator<Item = String>> {
    Ok(dir::names(&paths.ended_elsewhere())?.filter(|name| uuid::Uuid::try_parse(name).is_ok()))
}

/// Cancels them, and forgets those of which the engine has taken note. `say` is told of one that can't be cancelled.
///
/// # Errors
/// The system's.
pub fn run(
    project: &Project,
    environment: &BTreeMap<OsString, OsString>,
    now: Time,
    say: &mut dyn FnMut(&str),
) -> Result<()> {
    let paths = &project.paths;
    // With a broken agents.yaml nobody knows how.
    let Ok((config, _)) = configuration::read(paths)?.understand() else { return Ok(()) };
    let calls = Calls::new(paths.dot(), environment);
    let mut silent = Vec::new();
    for run in noted(paths)? {
        let file = paths.ended_elsewhere().join(&run);
        let ended: Option<Ended> = cache::load(&file);
        let runner = ended.as_ref().and_then(|ended| config.runners.get(&ended.runner));
        let (Some(Ended { runner: name, at }), Some(runner)) = (ended, runner) else {
            atomic::remove(&file)?;
            continue;
        };
        // Each call of an engine that isn't there takes its time.
        if silent.contains(&name) {
            continue;
        }
        let cancelled = cancel(&calls, &runner.cancel_words(&run));
        if cancelled.is_ok() || now - at > TRIED {
            atomic::remove(&file)?;
        }
        if let Err(why) = cancelled {
            say(&format!("run {run}, which has ended, can't be cancelled with {name}: {why}"));
            silent.push(name);
        }
    }
    Ok(())
}

fn cancel(calls: &Calls, words: &[String]) -> Result<(), String> {
    match calls.run(words, CALL) {
        Some(Ok(done)) if !done.status.success() => {
            Err(cut(&one_line(&String::from_utf8_lossy(&done.stderr)), MAX_SAID))
        }
        Some(Err(error)) => Err(error.to_string()),
        Some(Ok(_)) | None => Ok(()),
    }
}
