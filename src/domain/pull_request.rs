//! A pull request as GitHub shows it. Everything but the numbers is text of others; nothing is judged here.

mod feedback;
mod head;
mod mend;
mod talk;

pub use feedback::{About, Feedback, Kind, Next, Reruns, Round, next, own_failures, round};
#[cfg(test)]
pub use head::tests::runs;
pub use head::{Base, CheckRun, Checks, Head, Mergeable, Ours, Rule, RunState};
pub use mend::{
    FailedCheck, LOGS_MAX, REMARKS_MAX, answer, base_task, checks_task, conflict_task, end_of_log, exhausted, mending,
    mends, mends_branch, words_task,
};
pub use talk::{Remark, RemarkKind, Talk};

use super::name::Name;
use serde::{Deserialize, Deserializer};

/// One pull request, in the form of gh's `--json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PullRequest {
    /// GitHub's own identifier, which its mutations want.
    #[serde(default)]
    pub id: String,
    pub number: u64,
    /// `OPEN`, `CLOSED` or `MERGED`.
    pub state: String,
    pub url: String,
    #[serde(default)]
    pub title: String,
    /// The account that opened it; empty if that is gone.
    #[serde(default, deserialize_with = "login")]
    pub author: String,
    /// The branch it comes from.
    #[serde(rename = "headRefName")]
    pub branch: String,
    /// The commit that stands on that branch.
    #[serde(default, rename = "headRefOid")]
    pub head_sha: String,
    /// The branch it goes to.
    #[serde(default, rename = "baseRefName")]
    pub base: String,
    #[serde(default, rename = "isDraft")]
    pub draft: bool,
    /// Its branch is in a repository that isn't pushed to.
    #[serde(default, rename = "isCrossRepository")]
    pub fork: bool,
    /// The account that owns the repository of its branch; empty if that is gone.
    #[serde(default, rename = "headRepositoryOwner", deserialize_with = "login")]
    pub head_owner: String,
    #[serde(default)]
    pub labels: Vec<Label>,
}

/// The task whose work a branch holds: `agent/TASK-1-20240115-103000` → `TASK-1`.
pub fn task_of(branch: &str) -> Option<Name> {
    let name = branch.strip_prefix("agent/")?;
    let at = name.len().checked_sub("-20240115-103000".len())?;
    name.get(..at)?.parse().ok()
}

/// A label of a pull request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Label {
    pub id: String,
    pub name: String,
}

impl PullRequest {
    /// Whether it is the work of an agent of this project.
    pub fn is_of_agent(&self) -> bool {
        self.branch.starts_with("agent/") && !self.fork
    }

    /// Whether it can still change.
    pub fn is_open(&self) -> bool {
        self.state == "OPEN"
    }
}

impl Label {
    /// GitHub knows no two labels that differ only in case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// The name of an account, which is `null` where the account is gone.
pub fn login<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    struct Account {
        #[serde(default)]
        login: String,
    }
    Ok(Option::<Account>::deserialize(deserializer)?.map(|account| account.login).unwrap_or_default())
}
