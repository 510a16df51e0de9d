//! `pull_requests`: where agents' pull requests go, and what is done about them.

use super::Whole;
use crate::domain::permission::Permission;
use crate::domain::remote::Repository;
use crate::domain::words::words;
use serde::{Deserialize, Serialize};

/// `pull_requests`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct PullRequests {
    /// The repository, OWNER/REPO, that pull requests go to, if it isn't the one that is pushed to: the parent of a fork.
    pub to: Option<RepositoryPath>,
    /// Whether the coordinator has conflicts with the base, red checks and what people say mended on agents' pull requests.
    pub feedback: bool,
    /// Tasks for one pull request before you are asked.
    pub max_rounds: Whole<0, 1_000, 3>,
    /// Whose words count: those of who may do this in the repository, or more.
    pub trusted: Permission,
    /// Whether the coordinator merges agents' pull requests: off, or when_green: checks, gatekeepers and approvals are there.
    pub merge: Merge,
    /// How it merges them.
    pub merge_method: MergeMethod,
}

impl PullRequests {
    /// Whether the coordinator looks after agents' pull requests.
    pub fn is_active(&self) -> bool {
        self.feedback || self.merge == Merge::WhenGreen
    }
}

words! {
    "a word for merge"
    /// Whether agents' pull requests are merged.
    #[derive(Default)]
    #[cfg_attr(test, derive(schemars::JsonSchema))]
    pub enum Merge {
        /// You merge them.
        #[default]
        Off = "off",
        /// The coordinator does, once all that they need is there.
        WhenGreen = "when_green",
    }
}

words! {
    "a merge method"
    /// What a merge leaves on the base.
    #[derive(Default)]
    #[cfg_attr(test, derive(schemars::JsonSchema))]
    pub enum MergeMethod {
        /// A merge commit.
        #[default]
        Merge = "merge",
        /// One commit.
        Squash = "squash",
        /// Its commits, one after the other.
        Rebase = "rebase",
    }
}

/// A repository of the GitHub that is pushed to: OWNER/REPO.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("pattern" = "^[A-Za-z0-9_.][A-Za-z0-9_.-]*/[A-Za-z0-9_.][A-Za-z0-9_.-]*$")))]
pub struct RepositoryPath(String);

impl RepositoryPath {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RepositoryPath {
    type Error = &'static str;

    fn try_from(path: String) -> Result<Self, Self::Error> {
        let is_one = Repository::at("github.com", &path).is_some();
        if is_one { Ok(Self(path)) } else { Err("not a repository: write OWNER/REPO, as in its address") }
    }
}
