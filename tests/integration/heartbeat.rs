//! The heartbeat: called now and then by ticks, and nothing of its address is shown. And the hours at which agents start.

use crate::support::Test;
use std::fs;

fn project(extra: &str) -> Test {
    let test = Test::new();
    test.now("2026-03-02T10:00:00Z").agents_and(&[("impl-1", "implementer")], extra);
    test
}

fn lines(test: &Test, file: &str) -> usize {
    fs::read_to_string(test.path(file)).unwrap_or_default().lines().count()
}

#[test]
fn a_watchdog_is_told_every_five_minutes() {
    let test = project("heartbeat: [sh, -c, 'echo beat >>beats']\n");
    for (seconds, expected) in [(0, 1), (60, 1), (180, 1), (60, 2), (299, 3), (-7_200, 4), (60, 4)] {
        test.later(seconds).tick_and_wait().quiet();
        assert_eq!(lines(&test, "beats"), expected, "{seconds}");
    }
    test.run(["doctor"]).says("ok      heartbeat: called, and answered");
    assert_eq!(lines(&test, "beats"), 5);
}

#[test]
fn an_address_is_called_by_curl_and_in_no_log() {
    let test = project("heartbeat: https://hc.invalid/secret-1\n");
    test.program("curl", "#!/bin/sh\ncat >>asked\necho \"$* secret-1\" | tee -a words >&2\nexit 22\n");
    test.tick_and_wait().quiet();
    assert_eq!(fs::read_to_string(test.path("asked")).unwrap(), "url = \"https://hc.invalid/secret-1\"\n");
    assert!(!fs::read_to_string(test.path("words")).unwrap().contains("hc.invalid"));
    let logs = fs::read_dir(test.orchestrator("logs")).unwrap();
    let logs: String = logs.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
    assert!(logs.contains("heartbeat: `curl` ended with exit code 22") && !logs.contains("secret-1"), "{logs}");
    test.run(["doctor"]).code(1).says("heartbeat: `curl` ended with exit code 22").says_not("secret-1");
    // Whatever keeps agents from starting, ticks go on; without a configuration that can be read nobody says so.
    test.later(300).run(["pause"]).ok();
    test.tick_and_wait();
    assert_eq!(lines(&test, "asked"), 3);
}

#[test]
fn off_hours_nobody_starts_by_itself() {
    let test = project("defaults: {hours: '22:00-07:00', days: [mon]}\n");
    test.set_env("TZ", "UTC").claude.implements();
    test.task_for("TASK-1", "implement").tick().quiet();
    test.run(["status"]).ok().says("off hours, 12 h");
    let why = test.run(["why", "impl-1"]).ok();
    why.says("may not start before 2026-03-02 22:00 +00:00 (hours, days)").says("agent run impl-1");
    test.run(["--dry-run"]).ok().says("impl-1: may not start before");
    test.run(["agent", "run", "impl-1"]).ok();
    test.tick_and_wait().says("impl-1: started with TASK-1");
    test.task_for("TASK-2", "implement")
        .now("2026-03-03T06:59:00Z")
        .tick_and_wait()
        .says("impl-1: started with TASK-2");
}
