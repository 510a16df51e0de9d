//! A cause that would hit every run: nobody starts for a while, then one agent goes first and shows how things are.

use crate::support::Test;
use std::fs;

const OVERLOADED: &str = "api_error 529 overloaded_error Overloaded";

/// Two implementers with a task each, at ten o'clock.
fn project() -> Test {
    let test = Test::new();
    test.agents(&[("impl-1", "implementer"), ("impl-2", "implementer")]);
    test.task_for("TASK-1", "implement").task_for("TASK-2", "implement");
    test.now("2026-03-01T10:00:00Z");
    test
}

#[test]
fn who_goes_first_decides_for_the_others() {
    let test = project();
    test.claude.plays("implementer", OVERLOADED);
    test.tick_and_wait();
    assert_eq!(test.claude.count(), 2);
    // While it holds nothing is started, and whoever looks is told why.
    test.later(240).tick_and_wait();
    for args in [&["--dry-run"][..], &["why", "impl-2"], &["status"]] {
        test.run(args).ok().says("answered 529");
    }
    // The first that may try fails again: it holds anew, for the other one too.
    test.later(70).tick_and_wait();
    assert_eq!(test.claude.count(), 3);
    test.later(120).tick_and_wait();
    assert_eq!(test.claude.count(), 3);
    // An error of the run itself got through: the service is there.
    test.claude.plays("implementer", "turn_limit");
    // A try in vain makes the pause twice as long.
    test.later(300).tick_and_wait();
    assert_eq!(test.claude.count(), 3);
    test.later(200).tick_and_wait();
    assert_eq!(test.claude.count(), 4);
    test.claude.implements();
    test.later(300).tick_and_wait();
    assert_eq!((test.claude.count(), test.queue("done").len()), (6, 2));
    let mut attempts = ["TASK-1", "TASK-2"].map(|id| test.attempts(id));
    attempts.sort_unstable();
    assert_eq!(attempts, [1, 2]);
    assert!(!test.orchestrator("cache/cooldown.json").exists());
}

#[test]
fn the_others_follow_as_soon_as_the_first_gets_through() {
    let test = project();
    test.claude.plays("implementer", OVERLOADED);
    test.tick_and_wait();
    // Somebody has mended it, and doesn't wait.
    test.run(["why", "impl-2"]).ok().says("scheduler agent run impl-2");
    test.claude.plays(
        "implementer",
        "touch $CLAUDE_CONFIG_DIR/debug/at-work; until [ -e ../../../../go-on ]; do rest 0.1; done; run 'true'; \
         until [ -e ../../../../end ]; do rest 0.1; done; write \"$TASK_ID.txt\" x; commit Work; finish",
    );
    test.run(["agent", "run", "impl-2"]).ok();
    test.later(240).tick();
    test.wait_until("claude to be at work", || test.notes("at-work").exists());
    test.later(600).tick().says_not("started");
    test.run(["why", "impl-1"]).ok().says("waits for impl-2, which tries first");
    fs::write(test.path("go-on"), "").unwrap();
    test.wait_until("the end of the cooldown", || !test.orchestrator("cache/cooldown.json").exists());
    test.tick();
    test.wait_until("the other one to follow", || test.claude.count() == 4);
    fs::write(test.path("end"), "").unwrap();
    test.wait_quiet();
    assert_eq!(test.queue("done").len(), 2);
}

#[test]
fn a_task_that_came_back_too_often_is_shown_as_held_and_let_go_on() {
    let test = project();
    test.task("TASK-1", "# One\n\nROLE: implement\nPRIORITY: P0\nRETURNS: 4\n");
    test.claude.plays("implementer", OVERLOADED);
    test.tick_and_wait();
    let [message] = &test.messages_of("warning")[..] else { panic!("{:?}", test.messages()) };
    assert!(message.contains("`scheduler task retry TASK-1`"), "{message}");
    test.run(["task", "list"]).ok().says("held");
    test.run(["status"]).ok().says("HELD").says("scheduler task retry --all");
    test.run(["task", "retry", "--all"]).ok().says("TASK-1: waits for nothing any more");
    assert_eq!((test.task_line("TASK-1", "RETURNS"), test.task_line("TASK-1", "WAITS_FOR")), (None, None));
}

#[test]
fn a_shorter_cooldown_does_not_end_a_longer_one() {
    let test = project();
    // 2026-03-01T12:00:00Z, and an error of a run that began before that was known.
    test.claude.plays("TASK-1.1", "usage_limit 1772366400");
    let limited = test.orchestrator("cache/cooldown.json");
    let late = format!("until [ -e '{}' ]; do rest 0.1; done; {OVERLOADED}", limited.display());
    test.claude.plays("TASK-2.1", &late);
    test.tick_and_wait();
    test.later(3_600).tick_and_wait();
    assert_eq!(test.claude.count(), 2);
    test.run(["--dry-run"]).ok().says("waits until 2026-03-01 15:00 +03:00").says("usage limit");
}

#[test]
fn what_hits_one_agent_only_holds_no_other() {
    let test = project();
    test.claude.plays("TASK-1", "api_error 404 not_found_error 'model: x'").plays("TASK-2", "write a x; finish");
    test.tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.task_state("TASK-2")), ("incoming", "done"));
    assert!(!test.orchestrator("cache/cooldown.json").exists());
    test.later(120).tick_and_wait();
    assert_eq!(test.claude.count(), 3);
    assert_eq!((test.attempts("TASK-1"), test.messages_of("error").len()), (0, 1));
}
