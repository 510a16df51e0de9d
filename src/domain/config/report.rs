//! `report`: how often ticks have the page written anew, and where it is.

use super::values::{self, Seconds};
use serde::Deserialize;
use serde::de::{Deserializer, Error};

/// `report`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Report {
    /// How often it is written, at most.
    pub every: Seconds<60, 604_800, 300>,
    /// The file, from the top of the project or absolute; its name ends in .html.
    #[serde(deserialize_with = "page")]
    pub path: String,
}

impl Default for Report {
    fn default() -> Self {
        Self { every: Seconds::default(), path: ".orchestrator/report.html".to_owned() }
    }
}

/// The path of a page: whatever has another ending is something else, which would be lost.
fn page<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let path = values::word(deserializer)?;
    if path.starts_with('~') {
        return Err(D::Error::custom("write the whole path: ~ is not replaced here"));
    }
    match path.rsplit('/').next().and_then(|name| name.strip_suffix(".html")) {
        Some(stem) if !stem.is_empty() => Ok(path),
        _ => {
            let message = format!("{path:?} isn't the path of a page: it must end in .html, such as status.html");
            Err(D::Error::custom(message))
        }
    }
}
