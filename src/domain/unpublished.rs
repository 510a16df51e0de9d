//! What GitHub couldn't be told of work that is pushed: kept with all that it takes, to be told later.

use super::name::Name;
use super::receipt::Row;
use super::run::NewPullRequest;
use serde::{Deserialize, Serialize};

/// How often what GitHub refuses is tried.
const TRIES: u32 = 10;

/// What one run left to be told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unpublished {
    pub run: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<Name>,
    /// The commit that was pushed.
    pub commit: String,
    pub news: News,
    /// How often it was refused since.
    #[serde(default)]
    pub refused: u32,
}

/// What there is to tell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// The branch is to have a pull request.
    PullRequest { branch: String, wanted: NewPullRequest, receipt: Vec<Row> },
    /// The receipt of the pull request that the work goes on with has changed.
    Receipt { pr: u64, rows: Vec<Row>, is_ready: bool },
}

impl Unpublished {
    pub fn is_given_up(&self) -> bool {
        self.refused >= TRIES
    }
}
