//! `intake`: which issues become tasks.

use super::values;
use crate::domain::permission::Permission;
use crate::domain::role::TaskRole;
use serde::{Deserialize, Serialize};

/// `intake`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Intake {
    /// An open issue becomes a task once somebody trusted gives it this label.
    #[serde(deserialize_with = "values::word")]
    #[cfg_attr(test, schemars(with = "values::Text"))]
    pub label: String,
    /// Who carries such a task out.
    pub role: TaskRole,
    /// Whose label counts: who may do this in the repository, or more.
    pub trusted: Permission,
}

impl Default for Intake {
    fn default() -> Self {
        Self { label: "agent-ready".to_owned(), role: TaskRole::default(), trusted: Permission::default() }
    }
}
