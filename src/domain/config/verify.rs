//! `verify` as it is written in agents.yaml.

use super::values::{self, Seconds};
use crate::domain::verify::Verify;
use serde::Deserialize;

/// `verify`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub(super) struct Keys {
    /// A shell command that passes with exit code 0. Example: cargo test
    #[serde(deserialize_with = "values::filled")]
    #[cfg_attr(test, schemars(with = "Option<values::Text>"))]
    pub command: Option<String>,
    /// The longest that it may take.
    pub timeout_seconds: Option<Seconds<1, 86_400, 1_800>>,
}

impl Keys {
    pub fn or_of(self, others: &Self) -> Self {
        Self {
            command: self.command.or_else(|| others.command.clone()),
            timeout_seconds: self.timeout_seconds.or(others.timeout_seconds),
        }
    }

    pub fn verify(self) -> Option<Verify> {
        let timeout_seconds = self.timeout_seconds.unwrap_or_default().get();
        self.command.map(|command| Verify { command, timeout_seconds })
    }
}
