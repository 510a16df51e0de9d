//! Holding everything, and letting it go on: the marker while which nothing starts.

use crate::domain::text::one_line;
use crate::domain::time::{self, Time};
use crate::store::marker;
use crate::store::paths::Paths;
use anyhow::Result;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paused {
    Now,
    /// It was already; the reason is the new one.
    Replaced,
    Already,
}

/// Sets the marker.
///
/// # Errors
/// The system's, with path and remedy.
pub fn pause(paths: &Paths, reason: &str, now: Time) -> Result<Paused> {
    let (path, reason) = (paths.paused_marker(), one_line(reason));
    let text = format!("{} {reason}", time::to_text(now)).trim_end().to_owned() + "\n";
    if marker::set(&path, &text)? {
        return Ok(Paused::Now);
    }
    if reason.is_empty() {
        return Ok(Paused::Already);
    }
    marker::replace(&path, &text).map(|()| Paused::Replaced)
}

/// Takes the marker away; whether it was set.
///
/// # Errors
/// The system's, with path and remedy.
pub fn resume(paths: &Paths) -> Result<bool> {
    marker::clear(&paths.paused_marker())
}
