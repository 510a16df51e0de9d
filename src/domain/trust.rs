//! What can make git run or send something, as the user accepted it, and how what is there now differs from that.
//!
//! It knows digests and what may be shown; where such things are found, and what follows from a difference, is for others.

use super::git_settings::is_dangerous;
use super::name::Name;
use super::secrets::without_passwords;
use super::text::{cut, one_line};
use super::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The key of a file that counts as a whole: a hook, attributes.
pub const CONTENT: &str = "content";

/// The most that is shown of a value, in characters.
const SHOWN: usize = 200;

/// What was found at one moment: for each file, its settings, or [`CONTENT`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    pub places: BTreeMap<String, BTreeMap<String, Seen>>,
    /// Why git can't read its own settings: then nothing else is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
}

/// A value: told apart by its digest, shown without secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub digest: String,
    pub shown: String,
}

/// `trusted.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trusted {
    pub accepted_at: Time,
    #[serde(flatten)]
    pub fingerprint: Fingerprint,
}

/// `untrusted.json`: while it is there nothing is fetched, pushed or started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hold {
    pub since: Option<Time>,
    /// Who found it, which needn't be who did it.
    pub agent: Option<Name>,
    pub run: Option<String>,
    pub changes: Vec<Change>,
}

/// One thing that is not as it was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The file.
    pub place: String,
    /// The setting, or [`CONTENT`].
    pub key: String,
    /// What it was, without secrets; `None`: it wasn't there.
    pub old: Option<String>,
    pub new: Option<String>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, key, old, new } = self;
        match key.as_str() {
            CONTENT => write!(f, "the file {place} ")?,
            _ => write!(f, "the setting {key} in {place} ")?,
        }
        match (old, new) {
            (None, Some(new)) => write!(f, "was added: {new}"),
            (Some(old), None) => write!(f, "was removed; it was: {old}"),
            (Some(old), Some(new)) if old == new => write!(f, "was changed; what is shown of it is the same: {new}"),
            (old, new) => {
                let [old, new] = [old, new].map(|text| text.as_deref().unwrap_or_default());
                write!(f, "was changed from: {old}, to: {new}")
            }
        }
    }
}

impl Fingerprint {
    /// Adds a value; one that is there already, of a setting that may have several, counts with it.
    pub fn add(&mut self, place: &str, key: &str, digest: impl FnOnce(&[u8]) -> String, value: &str) {
        let shown = shown(key, value);
        let known = self.places.entry(place.to_owned()).or_default();
        let seen = match known.remove(key) {
            None => Seen { digest: digest(value.as_bytes()), shown },
            Some(before) => Seen {
                digest: digest(format!("{}\n{value}", before.digest).as_bytes()),
                shown: cut(&format!("{}, {shown}", before.shown), SHOWN),
            },
        };
        known.insert(key.to_owned(), seen);
    }

    /// All values of a setting that were found, wherever; of one that holds no secret.
    pub fn values(&self, key: &str) -> Vec<&str> {
        self.places.values().filter_map(|settings| settings.get(key)).map(|seen| seen.shown.as_str()).collect()
    }
}

/// The value as it may be shown: in one line, and without what is secret in it.
fn shown(key: &str, value: &str) -> String {
    let value = one_line(&without_passwords(value));
    if key.ends_with(".extraheader") {
        return "***".to_owned();
    }
    let word = |word: &str| match word.split_once('=') {
        Some((name, _))
            if ["password", "token", "secret", "authtoken"].iter().any(|end| name.to_lowercase().ends_with(end)) =>
        {
            format!("{name}=***")
        }
        _ => word.to_owned(),
    };
    cut(&value.split(' ').map(word).collect::<Vec<_>>().join(" "), SHOWN)
}

/// What is not in `after` as it was in `before`. Of remotes, that which is used counts; so one that the user adds doesn't.
pub fn diff(before: &Fingerprint, after: &Fingerprint, remote: &str) -> Vec<Change> {
    if let Some(why) = &after.unreadable {
        let (place, key) = ("git".to_owned(), "configuration".to_owned());
        return vec![Change { place, key, old: None, new: Some(why.clone()) }];
    }
    let none = BTreeMap::new();
    let mut changes = Vec::new();
    let places = before.places.keys().chain(after.places.keys().filter(|place| !before.places.contains_key(*place)));
    for place in places {
        let [old, new] = [before, after].map(|of| of.places.get(place).unwrap_or(&none));
        let keys = old.keys().chain(new.keys().filter(|key| !old.contains_key(*key)));
        let changed = keys.filter_map(|key| {
            let (old, new) = (old.get(key), new.get(key));
            let counts = |seen: &&Seen| key == CONTENT || is_dangerous(key, &seen.shown, Some(remote));
            let is_change = old != new && [old, new].iter().flatten().any(counts);
            let text = |seen: Option<&Seen>| seen.map(|seen| seen.shown.clone());
            is_change.then(|| Change { place: place.clone(), key: key.clone(), old: text(old), new: text(new) })
        });
        changes.extend(changed);
    }
    changes
}

#[cfg(test)]
mod tests;
