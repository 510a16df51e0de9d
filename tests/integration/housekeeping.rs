//! Tidying up, once a day: what goes, what stays, and that each removal is on record.

use crate::support::Test;
use std::{
    fs::{self, File},
    path::Path,
    time::{Duration, SystemTime},
};

const NOW: &str = "2026-03-10T10:00:00Z";

/// The first tick only notes the day.
fn project() -> Test {
    let test = Test::new();
    test.now(NOW).with_origin().agents(&[("impl-1", "implementer")]);
    test.tick_and_wait();
    test
}

/// A day later, the tidying up to its end; what it logged.
fn tidied(test: &Test) -> String {
    test.later(86_400).tick_and_wait();
    let day = &test.clock().time().to_rfc3339()[..10];
    fs::read_to_string(test.orchestrator(format!("logs/scheduler-{day}.log"))).unwrap_or_default()
}

fn make_old(path: &Path, days: u64) {
    let file = File::open(path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(days * 86_400)).unwrap();
}

/// The folder of a run that ended `age` days ago.
fn old_run(test: &Test, number: u32, age: u64) -> String {
    let id = format!("00000000-0000-4000-8000-{number:012}");
    let dir = test.orchestrator(format!("agents/impl-1/runs/{id}"));
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("assignment.json"), "{}").unwrap();
    make_old(&dir.join("assignment.json"), age);
    id
}

fn runs(test: &Test) -> usize {
    test.runs("impl-1").len()
}

/// As many newer logs of each writer as are kept in any case.
fn newer_logs(test: &Test) {
    for day in 10..17 {
        for name in ["scheduler", "impl-1"].map(|writer| format!("{writer}-2026-02-{day}.log")) {
            test.file(&format!(".orchestrator/logs/{name}"), "x");
        }
        test.file(&format!(".orchestrator/logs/events-2026-02-{day}.jsonl"), "");
    }
}

#[test]
fn what_a_project_keeps_is_for_its_user_alone() {
    let test = Test::new();
    test.with_origin().agents(&[("impl-1", "implementer")]).github.install();
    test.run(["init", "-y"]).ok();
    test.run(["task", "add", "--title", "Work", "--role", "implement"]).ok();
    test.claude.plays(
        "implementer",
        "run \"scheduler message send --type info --title Hello --body There\"; write a.txt x; commit Work; finish",
    );
    test.tick_and_wait();
    assert_eq!(test.queue("done").len(), 1);
    let mut find = test.program_command("find");
    find.arg(test.orchestrator("")).args(["-type", "f", "-perm", "/077", "!", "-path", "*/worktree/*"]);
    let open = test.finish(find).ok().stdout;
    let (committed, others): (Vec<_>, Vec<_>) = open.lines().partition(|path| {
        ["agents.yaml", "agents.schema.json", "global-instructions.md"].iter().any(|name| path.ends_with(name))
    });
    assert!(others.is_empty(), "{others:#?}");
    assert!(committed.iter().any(|path| path.ends_with("agents.schema.json")), "as the umask says: {committed:?}");
}

#[test]
fn it_is_done_once_a_day_and_not_on_the_first() {
    let test = project();
    newer_logs(&test);
    test.file(".orchestrator/logs/scheduler-2026-01-01.log", "");
    test.later(3_600).tick_and_wait();
    assert!(test.orchestrator("logs/scheduler-2026-01-01.log").exists());
    assert!(tidied(&test).contains("housekeeping: removed log scheduler-2026-01-01.log"));
    test.file(".orchestrator/logs/scheduler-2026-01-01.log", "");
    test.later(3_600).tick_and_wait();
    assert!(test.orchestrator("logs/scheduler-2026-01-01.log").exists());
    assert!(tidied(&test).contains("removed log"));
}

#[test]
fn old_runs_go_but_for_those_that_somebody_may_look_for() {
    let test = project();
    let ids: Vec<String> = (0..26).map(|n| old_run(&test, n, u64::from(n) + 1)).collect();
    test.file(".orchestrator/shared/queue/failed/TASK-1.md", &format!("# One\n\nRUN: {}\n", ids[21]));
    let message = format!("# \u{26a0}\u{fe0f} Look\n\n**Type:** warning\n**From:** impl-1\n\nSee run {}.\n", ids[22]);
    test.file(".orchestrator/messages/warning-20260101-000000-look.md", &message);
    let kept = test.orchestrator(format!("agents/impl-1/runs/{}/set-aside/inner", ids[23]));
    fs::create_dir_all(kept).unwrap();
    test.git(["update-ref", &format!("refs/salvage/{}-2", ids[24]), "HEAD"]);
    let log = tidied(&test);
    for (n, id) in ids.iter().enumerate() {
        let there = test.orchestrator(format!("agents/impl-1/runs/{id}")).exists();
        assert_eq!(there, n < 20 || (21..=24).contains(&n), "{n}: {log}");
        assert_eq!(log.contains(&format!("removed run {id}")), !there, "{log}");
    }
    assert_eq!(runs(&test), 24);
}

#[test]
fn only_old_logs_of_our_own_go() {
    let test = project();
    newer_logs(&test);
    for name in [
        "impl-1-2026-02-01.log",
        "events-2026-02-01.jsonl",
        "scheduler-2026-03-09.log",
        "cron.log",
        "notes-2026-02-01.log",
    ] {
        test.file(&format!(".orchestrator/logs/{name}"), "x");
    }
    let left = |name: &str| test.orchestrator(format!("logs/{name}")).exists();
    test.agents_and(&[("impl-1", "implementer")], "log_retention_days: 60");
    let log = tidied(&test);
    assert!(left("impl-1-2026-02-01.log") && left("events-2026-02-01.jsonl"), "{log}");
    test.agents(&[("impl-1", "implementer")]);
    let log = tidied(&test);
    assert!(!left("impl-1-2026-02-01.log") && !left("events-2026-02-01.jsonl"), "{log}");
    assert!(left("scheduler-2026-03-09.log") && left("cron.log") && left("notes-2026-02-01.log"), "{log}");
}

#[test]
fn a_clock_that_jumps_ahead_and_back_removes_no_log_of_the_day() {
    let test = project();
    let today = test.orchestrator("logs/events-2026-02-28.jsonl");
    test.file(".orchestrator/logs/events-2026-02-28.jsonl", "");
    for _ in 0..3 {
        test.later(40 * 86_400).tick_and_wait();
    }
    assert!(today.exists());
}

#[test]
fn merged_branches_go_when_origin_has_them_and_no_task_needs_them() {
    let test = project();
    let branch = |name: &str, file: &str| {
        test.git(["checkout", "-q", "-b", name]);
        test.committed_file(file, "x");
        test.git(["checkout", "-q", "main"]);
    };
    branch("agent/merged-1", "a.txt");
    branch("agent/open-2", "b.txt");
    branch("feature/mine", "c.txt");
    branch("agent/only-here-3", "d.txt");
    branch("agent/needed-4", "e.txt");
    branch("agent/squashed-6", "f.txt");
    test.git(["merge", "-q", "--squash", "agent/squashed-6"]);
    test.git(["commit", "-q", "-m", "Squashed"]);
    for name in ["agent/merged-1", "feature/mine", "agent/needed-4"] {
        test.git(["merge", "-q", "--no-ff", "-m", "Merge", name]);
    }
    test.git(["push", "-q", "origin", "main"]);
    test.git(["merge", "-q", "--no-ff", "-m", "Merge", "agent/only-here-3"]);
    test.git(["update-ref", "refs/salvage/11111111-0000-4000-8000-000000000000", "agent/merged-1"]);
    test.git(["worktree", "add", "-q", "-b", "agent/stood-on-5", "../elsewhere", "origin/main"]);
    test.file(".orchestrator/shared/queue/failed/TASK-4.md", "# Four\n\nWORK_BRANCH: agent/needed-4\n");
    let before = test.snapshot();
    let log = tidied(&test);
    test.assert_untouched(&before);
    assert_eq!(test.agent_branches(), ["agent/needed-4", "agent/only-here-3", "agent/open-2", "agent/stood-on-5"]);
    for name in ["merged-1", "squashed-6"] {
        assert!(log.contains(&format!("removed branch agent/{name}, merged")), "{log}");
    }
    assert!(test.git(["for-each-ref", "refs/salvage/"]).contains("11111111"), "a salvage ref is never removed");
}

#[test]
fn worktrees_of_former_agents_go_when_nothing_unsaved_is_in_them() {
    let test = project();
    let agents =
        [("impl-1", "implementer"), ("clean", "implementer"), ("dirty", "implementer"), ("lone", "implementer")];
    test.agents(&agents);
    test.claude.implements();
    for (n, (_, role)) in agents.iter().enumerate() {
        test.task(&format!("TASK-{n}"), &format!("# Task {n}\n\nROLE: {}\n", &role[..9]));
    }
    test.later(600).tick_and_wait();
    assert_eq!(test.queue("done").len(), 4, "{:?}", test.queue("failed"));
    let worktree = |agent: &str| test.orchestrator(format!("agents/{agent}/worktree"));
    fs::write(worktree("dirty").join("unsaved.txt"), "mine").unwrap();
    fs::write(worktree("lone").join("more.txt"), "mine").unwrap();
    for args in [["add", "."].as_slice(), &["commit", "-q", "-m", "By hand"]] {
        test.git_in(worktree("lone"), args);
    }
    test.agents(&[("impl-1", "implementer")]);
    let log = tidied(&test);
    assert!(worktree("impl-1").exists() && worktree("dirty").exists() && worktree("lone").exists(), "{log}");
    assert!(!worktree("clean").exists(), "{log}");
    assert!(log.contains("removed the worktree of clean"), "{log}");
    assert!(
        log.contains("worktree of dirty") && log.contains("unsaved.txt") && log.contains("no branch holds"),
        "{log}"
    );
    assert!(!test.git(["worktree", "list"]).contains("agents/clean/"));
    // It can come back.
    test.agents(&[("clean", "implementer")]).task("TASK-9", "# Nine\n");
    test.later(600).tick_and_wait();
    assert_eq!(test.task_state("TASK-9"), "done");
}

#[test]
fn what_killed_writers_left_goes_after_days() {
    let test = project();
    let stale = ["shared/queue/incoming/.tmp-a", "agents/impl-1/.tmp-b", "messages/.tmp-c", "cache/.tmp-d"];
    for path in stale.iter().chain(&["shared/queue/incoming/.tmp-fresh"]) {
        test.file(&format!(".orchestrator/{path}"), "half");
    }
    for path in stale {
        make_old(&test.orchestrator(path), 3);
    }
    let log = tidied(&test);
    for path in stale {
        assert!(!test.orchestrator(path).exists() && log.contains(path), "{path}: {log}");
    }
    assert!(test.orchestrator("shared/queue/incoming/.tmp-fresh").exists());
}

#[test]
fn a_broken_configuration_removes_nothing_that_depends_on_it() {
    let test = project();
    test.file(".orchestrator/logs/scheduler-2026-01-01.log", "");
    test.file(".orchestrator/agents.yaml", "agents: [");
    test.later(86_400);
    test.run([] as [&str; 0]).code(2);
    test.wait_quiet();
    assert!(test.orchestrator("logs/scheduler-2026-01-01.log").exists());
}
