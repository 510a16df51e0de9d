//! What can be computed again: the last tick, the count of open pull requests, the cooldown.
//!
//! Nothing depends on it: a cache that is missing or broken is none.

use crate::domain::time::{self, Time};
use crate::sys::{atomic, read};
use anyhow::Result;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::Path;

/// What a tick may come early, in seconds.
const EARLY: i64 = 10;

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

/// When something was done last, so that it isn't done all the time.
#[derive(Serialize, Deserialize)]
struct LastTime {
    at: Time,
}

/// When the thing was done last that a cache file keeps the time of; `None`: never.
pub fn last_time(path: &Path) -> Option<Time> {
    load(path).map(|LastTime { at }| at)
}

/// Whether what is done every so many seconds is due; also where the last time lies in the future.
pub fn is_due(path: &Path, every: u32, now: Time) -> bool {
    last_time(path).is_none_or(|last| !time::is_within(i64::from(every) - EARLY, last, now))
}

/// Keeps the time at which something is done.
///
/// # Errors
/// As for [`save`].
pub fn save_time(path: &Path, at: Time) -> Result<()> {
    save(path, &LastTime { at })
}

/// Keeps an object in a cache file: the members of `head`, which has some, and a last one called `key` with `items`, each on
/// a line of its own. The user reads that as well, and it is half as long.
///
/// # Errors
/// As for [`save`].
pub fn save_list<T: Serialize>(
    path: &Path,
    head: &impl Serialize,
    key: &str,
    items: impl IntoIterator<Item = T>,
) -> Result<()> {
    let mut bytes = serde_json::to_vec(head)?;
    bytes.pop();
    write!(bytes, ",\n\"{key}\": [")?;
    for (index, item) in items.into_iter().enumerate() {
        bytes.extend_from_slice(if index == 0 { b"\n" } else { b",\n" });
        serde_json::to_writer(&mut bytes, &item)?;
    }
    bytes.extend_from_slice(b"\n]}\n");
    atomic::write_cache(path, &bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_a_line_for_each_item() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cache/x.json");
        let head = serde_json::json!({"n": 1});
        for (items, lines) in [(&[][..], 3), (&["a"], 4), (&["a\n", "\"b\"", "c"], 6)] {
            save_list(&path, &head, "items", items).unwrap();
            assert_eq!(load::<serde_json::Value>(&path), Some(serde_json::json!({"n": 1, "items": items})));
            assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), lines, "{items:?}");
        }
    }

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
