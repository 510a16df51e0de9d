//! `report`: how often ticks have the page written anew, and where it is.

use super::values::{self, Seconds};
use serde::Deserialize;
use serde::de::{Deserializer, Error};

/// `report`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Report {
    /// How often it is written, at most.
    pub every: Seconds<60, 604_800, 300>,
    /// The file, from the top of the project or absolute; its name ends in .html. Left out: .orchestrator/report.html
    #[serde(deserialize_with = "page")]
    #[cfg_attr(test, schemars(with = "Option<values::Text>"))]
    pub path: Option<String>,
}

/// The path of a page: whatever has another ending is something else, which would be lost.
fn page<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let path = values::filled(deserializer)?;
    match path.as_deref() {
        Some(path) if path.starts_with('~') => Err(D::Error::custom("write the whole path: ~ is not replaced here")),
        Some(path) if !path.ends_with(".html") || path.ends_with("/.html") => {
            let message = format!("{path:?} isn't the path of a page: it must end in .html, such as status.html");
            Err(D::Error::custom(message))
        }
        _ => Ok(path),
    }
}
