use super::*;
use crate::domain::ledger::tests::entry;
use std::fs;
use std::io::Read;
use std::io::Write;

const NOW: &str = "2026-03-01T12:30:00Z";

fn project() -> (tempfile::TempDir, Paths) {
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths::new(dir.path());
    (dir, paths)
}

fn add(paths: &Paths, time: &str, run: &str, cost: f64) {
    append(paths, &Entry { run: run.to_owned(), ..entry(time, "a", Some(cost)) }, false).unwrap();
}

fn spent_at(paths: &Paths, now: &str) -> (f64, f64, f64) {
    let spent = |paths| Spent { is_far: false, ..spent(paths, time::parse(now).unwrap()).unwrap() };
    let known = spent(paths);
    // The same without what is kept.
    let kept = paths.cache();
    let aside = kept.with_extension("aside");
    let had = fs::rename(&kept, &aside).is_ok();
    assert_eq!(spent(paths), known);
    if had {
        fs::rename(&aside, &kept).unwrap();
    }
    (known.today_usd, known.week_usd, known.max_recent_usd)
}

#[test]
fn today_and_a_week_in_whatever_order_the_clock_had_them_written() {
    let (_dir, paths) = project();
    assert_eq!(spent_at(&paths, NOW), (0.0, 0.0, 0.0));
    for (time, run, cost) in [
        ("2026-02-22T12:00:00Z", "too old", 100.0),
        ("2026-02-23T12:00:00Z", "r1", 4.0),
        ("2026-03-01T10:00:00Z", "r2", 0.5),
        // The clock jumps ahead, even into the next year, and comes back before where it was.
        ("2026-03-05T10:00:00Z", "r3", 50.0),
        ("2027-03-01T10:00:00Z", "r4", 70.0),
        ("2026-02-28T10:00:00Z", "r5", 2.0),
        ("2026-03-01T11:00:00Z", "r6", 0.25),
    ] {
        add(&paths, time, run, cost);
    }
    assert_eq!(spent_at(&paths, NOW), (0.75, 6.75, 100.0));
    assert_eq!(spent_at(&paths, "2026-03-07T12:30:00Z"), (0.0, 50.75, 100.0));
    // A guess is put right a day later.
    add(&paths, "2026-03-06T10:00:00Z", "r7", -10.0);
    assert_eq!(spent_at(&paths, "2026-03-06T12:30:00Z"), (0.0, 42.75, 100.0));
    for n in 0..RECENT {
        add(&paths, "2026-03-02T10:00:00Z", &format!("late {n}"), 0.125);
    }
    assert_eq!(spent_at(&paths, NOW), (0.75, 6.75, 0.125));
    // A week goes over the turn of a year.
    assert_eq!(spent_at(&paths, "2027-01-02T10:00:00Z"), (0.0, 0.0, 70.0));
    add(&paths, "2026-12-31T06:00:00Z", "old year", 3.0);
    assert_eq!(spent_at(&paths, "2027-01-02T10:00:00Z"), (0.0, 3.0, 70.0));
}

#[test]
fn a_run_has_one_line_however_often_it_is_settled_and_wherever_a_write_was_cut() {
    let whole = serde_json::to_string(&Entry { run: "r2".to_owned(), ..entry(NOW, "a", Some(2.0)) }).unwrap();
    for cut in [0, 1, whole.len() / 2, whole.len() - 1, whole.len()] {
        let (_dir, paths) = project();
        add(&paths, NOW, "r1", 1.0);
        let ledger = paths.ledger(2026);
        fs::OpenOptions::new().append(true).open(&ledger).unwrap().write_all(&whole.as_bytes()[..cut]).unwrap();
        let before = if cut == whole.len() { 3.0 } else { 1.0 };
        assert_eq!(spent_at(&paths, NOW).0, before, "{cut}");
        for _ in 0..2 {
            append(&paths, &serde_json::from_str(&whole).unwrap(), true).unwrap();
            assert_eq!(spent_at(&paths, NOW).0, 3.0, "{cut}");
        }
        add(&paths, NOW, "r3", 4.0);
        assert_eq!(spent_at(&paths, NOW).0, 7.0, "{cut}");
        let (groups, total) = sums(&paths, By::Agent, None).unwrap().told();
        assert_eq!((groups.len(), total.runs, total.cost_usd), (1, 3, 7.0), "{cut}");
    }
}

#[test]
fn what_is_known_is_not_read_again() {
    let (_dir, paths) = project();
    add(&paths, NOW, "r1", 1.0);
    add(&paths, NOW, "r2", 2.0);
    let ledger = paths.ledger(2026);
    let first = fs::read_to_string(&ledger).unwrap().lines().next().unwrap().len();
    let mut file = fs::OpenOptions::new().write(true).open(&ledger).unwrap();
    file.write_all(&vec![b' '; first]).unwrap();
    let today = || spent(&paths, time::parse(NOW).unwrap()).unwrap().today_usd;
    assert_eq!(today(), 3.0);
    add(&paths, NOW, "r3", 4.0);
    assert_eq!(today(), 7.0);
    fs::remove_dir_all(paths.cache()).unwrap();
    assert_eq!(today(), 6.0);
}

#[test]
fn what_took_long_to_read_is_kept_once() {
    let (_dir, paths) = project();
    let line = serde_json::to_string(&entry(NOW, "a", Some(0.25))).unwrap() + "\n";
    fs::create_dir_all(paths.dot()).unwrap();
    let lines = usize::try_from(FAR).unwrap() / line.len() + 1;
    for year in [2025, 2026] {
        fs::write(paths.ledger(year), line.repeat(lines)).unwrap();
        let now = time::parse(NOW).unwrap();
        let before = spent(&paths, now).unwrap();
        assert!(before.is_far);
        keep(&paths, now).unwrap();
        assert_eq!(spent(&paths, now).unwrap(), Spent { is_far: false, ..before });
    }
    add(&paths, NOW, "r", 1.0);
    fs::remove_file(paths.known_ledger(2026)).unwrap();
    fs::write(paths.ledger(2026), &line).unwrap();
    keep(&paths, time::parse(NOW).unwrap()).unwrap();
    assert!(!paths.known_ledger(2026).exists(), "a few lines are read again");
}

#[test]
fn what_is_no_line_is_passed_over() {
    let (_dir, paths) = project();
    add(&paths, NOW, "r1", 1.0);
    let ledger = paths.ledger(2026);
    let mut file = fs::OpenOptions::new().append(true).open(&ledger).unwrap();
    file.write_all(b"\n\xff\xfe\n{\"of\": \"a later version\"}\n").unwrap();
    file.write_all(&vec![b'x'; 3 * usize::try_from(LINE_MAX).unwrap()]).unwrap();
    file.write_all(b"\n{\"time\": \"2026-03-01T1").unwrap();
    add(&paths, NOW, "r2", 2.0);
    assert_eq!(spent_at(&paths, NOW), (3.0, 3.0, 2.0));
    // The user takes a line away, then puts another file there.
    let text = fs::read_to_string(&ledger)
        .unwrap_or_else(|_| String::from_utf8_lossy(&fs::read(&ledger).unwrap()).into_owned());
    let lines: Vec<_> = text.lines().filter(|line| line.contains("\"r2\"")).collect();
    fs::write(&ledger, lines.join("\n")).unwrap();
    assert_eq!(spent_at(&paths, NOW).0, 2.0);
    fs::remove_file(&ledger).unwrap();
    assert_eq!(spent_at(&paths, NOW).0, 0.0);
    fs::create_dir(&ledger).unwrap();
    assert!(spent(&paths, time::parse(NOW).unwrap()).is_err() && sums(&paths, By::Agent, None).is_err());
}

#[test]
fn appended_at_once_all_are_there() {
    let (_dir, paths) = project();
    thread::scope(|scope| {
        for thread in 0..4 {
            let paths = &paths;
            scope.spawn(move || (0..25).for_each(|n| add(paths, NOW, &format!("{thread}-{n}"), 1.0)));
        }
    });
    assert_eq!(spent_at(&paths, NOW).0, 100.0);
}

#[test]
fn a_large_ledger_is_read_in_halves_and_no_line_is_lost_or_doubled() {
    let (_dir, paths) = project();
    let line = |n: u32| {
        let time = time::parse("2026-01-01T12:00:00Z").unwrap() + chrono::Duration::minutes(n.into());
        let entry = Entry { time, run: format!("{n}"), ..entry(NOW, &format!("a{}", n % 5), Some(0.25)) };
        serde_json::to_string(&entry).unwrap() + "\n"
    };
    let lines: Vec<_> = (0..30_000).map(line).collect();
    for skip in 0..3 {
        fs::create_dir_all(paths.dot()).unwrap();
        fs::write(paths.ledger(2026), lines[skip..].concat()).unwrap();
        assert!(fs::metadata(paths.ledger(2026)).unwrap().len() > LARGE);
        let (groups, total) = sums(&paths, By::Agent, None).unwrap().told();
        assert_eq!((groups.len(), total.runs), (5, 30_000 - skip));
        let (_, late) = sums(&paths, By::Day, time::parse("2026-01-02T12:00:00Z")).unwrap().told();
        assert_eq!(late.runs, 30_000 - 1_440);
    }
}

/// Not for a busy machine: `cargo test --release --lib store::ledger -- --ignored`.
#[test]
#[ignore = "measures"]
fn a_year_of_500_runs_a_day_is_read_in_three_times_what_it_takes_to_read_the_file() {
    let (_dir, paths) = project();
    let start = time::parse("2025-01-01T12:00:00Z").unwrap();
    let mut text = String::new();
    for n in 0..365 * 500_i64 {
        let time = start + chrono::Duration::seconds(172 * n);
        let (agent, task) = (format!("impl-{}", n % 8), format!("TASK-{:08x}", n / 3).parse().unwrap());
        let run = format!("0190d1c2-7f1a-4e5b-8c3d-{n:012}");
        let entry = Entry { time, run, task: Some(task), ..entry(NOW, &agent, Some(0.123_456)) };
        text.push_str(&serde_json::to_string(&entry).unwrap());
        text.push('\n');
    }
    fs::create_dir_all(paths.dot()).unwrap();
    fs::write(paths.ledger(2025), text).unwrap();
    let fastest = |what: &dyn Fn()| {
        let once = || {
            let begun = std::time::Instant::now();
            what();
            begun.elapsed()
        };
        (0..10).map(|_| once()).min().unwrap()
    };
    let floor = fastest(&|| {
        let (mut file, mut piece) = (fs::File::open(paths.ledger(2025)).unwrap(), vec![0; 64 << 10]);
        while file.read(&mut piece).unwrap() > 0 {}
    });
    // Tasks are many: a third of the runs has one that is new.
    for (by, times) in [(By::Agent, 3.0), (By::Day, 4.0), (By::Task, 8.0)] {
        let took = fastest(&|| drop(sums(&paths, by, None).unwrap().told()));
        let ratio = took.as_secs_f64() / floor.as_secs_f64();
        assert!(ratio <= times, "{by}: {took:?}, {ratio:.1} times {floor:?}");
    }
}
