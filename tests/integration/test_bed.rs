//! The test bed itself: that it is hermetic, and that it notices what it must notice.

use crate::support::{BINARY, Clock, Output, Test};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    process::Command,
    time::Duration,
};

/// Whether dropping the test fails it.
fn fails_at_the_end(set_up: impl FnOnce(&Test)) -> bool {
    let test = Test::new();
    set_up(&test);
    catch_unwind(AssertUnwindSafe(|| drop(test))).is_err()
}

#[test]
fn a_project_is_a_clean_repository_with_one_commit() {
    let test = Test::new();
    assert_eq!(test.git(["rev-list", "--count", "--all"]), "1");
    assert_eq!(test.git(["symbolic-ref", "HEAD"]), "refs/heads/main");
    assert_eq!(test.git(["status", "--porcelain"]), "");
    assert_eq!(test.git(["log", "-1", "--format=%an"]), "Test Person");
}

#[test]
fn an_origin_has_main() {
    let test = Test::new();
    test.with_origin();
    assert_eq!(test.origin_tip("main"), Some(test.git(["rev-parse", "HEAD"])));
    assert_eq!(test.origin_tip("other"), None);
    assert!(test.pushed_branches().is_empty());
    test.git(["push", "-q", "origin", "HEAD:agent/x"]);
    assert_eq!(test.pushed_branches(), ["agent/x"]);
}

#[test]
fn commands_see_only_the_environment_of_the_test() {
    let test = Test::new();
    test.set_env("EXTRA", "1");
    let output = test.finish(test.program_command("env")).ok();
    let mut names: Vec<_> = output.stdout.lines().filter_map(|line| line.split('=').next()).collect();
    names.sort_unstable();
    assert_eq!(names, ["CLAUDE_CONFIG_DIR", "EXTRA", "GIT_CONFIG_NOSYSTEM", "HOME", "LC_ALL", "PATH", "TMPDIR", "TZ"]);
    test.unset_env("EXTRA");
    assert!(!test.finish(test.program_command("env")).stdout.contains("EXTRA"));
}

#[test]
fn path_has_the_stand_in_for_claude_and_no_gh() {
    let test = Test::new();
    let which = |name: &str| {
        let mut command = test.program_command("sh");
        command.args(["-c", &format!("command -v {name}")]);
        test.finish(command).stdout.trim_end().to_owned()
    };
    assert_eq!(which("claude"), test.claude.path().to_str().unwrap());
    assert_eq!(which("scheduler"), BINARY);
    assert_eq!(which("gh"), "");
    test.github.install();
    assert_eq!(which("gh"), test.root().join("bin/gh").to_str().unwrap());
    test.without_program("claude").without_program("git");
    assert_eq!((which("claude"), which("git")), (String::new(), String::new()));
}

#[test]
fn the_clock_is_moved_only_on_demand() {
    let test = Test::new();
    let seen = || {
        let mut command = test.program_command("sh");
        command.args(["-c", "echo ${SCHEDULER_NOW-unset}"]);
        test.finish(command).stdout.trim_end().to_owned()
    };
    assert_eq!(seen(), "unset");
    test.now("2026-03-01T10:00:00Z");
    assert_eq!(seen(), "2026-03-01T10:00:00Z");
    test.later(90);
    assert_eq!(seen(), "2026-03-01T10:01:30Z");
    assert!(matches!(test.clock(), Clock::Fixed(_)));
}

#[test]
fn a_process_left_behind_fails_the_test_and_is_ended() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let mut pid = 0;
    let failed = fails_at_the_end(|test| {
        let mut command = test.program_command("setsid");
        command.args(["sleep", "300"]);
        pid = command.spawn().unwrap().id();
        test.wait_until("the sleep to run", || test.leftovers().iter().any(|left| left.command == "sleep 300"));
    });
    assert!(failed);
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    assert!(state.is_empty() || state.contains(") Z "), "it lives: {state}");
}

#[test]
fn a_task_in_two_directories_fails_the_test() {
    assert!(!fails_at_the_end(|test| {
        test.config("agents: []").task("TASK-1", "# One\n");
    }));
    assert!(fails_at_the_end(|test| {
        test.config("agents: []")
            .task("TASK-1", "# One\n")
            .file(".orchestrator/shared/queue/done/task-1.md", "# One\n");
    }));
}

#[test]
fn a_touched_checkout_is_noticed() {
    type Change = fn(&Test);
    let changes: [(&str, Change); 5] = [
        ("nothing", |_| ()),
        ("a file's text", |test| {
            test.file("README.md", "# Another\n");
        }),
        ("a new file", |test| {
            test.file("new.txt", "");
        }),
        ("a branch", |test| drop(test.git(["branch", "feature/x"]))),
        ("a detached HEAD", |test| drop(test.git(["checkout", "-q", "--detach"]))),
    ];
    for (what, change) in changes {
        let test = Test::new();
        let before = test.snapshot();
        change(&test);
        let noticed = catch_unwind(AssertUnwindSafe(|| test.assert_untouched(&before))).is_err();
        assert_eq!(noticed, what != "nothing", "{what}");
    }
    let test = Test::new();
    let before = test.snapshot();
    test.git(["branch", "agent/task-20260101-000000"]);
    test.assert_untouched(&before);
}

#[test]
fn waiting_in_vain_fails() {
    let test = Test::new();
    let wait = || {
        test.wait_at_most(Duration::from_millis(50), "what never comes", || false);
    };
    assert!(catch_unwind(AssertUnwindSafe(wait)).is_err());
}

#[test]
fn a_pipe_that_stays_open_after_the_end_is_noticed() {
    let test = Test::new();
    let mut command = test.program_command("sh");
    command.args(["-c", "sleep 300 & exit 0"]);
    let held = catch_unwind(AssertUnwindSafe(|| test.finish(command))).is_err();
    assert!(held);
    let mut end = Command::new("true");
    for left in test.leftovers() {
        end = Command::new("kill");
        end.arg(left.pid.to_string());
    }
    assert!(end.status().unwrap().success());
    test.wait_quiet();
}

#[test]
fn an_output_is_held_to_what_is_said_of_it() {
    let test = Test::new();
    let run = |script: &str| {
        let mut command = test.program_command("sh");
        command.args(["-c", script]);
        test.finish(command)
    };
    run("echo out; exit 0").ok().says("out").says_not("other").quiet();
    run("echo no >&2; exit 2").refuses().code(2).complains("no");
    type Claim = fn(Output);
    let wrong: [(&str, Claim); 6] = [
        ("exit 1", |output| drop(output.ok())),
        ("echo out", |output| drop(output.says("other"))),
        ("echo out", |output| drop(output.says_not("out"))),
        ("echo x >&2", |output| drop(output.quiet())),
        ("exit 1", |output| drop(output.refuses())),
        ("echo \"thread 'main' panicked at\" >&2; exit 1", |output| drop(output.refuses())),
    ];
    for (script, claim) in wrong {
        let output = run(script);
        assert!(catch_unwind(AssertUnwindSafe(|| claim(output))).is_err(), "{script}");
    }
}
