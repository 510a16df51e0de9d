//! `scheduler message send` and `scheduler message list`.

use crate::support::Test;

fn project() -> Test {
    let test = Test::new();
    test.config("agents: [{name: impl-1, role: implementer}]").task_for("TASK-1", "implement");
    test.now("2026-03-01T10:00:00Z");
    test
}

#[test]
fn writes_the_file_as_documented() {
    let test = project();
    test.run([
        "message",
        "send",
        "--type",
        "warning",
        "--title",
        "Test failures",
        "--body",
        "Three.",
        "--task",
        "TASK-1",
    ])
    .ok()
    .says("messages/warning-20260301-100000-test-failures.md");
    let [(stem, text)] = &test.messages()[..] else { panic!() };
    assert_eq!(stem, "warning-20260301-100000-test-failures");
    let expected = "# ⚠️ Test failures\n\n**Type:** warning\n**Time:** 2026-03-01T10:00:00Z\n**From:** human\n**Task:** TASK-1\n\n---\n\nThree.\n";
    assert_eq!(text, expected);
}

#[test]
fn two_in_one_second_with_one_title_both_survive() {
    let test = project();
    let send = |body: &str| test.start(["message", "send", "--type", "info", "--title", "Same", "--body", body]);
    let all: Vec<_> = ["1", "2", "3", "4", "5", "6"].map(send).into();
    for started in all {
        started.wait().ok();
    }
    let messages = test.messages();
    assert_eq!(messages.len(), 6);
    for body in ["1", "2", "3", "4", "5", "6"] {
        assert!(messages.iter().any(|(_, text)| text.ends_with(&format!("\n\n{body}\n"))), "{body}: {messages:?}");
    }
}

#[test]
fn the_body_may_come_from_standard_input() {
    let test = project();
    test.run_with_input(
        ["message", "send", "--type", "question", "--title", "T", "--body", "-"],
        "From input\n---\n# x\n",
    )
    .ok();
    assert!(test.messages()[0].1.contains("From input\n---\n# x"));
}

#[test]
fn lists_the_newest_first() {
    let test = project();
    test.run(["message", "list"]).ok().says("no messages");
    for (title, kind) in [("Old", "info"), ("New", "error")] {
        test.later(60).run(["message", "send", "--type", kind, "--title", title, "--body", ""]).ok();
    }
    test.file(".orchestrator/messages/notes.md", "not one\n");
    let table = test.run(["message", "list"]).ok().complains("notes.md").stdout;
    assert!(table.find("New").unwrap() < table.find("Old").unwrap(), "{table}");
    let json = test.run(["message", "list", "--json"]).ok().json();
    assert_eq!((&json[0]["title"], &json[0]["type"]), (&"New".into(), &"error".into()));
    assert_eq!((&json[1]["time"], &json[1]["from"]), (&"2026-03-01T10:01:00Z".into(), &"human".into()));
}

#[test]
fn refuses_bad_input_and_writes_nothing() {
    let test = project();
    let cases: [(&[&str], &str); 5] = [
        (&["--type", "alarm", "--title", "T", "--body", "B"], "info, warning, error or question"),
        (&["--type", "info", "--title", " ", "--body", "B"], "--title"),
        (&["--type", "info", "--title", "T"], "--body"),
        (&["--type", "info", "--title", "T", "--body", "B", "--task", "TASK-9"], "no such task"),
        (&["--type", "info", "--title", "T", "--body", "B", "--task", "../x"], "--task"),
    ];
    for (args, words) in cases {
        test.run([&["message", "send"], args].concat()).refuses().complains(words);
    }
    assert_eq!(test.messages(), []);
}
