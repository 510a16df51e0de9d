//! The time in which nobody is started, since every run would fail alike, and how it ends: one agent goes first.

use super::Outcome;
use crate::domain::time::Time;
use chrono::Duration;
use serde::{Deserialize, Serialize};

/// No limit of an account lasts longer: what names a later end isn't believed.
pub(super) const LONGEST: Duration = Duration::days(8);
/// The longest pause between two tries that fail for the same cause.
const LONGEST_PAUSE: Duration = Duration::hours(4);
/// The same of a runner: a try costs nothing but a question, and who mends a cluster doesn't come by here.
const LONGEST_OF_RUNNER: Duration = Duration::minutes(15);

/// A time in which no agent is started: `cache/cooldown.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cooldown {
    /// When one agent may try again.
    pub until: Time,
    /// What happened.
    pub reason: String,
    /// Since when it is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// How often one agent has tried in vain.
    #[serde(default)]
    pub tries: u32,
}

impl Cooldown {
    /// Whether nobody may start now. One that would hold longer than any real one was set under another clock.
    pub fn holds(&self, now: Time) -> bool {
        now < self.until && self.until - now <= LONGEST + Duration::days(1)
    }

    /// Whether a run that began then shows how things are: one that was under way before doesn't, nor one of the same tick.
    pub fn is_tried_by(&self, begun: Time) -> bool {
        self.since.map_or(begun >= self.until, |since| begun > since)
    }

    /// What is to be remembered when a run that began at `begun` ends with this one while `known` is remembered; `None`:
    /// nothing new. Each try in vain makes the pause longer, unless the cause has named its own end.
    #[must_use]
    pub fn after(self, known: Option<&Self>, begun: Time, outcome: &Outcome) -> Option<Self> {
        let since = self.since.unwrap_or(self.until);
        let Some(known) = known else { return Some(self) };
        if known.holds(since) && known.until > self.until {
            return None;
        }
        if !known.is_tried_by(begun) || matches!(outcome, Outcome::UsageLimit { until: Some(_) }) {
            return Some(self);
        }
        let tries = known.tries.saturating_add(1);
        let pause = (self.until - since) * 2_i32.pow(tries.min(8));
        let longest = if matches!(outcome, Outcome::RunnerDown { .. }) { LONGEST_OF_RUNNER } else { LONGEST_PAUSE };
        Some(Self { until: since + pause.min(longest.max(self.until - since)), tries, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time;

    #[test]
    fn each_try_in_vain_makes_the_pause_longer() {
        let start = time::parse("2026-01-15T10:00:00Z").unwrap();
        let refused = Outcome::ApiError { status: Some(401), message: "no".to_owned() };
        let down = Outcome::RunnerDown { runner: "cluster".parse().unwrap(), message: "no".to_owned() };
        for (outcome, expected) in [(&refused, [30, 60, 120, 240, 240, 240]), (&down, [10, 15, 15, 15, 15, 15])] {
            let mut known = outcome.cooldown(start);
            let pauses = expected.map(|_| {
                let begun = known.as_ref().unwrap().until;
                let ended = begun + Duration::minutes(1);
                known = outcome.cooldown(ended).unwrap().after(known.as_ref(), begun, outcome);
                (known.as_ref().unwrap().until - ended).num_minutes()
            });
            assert_eq!(pauses, expected, "{outcome}");
        }
        // A run that was under way before proves nothing, and a known end stands.
        let now = start + Duration::minutes(1);
        let first = refused.cooldown(start);
        assert_eq!(
            refused.cooldown(now).unwrap().after(first.as_ref(), start - Duration::minutes(5), &refused),
            refused.cooldown(now)
        );
        let limit = Outcome::UsageLimit { until: Some(now + Duration::hours(1)) };
        assert_eq!(limit.cooldown(now).unwrap().after(first.as_ref(), start, &limit), limit.cooldown(now));
        assert_eq!(refused.cooldown(now).unwrap().after(limit.cooldown(now).as_ref(), now, &refused), None);
    }
}
