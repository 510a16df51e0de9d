//! Merging: what is told to GitHub, and what it says of a pull request that is over.

use super::{GhError, GitHub};
use crate::domain::config::MergeMethod;
use serde::Deserialize;

/// How a pull request ended.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    /// `OPEN`, `CLOSED` or `MERGED`.
    pub state: String,
    /// What brought it into its base.
    merge_commit: Option<Commit>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Commit {
    oid: String,
}

impl Ended {
    /// The commit by which it is in its base, if it was merged.
    pub fn merged(&self) -> Option<&str> {
        self.merge_commit.as_ref().filter(|_| self.state == "MERGED").map(|commit| commit.oid.as_str())
    }
}

impl GitHub {
    /// Merges a pull request, if `commit` is its head. With `auto` GitHub does it by itself, once all that the base asks for
    /// is there, which may be at once.
    ///
    /// # Errors
    /// gh's; whether it is merged all the same is for the next look.
    pub fn merge(&self, number: u64, commit: &str, method: MergeMethod, auto: bool) -> Result<(), GhError> {
        let (number, commit) = (number.to_string(), format!("--match-head-commit={commit}"));
        let method = format!("--{method}");
        let mut arguments = vec!["pr", "merge", &number, &method, &commit];
        if auto {
            arguments.push("--auto");
        }
        self.call(&arguments, None).map(drop)
    }

    /// Takes back that GitHub merges a pull request by itself.
    ///
    /// # Errors
    /// gh's.
    pub fn disable_auto_merge(&self, number: u64) -> Result<(), GhError> {
        self.call(&["pr", "merge", &number.to_string(), "--disable-auto"], None).map(drop)
    }

    /// How a pull request ended that isn't among the open ones any more.
    ///
    /// # Errors
    /// gh's.
    pub fn ended(&self, number: u64) -> Result<Ended, GhError> {
        self.json(&["pr", "view", &number.to_string(), "--json=number,state,mergeCommit"])
    }
}
