//! What an agent can reach beyond its worktree: what agents.yaml says of it, and what the system is told.
//!
//! It looks at nothing: what there is on this machine is handed in.

pub mod denial;
pub mod profile;
pub mod reach;
#[cfg(any(test, not(target_os = "linux")))]
pub mod seatbelt;
pub mod secret_places;

use super::words::words;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

words! {
    "a mode of the sandbox"
    /// Whether the system confines what runs start.
    #[derive(Default)]
    #[cfg_attr(test, derive(schemars::JsonSchema))]
    pub enum Mode {
        /// Where the system can.
        #[default]
        Auto = "auto",
        /// Where the system can't, nothing starts.
        Required = "required",
        /// Never.
        Off = "off",
    }
}

/// What a run is told of its sandbox.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sandbox {
    pub mode: Mode,
    /// Places that may be written too, absolute or below `~`.
    pub write: Vec<String>,
    /// Places that may be read too.
    pub read: Vec<String>,
    /// The only TCP ports that may be used, beside those that every run needs; `None`: all.
    pub ports: Option<Vec<u16>>,
}

/// What is wrong with a place in agents.yaml: it has to mean the same wherever a run works.
pub fn fault_of_place(place: &str) -> Option<String> {
    let is_whole = place.starts_with('/') || place == "~" || place.starts_with("~/");
    (!is_whole).then(|| format!("{place:?} must be an absolute path, or begin with ~/"))
}

/// The path of a place in agents.yaml; `None` if it is below a home that nobody knows.
pub fn expanded(place: &str, home: Option<&Path>) -> Option<PathBuf> {
    match place.strip_prefix('~') {
        Some(below) => home.map(|home| home.join(below.trim_start_matches('/'))),
        None => Some(place.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_whole() {
        for (place, path) in [
            ("/opt/x", Some("/opt/x")),
            ("~", Some("/h/")),
            ("~/a", Some("/h/a")),
            ("a", None),
            ("./a", None),
            ("~other/a", None),
            ("", None),
        ] {
            let found = fault_of_place(place).is_none().then(|| expanded(place, Some("/h".as_ref()))).flatten();
            assert_eq!(found.as_deref(), path.map(Path::new), "{place:?}");
        }
        assert_eq!(expanded("~/a", None), None);
    }
}
