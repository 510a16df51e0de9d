//! Which flags this claude knows: asked once a version and a day, and remembered. What agents.yaml wants and it doesn't know is
//! left out, and you are told.

use crate::domain::claude_flags::{EFFORT, FALLBACK_MODEL, KnownFlags};
use crate::domain::message::Message;
use crate::domain::time::Time;
use crate::engine::run::context::Run;
use crate::exec::environment::RunEnvironment;
use crate::exec::{command, programs};
use crate::store::{cache, messages};
use anyhow::Result;
use chrono::Duration as Span;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// How long claude may take to say how it is called.
const LIMIT: Duration = Duration::from_secs(20);
/// The most that it may say, in bytes.
const MAX_HELP: usize = 256 << 10;

/// `cache/claude-flags.json`: by the command, the program that it leads to, and when that was changed.
type Cache = BTreeMap<String, Entry>;

#[derive(Serialize, Deserialize)]
struct Entry {
    asked: Time,
    known: KnownFlags,
}

/// Those of `argv`, the program and its first arguments.
pub fn known(run: &Run<'_>, argv: &[String], environment: &RunEnvironment) -> KnownFlags {
    let (path, now) = (run.paths().claude_flags(), run.now());
    let mut cache: Cache = cache::load(&path).unwrap_or_default();
    // A script may call another version by and by.
    cache.retain(|_, entry| entry.asked <= now && now - entry.asked < Span::days(1));
    let key = key(argv, environment);
    if let Some(entry) = cache.get(&key) {
        return entry.known.clone();
    }
    let known = ask(run, argv, environment);
    cache.insert(key, Entry { asked: now, known: known.clone() });
    if let Err(error) = cache::save(&path, &cache) {
        tracing::warn!("{error:#}");
    }
    known
}

/// Tells you once of each option of agents.yaml that this claude doesn't know.
pub fn tell_of_missing(run: &Run<'_>, known: &KnownFlags) -> Result<()> {
    let settings = &run.assignment.settings;
    for (key, value, flag) in
        [("fallback_model", &settings.fallback_model, FALLBACK_MODEL), ("effort", &settings.effort, EFFORT)]
    {
        if value.is_none() || known.knows(flag) {
            continue;
        }
        let body = format!(
            "`{key}` of agents.yaml is left out: the installed claude doesn't know {flag} (`claude --help`). Update claude, or \
             take `{key}` out of agents.yaml.\n"
        );
        let message = Message::warning(format!("claude doesn't know {flag}"), body).key(format!("flag {flag}"));
        messages::send(run.paths(), &message, run.now())?;
    }
    Ok(())
}

fn ask(run: &Run<'_>, argv: &[String], environment: &RunEnvironment) -> KnownFlags {
    let Some((program, first)) = argv.split_first() else { return KnownFlags::default() };
    let mut command = environment.command(program);
    command.args(first).arg("--help").current_dir(run.worktree.path());
    match command::run(&mut command, None, LIMIT, MAX_HELP) {
        Ok(said) => KnownFlags::from_help(&String::from_utf8_lossy(&said.stdout)),
        Err(error) => {
            tracing::warn!("{error}");
            KnownFlags::default()
        }
    }
}

fn key(argv: &[String], environment: &RunEnvironment) -> String {
    let program = argv.first().map(String::as_str).unwrap_or_default();
    let folder = programs::folder_of(program, &environment.search_path().to_string_lossy());
    let place = folder.map_or_else(|| PathBuf::from(program), |folder| folder.join(program));
    // Installed versions are links to their own files.
    let place = place.canonicalize().unwrap_or(place);
    format!("{} {} {}", argv.join(" "), place.display(), changed(&place))
}

fn changed(program: &Path) -> u64 {
    let changed = fs::metadata(program).and_then(|file| file.modified()).ok();
    changed.and_then(|at| at.duration_since(UNIX_EPOCH).ok()).map_or(0, |since| since.as_secs())
}
