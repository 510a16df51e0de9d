//! Markers: empty files whose being there says something.
//!
//! What one says is for others to know.

use super::{atomic, error::cannot};
use anyhow::Result;
use rustix::io::Errno;
use std::path::Path;

/// Whether the marker is set.
///
/// # Errors
/// The system does not let one look.
pub fn is_set(path: &Path) -> Result<bool> {
    match rustix::fs::lstat(path) {
        Ok(_) => Ok(true),
        Err(Errno::NOENT) => Ok(false),
        Err(error) => Err(cannot("look at", path, error)),
    }
}

/// Sets the marker; whether it was not set before.
///
/// # Errors
/// The system's, with path and remedy.
pub fn set(path: &Path) -> Result<bool> {
    Ok(atomic::create_new(path, b"")? == atomic::Published::New)
}

/// Takes the marker away; whether it was set.
///
/// # Errors
/// The system's, with path and remedy.
pub fn clear(path: &Path) -> Result<bool> {
    atomic::remove(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn come_and_go() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sub/paused");
        assert!(!is_set(&path).unwrap() && !clear(&path).unwrap());
        assert!(set(&path).unwrap() && !set(&path).unwrap());
        assert!(is_set(&path).unwrap());
        assert!(clear(&path).unwrap() && !is_set(&path).unwrap());
    }
}
