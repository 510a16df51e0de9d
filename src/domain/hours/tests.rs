use super::*;
use crate::domain::time;
use chrono::{FixedOffset, NaiveTime};

/// Clocks of Berlin in 2026: set forward from 02:00 to 03:00 on 29 March, back from 03:00 to 02:00 on 25 October, both Sundays.
#[derive(Clone, Copy)]
struct Berlin;

impl TimeZone for Berlin {
    type Offset = FixedOffset;

    fn from_offset(_: &FixedOffset) -> Self {
        Self
    }

    fn offset_from_local_date(&self, date: &NaiveDate) -> MappedLocalTime<FixedOffset> {
        self.offset_from_local_datetime(&date.and_time(NaiveTime::MIN))
    }

    fn offset_from_local_datetime(&self, wall: &NaiveDateTime) -> MappedLocalTime<FixedOffset> {
        let offsets = [2, 1].map(|hours| FixedOffset::east_opt(hours * 3_600).unwrap());
        let fits = |offset: &FixedOffset| self.offset_from_utc_datetime(&(*wall - *offset)) == *offset;
        match offsets.into_iter().filter(fits).collect::<Vec<_>>()[..] {
            [one, other] => MappedLocalTime::Ambiguous(one, other),
            [one] => MappedLocalTime::Single(one),
            _ => MappedLocalTime::None,
        }
    }

    fn offset_from_utc_date(&self, date: &NaiveDate) -> FixedOffset {
        self.offset_from_utc_datetime(&date.and_time(NaiveTime::MIN))
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> FixedOffset {
        let change = |text: &str| time::parse(text).unwrap().naive_utc();
        let summer = change("2026-03-29T01:00:00Z")..change("2026-10-25T01:00:00Z");
        FixedOffset::east_opt(if summer.contains(utc) { 7_200 } else { 3_600 }).unwrap()
    }
}

#[test]
fn when_an_agent_may_start_again() {
    const OPEN: &str = "";
    for (hours, days, now, expected) in [
        // A Monday in winter, an hour ahead of UTC.
        ("09:00-17:00", "", "2026-01-12T07:59:59Z", "2026-01-12T08:00:00Z"),
        ("09:00-17:00", "", "2026-01-12T08:00:00Z", OPEN),
        ("09:00-17:00", "", "2026-01-12T15:59:59Z", OPEN),
        ("09:00-17:00", "", "2026-01-12T16:00:00Z", "2026-01-13T08:00:00Z"),
        // Over midnight.
        ("22:00-07:00", "", "2026-01-12T21:00:00Z", OPEN),
        ("22:00-07:00", "", "2026-01-12T23:30:00Z", OPEN),
        ("22:00-07:00", "", "2026-01-13T05:59:00Z", OPEN),
        ("22:00-07:00", "", "2026-01-13T06:00:00Z", "2026-01-13T21:00:00Z"),
        ("18:00-24:00", "", "2026-01-12T22:59:00Z", OPEN),
        ("18:00-24:00", "", "2026-01-12T23:00:00Z", "2026-01-13T17:00:00Z"),
        // Days: the night from Friday to Saturday is Friday's.
        ("22:00-07:00", "fri", "2026-01-17T05:00:00Z", OPEN),
        ("22:00-07:00", "fri", "2026-01-16T05:00:00Z", "2026-01-16T21:00:00Z"),
        ("22:00-07:00", "fri", "2026-01-17T22:00:00Z", "2026-01-23T21:00:00Z"),
        ("", "sat sun", "2026-01-16T22:59:00Z", "2026-01-16T23:00:00Z"),
        ("", "sat sun", "2026-01-18T22:59:00Z", OPEN),
        ("", "sat sun", "2026-01-18T23:00:00Z", "2026-01-23T23:00:00Z"),
        ("", "mon", "2026-01-12T23:00:00Z", "2026-01-18T23:00:00Z"),
        // Clocks are set forward: 02:30 isn't there, so it begins at 03:00, and the night is an hour shorter.
        ("02:30-04:00", "", "2026-03-29T00:59:00Z", "2026-03-29T01:00:00Z"),
        ("02:30-04:00", "", "2026-03-29T01:00:00Z", OPEN),
        ("02:30-04:00", "", "2026-03-29T02:00:00Z", "2026-03-30T00:30:00Z"),
        ("02:10-02:50", "", "2026-03-29T00:30:00Z", "2026-03-30T00:10:00Z"),
        ("22:00-07:00", "", "2026-03-29T04:59:00Z", OPEN),
        ("22:00-07:00", "", "2026-03-29T05:00:00Z", "2026-03-29T20:00:00Z"),
        // Clocks are set back: 02:30 is there twice, and so is what begins then.
        ("02:30-02:45", "", "2026-10-25T00:29:00Z", "2026-10-25T00:30:00Z"),
        ("02:30-02:45", "", "2026-10-25T00:30:00Z", OPEN),
        ("02:30-02:45", "", "2026-10-25T00:45:00Z", "2026-10-25T01:30:00Z"),
        ("02:30-02:45", "", "2026-10-25T01:44:00Z", OPEN),
        ("02:30-02:45", "", "2026-10-25T01:45:00Z", "2026-10-26T01:30:00Z"),
        ("22:00-07:00", "sat", "2026-10-25T05:59:00Z", OPEN),
        ("22:00-07:00", "sat", "2026-10-25T06:00:00Z", "2026-10-31T21:00:00Z"),
        // A clock that jumps needs nothing: what it shows counts.
        ("22:00-07:00", "", "1970-01-01T12:00:00Z", "1970-01-01T21:00:00Z"),
        ("", "", "2026-01-12T08:00:00Z", OPEN),
    ] {
        let written = (!hours.is_empty()).then(|| Hours::try_from(hours.to_owned()).unwrap());
        let named: Vec<Day> = days.split_whitespace().map(|day| day.parse().unwrap()).collect();
        let until = closed_until(written, &named, time::parse(now).unwrap(), &Berlin);
        assert_eq!(until.map(time::to_text).unwrap_or_default(), expected, "{hours} {days} at {now}");
    }
}

#[test]
fn hours_as_they_are_written() {
    for (text, expected) in
        [("22:00-07:00", "22:00-07:00"), ("7:30 - 9:05", "07:30-09:05"), ("0:00-24:00", "00:00-24:00")]
    {
        assert_eq!(Hours::try_from(text.to_owned()).unwrap().to_string(), expected);
    }
    for text in
        ["", "22-7", "22:00", "9:00-9:00", "25:00-07:00", "24:00-07:00", "9:60-10:00", "+9:00-10:00", "009:00-10:00"]
    {
        assert!(Hours::try_from(text.to_owned()).is_err(), "{text}");
    }
}
