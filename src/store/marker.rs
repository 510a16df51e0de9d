//! Markers: files whose being there says something, whatever is in them.
//!
//! What one says is for others to know.

use crate::sys::error::cannot;
use crate::sys::{atomic, read};
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

/// Sets the marker, with a text for the user in it; whether it was not set before. One that was set stays as it is.
///
/// # Errors
/// The system's, with path and remedy.
pub fn set(path: &Path, text: &str) -> Result<bool> {
    Ok(atomic::create_new(path, text.as_bytes())? == atomic::Published::New)
}

/// Sets the marker, in place of one that was set.
///
/// # Errors
/// The system's, with path and remedy.
pub fn replace(path: &Path, text: &str) -> Result<()> {
    atomic::write(path, text.as_bytes())
}

/// The first line of the text in a marker; `None` if it isn't set, is empty, or can't be read.
pub fn text(path: &Path) -> Option<String> {
    let text = read::read_text(path).ok()??;
    text.lines().next().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty())
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
        assert_eq!(text(&path), None);
        assert!(set(&path, "one\ntwo\n").unwrap() && !set(&path, "three").unwrap());
        assert!(is_set(&path).unwrap());
        assert_eq!(text(&path).as_deref(), Some("one"));
        replace(&path, "three").unwrap();
        assert_eq!(text(&path).as_deref(), Some("three"));
        assert!(clear(&path).unwrap() && !is_set(&path).unwrap());
    }
}
