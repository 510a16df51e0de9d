//! When each agent was at work in the last 24 hours, as bars on a scale of minutes.

use crate::domain::time::Time;
use chrono::{Duration, TimeZone};
use serde::Serialize;

/// The hours between two lines of the scale.
const STEP: i64 = 6;
/// How many minutes the scale has.
const WIDTH: i64 = 24 * 60;
/// A shorter bar would hardly be seen.
const LEAST: i64 = 4;

/// The last 24 hours, to the full hour after now.
#[derive(Clone, Copy, Debug)]
pub struct Day {
    from: Time,
    now: Time,
}

/// When an agent was at work.
#[derive(Clone, Debug)]
pub struct Stretch {
    pub from: Time,
    /// `None`: it still is.
    pub to: Option<Time>,
    /// What its bar looks like: `good`, `bad`, `dim` or `now`.
    pub look: &'static str,
    /// What it was, without when.
    pub words: String,
}

/// Its place on the scale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bar {
    pub x: i64,
    pub width: i64,
    pub look: &'static str,
    /// What it was and when, by the local clock.
    pub words: String,
}

impl Day {
    pub fn new(now: Time) -> Self {
        let to = now + Duration::seconds(3_600 - now.timestamp().rem_euclid(3_600));
        Self { from: to - Duration::minutes(WIDTH), now }
    }

    /// When it begins.
    pub fn from(&self) -> Time {
        self.from
    }

    /// What the clock shows at the lines of the scale, its ends included.
    pub fn scale<Z: TimeZone>(&self, zone: &Z) -> Vec<String> {
        (0..=24 / STEP).map(|step| clock(self.from + Duration::hours(step * STEP), zone)).collect()
    }

    /// Where now is.
    pub fn now(&self) -> i64 {
        self.minute(self.now)
    }

    /// The bar of a stretch; `None` if it was over before.
    pub fn bar<Z: TimeZone>(&self, stretch: &Stretch, zone: &Z) -> Option<Bar> {
        let to = stretch.to.unwrap_or(self.now);
        if to <= self.from {
            return None;
        }
        let end = self.minute(to).max(LEAST);
        let x = self.minute(stretch.from).min(end - LEAST);
        let until = stretch.to.map_or("now".to_owned(), |to| clock(to, zone));
        let words = format!("{}–{until} {}", clock(stretch.from, zone), stretch.words);
        Some(Bar { x, width: end - x, look: stretch.look, words })
    }

    fn minute(&self, at: Time) -> i64 {
        (at - self.from).num_minutes().clamp(0, WIDTH)
    }
}

fn clock<Z: TimeZone>(at: Time, zone: &Z) -> String {
    at.with_timezone(zone).naive_local().format("%H:%M").to_string()
}
