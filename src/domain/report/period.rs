//! A stretch of time in pieces of the local clock: hours, days or weeks, whichever make a drawing that can be read.

use crate::domain::hours::instants;
use crate::domain::time::Time;
use chrono::{Datelike, Days, Duration, TimeZone};

/// What the pieces are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Hour,
    Day,
    Week,
}

impl Unit {
    pub fn word(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
        }
    }
}

/// From a moment to another, in pieces that follow each other without a gap.
#[derive(Clone, Debug)]
pub struct Period {
    pub since: Time,
    pub until: Time,
    pub unit: Unit,
    /// What each piece is called.
    pub labels: Vec<String>,
    /// When each begins.
    starts: Vec<Time>,
}

impl Period {
    /// Up to two days in hours, up to two months in days, else in weeks, which begin on Mondays.
    pub fn new<Z: TimeZone>(since: Time, until: Time, zone: &Z) -> Self {
        let since = since.min(until);
        let unit = match (until - since).num_hours() {
            ..=48 => Unit::Hour,
            49..=1_488 => Unit::Day,
            _ => Unit::Week,
        };
        let starts = match unit {
            Unit::Hour => {
                let first = since - Duration::seconds(since.timestamp().rem_euclid(3_600));
                (0..).map(|hour| first + Duration::hours(hour)).take_while(|start| *start <= until).collect()
            }
            Unit::Day | Unit::Week => {
                let local = |at: Time| at.with_timezone(zone).date_naive();
                let (mut day, last) = (local(since), local(until));
                if unit == Unit::Week {
                    day = day - Days::new(day.weekday().num_days_from_monday().into());
                }
                let days = day.iter_days().step_by(if unit == Unit::Week { 7 } else { 1 });
                let days = days.take_while(|day| *day <= last);
                days.filter_map(|day| instants(day, 0, zone).into_iter().min()).collect::<Vec<_>>()
            }
        };
        let label = |start: &Time| {
            let local = start.with_timezone(zone).naive_local();
            local.format(if unit == Unit::Hour { "%H:%M" } else { "%-d %b" }).to_string()
        };
        Self { since, until, unit, labels: starts.iter().map(label).collect(), starts }
    }

    /// How many pieces there are.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// The piece in which a moment lies; `None`: it lies outside.
    pub fn piece(&self, at: Time) -> Option<usize> {
        if at < self.since || at > self.until {
            return None;
        }
        self.starts.partition_point(|start| *start <= at).checked_sub(1)
    }

    /// When each piece is over; the last one, which may go on, at the end of the stretch.
    pub fn ends(&self) -> impl Iterator<Item = Time> {
        self.starts.iter().skip(1).copied().chain([self.until])
    }

    /// Adds up the values of moments, piece by piece.
    pub fn sums(&self, values: impl IntoIterator<Item = (Time, f64)>) -> Vec<f64> {
        let mut sums = vec![0.0; self.len()];
        for (at, value) in values {
            if let Some(sum) = self.piece(at).and_then(|piece| sums.get_mut(piece)) {
                *sum += value;
            }
        }
        sums
    }
}
