use super::*;
use crate::exec::claude::tests::launch;
use crate::exec::claude::{Launch, start};
use std::fs;
use std::path::Path;

const LIMITS: Limits = Limits {
    timeout: Duration::from_secs(60),
    stall: None,
    after_result: Duration::from_secs(60),
    grace: Duration::from_secs(60),
};
const RESULT: &str = r#"echo '{"type":"result","subtype":"success","is_error":false,"result":"done","num_turns":2}'"#;

fn run(launch: &Launch, limits: &Limits, stop: &dyn Fn() -> bool) -> (Watched, StreamReader) {
    let mut output = StreamReader::new(&launch.output_file);
    let started = start(launch).unwrap();
    let tag = (launch.environment.tag.0.as_str(), launch.environment.tag.1.as_str());
    let watched = watch(started, limits, tag, &|_| stop().then_some(Stopped::Interrupted), &mut output);
    assert!(processes::tagged(tag.0, tag.1).is_empty(), "the run left processes");
    (watched, output)
}

fn watched(dir: &Path, script: &str, limits: &Limits) -> (Watched, StreamReader) {
    run(&launch(dir, script), limits, &|| false)
}

#[test]
fn an_end_of_its_own_is_seen_at_once_with_all_that_was_said() {
    let look = || {
        let dir = tempfile::tempdir().unwrap();
        let (watched, output) = watched(dir.path(), &format!("{RESULT}; exit 3"), &LIMITS);
        assert_eq!((watched.exit, watched.stopped), (Exit { code: Some(3), signal: None }, None));
        assert_eq!(output.facts().result.as_ref().unwrap().text(), "done");
        watched.duration
    };
    // Not only when it wakes up. A busy machine may be slow itself, but not every time.
    assert!((0..20).any(|_| look() < WAKE_UP), "it is seen late");
}

#[test]
fn a_signal_from_elsewhere_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (watched, output) = watched(dir.path(), "kill -9 $$", &LIMITS);
    assert_eq!((watched.exit, watched.stopped), (Exit { code: None, signal: Some(9) }, None));
    assert_eq!(output.facts().result, None);
}

#[test]
fn each_limit_stops_it_for_its_own_reason() {
    let second = Duration::from_secs(1);
    let talks = "while :; do echo '{\"type\":\"system\"}'; sleep 0.1; done".to_owned();
    let table = [
        (talks, Limits { timeout: second, stall: Some(second * 30), ..LIMITS }, Stopped::TimedOut),
        ("sleep 60".to_owned(), Limits { stall: Some(second), ..LIMITS }, Stopped::Stalled),
        (format!("{RESULT}; sleep 60"), Limits { after_result: second, ..LIMITS }, Stopped::Lingered),
    ];
    for (script, limits, cause) in table {
        let dir = tempfile::tempdir().unwrap();
        let (watched, _) = watched(dir.path(), &script, &limits);
        assert_eq!(watched.stopped, Some(cause), "{script}");
        assert_eq!(watched.exit.signal, Some(15), "{script}");
        assert!(watched.duration < second * 50);
    }
}

#[test]
fn being_told_to_end_ends_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let script = "trap 'echo tidy; exit 143' TERM; echo ready > ../ready; while :; do sleep 0.05; done";
    let launch = launch(dir.path(), script);
    let (watched, _) = run(&launch, &LIMITS, &|| dir.path().join("ready").exists());
    assert_eq!((watched.stopped, watched.exit.code), (Some(Stopped::Interrupted), Some(143)));
    assert_eq!(fs::read_to_string(&launch.output_file).unwrap(), "tidy\n");
}

#[cfg(target_os = "linux")]
#[test]
fn what_outlives_claude_is_ended() {
    let dir = tempfile::tempdir().unwrap();
    // One that leaves the group and the session, and doesn't listen.
    let script =
        "setsid sh -c 'trap \"\" TERM HUP; echo ready > ../ready; while :; do sleep 0.1; done' >/dev/null 2>&1 &
        while [ ! -s ../ready ]; do sleep 0.01; done";
    let (watched, _) = watched(dir.path(), script, &LIMITS);
    assert_eq!((watched.exit.code, watched.stopped), (Some(0), None));
}
