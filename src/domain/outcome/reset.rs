//! When a limit is lifted, in claude's own words. What isn't understood for certain gives no time rather than a wrong one.

use crate::domain::time::Time;
use chrono::{DateTime, Datelike, Days, Local, NaiveDate, NaiveTime, TimeZone, Utc, Weekday};

/// The time in `…limit reached|1737000000`, `…resets 3:30pm`, `…resets Nov 24, 3am (UTC)`. `said` is in lower case; `here`
/// are the names by which the local time zone may be called. A date that is over is that of next year.
pub(super) fn spoken(said: &str, now: Time, here: &[String]) -> Option<Time> {
    if let Some((_, rest)) = said.split_once('|') {
        let digits: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
        if let Some(time) = digits.parse().ok().and_then(stamp) {
            return Some(time);
        }
    }
    let (_, rest) = said.split_once("reset")?;
    let rest = rest.split(['\n', '·', '∙']).next()?;
    let words: Vec<&str> = rest.split([' ', ',', '(', ')']).filter(|word| !word.is_empty()).collect();
    let mut words = words.as_slice();
    skip(&mut words, &["s", "at", "on"]);
    let day = day(&mut words);
    skip(&mut words, &["at"]);
    let clock = clock(&mut words)?;
    match words.first() {
        None => upcoming(&Local, day, clock, now),
        Some(&("utc" | "gmt")) => upcoming(&Utc, day, clock, now),
        Some(zone) if here.iter().any(|name| name.eq_ignore_ascii_case(zone)) => upcoming(&Local, day, clock, now),
        Some(_) => None,
    }
}

/// A count since 1970: of seconds, or of milliseconds where seconds would lie far beyond any reset.
pub(super) fn stamp(count: i64) -> Option<Time> {
    if count >= 100_000_000_000 { Time::from_timestamp_millis(count) } else { Time::from_timestamp(count, 0) }
}

/// On which day.
enum Day {
    Next,
    Of(Weekday),
    Date(u32, u32),
}

fn skip(words: &mut &[&str], these: &[&str]) {
    while let [first, rest @ ..] = *words
        && these.contains(first)
    {
        *words = rest;
    }
}

fn day(words: &mut &[&str]) -> Day {
    let [first, rest @ ..] = *words else { return Day::Next };
    if let Ok(weekday) = first.parse() {
        *words = rest;
        return Day::Of(weekday);
    }
    if let (Ok(month), [number, rest @ ..]) = (first.parse::<chrono::Month>(), rest)
        && let Ok(number) = number.parse()
    {
        *words = rest;
        return Day::Date(month.number_from_month(), number);
    }
    Day::Next
}

/// `3pm`, `3:30pm`, `15:30`, and `3` where `pm` follows as a word of its own; a full stop may end it.
fn clock(words: &mut &[&str]) -> Option<NaiveTime> {
    let [first, rest @ ..] = *words else { return None };
    *words = rest;
    let word = first.trim_end_matches(['.', ';']);
    let (digits, mut half) = word.split_at(word.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(word.len()));
    if let (true, [next, rest @ ..]) = (half.is_empty(), *words)
        && matches!(next.trim_end_matches(['.', ';']), "am" | "pm")
    {
        half = next.trim_end_matches(['.', ';']);
        *words = rest;
    }
    let (hour, minute) = digits.split_once(':').unwrap_or((digits, "0"));
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    let hour = match half {
        "pm" => hour % 12 + 12,
        "am" => hour % 12,
        "" if digits.contains(':') => hour,
        _ => return None,
    };
    if first.ends_with(['.', ';']) {
        // What follows is another sentence.
        *words = &[];
    }
    NaiveTime::from_hms_opt(hour, minute, 0)
}

/// The first moment after `now` at which it is that time of that day in the zone.
fn upcoming<Z: TimeZone>(zone: &Z, day: Day, clock: NaiveTime, now: Time) -> Option<Time> {
    let today = now.with_timezone(zone).date_naive();
    let days: Vec<NaiveDate> = match day {
        Day::Next => (0..2).filter_map(|later| today.checked_add_days(Days::new(later))).collect(),
        Day::Of(weekday) => (0..8)
            .filter_map(|later| today.checked_add_days(Days::new(later)))
            .filter(|day| day.weekday() == weekday)
            .collect(),
        Day::Date(month, number) => {
            (0..2).filter_map(|later| NaiveDate::from_ymd_opt(today.year() + later, month, number)).collect()
        }
    };
    let at = |day: NaiveDate| {
        zone.from_local_datetime(&day.and_time(clock)).earliest().map(|time: DateTime<Z>| time.to_utc())
    };
    days.into_iter().filter_map(at).find(|time| *time > now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time;
    use chrono::Duration;

    /// A Thursday.
    fn now() -> Time {
        time::parse("2026-01-15T10:00:00Z").unwrap()
    }

    #[test]
    fn what_is_understood_is_a_time_and_anything_else_is_none() {
        let utc = time::parse;
        let local = |hour, minute| {
            let clock = NaiveTime::from_hms_opt(hour, minute, 0).unwrap();
            let day = now().with_timezone(&Local).date_naive();
            let today = Local.from_local_datetime(&day.and_time(clock)).unwrap().to_utc();
            Some(if today > now() { today } else { today + Duration::days(1) })
        };
        for (said, expected) in [
            ("usage limit reached|1768482000", Time::from_timestamp(1_768_482_000, 0)),
            ("you've hit your limit · resets 11:30pm (utc)", utc("2026-01-15T23:30:00Z")),
            ("you've hit your weekly limit · resets jan 18, 3am (utc)", utc("2026-01-18T03:00:00Z")),
            ("you've hit your weekly limit · resets mon, 3:30 pm (gmt)", utc("2026-01-19T15:30:00Z")),
            ("resets thu 9am (utc)", utc("2026-01-22T09:00:00Z")),
            ("you've hit your session limit · resets 5:10pm (europe/paris)", local(17, 10)),
            ("limit reached ∙ resets 3am", local(3, 0)),
            ("limit reached, resets at 23:15.", local(23, 15)),
            ("limit reached, resets 3am. try again later", local(3, 0)),
            ("your limit resets 3pm (america/new_york)", None),
            ("your limit resets 3pm pst", None),
            ("your limit resets fooday, 3am (utc)", None),
            ("your limit resets jan 18 (utc)", None),
            ("your limit resets in 3 hours", None),
            ("your limit resets feb 30, 3am (utc)", None),
            ("limit reached", None),
        ] {
            assert_eq!(spoken(said, now(), &["Europe/Paris".to_owned()]), expected, "{said}");
        }
    }
}
