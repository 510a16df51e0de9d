//! What is remembered of the proposals, so that a tick opens no file that hasn't changed, and a curator isn't asked
//! twice what it couldn't do the first time.

use crate::domain::name::Name;
use crate::domain::time::Time;
use crate::store::paths::{Paths, RunPaths};
use crate::store::proposals::{DirStamp, Proposals};
use crate::store::{cache, runs};
use crate::sys::{atomic, read};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The open proposals as a decision needs them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// How many active proposals each proposer has.
    pub active: BTreeMap<Name, u32>,
    /// Those that an agent may judge, with their fingerprints.
    pub to_judge: Vec<(Name, u64)>,
    /// Files that are left alone, and why.
    pub problems: Vec<String>,
}

/// `cache/proposals.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Known {
    #[serde(rename = "stand")]
    seen: DirStamp,
    /// When time alone changes something.
    until: Option<Time>,
    #[serde(rename = "kept")]
    summary: Summary,
}

/// What was found the last time, if nothing can have changed since. With `edits`, no open one was edited either.
pub(super) fn recall(paths: &Paths, now: Time, edits: bool) -> Option<Summary> {
    let path = paths.known_proposals();
    let known: Known = cache::load(&path).filter(|known: &Known| known.until.is_none_or(|until| now < until))?;
    let seen = Proposals::new(paths).dir_stamp(edits).ok()?;
    seen.is_as(&known.seen).then_some(known.summary)
}

/// Remembers what was found of the proposals as they were when `seen`; not if they were changed so lately that a change
/// since then could bear the same time.
pub(super) fn remember(paths: &Paths, seen: DirStamp, until: Option<Time>, summary: &Summary) -> Result<()> {
    let path = paths.known_proposals();
    cache::save(&path, &Known { seen, until, summary: summary.clone() })?;
    if seen.is_older_than(&path) { Ok(()) } else { atomic::remove(&path).map(drop) }
}

/// Writes down what a curator is shown.
///
/// # Errors
/// The system's.
pub fn note_shown(run: &RunPaths, shown: &[(Name, u64)]) -> Result<()> {
    runs::write_json(&run.curation(), &shown)
}

/// After a run that judged what it could: what it was shown isn't shown again before something changes.
///
/// # Errors
/// The system's.
pub fn note_judged(paths: &Paths, run: &RunPaths) -> Result<()> {
    match read::read_json::<Vec<(Name, u64)>>(&run.curation())? {
        Some(shown) => cache::save(&paths.last_curation(), &shown),
        None => Ok(()),
    }
}

/// Whether the last curation has seen all of these as they are.
pub(in crate::engine) fn were_seen(paths: &Paths, to_judge: &[(Name, u64)]) -> bool {
    let seen: Vec<(Name, u64)> = cache::load(&paths.last_curation()).unwrap_or_default();
    to_judge.iter().all(|one| seen.contains(one))
}
