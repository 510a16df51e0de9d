//! `scheduler task retry`.

use crate::support::Test;

fn project() -> Test {
    let test = Test::new();
    test.agents_and(&[("impl-1", "implementer")], "queue_limits: {max_incoming: 2}");
    for id in ["TASK-1", "TASK-2", "TASK-3"] {
        let text = format!(
            "# {id}\n\nATTEMPTS: 3\nCLAIMED_BY: impl-1\nRUN: x\nFAILED_AT: 2026-01-01T00:00:00Z\nWORK_BRANCH: agent/{id}-1\n\n## Error\n\nBroken.\n"
        );
        test.file(&format!(".orchestrator/shared/queue/failed/{id}.md"), &text);
    }
    test
}

#[test]
fn a_failed_task_begins_anew_and_keeps_what_is_known() {
    let test = project();
    test.now("2026-03-01T10:00:00Z").run(["task", "retry", "TASK-1"]).ok().says("TASK-1: back in incoming");
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("incoming", 0));
    let text = test.task_text("TASK-1");
    for gone in ["CLAIMED_BY", "RUN:", "FAILED_AT"] {
        assert!(!text.contains(gone), "{gone} is in {text}");
    }
    for kept in ["RETRIED_AT: 2026-03-01T10:00:00Z", "WORK_BRANCH: agent/TASK-1-1", "Broken."] {
        assert!(text.contains(kept), "{kept} is not in {text}");
    }
}

#[test]
fn it_runs_again() {
    let test = project();
    test.run(["task", "retry", "TASK-1"]).ok();
    test.claude.implements();
    test.tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("done", 1));
    assert!(test.claude.only_call().prompt.contains("Broken."));
}

#[test]
fn all_leaves_cancelled_ones_and_stops_at_the_limit() {
    let test = project();
    let text = test.task_text("TASK-2").replace("FAILED_AT", "CANCELLED_AT: 2026-01-01T00:00:00Z\nFAILED_AT");
    std::fs::write(test.task_path("failed", "TASK-2"), text).unwrap();
    test.run(["task", "retry", "--all"]).ok().says("TASK-2: was cancelled, left alone");
    assert_eq!((test.queue("incoming").len(), test.queue("failed").len()), (2, 1));
    test.run(["task", "retry", "TASK-2"]).refuses().complains("max_incoming").complains("--force");
    assert_eq!(test.task_state("TASK-2"), "failed");
    test.run(["task", "retry", "TASK-2", "--force"]).ok();
    assert_eq!(test.task_line("TASK-2", "CANCELLED_AT"), None);
    test.run(["task", "retry", "--all"]).ok().says("no failed or held task to retry");
}

#[test]
fn refuses_what_cannot_be_retried() {
    let test = project();
    test.task_for("TASK-4", "implement");
    test.file(".orchestrator/shared/queue/done/TASK-5.md", "# Done\n");
    test.run(["task", "retry", "TASK-4"]).refuses().complains("incoming");
    test.run(["task", "retry", "TASK-5"]).refuses().complains("is in done");
    test.run(["task", "retry", "TASK-6"]).refuses().complains("no task TASK-6");
    test.run(["task", "retry"]).refuses().code(2);
    test.run(["task", "retry", "TASK-1", "--all"]).refuses().code(2);
    assert_eq!(test.queue("failed").len(), 3);
}
