//! Points in time: how they are written, and how what users write is read.
//!
//! It never asks what time it is.

use chrono::{DateTime, Days, Duration, Local, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, TimeZone, Utc};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// A point in time. Always UTC in memory and on disk.
pub type Time = DateTime<Utc>;

/// RFC 3339 in whole seconds with `Z`, as in every file that is written.
pub fn to_text(time: Time) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The same with its milliseconds, if it has any.
pub fn to_exact_text(time: Time) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// `2024-01-15 11:30 +01:00`.
const LOCAL: &str = "%Y-%m-%d %H:%M %:z";

/// The local time with its zone, `2024-01-15 11:30 +01:00`, as the user reads it.
pub fn local(time: Time) -> String {
    time.with_timezone(&Local).format(LOCAL).to_string()
}

/// A line without the [`local`] time that it begins with, if it does.
pub fn without_local(line: &str) -> &str {
    let third = line.match_indices(' ').nth(2).map(|(at, _)| line.split_at(at));
    third.filter(|(time, _)| DateTime::parse_from_str(time, LOCAL).is_ok()).map_or(line, |(_, rest)| &rest[1..])
}

/// Whether it was less than so many seconds ago. What lies in the future is of a clock that was wrong, and wasn't.
pub fn is_within(seconds: i64, at: Time, now: Time) -> bool {
    (0..seconds).contains(&(now - at).num_seconds())
}

/// `YYYYMMDD-HHMMSS` in UTC, for names of files and branches.
pub fn compact(time: Time) -> String {
    time.format("%Y%m%d-%H%M%S").to_string()
}

/// The local day, `YYYY-MM-DD`: the day of log files and of the daily cost limit.
pub fn local_day(time: Time) -> String {
    time.with_timezone(&Local).format("%Y-%m-%d").to_string()
}

/// The local day as a date, to count days with.
pub fn local_date(time: Time) -> chrono::NaiveDate {
    time.with_timezone(&Local).date_naive()
}

/// Reads RFC 3339, or a time without zone, which is taken as local. `None` if it is neither.
pub fn parse(text: &str) -> Option<Time> {
    let text = text.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.with_timezone(&Utc));
    }
    let naive = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())?;
    Local.from_local_datetime(&naive).earliest().map(|time| time.with_timezone(&Utc))
}

/// How long ago or ahead, in words: `45 s`, `12 min`, `3 h`, `2 d`.
pub fn span(seconds: i64) -> String {
    let seconds = seconds.abs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// The local time of day, `12:03`.
pub fn of_day(time: Time) -> String {
    time.with_timezone(&Local).format("%H:%M").to_string()
}

/// How far apart two points in time are, in words.
pub fn between(one: Time, other: Time) -> String {
    span((other - one).num_seconds())
}

/// Reads a span as users write it: `600`, `600s`, `10m`, `24h`, `7d`, `3w`; in seconds. `None` if it is none of these.
pub fn parse_span(text: &str) -> Option<i64> {
    let text = text.trim();
    let (number, unit) = match text.char_indices().last()? {
        (_, '0'..='9') => (text, 1),
        (at, 's') => (&text[..at], 1),
        (at, 'm') => (&text[..at], 60),
        (at, 'h') => (&text[..at], 3_600),
        (at, 'd') => (&text[..at], 86_400),
        (at, 'w') => (&text[..at], 7 * 86_400),
        _ => return None,
    };
    let number: u32 = number.trim_end().parse().ok()?;
    i64::from(number).checked_mul(unit)
}

/// Reads since when something is wanted: a span, a day, or a time. Days and weeks are whole local days, `1d` is today.
pub fn parse_since(text: &str, now: Time) -> Option<Time> {
    let text = text.trim();
    if let Some(seconds) = parse_span(text) {
        let days = u64::try_from(seconds / 86_400).ok().filter(|_| text.ends_with(['d', 'w']));
        return match days {
            Some(days) => local_date(now).checked_sub_days(Days::new(days.saturating_sub(1))).and_then(midnight),
            None => now.checked_sub_signed(Duration::seconds(seconds)),
        };
    }
    text.parse().ok().and_then(midnight).or_else(|| parse(text))
}

/// When a local day begins; where clocks are set forward at midnight, that is later.
pub fn midnight(day: NaiveDate) -> Option<Time> {
    let quarters = (0..=12).map(|quarter| day.and_time(NaiveTime::MIN) + Duration::minutes(15 * quarter));
    let mut found = quarters.filter_map(|time| Local.from_local_datetime(&time).earliest());
    found.next().map(|time| time.with_timezone(&Utc))
}

/// Reads a time in JSON that may have been written by hand: RFC 3339, a local time without zone, or null.
///
/// # Errors
/// Text that is no time.
pub fn lenient<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Time>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    text.map(|text| parse(&text).ok_or_else(|| D::Error::custom(format!("{text:?} is not a time")))).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_future_is_not_a_moment_ago() {
        let now = Utc.with_ymd_and_hms(2024, 1, 15, 10, 30, 0).unwrap();
        for (ago, expected) in [(0, true), (59, true), (60, false), (-1, false)] {
            assert_eq!(is_within(60, now - chrono::Duration::seconds(ago), now), expected, "{ago}");
        }
    }

    #[test]
    fn a_line_loses_the_time_that_it_begins_with() {
        let now = Utc.with_ymd_and_hms(2024, 1, 15, 10, 30, 0).unwrap();
        for line in ["impl-1: started with TASK-1", "a b c d", "", "x"] {
            assert_eq!(without_local(&format!("{} {line}", local(now))), line);
            assert_eq!(without_local(line), line);
        }
    }

    #[test]
    fn reads_what_people_and_programs_write() {
        let expected = Utc.with_ymd_and_hms(2024, 1, 15, 10, 30, 0).unwrap();
        for text in ["2024-01-15T10:30:00Z", "2024-01-15T11:30:00+01:00", " 2024-01-15T10:30:00.000Z "] {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
        let local = Local.from_local_datetime(&expected.naive_utc()).unwrap();
        for text in ["2024-01-15T10:30:00", "2024-01-15 10:30:00.25"] {
            let parsed = parse(text).unwrap();
            assert_eq!(parsed.timestamp(), local.timestamp(), "{text}");
        }
        assert_eq!(parse("yesterday"), None);
    }

    #[test]
    fn spans() {
        for (text, seconds) in
            [("600", 600), ("5s", 5), (" 10m ", 600), ("24h", 86_400), ("7 d", 604_800), ("1w", 604_800), ("0h", 0)]
        {
            assert_eq!(parse_span(text), Some(seconds), "{text:?}");
        }
        for text in ["", "h", "-1h", "1.5h", "1h30m", "99999999999d", "ü"] {
            assert_eq!(parse_span(text), None, "{text:?}");
        }
    }

    #[test]
    fn since_when() {
        let now = parse("2024-01-15T12:30:00").unwrap();
        for (text, expected) in [
            ("1d", "2024-01-15T00:00:00"),
            ("7d", "2024-01-09T00:00:00"),
            ("0d", "2024-01-15T00:00:00"),
            (" 2w", "2024-01-02T00:00:00"),
            ("24h", "2024-01-14T12:30:00"),
            ("2023-12-01", "2023-12-01T00:00:00"),
            ("2024-01-15T10:00:00Z", "2024-01-15T10:00:00Z"),
        ] {
            assert_eq!(parse_since(text, now), parse(expected), "{text}");
        }
        for text in ["", "yesterday", "2024-13-01", "4294967295w"] {
            assert_eq!(parse_since(text, now), None, "{text}");
        }
    }

    #[test]
    fn writes() {
        let time = Utc.with_ymd_and_hms(2024, 1, 15, 10, 30, 5).unwrap();
        assert_eq!(to_text(time), "2024-01-15T10:30:05Z");
        assert_eq!(compact(time), "20240115-103005");
        assert_eq!(span(-119), "119 s");
        assert_eq!(span(7_199), "119 min");
        assert_eq!(span(200_000), "2 d");
    }
}
