//! When an agent may start: hours of the day and days of the week, by the local clock.
//!
//! What counts is what a clock on the wall shows, so a night is from 22:00 to 07:00 also when it is an hour longer or shorter.

use super::time::Time;
use super::words::words;
use chrono::{Datelike, Days, Duration, MappedLocalTime, NaiveDate, NaiveDateTime, TimeZone, Timelike, Utc, Weekday};
use serde::{Deserialize, Serialize};
use std::fmt;

words! {
    "a day"
    /// A day of the week.
    #[cfg_attr(test, derive(schemars::JsonSchema))]
    pub enum Day {
        Mon = "mon",
        Tue = "tue",
        Wed = "wed",
        Thu = "thu",
        Fri = "fri",
        Sat = "sat",
        Sun = "sun",
    }
}

/// From one time of the day to another, in minutes; over midnight where the second isn't after the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(with = "String"))]
pub struct Hours {
    from: u32,
    to: u32,
}

/// A time of the day, such as 18:00.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(with = "String"))]
pub struct TimeOfDay(u32);

impl TimeOfDay {
    /// Since midnight, as a clock shows it.
    pub fn minute(self) -> u32 {
        self.0
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let minute = minute(&text).filter(|minute| *minute < DAY);
        minute.map(Self).ok_or_else(|| format!("{text:?} is not a time of the day: write 18:00"))
    }
}

const DAY: u32 = 24 * 60;

impl TryFrom<String> for Hours {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let both = text.split_once('-').and_then(|(from, to)| Some((minute(from)?, minute(to)?)));
        match both {
            Some((from, to)) if from < DAY && from != to => Ok(Self { from, to }),
            _ => Err(format!("{text:?} is not a time from one hour to another: write 22:00-07:00")),
        }
    }
}

/// `7:30`, `07:30`, `24:00`.
fn minute(text: &str) -> Option<u32> {
    let (hour, minute) = text.trim().split_once(':')?;
    let number = |text: &str| text.parse::<u32>().ok().filter(|_| text.len() <= 2 && !text.starts_with('+'));
    let (hour, minute) = (number(hour)?, number(minute)?);
    (minute < 60 && hour * 60 + minute <= DAY).then_some(hour * 60 + minute)
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to } = self;
        write!(f, "{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)
    }
}

impl From<Hours> for String {
    fn from(hours: Hours) -> Self {
        hours.to_string()
    }
}

/// When an agent with these hours and days may start again; `None`: it may now. Without hours the whole day counts, without days
/// every one. What goes over midnight belongs to the day on which it begins.
pub fn closed_until<Z: TimeZone>(hours: Option<Hours>, days: &[Day], now: Time, zone: &Z) -> Option<Time> {
    if hours.is_none() && days.is_empty() {
        return None;
    }
    let hours = hours.unwrap_or(Hours { from: 0, to: DAY });
    let is_open = |at: Time| hours.hold(at.with_timezone(zone).naive_local(), days);
    if is_open(now) {
        return None;
    }
    let today = now.with_timezone(zone).date_naive();
    let begins = (0..=8).filter_map(|ahead| today.checked_add_days(Days::new(ahead)));
    let begins = begins.flat_map(|day| instants(day, hours.from, zone)).filter(|at| *at > now && is_open(*at));
    Some(begins.min().unwrap_or(now + Duration::days(1)))
}

impl Hours {
    fn hold(self, wall: NaiveDateTime, days: &[Day]) -> bool {
        let minute = wall.hour() * 60 + wall.minute();
        let is_on = |date: Option<NaiveDate>| {
            days.is_empty() || date.is_some_and(|date| days.iter().any(|day| day.weekday() == date.weekday()))
        };
        if self.from < self.to {
            (self.from..self.to).contains(&minute) && is_on(Some(wall.date()))
        } else {
            minute >= self.from && is_on(Some(wall.date())) || minute < self.to && is_on(wall.date().pred_opt())
        }
    }
}

/// When the wall clock shows this minute of that day: twice where it is set back, and where it skips that, when it goes on.
pub(super) fn instants<Z: TimeZone>(day: NaiveDate, minute: u32, zone: &Z) -> Vec<Time> {
    let wall = day.and_time(chrono::NaiveTime::MIN) + Duration::minutes(minute.into());
    let at = |wall: &NaiveDateTime| zone.from_local_datetime(wall);
    let found = match at(&wall) {
        MappedLocalTime::None => {
            let later = (1..=i64::from(DAY)).map(|minutes| at(&(wall + Duration::minutes(minutes))));
            later.filter_map(MappedLocalTime::earliest).take(1).collect()
        }
        MappedLocalTime::Single(at) => vec![at],
        MappedLocalTime::Ambiguous(one, other) => vec![one, other],
    };
    found.into_iter().map(|at| at.with_timezone(&Utc)).collect()
}

impl Day {
    fn weekday(self) -> Weekday {
        match self {
            Self::Mon => Weekday::Mon,
            Self::Tue => Weekday::Tue,
            Self::Wed => Weekday::Wed,
            Self::Thu => Weekday::Thu,
            Self::Fri => Weekday::Fri,
            Self::Sat => Weekday::Sat,
            Self::Sun => Weekday::Sun,
        }
    }
}

#[cfg(test)]
mod tests;
