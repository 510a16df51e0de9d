//! What a run has to do with trust: asked before its first git and after its last process.

use super::{compare, tell};
use crate::domain::name::Name;
use crate::domain::time::Time;
use crate::domain::trust::{CONTENT, Change, Hold};
use crate::engine::collect;
use crate::engine::project::Project;
use crate::store::paths::RunPaths;
use crate::store::runs;
use crate::store::state::{self, Loaded};
use crate::store::trusted;
use crate::sys::read;
use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Whether the system keeps a run's processes from what isn't theirs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confinement {
    Confined,
    /// They may do whatever the user may.
    #[default]
    Open,
}

/// `before.json`: what a run found, written before anything of it runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    #[serde(default)]
    pub confinement: Confinement,
    /// Full ref name → what it points at.
    #[serde(default)]
    pub refs: BTreeMap<String, String>,
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub struct Asker<'a> {
    pub project: &'a Project,
    pub agent: &'a Name,
    pub run: &'a str,
    /// The run's files.
    pub files: &'a RunPaths,
    /// The remote that agents.yaml names.
    pub remote: Option<&'a str>,
    pub home: Option<&'a Path>,
    pub now: Time,
}

/// Whether a run may begin, or, once it is on record, be published. What was there when nothing was accepted yet is accepted.
///
/// # Errors
/// git can't be run, or the project's files can't be read or written.
pub fn before_run(asker: &Asker<'_>) -> Result<bool> {
    decide(asker, Confinement::Confined)
}

/// Whether a run may be judged and published, now that none of its processes is left.
///
/// # Errors
/// As [`before_run`].
pub fn after_run(asker: &Asker<'_>) -> Result<bool> {
    // Without that file nothing of it ever ran.
    let before: Option<Before> = read::read_json(&asker.files.before())?;
    decide(asker, before.map_or(Confinement::Confined, |before| before.confinement))
}

/// `own`: whether the asking run itself could have changed anything.
fn decide(asker: &Asker<'_>, own: Confinement) -> Result<bool> {
    let Asker { project, remote, home, now, .. } = *asker;
    let paths = &project.paths;
    let could_be_agents = own == Confinement::Open || others_are_open(project, asker.run)?;
    let known = trusted::load(paths);
    let (found, mut changes) = compare(project, home, remote, known.as_ref().ok().and_then(Option::as_ref))?;
    match &known {
        Ok(Some(known)) if changes.is_empty() => {
            let is_same = known.fingerprint == found;
            return if is_same || could_be_agents {
                trusted::release(paths)
            } else {
                trusted::accept(paths, found, now)
            }
            .map(|()| true);
        }
        Ok(Some(_)) if found.unreadable.is_none() => {}
        Ok(None) if !could_be_agents && changes.is_empty() => return trusted::accept(paths, found, now).map(|()| true),
        _ if found.unreadable.is_some() && !could_be_agents && trusted::hold(paths).is_none() => {
            bail!("git can't read its settings: {}", found.unreadable.unwrap_or_default())
        }
        Ok(_) if !changes.is_empty() => {}
        _ => {
            let place = paths.trusted().display().to_string();
            let [was, is] =
                ["what you accepted last", "it is gone, or can't be read"].map(|text| Some(text.to_owned()));
            changes.push(Change { place, key: CONTENT.to_owned(), old: was, new: is });
        }
    }
    if !could_be_agents && known.is_ok() && trusted::hold(paths).is_none() {
        tracing::debug!(?changes, "accepted: no agent could have changed it");
        return trusted::accept(paths, found, now).map(|()| true);
    }
    for change in &changes {
        tracing::warn!("held back: {change}");
    }
    tell(project, &changes, now)?;
    let since = trusted::hold(paths).and_then(|hold| hold.since).or(Some(now));
    let (agent, run) = (Some(asker.agent.clone()), Some(asker.run.to_owned()));
    trusted::set_hold(paths, &Hold { since, agent, run, changes })?;
    Ok(false)
}

/// Whether another run that isn't confined is under way, or was cut off: its processes may be there still.
fn others_are_open(project: &Project, own: &str) -> Result<bool> {
    for name in collect::folders(&project.paths)? {
        let agent = project.paths.agent(&name);
        let under_way = match state::load(&agent)? {
            Loaded::State(state) if state.is_idle() => continue,
            Loaded::State(state) => state.run_id.map(|run| agent.run(&run)).transpose()?.into_iter().collect(),
            // Which one it was, nobody knows.
            Loaded::Corrupt(_) => runs::list(&agent)?,
        };
        for files in under_way.iter().filter(|files| !files.dir().ends_with(own)) {
            // Once it is on record none of its processes is left.
            let before: Option<Before> = if files.record().exists() { None } else { read::read_json(&files.before())? };
            if before.is_some_and(|before| before.confinement == Confinement::Open) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
