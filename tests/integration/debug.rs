//! `scheduler --debug`: the two log files of the day.

use crate::support::Test;
use std::fs;

#[test]
fn the_logs_say_what_was_decided_and_done() {
    let test = Test::new();
    test.agents(&[("impl-1", "implementer"), ("tester-1", "tester")])
        .task_for("TASK-1", "implement")
        .claude
        .implements();
    test.set_env("MY_SECRET", "s3cr3t-value");
    test.now("2026-03-01T10:00:00Z").run(["--debug"]).ok().says("tester-1: no test task");
    test.wait_quiet();
    let read = |name: &str| {
        fs::read_to_string(test.orchestrator(format!("logs/{name}"))).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    let (scheduler, agent) = (read("scheduler-2026-03-01.log"), read("impl-1-2026-03-01.log"));
    for words in ["no test task", "impl-1", "TASK-1", "lock taken", "MY_SECRET"] {
        assert!(scheduler.contains(words), "{words} is not in {scheduler}");
    }
    for words in ["prompt", "bytes=", "phase=Running", "settled", "environment of the run", "TASK_ID"] {
        assert!(agent.contains(words), "{words} is not in {agent}");
    }
    assert!(!scheduler.contains("s3cr3t-value") && !agent.contains("s3cr3t-value"), "a value was logged");
    assert_eq!(test.claude.only_call().env("ORCHESTRATOR_DEBUG"), Some("1"));
}

#[test]
fn without_it_nothing_is_logged_but_events() {
    let test = Test::new();
    test.agents(&[("impl-1", "implementer")]).task_for("TASK-1", "implement").claude.implements();
    test.now("2026-03-01T10:00:00Z").tick_and_wait();
    for file in fs::read_dir(test.orchestrator("logs")).unwrap().flatten() {
        let name = file.file_name().into_string().unwrap();
        let text = fs::read_to_string(file.path()).unwrap();
        assert!(name.starts_with("events-") || text.is_empty(), "{name}: {text}");
    }
    assert_eq!(test.claude.only_call().env("ORCHESTRATOR_DEBUG"), None);
}

#[test]
fn the_event_log_has_one_line_for_each_start_and_end() {
    let test = Test::new();
    test.agents(&[("impl-1", "implementer")]).task_for("TASK-1", "implement");
    test.claude.plays("default", "cost=1.25; write a x; finish");
    test.now("2026-03-01T22:00:00Z").tick_and_wait();
    // The local day: the zone of the test is three hours ahead.
    let text = fs::read_to_string(test.orchestrator("logs/events-2026-03-02.jsonl")).unwrap();
    let events: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len(), 2, "{text}");
    assert!(events.iter().all(|event| event["agent"] == "impl-1" && event["task"] == "TASK-1"), "{text}");
    assert_eq!((&events[1]["outcome"], &events[1]["settlement"]), (&"finished".into(), &"done".into()));
}
