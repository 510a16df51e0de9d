//! `sandbox` as it is written in agents.yaml.

use super::values::{self, Whole};
use crate::domain::sandbox::{Mode, Sandbox};
use serde::Deserialize;

/// `sandbox`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub(super) struct Keys {
    /// auto: confined where the system can. required: nothing starts where it can't. off: never confined.
    pub mode: Option<Mode>,
    /// Places that agents may write too. Absolute, or below ~/.
    #[serde(deserialize_with = "values::places")]
    #[cfg_attr(test, schemars(with = "Option<Vec<values::Text>>"))]
    pub write: Option<Vec<String>>,
    /// Places that agents may read too. Absolute, or below ~/.
    #[serde(deserialize_with = "values::places")]
    #[cfg_attr(test, schemars(with = "Option<Vec<values::Text>>"))]
    pub read: Option<Vec<String>>,
    /// The only TCP ports that agents may use, beside 443, those of claude's own connection and the agent's own. Left out: all.
    pub ports: Option<Vec<Whole<1, 65_535>>>,
}

impl From<Keys> for Sandbox {
    fn from(keys: Keys) -> Self {
        // By their type they fit.
        let port = |port: Whole<1, 65_535>| port.get() as u16;
        Self {
            mode: keys.mode.unwrap_or_default(),
            write: keys.write.unwrap_or_default(),
            read: keys.read.unwrap_or_default(),
            ports: keys.ports.map(|ports| ports.into_iter().map(port).collect()),
        }
    }
}
