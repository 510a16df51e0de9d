//! What can be computed again: the last tick, the count of open pull requests, the cooldown.
//!
//! Nothing depends on it: a cache that is missing or broken is none.

use super::{atomic, read};
use anyhow::Result;
use serde::{Serialize, de::DeserializeOwned};
use std::path::Path;

/// The value kept in the cache file; `None` if there is none that can be read.
pub fn load<T: DeserializeOwned>(path: &Path) -> Option<T> {
    read::read_json(path).ok().flatten()
}

/// Keeps a value in a cache file.
///
/// # Errors
/// As for [`atomic::write_cache`], and a value that JSON cannot express.
pub fn save(path: &Path, value: &impl Serialize) -> Result<()> {
    atomic::write_cache(path, &atomic::json(value)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_cache_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cache/open-prs.json");
        assert_eq!(load::<u32>(&path), None);
        save(&path, &7).unwrap();
        assert_eq!(load::<u32>(&path), Some(7));
        for broken in ["", "{", "\"x\"", "7 7"] {
            std::fs::write(&path, broken).unwrap();
            assert_eq!(load::<u32>(&path), None, "{broken:?}");
        }
    }
}
