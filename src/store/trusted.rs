//! `trusted.json`, what the user has accepted of that which makes git run or send something; and `untrusted.json`, which
//! holds everything back while it is there.
//!
//! When something is accepted, or held back, is for others to know.

use super::paths::Paths;
use crate::domain::time::Time;
use crate::domain::trust::{Fingerprint, Hold, Trusted};
use crate::sys::{atomic, read};
use anyhow::Result;

/// What was accepted last; `None` if nothing ever was.
///
/// # Errors
/// It can't be read or understood.
pub fn load(paths: &Paths) -> Result<Option<Trusted>> {
    read::read_json(&paths.trusted())
}

/// Accepts this, and lets everything go on.
///
/// # Errors
/// The system's, with path and remedy.
pub fn accept(paths: &Paths, fingerprint: Fingerprint, now: Time) -> Result<()> {
    atomic::write(&paths.trusted(), &atomic::json(&Trusted { accepted_at: now, fingerprint })?)?;
    release(paths)
}

/// Why everything is held back, if it is. One that can't be understood holds all the same.
pub fn hold(paths: &Paths) -> Option<Hold> {
    let path = paths.untrusted();
    match rustix::fs::lstat(&path) {
        Err(rustix::io::Errno::NOENT) => None,
        _ => Some(read::read_json(&path).ok().flatten().unwrap_or_default()),
    }
}

/// Holds everything back from now on.
///
/// # Errors
/// The system's, with path and remedy.
pub fn set_hold(paths: &Paths, hold: &Hold) -> Result<()> {
    atomic::write(&paths.untrusted(), &atomic::json(hold)?)
}

/// Lets everything go on.
///
/// # Errors
/// The system's, with path and remedy.
pub fn release(paths: &Paths) -> Result<()> {
    atomic::remove(&paths.untrusted()).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    #[test]
    fn what_is_accepted_is_kept_and_lifts_the_hold() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::new(dir.path());
        assert_eq!((load(&paths).unwrap(), hold(&paths)), (None, None));
        let found = Hold { since: Some(Time::UNIX_EPOCH), run: Some("r".to_owned()), ..Hold::default() };
        set_hold(&paths, &found).unwrap();
        assert_eq!(hold(&paths), Some(found));
        let mut fingerprint = Fingerprint::default();
        fingerprint.add("/c", "core.pager", |_| "1".to_owned(), "less");
        accept(&paths, fingerprint.clone(), Time::UNIX_EPOCH).unwrap();
        let known = load(&paths).unwrap().unwrap();
        assert_eq!((known.fingerprint, known.accepted_at), (fingerprint, Time::UNIX_EPOCH));
        assert_eq!(hold(&paths), None);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&paths.trusted()), 0o600);
    }

    #[test]
    fn a_hold_that_cannot_be_understood_holds() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::new(dir.path());
        fs::create_dir(paths.dot()).unwrap();
        fs::write(paths.untrusted(), "{").unwrap();
        assert_eq!(hold(&paths), Some(Hold::default()));
    }
}
