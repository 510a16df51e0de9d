//! `scheduler message`: what is sent and listed, what agents ask, what a person answers.

use crate::support::Test;
use std::fs;

fn project() -> Test {
    let test = Test::new();
    test.agents(&[("impl-1", "implementer")]).task_for("TASK-1", "implement");
    test.now("2026-03-01T10:00:00Z");
    test
}

fn send(test: &Test, kind: &str, title: &str, more: &[&str]) -> String {
    let args = ["message", "send", "--type", kind, "--title", title, "--body", "The body"];
    let output = test.run(args.iter().chain(more)).ok();
    let path = output.stdout.trim_end();
    path.rsplit('/').next().unwrap().strip_suffix(".md").unwrap().to_owned()
}

fn ids(test: &Test, args: &[&str]) -> Vec<String> {
    let all = test.run(["message", "list", "--json"].iter().chain(args)).ok().json();
    all["messages"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_question_holds_the_task_and_the_answer_stands_first_in_the_next_run() {
    let test = project();
    test.claude.plays(
        "TASK-1",
        "run \"scheduler message send --type question --title 'Case Z?' --body 'A or B?'\" && finish 'I asked.'",
    );
    test.tick_and_wait().says("started with TASK-1");
    let question = ids(&test, &["--type", "question"]).remove(0);
    assert_eq!(test.task_line("TASK-1", "WAITS_FOR"), Some(question.clone()));
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("incoming", 0));
    test.later(120).tick_and_wait().says_not("started");
    test.run(["message", "show", &question]).ok().says("A or B?").says("Not answered yet").quiet();
    let answer = "Take B.\n\n## Context\n# and {{ nothing }} else\n";
    test.run_with_input(["message", "reply", &question[..24], "--body", "-"], answer).ok().says("TASK-1: goes on");
    assert_eq!(test.task_line("TASK-1", "WAITS_FOR"), None);
    assert!(test.task_text("TASK-1").contains("> Take B."), "{}", test.task_text("TASK-1"));
    test.run(["message", "show", &question]).ok().says("Answered:").says("Take B.");
    test.run(["message", "list"]).ok().says("(answered) Case Z?");
    // The answer outlives the message.
    test.run(["message", "clear", "--all"]).ok().says("1 message removed");
    test.claude.plays("TASK-1.2", "write a.txt b && commit 'Take B' && finish 'Done.'");
    test.later(120).tick_and_wait().says("started with TASK-1");
    assert_eq!(test.task_state("TASK-1"), "done");
    let prompt = test.claude.last_call().prompt;
    let at = |text: &str| prompt.find(text).unwrap_or_else(|| panic!("{text:?} is missing in\n{prompt}"));
    assert!(at("Question: Case Z?") < at("Go on with your task") && at(answer.trim()) < at("Go on with your task"));
    assert_eq!(prompt.matches("Take B.").count(), 1, "{prompt}");
}

#[test]
fn an_answer_that_comes_while_the_run_goes_on_holds_nothing() {
    let test = project();
    test.claude.plays(
        "TASK-1",
        "run \"scheduler message send --type question --title 'Case Z?' --body 'A or B?'\"\n\
         while [ ! -e \"$PARENT_PROJECT/go\" ]; do sleep 0.05; done\nwrite a.txt b && commit 'B' && finish 'Done.'",
    );
    test.tick();
    test.wait_until("the question", || !test.messages_of("question").is_empty());
    let question = ids(&test, &[]).remove(0);
    test.run(["message", "reply", &question, "--body", "B"]).ok().says("is being worked on");
    test.file("go", "");
    test.wait_quiet();
    assert_eq!(test.task_state("TASK-1"), "done");
}

#[test]
fn a_question_about_a_waiting_task_holds_it_until_every_one_is_answered() {
    let test = project();
    let first = send(&test, "question", "One?", &["--task", "TASK-1"]);
    test.later(1);
    let second = send(&test, "question", "Two?", &["--task", "TASK-1"]);
    assert_eq!(test.task_line("TASK-1", "WAITS_FOR"), Some(first.clone()));
    test.tick_and_wait().says_not("started");
    test.run(["message", "reply", &first, "--body", "1"]).ok().says(&format!("still waits for {second}"));
    test.run(["message", "reply", &first, "--body", "one"]).ok().says("in place of the earlier answer");
    test.run(["message", "reply", &second, "--body", "2"]).ok().says("goes on");
    let text = test.task_text("TASK-1");
    assert!(text.contains("> one") && text.contains("> 2") && !text.contains("> 1"), "{text}");
    test.claude.implements();
    test.tick_and_wait().says("started with TASK-1");
}

#[test]
fn clearing_keeps_what_is_new_and_what_is_open() {
    let test = project();
    let (info, warning) = (send(&test, "info", "Old", &[]), send(&test, "warning", "Old too", &[]));
    let question = send(&test, "question", "Why?", &[]);
    test.later(25 * 3600);
    let new = send(&test, "info", "New", &[]);
    for args in [&["--older-than", "0h"][..], &["--older-than", "soon"], &["--older-than", "1h", "--all"]] {
        test.run(["message", "clear"].iter().chain(args)).code(2);
    }
    assert_eq!(ids(&test, &[]).len(), 4);
    test.run(["message", "clear", "--type", "info"]).ok().says("1 message removed").quiet();
    assert_eq!(ids(&test, &[]), [new.clone(), warning, question.clone()]);
    test.run(["message", "clear"]).ok().says("1 message removed").says("1 unanswered question was kept");
    assert_eq!(ids(&test, &[]), [new, question.clone()]);
    test.run(["message", "reply", &question, "--body", "Because."]).ok().says("human reads it");
    test.run(["message", "clear", "--older-than", "1d"]).ok().says("1 message removed");
    test.run(["message", "clear", "--all"]).ok();
    assert!(ids(&test, &[]).is_empty());
    test.run(["message", "show", &info]).code(1).complains("no message");
}

#[test]
fn messages_are_found_by_the_beginning_of_their_name_only() {
    let test = project();
    send(&test, "info", "One", &[]);
    send(&test, "info", "Two", &[]);
    test.run(["message", "show", "info"]).code(2).complains("more than one");
    test.run(["message", "show", "info-20260301-100000-two"]).ok().says("info: Two");
    test.run(["message", "show", "../agents"]).code(1).complains("no message");
    test.run(["message", "reply", "info-20260301-100000-two", "--body", "x"]).code(2).complains("not a question");
    let question = send(&test, "question", "Why?", &[]);
    test.run(["message", "reply", &question, "--body", " "]).code(2).complains("characters");
}

#[test]
fn an_agent_may_neither_answer_nor_clear() {
    let test = project();
    let question = send(&test, "question", "Why?", &[]);
    let calls = format!(
        "for words in 'message reply {question} --body x' 'message clear --all' 'message show {question}'; do\n\
         scheduler $words >>\"$CLAUDE_CONFIG_DIR/debug/said\" 2>&1\ndone\nfinish 'Done.'"
    );
    test.claude.plays("TASK-1", &calls);
    test.tick_and_wait();
    let said = fs::read_to_string(test.notes("said")).unwrap();
    assert_eq!(said.matches("may not call").count(), 3, "{said}");
    assert_eq!(ids(&test, &["--type", "question"]), [question]);
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
    let json = &test.run(["message", "list", "--json"]).ok().json()["messages"];
    assert_eq!((&json[0]["title"], &json[0]["type"]), (&"New".into(), &"error".into()));
    assert_eq!((&json[1]["time"], &json[1]["from"]), (&"2026-03-01T10:01:00Z".into(), &"human".into()));
}

#[test]
fn refuses_bad_input_and_writes_nothing() {
    let test = project();
    let cases: [(&[&str], &str); 5] = [
        (&["--type", "alarm", "--title", "T", "--body", "B"], "info, warning, error, question"),
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
