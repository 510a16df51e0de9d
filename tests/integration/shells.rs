//! `scheduler completions`, what its scripts ask for, and `scheduler man`: made from the same definitions as the help.

use crate::support::{BINARY, Test};
use std::fs;

/// A project with something of everything that has a name.
fn project() -> Test {
    let test = Test::new();
    test.agents(&[("impl-1", "implementer"), ("pm", "product_manager")]);
    for (state, id, text) in [
        ("incoming", "TASK-aaaa1111", "# Reject\u{1b}[31m empty: names\n"),
        ("incoming", "TASK-aaaa2222", "# Held\n\nWAITS_FOR: question-20260101-100000-why\n"),
        ("failed", "TASK-bbbb3333", &format!("# {}\n", "long ".repeat(40))),
        ("done", "TASK-cccc4444", "# Done\n"),
    ] {
        test.file(&format!(".orchestrator/shared/queue/{state}/{id}.md"), text);
    }
    for (time, kind, title) in [("09", "info", "So"), ("10", "question", "Why")] {
        test.now(&format!("2026-01-01T{time}:00:00Z"));
        test.run(["message", "send", "--type", kind, "--title", title, "--body", "Text"]).ok();
    }
    let sent = test.orchestrator("messages/question-20260101-100000-why.md");
    fs::copy(&sent, sent.with_file_name("question-20270101-100000-$(x).md")).unwrap();
    test
}

/// What the command line may become, as fish is told.
fn offered(test: &Test, line: &str) -> Vec<String> {
    answer(test, "fish", line)
}

fn answer(test: &Test, shell: &str, line: &str) -> Vec<String> {
    let words = ["complete", shell, "--"].into_iter().chain(line.split(' '));
    test.run(words).ok().quiet().stdout.lines().map(str::to_owned).collect()
}

/// The same without explanations.
fn values(test: &Test, line: &str) -> Vec<String> {
    let value = |line: String| line.split('\t').next().unwrap().to_owned();
    offered(test, line).into_iter().map(value).collect()
}

#[test]
fn what_is_in_the_project_completes_arguments() {
    let test = project();
    let question = "question-20260101-100000-why";
    for (line, expected) in [
        ("scheduler agent pause ", &["impl-1", "pm"][..]),
        ("scheduler agent pause i", &["impl-1"]),
        ("scheduler task show task-A", &["TASK-aaaa1111", "TASK-aaaa2222"]),
        ("scheduler task show bb", &["TASK-bbbb3333"]),
        ("scheduler task show TASK-c", &["TASK-cccc4444"]),
        ("scheduler task retry T", &["TASK-bbbb3333", "TASK-aaaa2222"]),
        ("scheduler task cancel TASK-", &["TASK-aaaa1111", "TASK-aaaa2222"]),
        ("scheduler task add x --role ", &["implement", "test", "review"]),
        ("scheduler agent set impl-1 max_t", &["max_turns="]),
        ("scheduler agent set impl-1 max_turns=", &[]),
        ("scheduler agent set impl-1 max_turns=8 max_t", &["max_turns="]),
        ("scheduler limits set max_r", &["max_running="]),
        ("scheduler message reply ", &[question]),
        ("scheduler message show ", &[question, "info-20260101-090000-so"]),
        ("scheduler why imp", &["impl-1"]),
        ("scheduler task list --state=f", &["--state=failed"]),
        ("scheduler task sh", &["show"]),
        ("scheduler task cancel TASK-aaaa1111 --r", &["--reason"]),
        ("scheduler agent pause nobody-", &[]),
    ] {
        let mut found = values(&test, line);
        if expected.len() == 2 && expected.iter().all(|id| id.starts_with("TASK-aaaa")) {
            // Which of the two files is newer is the file system's to say.
            found.sort();
        }
        assert_eq!(found, expected, "{line}");
    }
    assert_eq!(offered(&test, "scheduler task show TASK-aaaa1"), ["TASK-aaaa1111\tincoming: Reject [31m empty: names"]);
    let cut = offered(&test, "scheduler task show TASK-b");
    assert!(cut[0].chars().count() < 80 && cut[0].ends_with('…'), "{cut:?}");
    // Neither what the program calls itself, nor options where there is something else.
    assert!(!values(&test, "scheduler ").iter().any(|word| word == "supervise" || word.starts_with('-')));
}

#[test]
fn from_a_folder_of_the_project_or_with_its_name() {
    let test = project();
    test.file("sub/dir/x", "").file("../elsewhere/y", "");
    let at = |dir: &str, line: &str| {
        let mut command = test.command(["complete", "zsh", "--"].into_iter().chain(line.split(' ')));
        test.finish({
            command.current_dir(test.path(dir));
            command
        })
        .quiet()
        .stdout
    };
    let paused = "impl-1:implementer\npm:product_manager\n";
    assert_eq!(at("sub/dir", "scheduler agent pause "), paused);
    for at_none in ["", "-C ../none ", "-C . "] {
        assert_eq!(at("../elsewhere", &format!("scheduler {at_none}agent pause i")), "", "{at_none}");
    }
    assert_eq!(at("sub", "scheduler -C dir agent pause "), paused);
    assert_eq!(at("sub", "scheduler agent -C dir/.. pause "), paused);
    test.set_env("HOME", test.path("sub").display().to_string());
    assert_eq!(at("../elsewhere", "scheduler -C ~/dir agent pause "), paused);
    assert_eq!(at("", "scheduler -C su"), "sub/\n");
}

#[test]
fn inside_a_run_nothing_of_the_project_is_told() {
    let test = project();
    test.set_env("SCHEDULER_RUN", "0190d1c2-7f1a-4e5b-8c3d-1a2b3c4d5e6f");
    for line in ["scheduler task show TASK-", "scheduler agent pause i", "scheduler message show q", "scheduler -C s"] {
        assert_eq!(offered(&test, line), [""; 0], "{line}");
    }
    assert_eq!(values(&test, "scheduler task sh"), ["show"]);
    assert_eq!(values(&test, "scheduler task list --state f"), ["failed"]);
}

#[test]
fn what_is_broken_is_not_told_while_somebody_types() {
    let test = project();
    test.config("agents: [");
    assert_eq!(values(&test, "scheduler agent pause "), ["--debug", "-C", "--help"]);
    fs::remove_dir_all(test.orchestrator("shared")).unwrap();
    assert_eq!(values(&test, "scheduler task show T"), [""; 0]);
    test.run(["complete", "fish", "--", ""]).code(1).quiet();
}

#[test]
fn a_real_bash_asks_and_gets_an_answer() {
    let test = project();
    let on_path = test.root().join("bin/scheduler");
    std::os::unix::fs::symlink(BINARY, on_path).unwrap();
    // As bash calls the function, with the words as it takes them apart.
    let ask = |words: &str| {
        let text = format!(
            "set -u; source <(scheduler completions bash); COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             word=${{COMP_WORDS[COMP_CWORD]}}; _scheduler scheduler \"${{word#=}}\" x; printf '%s\\n' \"${{COMPREPLY[@]-}}\""
        );
        let mut command = test.program_command("/bin/bash");
        command.args(["--norc", "-c", &text]);
        test.finish(command).ok().quiet().stdout
    };
    for (words, answer) in [
        ("scheduler task show TASK-b", "TASK-bbbb3333\n"),
        ("scheduler task list --state = f", "failed\n"),
        ("scheduler task list --state =", "incoming\nclaimed\ndone\nfailed\n"),
        ("scheduler agent set impl-1 max_t", "max_turns=\n"),
        ("scheduler agent set impl-1 max_turns =", "\n"),
        ("scheduler agent set impl-1 max_turns = 8 max_t", "max_turns=\n"),
        ("scheduler task show 'TASK-* $(touch x)'", "\n"),
    ] {
        assert_eq!(ask(words), answer, "{words}");
    }
    assert!(!test.path("x").exists());
    test.run(["completions", "tcsh"]).code(2).complains("bash, zsh, fish");
    test.run(["completions", "zsh"]).ok().says("#compdef scheduler");
}

#[test]
fn ten_thousand_messages_are_not_all_opened() {
    let test = project();
    for number in 0..10_000 {
        let (hour, minute, second) = (number / 3_600, number / 60 % 60, number % 60);
        let name = format!("messages/info-20260101-{hour:02}{minute:02}{second:02}-x.md");
        fs::write(test.orchestrator(name), "no message").unwrap();
    }
    assert_eq!(values(&test, "scheduler message reply ").len(), 1);
    test.now("2026-01-02T00:00:00Z").run(["message", "send", "--type", "info", "--title", "New", "--body", "x"]).ok();
    let sent = ["info-20260102-000000-new", "info-20260101-090000-so"];
    assert_eq!(values(&test, "scheduler message show info"), sent);
    // Nothing is written on the way.
    assert!(!test.orchestrator("cache").exists());
}

#[test]
fn manual_pages_go_into_a_folder_that_is_made() {
    let test = Test::without_repository();
    test.run(["man", "--dir", "new/man1"]).ok().says("pages written to /").says("new/man1");
    let page = fs::read_to_string(test.path("new/man1/scheduler-task-add.1")).unwrap();
    assert!(page.contains(".SH EXAMPLES") && page.contains("\\-\\-blocked\\-by"), "{page}");
    test.run(["man", "task", "add"]).ok().says("scheduler\\-task\\-add");
    test.run(["man", "task", "ad"]).code(2).complains("no command \"task ad\"");
}
