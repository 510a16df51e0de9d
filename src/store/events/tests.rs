use super::*;
use std::fs;
use std::io::Write;

fn project() -> (tempfile::TempDir, Paths, Time, String) {
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths::new(dir.path());
    let now = time::parse("2024-01-15T12:30:00Z").unwrap();
    let day = time::local_day(now);
    (dir, paths, now, day)
}

fn finished(now: Time, run: &str, cost: f64) -> Event {
    Event { cost_usd: Some(cost), ..Event::new(now, EventKind::Finished, &"a".parse().unwrap(), run) }
}

#[test]
fn reads_what_it_writes_and_passes_over_the_rest() {
    let (_dir, paths, now, day) = project();
    append(&paths, &Event::new(now, EventKind::Started, &"a".parse().unwrap(), "r1")).unwrap();
    let text = fs::read_to_string(paths.events_file(&day)).unwrap();
    assert_eq!(text, "{\"time\":\"2024-01-15T12:30:00Z\",\"event\":\"run_started\",\"agent\":\"a\",\"run\":\"r1\"}\n");
    let mut file = fs::OpenOptions::new().append(true).open(paths.events_file(&day)).unwrap();
    file.write_all(b"\n\xff\xfe\n{\"event\": \"of_a_later_version\"}\n").unwrap();
    file.write_all(&vec![b'x'; 3 * LINE_MAX]).unwrap();
    file.write_all(b"\n{\"time\": \"2024-01-15T1").unwrap();
    append(&paths, &finished(now, "r1", 0.5)).unwrap();
    assert_eq!(costs(&paths, &day).unwrap(), [("r1".to_owned(), 0.5)]);
}

#[test]
fn a_run_costs_once() {
    let (_dir, paths, now, day) = project();
    for (run, cost) in [("r1", 0.5), ("r2", 0.25), ("r1", 0.5), ("r3", -1.0)] {
        append(&paths, &finished(now, run, cost)).unwrap();
    }
    append(&paths, &Event::new(now, EventKind::Started, &"a".parse().unwrap(), "r4")).unwrap();
    assert_eq!(cost_of_day(&paths, &day).unwrap(), 0.75);
    assert_eq!(cost_of_day(&paths, "2024-01-01").unwrap(), 0.0);
}

#[test]
fn the_most_expensive_run_is_looked_for_over_days() {
    let (_dir, paths, now, day) = project();
    assert_eq!(max_recent_cost(&paths, &day, 3).unwrap(), 0.0);
    for (days, run, cost) in
        [(9, "r0", 9.0), (1, "r1", 5.0), (1, "r2", 3.0), (0, "r3", 1.0), (0, "r4", 2.0), (0, "r4", 2.0)]
    {
        append(&paths, &finished(now - chrono::Duration::days(days), run, cost)).unwrap();
    }
    append(&paths, &finished(now + chrono::Duration::days(1), "r5", 50.0)).unwrap();
    for (count, max) in [(1, 2.0), (2, 2.0), (3, 3.0), (4, 5.0), (5, 9.0), (20, 9.0)] {
        assert_eq!(max_recent_cost(&paths, &day, count).unwrap(), max, "{count}");
        let spent = cost_of_day(&paths, &day).unwrap();
        assert_eq!(cost_and_max_recent(&paths, &day, count).unwrap(), (spent, max), "{count}");
    }
}

#[test]
fn what_is_no_file_is_an_error() {
    let (_dir, paths, _, day) = project();
    fs::create_dir_all(paths.events_file(&day)).unwrap();
    assert!(cost_of_day(&paths, &day).is_err());
}

#[test]
fn appended_at_once_all_are_there() {
    let (_dir, paths, now, day) = project();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let paths = &paths;
            scope.spawn(move || {
                (0..25).for_each(|n| append(paths, &finished(now, &format!("{thread}-{n}"), 1.0)).unwrap());
            });
        }
    });
    assert_eq!(cost_of_day(&paths, &day).unwrap(), 100.0);
}
