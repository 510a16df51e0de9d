//! Every failure names what to do, and costs no attempt where the task is not to blame.

use crate::support::Test;
use std::{fs, os::unix::fs::PermissionsExt};

/// The task is back, uncharged, and exactly one message says what to do.
#[track_caller]
fn back_uncharged(test: &Test, words: &[&str]) {
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("incoming", 0));
    assert_eq!(test.task_line("TASK-1", "CLAIMED_BY"), None);
    assert_eq!(test.state("impl-1")["consecutive_failures"], 0);
    let messages = test.messages();
    let [(_, message)] = &messages[..] else { panic!("{messages:#?}") };
    for word in words {
        assert!(message.contains(word), "{word} is not in {message}");
    }
}

#[test]
fn without_claude_nothing_starts_until_the_first_tick_that_finds_it() {
    let test = Test::with_implementer();
    test.without_program("claude");
    test.run(["--dry-run"]).ok().says("impl-1: claude is not on PATH");
    for _ in 0..2 {
        test.tick_and_wait();
    }
    assert!(test.runs("impl-1").is_empty() && test.task_state("TASK-1") == "incoming", "nothing is begun in vain");
    let messages = test.messages();
    let [(_, message)] = &messages[..] else { panic!("{messages:#?}") };
    for word in ["claude is not on PATH", "cron line", "agents.yaml", "impl-1"] {
        assert!(message.contains(word), "{word} is not in {message}");
    }
    test.run(["status"]).ok().says("claude is missing");
    test.run(["why", "impl-1"]).ok().says("is not started: claude is not on PATH");
    test.claude.install();
    test.tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("done", 1));
}

#[test]
fn a_claude_that_may_not_be_executed_is_named() {
    let test = Test::with_implementer();
    fs::set_permissions(test.claude.path(), fs::Permissions::from_mode(0o644)).unwrap();
    test.agents_and(
        &[("impl-1", "implementer")],
        &format!("defaults: {{command: ['{}']}}", test.claude.path().display()),
    );
    test.tick_and_wait();
    back_uncharged(&test, &["may not be executed", "bin/claude"]);
}

#[test]
fn not_logged_in_says_how_to_log_in() {
    let test = Test::with_implementer();
    test.claude.plays("implementer", "api_error 401 authentication_error 'Invalid API key'");
    test.tick_and_wait();
    back_uncharged(&test, &["not logged in", "claude setup-token"]);
    test.later(120).run(["--dry-run"]).ok().says("impl-1: waits until");
}

#[test]
fn a_usage_limit_holds_everybody_until_its_reset() {
    let test = Test::with_implementer();
    test.agents(&[("impl-1", "implementer"), ("impl-2", "implementer")]);
    test.task_for("TASK-2", "implement");
    test.now("2026-03-01T10:00:00Z");
    // 2026-03-01T12:00:00Z
    test.claude.plays("TASK-2", "rest 1; finish Nothing").plays("TASK-1.1", "usage_limit 1772366400");
    test.claude.plays("TASK-1.2", "write a x; finish").plays("TASK-2.1", "usage_limit 1772366400");
    test.tick_and_wait();
    assert_eq!((test.attempts("TASK-1"), test.attempts("TASK-2")), (0, 0));
    test.later(3_600).tick_and_wait();
    assert_eq!(test.claude.count(), 2);
    test.run(["--dry-run"]).ok().says("waits until 2026-03-01 15:00 +03:00").says("usage limit");
    // One goes first.
    test.later(3_700).tick().says("impl-1: started with TASK-1").says_not("impl-2");
    test.wait_quiet();
    assert_eq!(test.task_state("TASK-1"), "done");
    test.later(60).tick().says("impl-2: started with TASK-2");
    test.wait_quiet();
}

#[test]
fn five_uncharged_returns_in_a_row_hold_the_task() {
    let test = Test::with_implementer();
    test.claude.plays("implementer", "die TERM");
    for round in 1..=5 {
        test.tick_and_wait();
        assert_eq!((test.claude.count(), test.attempts("TASK-1")), (round, 0));
        test.later(7_200);
    }
    assert_eq!(test.task_line("TASK-1", "WAITS_FOR").as_deref(), Some("a person"));
    assert!(test.messages_of("warning")[0].contains("Came back 5 times"));
    test.tick_and_wait();
    assert_eq!(test.claude.count(), 5);
    test.claude.implements();
    test.run(["task", "retry", "TASK-1"]).ok();
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done");
}

#[test]
fn a_git_that_is_too_old_is_named() {
    let test = Test::with_implementer();
    let real = fs::read_link(test.root().join("tools/git")).unwrap();
    test.program(
        "git",
        &format!(
            "#!/bin/sh\ncase \"$*\" in *version*) echo 'git version 2.20.1'; exit 0;; esac\nexec '{}' \"$@\"\n",
            real.display()
        ),
    );
    test.tick_and_wait();
    back_uncharged(&test, &["git", "2.20", "2.31"]);
    assert_eq!(test.claude.count(), 0);
}

#[test]
fn without_git_it_is_named() {
    let test = Test::with_implementer();
    test.without_program("git").tick_and_wait();
    back_uncharged(&test, &["git"]);
}

#[test]
fn commits_work_without_an_identity() {
    let test = Test::with_implementer();
    test.git(["config", "--unset", "user.name"]);
    test.git(["config", "--unset", "user.email"]);
    for scenario in ["write a x && commit A; finish", "write a x; finish"] {
        test.task_for("TASK-1", "implement").claude.plays("implementer", scenario);
        test.later(120).tick_and_wait();
        assert_eq!(test.task_state("TASK-1"), "done", "{scenario}");
        fs::remove_file(test.task_path("done", "TASK-1")).unwrap();
    }
    assert_eq!(test.github.pull_requests().len(), 2);
}

#[test]
fn signing_without_a_terminal_and_hooks_that_fail_lose_no_work() {
    let test = Test::with_implementer();
    test.git(["config", "commit.gpgsign", "true"]);
    test.git(["config", "gpg.program", "false"]);
    test.program("hook", "#!/bin/sh\necho 'never' >&2; exit 1\n");
    for hook in ["pre-commit", "commit-msg", "post-checkout", "reference-transaction"] {
        fs::copy(test.root().join("bin/hook"), test.path(".git/hooks").join(hook)).unwrap();
    }
    test.claude.plays("implementer", "write TASK-1.txt work; commit Work; finish 'Could not commit.'");
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done", "{}", test.task_text("TASK-1"));
    let branch = test.task_line("TASK-1", "WORK_BRANCH").unwrap();
    assert_eq!(test.git(["show", &format!("{branch}:TASK-1.txt")]), "work");
}

#[test]
fn a_bad_task_file_is_shown_with_its_reason_and_the_others_go_on() {
    let test = Test::with_implementer();
    test.task("TASK-bad", "# Bad\n\nROLE: implment\nPRIORITY: P9\n");
    test.task("TASK-empty", "");
    fs::create_dir(test.task_path("incoming", "TASK-dir")).unwrap();
    fs::write(test.task_path("incoming", "TASK-huge"), vec![b'x'; 2 << 20]).unwrap();
    let tick = test.tick_and_wait();
    for words in ["TASK-bad.md", "implment", "P9", "TASK-empty.md", "TASK-huge.md"] {
        assert!(tick.stderr.contains(words), "{words} is not in {tick}");
    }
    assert_eq!(test.task_state("TASK-1"), "done");
    let list = test.run(["task", "list"]).ok().says("TASK-1").complains("TASK-bad.md").complains("implment");
    assert!(list.stderr.contains("implement"), "{list}");
    test.run(["task", "show", "TASK-bad"]).ok().says("left alone:").says("implment");
    let listed = test.run(["task", "list", "--json"]).ok().json();
    assert!(listed["unreadable"].as_array().unwrap().iter().any(|bad| bad["id"] == "TASK-bad"), "{listed}");
    test.later(60).tick();
    assert!(test.messages().len() <= 1, "{:?}", test.messages());
}

#[test]
fn a_repository_without_a_commit_is_refused() {
    let test = Test::without_repository();
    test.git(["init", "-q", "-b", "main"]);
    test.run(["init", "-y"]).refuses().complains("no commit").complains("git commit");
    assert!(!test.orchestrator("").exists());
}

#[test]
fn outside_a_project_it_says_so() {
    let test = Test::without_repository();
    for args in [&[][..], &["status"], &["task", "list"]] {
        test.run(args).refuses().complains("not in a git repository").complains("-C DIR");
    }
    test.git(["init", "-q"]);
    test.run([] as [&str; 0]).refuses().complains("scheduler init");
    test.run(["-C", "/nonexistent", "status"]).refuses().code(2).complains("no such directory");
}

#[test]
fn where_nothing_may_be_written_it_says_so() {
    let test = Test::with_implementer();
    // As root nothing is forbidden; a file in place of a directory is in the way of everybody.
    fs::write(test.orchestrator("agents/impl-1"), "in the way").unwrap();
    let tick = test.run([] as [&str; 0]);
    assert!(tick.stderr.contains("agents/impl-1"), "{tick}");
    assert!(!tick.stderr.contains("panicked"), "{tick}");
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("incoming", 0));
    fs::remove_file(test.orchestrator("agents/impl-1")).unwrap();
    test.later(3_600).tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done");
}
