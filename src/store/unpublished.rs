//! `shared/unpublished.json`: what runs couldn't tell GitHub of their work, the oldest first. Each change is one step under the
//! store's lock.

use super::paths::Paths;
use crate::domain::unpublished::Unpublished;
use crate::sys::{atomic, read};
use anyhow::Result;

/// The most runs that are kept: the newest.
const MAX: usize = 200;

/// All of them.
///
/// # Errors
/// The file can't be read or understood.
pub fn all(paths: &Paths) -> Result<Vec<Unpublished>> {
    Ok(read::read_json(&paths.unpublished())?.unwrap_or_default())
}

/// Keeps what a run left, in place of what was kept of it.
///
/// # Errors
/// The store's lock, or the system's.
pub fn keep(paths: &Paths, left: Unpublished) -> Result<()> {
    change(paths, |all| match all.iter_mut().find(|known| known.run == left.run) {
        Some(known) => *known = left,
        None => all.push(left),
    })
}

/// Keeps nothing of a run any more.
///
/// # Errors
/// As for [`keep`].
pub fn forget(paths: &Paths, run: &str) -> Result<()> {
    change(paths, |all| all.retain(|known| known.run != run))
}

fn change(paths: &Paths, change: impl FnOnce(&mut Vec<Unpublished>)) -> Result<()> {
    let _lock = super::lock(paths)?;
    let before = all(paths)?;
    let mut after = before.clone();
    change(&mut after);
    after.drain(..after.len().saturating_sub(MAX));
    if after == before { Ok(()) } else { atomic::write(&paths.unpublished(), &atomic::json(&after)?) }
}
