//! How much of the usage limits of the account is used, by the windows of time that they count in, as claude tells it now and then.
//!
//! What is remembered of a window is the most that was told of it, so that the order in which runs end doesn't matter.

use super::stream::RateLimit;
use super::time::Time;
use chrono::{DateTime, Duration};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// No window is longer: what names a later end isn't believed.
const LONGEST: Duration = Duration::days(9);

/// `cache/quota.json`: the windows by the names that claude has for them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota(BTreeMap<String, Window>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    pub used_percent: u32,
    /// When it begins anew.
    pub resets_at: Time,
}

impl Quota {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes in what claude said of a limit, if it says how much of which one is used.
    pub fn note(&mut self, limit: &RateLimit) {
        let used = if limit.is_rejected() { Some(100) } else { limit.used_percent };
        let resets_at = limit.resets_at.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        if let (Some(window), Some(used_percent), Some(resets_at)) = (&limit.window, used, resets_at) {
            self.add(window, Window { used_percent, resets_at });
        }
    }

    /// This with what was seen later, but for what is over.
    #[must_use]
    pub fn with(mut self, seen: &Self, now: Time) -> Self {
        seen.0.iter().for_each(|(name, window)| self.add(name, *window));
        self.0.retain(|_, window| window.holds(now));
        self
    }

    fn add(&mut self, name: &str, window: Window) {
        let known = self.0.entry(name.to_owned()).or_insert(window);
        *known =
            *[*known, window].iter().max_by_key(|window| (window.resets_at, window.used_percent)).unwrap_or(&window);
    }

    /// The windows that aren't over, the first to end before the others.
    pub fn current(&self, now: Time) -> Vec<(&str, Window)> {
        let mut current: Vec<_> = self.0.iter().map(|(name, window)| (name.as_str(), *window)).collect();
        current.retain(|(_, window)| window.holds(now));
        current.sort_by_key(|(_, window)| window.resets_at);
        current
    }

    /// The window of which at least `limit` per cent are used that ends last, of those that count for this model.
    pub fn spent(&self, limit: u32, model: Option<&str>, now: Time) -> Option<(&str, Window)> {
        let is_spent = |(name, window): &(&str, Window)| window.used_percent >= limit && counts_for(name, model);
        self.current(now).into_iter().rfind(is_spent)
    }
}

impl Window {
    fn holds(self, now: Time) -> bool {
        now < self.resets_at && self.resets_at - now <= LONGEST
    }
}

/// The models that windows are of.
const MODELS: [&str; 3] = ["opus", "sonnet", "haiku"];

/// Whether the runs of a model use up a window; who names no model may use any.
fn counts_for(window: &str, model: Option<&str>) -> bool {
    match MODELS.into_iter().find(|name| window.ends_with(name)) {
        Some(name) => model.is_none_or(|model| model.to_lowercase().contains(name)),
        // What is paid for beyond is not the user's rest.
        None => matches!(window, "five_hour" | "seven_day"),
    }
}

/// What claude calls `seven_day_opus`, as `seven days (opus)`.
pub fn words(window: &str) -> String {
    let (time, rest) = match (window.strip_prefix("five_hour"), window.strip_prefix("seven_day")) {
        (Some(rest), _) => ("five hours", rest),
        (_, Some(rest)) => ("seven days", rest),
        (None, None) => return window.replace('_', " "),
    };
    let rest = rest.trim_start_matches('_').replace('_', " ");
    if rest.is_empty() { time.to_owned() } else { format!("{time} ({rest})") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time;

    fn at(text: &str) -> Time {
        time::parse(text).unwrap()
    }

    fn limit(window: &str, used_percent: Option<u32>, resets_at: &str, status: &str) -> RateLimit {
        let resets_at = Some(at(resets_at).timestamp());
        RateLimit { status: status.to_owned(), resets_at, window: Some(window.to_owned()), used_percent }
    }

    #[test]
    fn the_window_that_ends_last_holds_runs_of_its_model() {
        let mut quota = Quota::default();
        for (window, used, resets_at) in [
            ("five_hour", Some(83), "2026-03-01T14:00:00Z"),
            ("seven_day", Some(79), "2026-03-05T00:00:00Z"),
            ("seven_day_opus", Some(91), "2026-03-04T00:00:00Z"),
            ("overage", Some(99), "2026-03-06T00:00:00Z"),
            ("seven_day", None, "2026-03-07T00:00:00Z"),
            // No limit lasts so long: another clock.
            ("seven_day_sonnet", Some(100), "2027-03-05T00:00:00Z"),
        ] {
            quota.note(&limit(window, used, resets_at, "allowed_warning"));
        }
        for (stop_at, model, now, expected) in [
            (80, Some("claude-sonnet-4-5"), "2026-03-01T12:00:00Z", Some("five_hour")),
            (84, Some("claude-sonnet-4-5"), "2026-03-01T12:00:00Z", None),
            (79, Some("claude-sonnet-4-5"), "2026-03-01T12:00:00Z", Some("seven_day")),
            (80, Some("Opus"), "2026-03-01T12:00:00Z", Some("seven_day_opus")),
            (80, None, "2026-03-01T12:00:00Z", Some("seven_day_opus")),
            (92, None, "2026-03-01T12:00:00Z", None),
            (80, Some("haiku"), "2026-03-01T14:00:00Z", None),
            (80, None, "2026-02-01T12:00:00Z", None),
        ] {
            let found = quota.spent(stop_at, model, at(now)).map(|(name, _)| name);
            assert_eq!(found, expected, "{stop_at} {model:?} {now}");
        }
        assert_eq!(quota.current(at("2026-03-01T12:00:00Z")).len(), 4);
    }

    #[test]
    fn the_order_in_which_runs_end_does_not_matter() {
        let seen = |used, resets_at| {
            let mut quota = Quota::default();
            quota.note(&limit("five_hour", Some(used), resets_at, "allowed"));
            quota
        };
        let all = [
            seen(70, "2026-03-01T14:00:00Z"),
            seen(60, "2026-03-01T14:00:00Z"),
            seen(5, "2026-03-01T19:00:00Z"),
            seen(99, "2026-03-01T09:00:00Z"),
        ];
        let now = at("2026-03-01T12:00:00Z");
        let used = |order: &[usize]| {
            let quota = order.iter().fold(Quota::default(), |quota, at| quota.with(&all[*at], now));
            quota.current(now).first().map(|(_, window)| window.used_percent)
        };
        for (order, expected) in
            [(&[0, 1, 3][..], Some(70)), (&[1, 0], Some(70)), (&[2, 0, 1], Some(5)), (&[0, 2], Some(5)), (&[3], None)]
        {
            assert_eq!(used(order), expected, "{order:?}");
        }
        let mut rejected = Quota::default();
        rejected.note(&limit("five_hour", None, "2026-03-01T14:00:00Z", "rejected"));
        assert_eq!(rejected.spent(100, None, now).map(|(_, window)| window.used_percent), Some(100));
    }

    #[test]
    fn windows_in_words() {
        for (window, expected) in [
            ("five_hour", "five hours"),
            ("seven_day", "seven days"),
            ("seven_day_opus", "seven days (opus)"),
            ("one_month", "one month"),
        ] {
            assert_eq!(words(window), expected);
        }
    }
}
