//! Each screen as you see it at 80 columns, whole, beside this file in `snapshots/`.
//!
//! A screen that differs fails the test and shows how. To accept what it shows now, review the difference and run
//! `INSTA_UPDATE=always cargo test --locked --test integration snapshots`; what is then new in git is what has changed.

use crate::support::{Test, proposals::architect};
use std::process::Command;

const NOW: &str = "2026-03-01T10:00:00Z";

/// A team of five with work in every state; nothing of it is under way.
fn scene() -> Test {
    let test = Test::new();
    test.now(NOW);
    let agents = [
        ("pm-1", "product_manager"),
        ("impl-1", "implementer"),
        ("impl-2", "implementer"),
        ("test-1", "tester"),
        ("rev-1", "reviewer"),
    ];
    test.agents_and(&agents, "max_cost_usd_per_day: 20\nmax_running: 3\n");
    let task = |state: &str, id: &str, text: &str| {
        test.file(&format!(".orchestrator/shared/queue/{state}/{id}.md"), text);
    };
    task(
        "incoming",
        "TASK-1",
        "# Reject empty names\n\nROLE: implement\nPRIORITY: P0\nCREATED: 2026-03-01T08:00:00Z\nCREATED_BY: pm-1\n\n## Context\nForms accept a blank name.\n\n## Acceptance Criteria\n- [ ] A test covers it\n",
    );
    task(
        "incoming",
        "TASK-2",
        "# Document the names\n\nROLE: implement\nBLOCKED_BY: TASK-1\nCREATED: 2026-03-01T08:30:00Z\n",
    );
    task(
        "incoming",
        "TASK-3",
        "# Cover the parser\n\nROLE: test\nWAITS_FOR: question-20260301-093000-which\nCREATED: 2026-03-01T09:00:00Z\n",
    );
    task("incoming", "TASK-4", "# Odd\n\nROLE: wizard\n");
    task(
        "done",
        "TASK-5",
        "# Add a changelog\n\nROLE: implement\nCOMPLETED_AT: 2026-03-01T07:00:00Z\n\n## Result\nA CHANGELOG.md in the usual form.\n",
    );
    task(
        "failed",
        "TASK-6",
        "# Speed up the start\n\nROLE: implement\nATTEMPTS: 3\nFAILED_AT: 2026-03-01T09:10:00Z\nWORK_BRANCH: agent/TASK-6-20260301-090000\n\n## Error\nused up its turns (max_turns) at attempt 3 of 3\n",
    );
    let idle = |name: &str, more: &str| {
        let state = format!(
            "{{\"phase\":\"idle\",\"last_started\":\"2026-03-01T09:58:00Z\",\"last_finished\":\"2026-03-01T09:59:30Z\",{more}}}"
        );
        test.file(&format!(".orchestrator/agents/{name}/state.json"), &state);
    };
    idle(
        "impl-1",
        "\"last_outcome\":\"finished\",\"last_exit_code\":0,\"total_runs\":12,\"total_successes\":11,\"total_failures\":1",
    );
    idle(
        "impl-2",
        "\"last_outcome\":\"stalled\",\"last_exit_code\":-9,\"consecutive_failures\":3,\"total_runs\":5,\"total_successes\":2,\"total_failures\":3",
    );
    test.file(
        ".orchestrator/messages/question-20260301-093000-which.md",
        "# \u{2753} Which parser?\n\n**Type:** question\n**Time:** 2026-03-01T09:30:00Z\n**From:** test-1\n**Task:** TASK-3\n\nThe old one or the new one?\n",
    );
    test.file(
        ".orchestrator/messages/warning-20260301-091000-failed.md",
        "# \u{26a0}\u{fe0f} A task has failed: Speed up the start\n\n**Type:** warning\n**Time:** 2026-03-01T09:10:00Z\n**From:** scheduler\n**Task:** TASK-6\n\nIts work is on agent/TASK-6-20260301-090000.\n",
    );
    test.file(
        ".orchestrator/cache/open-prs.json",
        r#"{"asked_at":"2026-03-01T09:59:00Z","open":[{"number":7,"title":"Add a changelog","head":"agent/TASK-5-20260301-060000"}],"error":null}"#,
    );
    test
}

/// What one command says, with everything that differs from run to run replaced.
fn screen(test: &Test, args: &[&str]) -> String {
    let output = test.run(args);
    let code = output.code.unwrap_or(-1);
    let errors = if output.stderr.is_empty() { String::new() } else { format!("---- stderr\n{}", output.stderr) };
    let text = format!("$ scheduler {}\n{}{errors}---- exit code {code}\n", args.join(" "), output.stdout);
    let root = test.root();
    let text = text.replace(test.dir().to_str().unwrap(), "[PROJECT]").replace(root.to_str().unwrap(), "[ROOT]");
    let own = std::path::Path::new(crate::support::BINARY);
    let text = text.replace(own.to_str().unwrap(), "[SCHEDULER]");
    let text = text.replace(own.parent().unwrap().to_str().unwrap(), "[BIN]");
    masked(&text)
}

/// Ids, hashes, versions and sizes of this machine.
fn masked(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_inclusive(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '.')) {
        let (word, end) =
            word.split_at(word.trim_end_matches(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '.')).len());
        let is_hex =
            |text: &str| text.len() >= 7 && text.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c));
        let id = ["PROP-", "TASK-"].iter().find_map(|prefix| Some((*prefix, word.strip_prefix(*prefix)?)));
        match id {
            Some((prefix, rest)) if is_hex(rest) => out.push_str(&format!("{prefix}[ID]")),
            _ if is_hex(word) && word.chars().any(|c| c.is_ascii_digit()) && word.len() != 8 => out.push_str("[HASH]"),
            _ => out.push_str(word),
        }
        out.push_str(end);
    }
    out
}

macro_rules! shown {
    ($test:expr, $name:expr, $args:expr) => {
        insta::assert_snapshot!($name, screen($test, $args))
    };
}

#[test]
fn status_and_why() {
    let test = scene();
    shown!(&test, "status", &["status"]);
    shown!(&test, "why", &["why"]);
    shown!(&test, "why_agent_ready", &["why", "impl-1"]);
    shown!(&test, "why_agent_backoff", &["why", "impl-2"]);
    shown!(&test, "why_task_blocked", &["why", "TASK-2"]);
    shown!(&test, "why_task_waiting", &["why", "TASK-3"]);
    shown!(&test, "dry_run", &["--dry-run"]);
    test.run(["pause", "--reason", "Release"]).ok();
    shown!(&test, "status_paused", &["status"]);
}

#[test]
fn tasks() {
    let test = scene();
    shown!(&test, "task_list", &["task", "list"]);
    shown!(&test, "task_show", &["task", "show", "TASK-1"]);
    shown!(&test, "task_show_failed", &["task", "show", "TASK-6"]);
}

#[test]
fn messages() {
    let test = scene();
    shown!(&test, "message_list", &["message", "list"]);
    shown!(&test, "message_show", &["message", "show", "question-20260301-093000-which"]);
}

#[test]
fn proposals() {
    let test = scene();
    for (title, category) in [("Split the parser", "refactor"), ("Test the parser", "test")] {
        architect(title, category, &["src/parser.rs"]).add(&test);
    }
    shown!(&test, "proposal_list", &["proposal", "list"]);
}

#[test]
fn agents_and_limits() {
    let test = scene();
    shown!(&test, "agent_list", &["agent", "list"]);
    shown!(&test, "agent_show", &["agent", "show", "impl-2"]);
    shown!(&test, "limits_show", &["limits", "show"]);
    shown!(&test, "pr_list", &["pr", "list"]);
}

#[test]
fn doctor() {
    let test = scene();
    test.program("git", "#!/bin/sh\n[ \"$1\" = --version ] && { echo git version 2.47.3; exit; }\nPATH=/usr/local/bin:/usr/bin:/bin exec git \"$@\"\n");
    let text = screen(&test, &["doctor"]);
    // Free space, and what this machine is, are nobody's screen but its own.
    let known: String = text.lines().filter(|line| !line.contains("free")).map(|line| format!("{line}\n")).collect();
    insta::assert_snapshot!("doctor", known);
}

/// Every command that `--help` names, each with its path.
fn commands(test: &Test, path: &[String], found: &mut Vec<Vec<String>>) {
    let output = help(test, path);
    found.push(path.to_vec());
    let Some((_, list)) = output.split_once("Commands:\n") else { return };
    for line in list.lines().take_while(|line| line.starts_with("  ")) {
        let indented = line.len() - line.trim_start().len();
        let Some(name) = line.split_whitespace().next().filter(|name| indented == 2 && *name != "help") else {
            continue;
        };
        let mut path = path.to_vec();
        path.push(name.to_owned());
        commands(test, &path, found);
    }
}

fn help(test: &Test, path: &[String]) -> String {
    let mut command: Command = test.command(path.iter().map(String::as_str).chain(["--help"]));
    command.env("COLUMNS", "80");
    test.finish(command).ok().stdout
}

#[test]
fn the_help_of_every_command() {
    let test = Test::without_repository();
    let mut all = Vec::new();
    commands(&test, &[], &mut all);
    assert!(all.len() > 40, "the list of commands was not understood: {all:?}");
    for path in all {
        let text = help(&test, &path);
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{path:?}: {line}");
        }
        let name = if path.is_empty() { "help".to_owned() } else { format!("help_{}", path.join("_")) };
        insta::assert_snapshot!(name, text);
    }
}
