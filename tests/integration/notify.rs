//! The notifier: who is told of a message, once, and that nothing is disturbed when it fails.

use crate::support::Test;
use std::fs;

fn project() -> Test {
    let test = Test::new();
    test.agents(&[("impl-1", "implementer")]).task_for("TASK-1", "implement");
    test
}

fn send(test: &Test, kind: &str, title: &str) {
    test.run(["message", "send", "--type", kind, "--title", title, "--body", "The body"]).ok();
}

const NOTIFY: &str = "notify:\n  command: [sh, -c, 'cat >>told; printf \"\\n\" >>told; echo \"$MESSAGE_TYPE $MESSAGE_TITLE\" >>titles']\n";

#[test]
fn the_notifier_runs_once_for_each_message() {
    let test = project();
    test.agents_and(&[("impl-1", "implementer")], NOTIFY);
    fs::remove_file(test.task_path("incoming", "TASK-1")).unwrap();
    test.tick_and_wait();
    assert!(!test.path("titles").exists());
    send(&test, "info", "$(touch pwned) `x` \"quoted\"");
    let told = || fs::read_to_string(test.path("titles")).unwrap_or_default();
    test.tick_and_wait();
    assert_eq!(told(), "info $(touch pwned) `x` \"quoted\"\n");
    send(&test, "error", "Second");
    test.tick_and_wait();
    test.tick_and_wait();
    assert_eq!(told().lines().count(), 2, "{}", told());
    assert!(!test.path("pwned").exists());
    let json = fs::read_to_string(test.path("told")).unwrap();
    let second: serde_json::Value = serde_json::from_str(json.lines().nth(1).unwrap()).unwrap();
    assert_eq!(
        (&second["type"], &second["title"], &second["body"]),
        (&"error".into(), &"Second".into(), &"The body".into())
    );
    assert!(second["path"].as_str().unwrap().ends_with(".md") && second["from"] == "human");
    // Also of the very error that stops everything else.
    fs::write(test.orchestrator("agents.yaml"), format!("paused: 7\n{NOTIFY}agents: []\n")).unwrap();
    test.run([] as [&str; 0]).code(2);
    test.wait_quiet();
    assert!(told().contains("error agents.yaml is wrong"), "{}", told());
}

#[test]
fn a_notifier_that_fails_is_logged_and_disturbs_nothing() {
    let test = project();
    test.claude.implements();
    test.agents_and(&[("impl-1", "implementer")], "notify: {command: [sh, -c, 'echo no mail >&2; exit 3']}\n");
    send(&test, "info", "One");
    test.tick_and_wait().says("impl-1: started with TASK-1").quiet();
    assert_eq!(test.task_state("TASK-1"), "done");
    let logs: String = fs::read_dir(test.orchestrator("logs"))
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    assert!(logs.contains("exit code 3: no mail") && logs.contains("notify: info-"), "{logs}");
    test.agents_and(&[("impl-1", "implementer")], "notify: {command: [no-such-program]}\n");
    send(&test, "info", "Two");
    test.tick_and_wait().quiet();
}

#[test]
fn a_notifier_that_hangs_holds_up_nothing() {
    let test = project();
    test.claude.implements();
    let hangs = "notify: {command: [sh, -c, 'touch asked; while [ ! -e go ]; do sleep 0.05; done; touch told']}\n";
    test.agents_and(&[("impl-1", "implementer")], hangs);
    send(&test, "info", "One");
    test.tick().says("impl-1: started with TASK-1");
    test.wait_until("the notifier", || test.path("asked").exists());
    test.wait_until("the task", || test.task_state("TASK-1") == "done");
    send(&test, "info", "Two");
    test.task_for("TASK-2", "implement").later(120).tick().says("impl-1: started with TASK-2").quiet();
    test.wait_until("the second task", || test.task_state("TASK-2") == "done");
    assert!(!test.path("told").exists());
    test.file("go", "");
    test.wait_quiet();
    assert!(test.path("told").exists());
}

#[test]
fn messages_from_before_there_was_a_notifier_are_not_told() {
    let test = project();
    test.now("2026-03-01T10:00:00Z");
    send(&test, "info", "Old");
    test.later(660);
    send(&test, "info", "New");
    test.agents_and(&[("pm", "product_manager")], &format!("paused: true\n{NOTIFY}"));
    test.tick_and_wait();
    test.tick_and_wait();
    assert_eq!(fs::read_to_string(test.path("titles")).unwrap(), "info New\n");
}

#[test]
fn only_what_is_asked_for_is_told_and_the_day_at_its_hour() {
    let test = Test::new();
    let told = || fs::read_to_string(test.path("titles")).unwrap_or_default();
    test.set_env("TZ", "UTC").now("2026-03-01T10:00:00Z");
    test.agents_and(&[("impl-1", "tester")], &format!("{NOTIFY}  events: [question]\n  summary_at: 18:00\n"));
    test.tick_and_wait();
    send(&test, "warning", "Not told");
    send(&test, "question", "Which way?");
    test.tick_and_wait();
    assert_eq!(told(), "question Which way?\n");
    let json = fs::read_to_string(test.path("told")).unwrap();
    let asked: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!(asked["reply"], format!("reply {}", asked["id"].as_str().unwrap()));
    assert_eq!(asked["options"], serde_json::json!([]));
    test.file(".orchestrator/shared/queue/done/TASK-9.md", "# Work\n\nCOMPLETED_AT: 2026-03-01T12:00:00Z\n");
    for (time, days) in
        [("01T17:59:00", 0), ("01T18:00:00", 1), ("01T18:01:00", 1), ("02T17:59:00", 1), ("02T19:00:00", 2)]
    {
        test.now(&format!("2026-03-{time}Z")).tick_and_wait().quiet();
        assert_eq!(told().matches("info The day: ").count(), days, "{time}: {}", told());
    }
    assert!(told().contains("info The day: 1 done, 0 failed, 1 question\n"), "{}", told());
    assert!(told().contains("info The day: 0 done, 0 failed, 1 question\n"), "{}", told());
}
