//! A pull request whose verdict can't be carried out: what failed, and when it is tried again.
//!
//! Each pull request waits for itself, so that one that GitHub refuses holds back no other.

use crate::domain::time::Time;
use chrono::Duration;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The longest wait in seconds.
const LONGEST: i64 = 3_600;
/// The wait after the second failure in seconds; each further one doubles it.
const FIRST: i64 = 120;
/// Failures in a row after which it waits and the user is told: most pass by themselves.
const LASTS: u32 = 2;

/// What failed last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictFailure {
    /// For which head commit.
    pub commit: String,
    /// At which step.
    pub step: String,
    /// In one line.
    pub why: String,
    /// How often in a row the pull request itself was the trouble.
    pub failures: u32,
    /// When it is tried again.
    pub retry_at: Time,
    /// Fields of a later version.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl VerdictFailure {
    /// What is noted of a failure after `earlier` ones. It is tried again with the next run, behind the rest; if the cause
    /// is its `own`, of this pull request, and lasts, it waits longer each time.
    pub fn after(earlier: Option<&Self>, commit: &str, step: &str, why: &str, own: bool, now: Time) -> Self {
        let before = earlier.filter(|earlier| earlier.commit == commit).map_or(0, |earlier| earlier.failures);
        let failures = before + u32::from(own);
        let wait = match failures.checked_sub(LASTS) {
            Some(more) if own => FIRST.saturating_mul(1 << more.min(20)).min(LONGEST),
            _ => 0,
        };
        Self {
            commit: commit.to_owned(),
            step: step.to_owned(),
            why: why.to_owned(),
            failures,
            retry_at: now + Duration::seconds(wait),
            more: earlier.map(|earlier| earlier.more.clone()).unwrap_or_default(),
        }
    }

    /// Whether a pull request with this head commit has to wait.
    pub fn holds(&self, head: &str, now: Time) -> bool {
        self.commit == head && now < self.retry_at
    }

    /// Whether it lasts so long that the user is told.
    pub fn is_told(&self) -> bool {
        self.failures >= LASTS
    }
}
