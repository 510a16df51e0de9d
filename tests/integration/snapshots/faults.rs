//! What is said of what is wrong: by `doctor`, and where agents.yaml can't be used.

use super::assert_screens;
use crate::support::Test;

fn project() -> Test {
    let test = Test::new();
    test.now("2026-03-01T10:00:00Z").unconfined();
    test.github.install();
    // Which git the machine has is no part of the screen.
    let version = "#!/bin/sh\n[ \"$1\" != --version ] || { echo 'git version 2.45.0'; exit; }\n";
    test.program("git", &format!("{version}exec '{}' \"$@\"\n", test.root().join("tools/git").display()));
    test
}

#[test]
fn a_project_in_order() {
    let test = project();
    test.tick();
    assert_screens(&test, "in-order", &["doctor"]);
}

#[test]
fn programs_that_are_missing() {
    let test = project();
    test.without_program("claude").without_program("gh");
    assert_screens(&test, "programs-missing", &["doctor"]);
}

#[test]
fn an_agents_yaml_that_cannot_be_used() {
    let test = project();
    test.config("paused: 7\nagents:\n- name: a\n  rolle: tester\n- {name: b, role: testr, max_turns: 0}\n");
    assert_screens(&test, "misconfigured", &["", "status", "why a", "doctor", "--dry-run"]);
}
