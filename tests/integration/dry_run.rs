//! `scheduler --dry-run`: every decision, and nothing changed.

use crate::support::{Test, proposals::architect};
use std::fs;

/// Every file with its size and time.
fn files(test: &Test) -> String {
    let mut find = test.program_command("find");
    find.args([".", "-printf", "%p %T@ %s\n"]);
    test.finish(find).ok().stdout
}

/// With agents.yaml where agents begin, there is nothing to warn of.
fn committed(test: &Test) {
    test.git(["add", "-f", ".orchestrator/agents.yaml"]);
    test.git(["commit", "-q", "-m", "Set up"]);
}

/// What is to be put right first is planned, and the decision made as if that had been done.
#[test]
fn it_prints_exactly_what_the_next_tick_does() {
    let test = Test::new();
    test.config(
        "model: proposal\nagents:\n  - {name: impl-1, role: implementer}\n  - {name: impl-2, role: implementer}\n  \
         - {name: impl-3, role: implementer, interval_seconds: 3600}\n  - {name: architect, role: proposer, focus: tests}\n  \
         - {name: curator, role: curator}\nproposal_limits: {architect: {max_active: 2}}\n",
    );
    test.now("2026-03-01T10:00:00Z").run(["pause"]).ok();
    let [soon, promoted, refactor, feature] = [
        architect("Soon", "debt", &[]).add(&test),
        architect("Promoted", "debt", &[]).with(&["--force"]).add(&test),
        architect("Simpler", "refactor", &["src/a.rs"]).with(&["--force"]).add(&test),
        architect("More", "feature", &["src/a.rs"]).with(&["--force"]).add(&test),
    ];
    // Created in the same second, they are told in the order of their random ids.
    let mut opposed = [&refactor, &feature];
    opposed.sort();
    test.run(["proposal", "defer", &soon, "--reason", "later", "--for", "1d"]).ok();
    let cut_off = serde_json::json!({"judge": {"id": promoted, "from": "active", "blocked_by": [], "judgement": {
        "by": "curator", "at": "2026-03-01T10:00:00Z", "run": null, "verdict": {
            "is": "promoted", "task": "TASK-9", "role": "implement", "priority": "P0", "branch": null}}}});
    test.file(".orchestrator/shared/proposals/unfinished.json", &cut_off.to_string());
    // A claim that nobody holds, and a request that was served.
    test.file(".orchestrator/shared/queue/claimed/TASK-1.md", "# One\n\nATTEMPTS: 2\nCLAIMED_BY: impl-1\nRUN: gone\n");
    let state = r#"{"phase": "idle", "last_started": "2026-03-02T09:59:00Z", "last_finished": "2026-03-02T09:59:30Z"}"#;
    test.file(".orchestrator/agents/impl-3/state.json", state);
    test.file(".orchestrator/run-requests/impl-3", "2026-03-02T09:58:00Z\n");
    fs::remove_file(test.orchestrator("paused")).unwrap();
    test.claude.plays("default", "finish");

    test.now("2026-03-02T10:00:00Z");
    committed(&test);
    let before = files(&test);
    let planned = test
        .run(["--dry-run"])
        .ok()
        .quiet()
        .says("TASK-1: back in incoming, nobody holds it\n")
        .says(&format!("{promoted}: promoted, completed\n"))
        .says(&format!("{soon}: back in active, its time is over\n"))
        .says(&format!("{} and {} contradict each other: deferred", opposed[0], opposed[1]))
        .says("impl-1: would start with TASK-9\n")
        .says("impl-2: would start with TASK-1, attempt 2\n")
        .says("impl-3: not due before ")
        .says("architect: would start")
        .says("curator: would start");
    assert_eq!(files(&test), before);
    let done = test.run(["--debug"]).ok().quiet();
    let done = done.stdout.replace("2026-03-02 13:00 +03:00 ", "");
    assert_eq!(done, planned.stdout.replace("would start", "started"));
    assert!(!test.orchestrator("run-requests/impl-3").exists());
    assert_eq!((test.proposal_state(&soon), test.proposal_state(&refactor)), ("active", "deferred"));
    test.wait_quiet();
}

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
    // A claim that nobody holds would go back first, and could then be claimed.
    test.file(".orchestrator/shared/queue/claimed/TASK-2.md", "# Claimed\n");
    committed(&test);
    let before = files(&test);
    test.run(["--dry-run"])
        .ok()
        .quiet()
        .says("impl-1: would start with TASK-1\n")
        .says("TASK-2: back in incoming, nobody holds it\n")
        .says("impl-2: would start with TASK-2\n")
        .says("pm: would start to look for tasks\n")
        .says("tester-1: no test task\n");
    assert_eq!(files(&test), before);
    assert!(test.leftovers().is_empty());
}

#[test]
fn with_a_clock_it_looks_ahead() {
    let test = Test::new();
    test.config("agents:\n  - {name: pm, role: product_manager, interval_seconds: 600, rescan_after: 0}\n");
    test.claude.plays("default", "finish");
    test.now("2026-03-01T10:00:00Z").tick_and_wait();
    test.now("2026-03-01T10:05:00Z").run(["--dry-run"]).ok().says("pm: not due before 2026-03-01 13:09 +03:00");
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
