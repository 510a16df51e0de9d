//! `scheduler --dry-run`: every decision, and nothing changed.

use crate::support::Test;

#[test]
fn it_says_what_would_happen_and_changes_nothing() {
    let test = Test::new();
    test.agents(&[
        ("impl-1", "implementer"),
        ("impl-2", "implementer"),
        ("pm", "product_manager"),
        ("tester-1", "tester"),
    ]);
    test.task_for("TASK-1", "implement");
    // A claim that nobody holds, and a lost run: both are left to a real tick.
    test.file(".orchestrator/shared/queue/claimed/TASK-2.md", "# Claimed\n");
    let look = || {
        let mut find = test.program_command("find");
        find.args([".", "-printf", "%p %T@ %s\n"]);
        test.finish(find).ok().stdout
    };
    let before = look();
    test.run(["--dry-run"])
        .ok()
        .quiet()
        .says("impl-1: would start with TASK-1\n")
        .says("impl-2: no implement task\n")
        .says("pm: would start to look for tasks\n")
        .says("tester-1: no test task\n");
    assert_eq!(look(), before);
    assert!(test.leftovers().is_empty());
}

#[test]
fn with_a_clock_it_looks_ahead() {
    let test = Test::new();
    test.config("agents:\n  - {name: pm, role: product_manager, interval_seconds: 600}\n");
    test.claude.plays("default", "finish");
    test.now("2026-03-01T10:00:00Z").tick_and_wait();
    test.now("2026-03-01T10:05:00Z").run(["--dry-run"]).ok().says("pm: not due before 2026-03-01T10:09:30Z");
    test.now("2026-03-01T10:09:30Z").run(["--dry-run"]).ok().says("pm: would start");
    test.set_env("SCHEDULER_NOW", "soon");
    let mut command = test.command(["--dry-run"]);
    command.env("SCHEDULER_NOW", "soon");
    test.finish(command).refuses().code(2).complains("SCHEDULER_NOW");
}

#[test]
fn it_needs_no_lock() {
    let test = Test::new();
    test.agents(&[("pm", "product_manager")]);
    let lock = std::fs::File::create(test.orchestrator("scheduler.lock")).unwrap();
    lock.lock().unwrap();
    test.run(["--dry-run"]).ok().says("pm: would start");
    assert_eq!(test.tick().stdout, "");
    test.run(["--debug"]).ok().says("another tick is under way");
    assert_eq!(test.claude.count(), 0);
}
