//! How the last fetch went: when it is worth another, and what of it the user is told.

use super::text::one_line;
use super::time::{self, Time};
use serde::{Deserialize, Serialize};

/// For how many seconds what was fetched is new enough.
const RECENT: i64 = 60;
/// After how many seconds of failing the user is told.
const TOLD_AFTER: i64 = 3_600;

/// `cache/last-fetch.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastFetch {
    /// When it ended.
    pub at: Time,
    /// From which remote.
    #[serde(default)]
    pub remote: String,
    /// Why it failed; none: it worked.
    pub error: Option<String>,
    /// When the first one failed since one worked.
    pub failing_since: Option<Time>,
    /// How long it took.
    #[serde(default)]
    pub seconds: i64,
    /// The user was told that it fails.
    #[serde(default)]
    pub told: bool,
    /// The default branch there, as it said last.
    pub default_branch: Option<String>,
    /// Branches that are known here and no longer there, without those of agents.
    #[serde(default)]
    pub gone: Vec<String>,
}

impl LastFetch {
    /// A fetch that has worked, in which the remote said this of its branches.
    pub fn worked(remote: &str, at: Time, default_branch: Option<String>, gone: Vec<String>) -> Self {
        Self {
            at,
            remote: remote.to_owned(),
            error: None,
            failing_since: None,
            seconds: 0,
            told: false,
            default_branch,
            gone,
        }
    }

    /// A fetch that has failed after `before`; what was known of the branches stays.
    pub fn failed(before: Option<Self>, remote: &str, begun: Time, at: Time, error: &str) -> Self {
        let before = before.filter(|before| before.remote == remote);
        let before = before.unwrap_or_else(|| Self::worked(remote, at, None, Vec::new()));
        Self {
            at,
            error: Some(one_line(error)),
            failing_since: before.failing_since.or(Some(begun)),
            seconds: (at - begun).num_seconds().max(0),
            ..before
        }
    }

    /// Whether it is too early for another one. A remote that is waited for in vain is given as long a pause.
    pub fn is_recent(&self, remote: &str, now: Time) -> bool {
        let pause = RECENT.max(self.seconds);
        self.remote == remote && time::is_within(pause, self.at, now)
    }

    /// Whether the user is to be told now: once, until one works again.
    pub fn is_to_be_told(&self, now: Time) -> bool {
        !self.told && self.failing_since.is_some_and(|since| (now - since).num_seconds() >= TOLD_AFTER)
    }

    /// For how long it has failed, and why; none if it worked.
    pub fn brief(&self, now: Time) -> Option<String> {
        let since = now - self.failing_since.unwrap_or(self.at);
        self.error.as_ref().map(|error| format!("{}: {error}", time::span(since.num_seconds())))
    }

    /// The same as a sentence.
    pub fn problem(&self, now: Time) -> Option<String> {
        let (brief, ago) = (self.brief(now)?, time::span((now - self.at).num_seconds()));
        Some(format!("the last fetch from {}, {ago} ago, failed, as all have for {brief}", self.remote))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Duration;

    fn at(seconds: i64) -> Time {
        time::parse("2026-01-01T10:00:00Z").unwrap() + Duration::seconds(seconds)
    }

    #[test]
    fn one_a_minute_and_a_failure_counts_like_a_success() {
        let good = LastFetch::worked("up", at(0), Some("main".into()), Vec::new());
        let failed = LastFetch::failed(Some(good.clone()), "up", at(100), at(110), "no\nroute");
        let slow = LastFetch::failed(Some(failed.clone()), "up", at(200), at(500), "timeout");
        for (last, now, recent) in [
            (&good, 59, true),
            (&good, 60, false),
            (&good, -1, false),
            (&failed, 150, true),
            (&failed, 171, false),
            (&slow, 799, true),
            (&slow, 800, false),
        ] {
            assert_eq!(last.is_recent("up", at(now)), recent, "{last:?} at {now}");
        }
        assert!(!good.is_recent("origin", at(1)), "another remote");
        assert_eq!((slow.failing_since, slow.default_branch.as_deref()), (Some(at(100)), Some("main")));
        assert_eq!(failed.error.as_deref(), Some("no route"));
        assert_eq!(good.problem(at(5)), None);
        assert!(slow.problem(at(3_700)).unwrap().contains("as all have for 60 min"));
    }

    #[test]
    fn the_user_is_told_once_after_an_hour() {
        let mut last = LastFetch::failed(None, "up", at(0), at(1), "x");
        assert!(!last.is_to_be_told(at(3_599)));
        assert!(last.is_to_be_told(at(3_600)));
        last.told = true;
        let next = LastFetch::failed(Some(last), "up", at(3_700), at(3_701), "x");
        assert!(!next.is_to_be_told(at(9_000)));
        assert!(!LastFetch::failed(Some(next), "new", at(9_000), at(9_001), "x").is_to_be_told(at(9_002)));
    }
}
