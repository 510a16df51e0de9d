//! Lists of texts in agents.yaml, each of which must say something of its kind.

use super::Text;
use crate::domain::glob::Globs;
use crate::domain::sandbox::fault_of_place;
use serde::de::{Deserialize, Deserializer, Error};

/// A list that is there: where nothing is written, the default counts and not an empty one.
pub(in crate::domain::config) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Option::deserialize(deserializer)?.ok_or_else(|| D::Error::custom("must be a list"))
}

/// Texts in which `fault` finds nothing. Of what it finds each is a line of the error.
fn texts<'de, D: Deserializer<'de>>(
    deserializer: D,
    fault: impl Fn(&String) -> Option<String>,
) -> Result<Vec<String>, D::Error> {
    let texts: Vec<String> = list::<D, Text>(deserializer)?.into_iter().map(String::from).collect();
    let faults: Vec<_> = texts.iter().filter_map(fault).collect();
    if faults.is_empty() { Ok(texts) } else { Err(D::Error::custom(faults.join("\n"))) }
}

/// Patterns, as in .gitignore.
pub(in crate::domain::config) fn patterns<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    texts(deserializer, |pattern| {
        let has_break = pattern.contains(['\n', '\r']);
        has_break.then(|| format!("{pattern:?} has a line break: list each pattern by itself"))
    })
}

/// Globs of paths.
pub(in crate::domain::config) fn globs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    texts(deserializer, |glob| not_a_glob(glob))
}

/// The same of a key that may be left out.
pub(in crate::domain::config) fn some_globs<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<String>>, D::Error> {
    globs(deserializer).map(Some)
}

/// Words, or globs of paths.
pub(in crate::domain::config) fn priorities<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<String>, D::Error> {
    texts(deserializer, |priority| match priority.trim() {
        "" => Some("an empty priority fits nothing: write words or a glob of paths".to_owned()),
        _ => not_a_glob(priority),
    })
}

/// Places on this machine.
pub(in crate::domain::config) fn places<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<String>>, D::Error> {
    texts(deserializer, |place| fault_of_place(place)).map(Some)
}

fn not_a_glob(glob: &str) -> Option<String> {
    Globs::new([glob]).err()
}
