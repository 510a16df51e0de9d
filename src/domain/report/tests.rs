use super::period::Unit;
use super::throughput::Flow;
use super::*;
use crate::domain::time;
use chrono::{FixedOffset, Utc};
use serde_json::json;

fn at(text: &str) -> Time {
    time::parse(text).unwrap()
}

#[test]
fn a_period_is_cut_into_pieces_of_the_local_clock() {
    let zone = FixedOffset::east_opt(3 * 3_600).unwrap();
    for (since, until, unit, count, first, last) in [
        ("2026-03-02T09:30:00Z", "2026-03-02T12:10:00Z", Unit::Hour, 4, "12:00", "15:00"),
        ("2026-03-02T09:30:00Z", "2026-03-02T09:30:00Z", Unit::Hour, 1, "12:00", "12:00"),
        // What has been said to begin after its end is empty.
        ("2026-03-03T09:30:00Z", "2026-03-02T09:30:00Z", Unit::Hour, 1, "12:00", "12:00"),
        // The local midnights.
        ("2026-02-23T21:00:00Z", "2026-03-02T20:59:59Z", Unit::Day, 7, "24 Feb", "2 Mar"),
        ("2026-02-23T20:59:59Z", "2026-03-02T21:00:00Z", Unit::Day, 9, "23 Feb", "3 Mar"),
        // Mondays.
        ("2026-01-01T00:00:00Z", "2026-03-09T00:00:00Z", Unit::Week, 11, "29 Dec", "9 Mar"),
    ] {
        let period = Period::new(at(since), at(until), &zone);
        let found = (period.unit, period.len(), &*period.labels[0], &*period.labels[period.len() - 1]);
        assert_eq!(found, (unit, count, first, last), "{since} {until}");
    }
    let period = Period::new(at("2026-02-23T21:00:00Z"), at("2026-03-02T10:00:00Z"), &zone);
    for (time, piece) in [
        ("2026-02-23T20:59:59Z", None),
        ("2026-02-23T21:00:00Z", Some(0)),
        ("2026-02-24T20:59:59Z", Some(0)),
        ("2026-02-24T21:00:00Z", Some(1)),
        ("2026-03-02T10:00:00Z", Some(6)),
        ("2026-03-02T10:00:01Z", None),
    ] {
        assert_eq!(period.piece(at(time)), piece, "{time}");
    }
}

fn life(created: Option<&str>, end: Option<(&str, bool)>) -> Life {
    let words = String::new();
    let end = end.map(|(time, is_done)| End { at: at(time), is_done, words, pull_request: None, merged_at: None });
    Life { id: "TASK-1".parse().unwrap(), title: "T".to_owned(), created: created.map(at), end }
}

#[test]
fn tasks_come_go_and_wait() {
    let tasks = [
        life(Some("2026-03-01T01:00:00Z"), None),
        life(Some("2026-02-01T01:00:00Z"), Some(("2026-03-01T05:00:00Z", true))),
        life(Some("2026-02-28T01:00:00Z"), Some(("2026-03-02T05:00:00Z", false))),
        life(None, Some(("2026-03-02T05:00:00Z", true))),
    ];
    let period = Period::new(at("2026-02-27T00:00:00Z"), at("2026-03-02T10:00:00Z"), &Utc);
    let expected = Flow {
        added: vec![0.0, 1.0, 1.0, 0.0],
        done: vec![0.0, 0.0, 1.0, 1.0],
        failed: vec![0.0, 0.0, 0.0, 1.0],
        open: vec![2.0, 3.0, 3.0, 1.0],
    };
    assert_eq!(flow(&tasks, &period), expected);
}

#[test]
fn lead_times() {
    assert_eq!(lead(Vec::new()), None);
    let found = |seconds: &[i64]| {
        let lead = lead(seconds.to_vec()).unwrap();
        let counts: Vec<_> = lead.classes.iter().map(|(_, count)| *count).collect();
        (lead.median, lead.ninth, lead.longest, counts)
    };
    assert_eq!(found(&[60]), (60, 60, 60, vec![1, 0, 0, 0, 0, 0]));
    assert_eq!(found(&[900, 901]), (900, 901, 901, vec![1, 1, 0, 0, 0, 0]));
    let hours: Vec<_> = (1..=100).map(|hour| hour * 3_600).rev().collect();
    assert_eq!(found(&hours), (50 * 3_600, 90 * 3_600, 100 * 3_600, vec![0, 1, 3, 20, 48, 28]));
    // Until it was merged where that is known, and never less than nothing.
    let mut task = life(Some("2026-03-01T00:00:00Z"), Some(("2026-03-01T01:00:00Z", true)));
    assert_eq!(task.lead_seconds(), Some(3_600));
    task.end.as_mut().unwrap().merged_at = Some(at("2026-03-01T02:00:00Z"));
    assert_eq!(task.lead_seconds(), Some(7_200));
    assert_eq!(life(Some("2026-03-02T00:00:00Z"), Some(("2026-03-01T01:00:00Z", true))).lead_seconds(), Some(0));
    assert_eq!(life(None, Some(("2026-03-01T01:00:00Z", true))).lead_seconds(), None);
    assert_eq!(life(Some("2026-03-01T00:00:00Z"), Some(("2026-03-01T01:00:00Z", false))).lead_seconds(), None);
}

#[test]
fn bars_stand_where_the_runs_were() {
    let day = Day::new(at("2026-03-02T10:20:00Z"));
    assert_eq!((day.from(), day.now()), (at("2026-03-01T11:00:00Z"), 1_400));
    assert_eq!(day.scale(&Utc), ["11:00", "17:00", "23:00", "05:00", "11:00"]);
    for (from, to, expected) in [
        ("2026-03-01T12:00:00Z", Some("2026-03-01T13:30:00Z"), Some((60, 90, "12:00–13:30 x"))),
        // Short, begun before, over before, and not over.
        ("2026-03-01T12:00:00Z", Some("2026-03-01T12:00:10Z"), Some((56, 4, "12:00–12:00 x"))),
        ("2026-03-01T09:00:00Z", Some("2026-03-01T11:01:00Z"), Some((0, 4, "09:00–11:01 x"))),
        ("2026-03-01T09:00:00Z", Some("2026-03-01T11:00:00Z"), None),
        ("2026-03-02T10:00:00Z", None, Some((1_380, 20, "10:00–now x"))),
        // By a clock that was wrong.
        ("2026-03-03T10:00:00Z", None, Some((1_396, 4, "10:00–now x"))),
    ] {
        let stretch = Stretch { from: at(from), to: to.map(at), look: "good", words: "x".to_owned() };
        let bar = day.bar(&stretch, &Utc);
        let found = bar.as_ref().map(|bar| (bar.x, bar.width, bar.words.as_str()));
        assert_eq!(found, expected, "{from} {to:?}");
    }
}

#[test]
fn a_drawing_has_marks_for_colours_and_nothing_from_elsewhere() {
    let labels: Vec<_> = ["a", "<b>", "c"].map(str::to_owned).into();
    let series = |mark, values| Series { mark, values };
    let bars = [series(1, &[1.0, 0.0, 3.0][..]), series(2, &[0.0, 0.0, 2.0])];
    let svg = draw(&labels, &bars, Some(series(3, &[1.0, 2.0, 3.0])), Measure::Count).unwrap();
    let count = |part: &str| svg.matches(part).count();
    assert_eq!((count("fill=\"#020000\""), count("fill=\"#030000\""), count("stroke=\"#040000\"")), (2, 1, 1), "{svg}");
    assert!(svg.contains("&lt;b&gt;") && !svg.contains("<svg") && !svg.contains("http"), "{svg}");
    // Nothing to show is no reason to fail.
    for (labels, values) in [(&labels[..0], &[][..]), (&labels[..1], &[0.0]), (&labels, &[0.0; 3])] {
        for measure in [Measure::Count, Measure::Usd] {
            draw(labels, &[series(1, values)], Some(series(3, values)), measure).unwrap();
        }
    }
    let many: Vec<_> = (0..3_000).map(|week| week.to_string()).collect();
    draw(&many, &[series(1, &[1e9; 3_000])], None, Measure::Usd).unwrap();
}

#[test]
fn no_text_becomes_markup() {
    let evil = "<script>\u{202e}`</code><b>`\u{7} \"'&";
    let escaped = render::code(evil);
    assert_eq!(escaped, "&lt;script&gt;<code>&lt;&#x2f;code&gt;&lt;b&gt;</code> &quot;&#x27;&amp;");
    assert!(render(&json!({})).is_err(), "a page without its values");
}
