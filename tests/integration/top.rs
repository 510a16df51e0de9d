//! `scheduler top`: what goes on, on a screen that stays open, and the keys that change it.

mod terminal;

use crate::support::Test;
use rustix::process::Signal;
use std::fs;

const WORKS: &str = "say 'I look around.'\nwhile [ ! -e \"$PARENT_PROJECT/go\" ]; do sleep 0.05; done\n\
    write a.txt b && commit 'B' && finish 'Done.'";

fn project() -> Test {
    let test = Test::new();
    test.set_env("TERM", "xterm");
    test.agents(&[("impl-1", "implementer"), ("test-1", "tester")]);
    test
}

#[test]
fn without_a_terminal_it_names_what_works_there() {
    let test = project();
    test.run(["top"]).code(2).complains("needs a terminal").complains("scheduler status").says_not("\u{1b}");
    test.set_env("TERM", "dumb");
    let mut dumb = test.on_terminal(test.command(["top"]));
    dumb.shows("needs a terminal");
    assert_eq!(dumb.ends().code(), Some(2));
}

#[test]
fn runs_are_seen_and_agents_changed_while_ticks_go_on() {
    let test = project();
    test.claude.plays("implementer", WORKS);
    test.task_for("TASK-1", "implement").tick().says("impl-1: started");
    let mut top = test.on_terminal(test.command(["top"]));
    top.shows("I look around.");
    assert!(!top.is_as_before());
    top.types("\r").shows("Log of impl-1").types("q").shows("AGENT");
    top.types("jw").shows("Why test-1").types("q").shows("AGENT");
    top.types("p").shows("test-1: paused");
    assert!(fs::read_to_string(test.orchestrator("agents.yaml")).unwrap().contains("paused: true"));
    test.task_for("TASK-2", "implement").later(120).tick();
    top.types("P").shows("paused: nothing starts");
    assert!(test.orchestrator("paused").exists());
    top.types("P").shows("resumed");
    top.types("ks").shows("(y/n)").types("y").shows("impl-1: its run has ended");
    assert_eq!(test.runs("impl-1").len(), 1);
    top.types("q").gives_back();
    assert!(top.ends().success() && top.is_as_before());
    test.wait_quiet();
}

#[test]
fn the_terminal_is_given_back_whatever_ends_it() {
    let test = project();
    for how in [None, Some(Signal::TERM), Some(Signal::INT), Some(Signal::HUP)] {
        let mut top = test.on_terminal(test.command(["top"]));
        top.shows("impl-1");
        match how {
            None => drop(top.types("\u{3}")),
            Some(signal) => top.is_told(signal),
        }
        top.gives_back();
        assert!(top.ends().success() && top.is_as_before(), "{how:?}");
    }
    // One that can't be read is said, not a reason to end: it is mended, and the screen goes on.
    let mut top = test.on_terminal(test.command(["top"]));
    top.shows("impl-1");
    fs::write(test.orchestrator("agents.yaml"), "paused: 7\n").unwrap();
    top.shows("PROBLEMS").types("q").gives_back();
    assert!(top.ends().success() && top.is_as_before());
}

#[test]
fn it_ends_with_its_terminal() {
    let test = project();
    let mut top = test.on_terminal(test.command(["top"]));
    top.shows("impl-1").goes_away();
    assert!(top.ends().success());
}

#[test]
fn it_ends_though_its_terminal_takes_nothing_any_more() {
    let test = project();
    for how in [Some(Signal::TERM), Some(Signal::HUP), None] {
        let mut top = test.on_terminal(test.command(["top"]));
        top.shows("impl-1").is_stuck();
        match how {
            Some(signal) => top.is_told(signal),
            None => top.goes_away(),
        }
        assert!(top.ends().success() && (how.is_none() || top.is_as_before()), "{how:?}");
    }
}
