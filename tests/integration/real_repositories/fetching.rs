//! A fetch that fails is remembered as one that works is: nobody waits for it twice, and the user learns of it.

use crate::support::{GITHUB, Test};
use std::fs;

/// An `origin` behind ssh, with this in place of ssh; each call is counted.
fn behind_ssh(test: &Test, script: &str) {
    let log = test.root().join("ssh.log");
    test.program("ssh", &format!("#!/bin/sh\necho call >>'{}'\n{script}\n", log.display()));
    test.git(["remote", "set-url", "origin", "ssh://git@host.invalid/repo.git"]);
}

fn calls(test: &Test) -> usize {
    fs::read_to_string(test.root().join("ssh.log")).unwrap_or_default().lines().count()
}

#[test]
fn a_failure_is_remembered_shown_and_told_once_an_hour_later() {
    let test = Test::with_implementer();
    behind_ssh(&test, "echo 'ssh: connect to host host.invalid port 22: No route to host' >&2; exit 255");
    test.agents(&[("impl-1", "implementer"), ("rev-1", "reviewer"), ("rev-2", "reviewer")]);
    // Reviewers push nothing: what calls ssh is the fetch.
    fs::remove_file(test.task_path("incoming", "TASK-1")).unwrap();
    test.claude.plays("reviewer", "run 'scheduler review record --verdict approve --summary Fine' && finish Done.");
    test.now("2026-01-05T10:00:00Z").task_for("TASK-2", "review").task_for("TASK-3", "review");
    test.tick_and_wait();
    assert_eq!((test.claude.count(), calls(&test)), (2, 1), "the second one goes on with what is there");
    test.run(["status"]).ok().says("ssh: connect to host host.invalid port 22");
    let status = test.run(["status", "--json"]).ok().json();
    assert_eq!(status["last_fetch"]["failing_since"], "2026-01-05T10:00:00Z");
    test.run(["doctor"]).says("the last fetch from origin").says("No route to host");
    assert!(test.messages_of("warning").is_empty());

    for (time, told) in [("2026-01-05T10:59:00Z", 0), ("2026-01-05T11:01:00Z", 1), ("2026-01-05T14:00:00Z", 1)] {
        let task = format!("TASK-{}", time[11..16].replace(':', ""));
        test.now(time).task_for(&task, "review").tick_and_wait();
        assert_eq!(test.messages_of("warning").len(), told, "{time}");
    }
    assert_eq!(calls(&test), 4);
    // Once it works, the next hour counts anew.
    test.git(["remote", "set-url", "origin", GITHUB]);
    test.now("2026-01-05T15:00:00Z").task_for("TASK-8", "review").tick_and_wait();
    assert!(test.run(["status", "--json"]).ok().json()["last_fetch"]["error"].is_null());
    test.run(["status"]).ok().says_not("host.invalid");
    behind_ssh(&test, "echo 'ssh: connect to host host.invalid port 22: No route to host' >&2; exit 255");
    for (time, told) in [("2026-01-05T16:00:00Z", 1), ("2026-01-05T17:01:00Z", 2)] {
        let task = format!("TASK-{}", time[11..16].replace(':', ""));
        test.now(time).task_for(&task, "review").tick_and_wait();
        assert_eq!(test.messages_of("warning").len(), told, "{time}");
    }
}

#[test]
fn who_comes_while_a_failing_remote_is_asked_goes_on_at_once() {
    let test = Test::with_implementer();
    behind_ssh(&test, "if [ -e hangs ]; then sleep 600; fi; echo 'Connection refused' >&2; exit 255");
    test.agents(&[("rev-1", "reviewer"), ("rev-2", "reviewer")]);
    fs::remove_file(test.task_path("incoming", "TASK-1")).unwrap();
    test.claude.plays("reviewer", "run 'scheduler review record --verdict approve --summary Fine' && finish Done.");
    test.task_for("TASK-2", "review").tick_and_wait();
    assert_eq!(calls(&test), 1);
    // From now on it swallows packets; two come at once.
    let hangs = test.path(".git/hangs");
    fs::write(&hangs, "").unwrap();
    test.task_for("TASK-3", "review").task_for("TASK-4", "review").later(120).tick();
    test.wait_until("the one that doesn't ask to be done", || test.queue("done").len() == 2);
    assert_eq!(calls(&test), 2, "one fetch at a time");
    test.run(["agent", "stop", "rev-1"]);
    test.run(["agent", "stop", "rev-2"]);
    test.wait_quiet();
}
