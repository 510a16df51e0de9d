//! `scheduler task cancel`.

use crate::support::Test;

fn project() -> Test {
    let test = Test::new();
    test.agents(&[("impl-1", "implementer")]).task_for("TASK-1", "implement");
    test
}

#[test]
fn a_waiting_task_is_failed_with_the_reason() {
    let test = project();
    test.now("2026-03-01T10:00:00Z")
        .run(["task", "cancel", "TASK-1", "--reason", "Not\nneeded"])
        .ok()
        .says("TASK-1: cancelled");
    assert_eq!(test.task_state("TASK-1"), "failed");
    assert_eq!(test.task_line("TASK-1", "CANCELLED_AT").as_deref(), Some("2026-03-01T10:00:00Z"));
    assert!(test.task_text("TASK-1").contains("Cancelled: Not needed"));
    test.tick_and_wait();
    assert_eq!(test.claude.count(), 0);
}

#[test]
fn a_run_that_has_it_is_stopped_and_its_work_kept() {
    let test = project();
    test.claude.plays("implementer", "write half.txt x && commit Half; hang");
    test.tick();
    test.wait_until("claude to have committed", || {
        test.claude.count() == 1
            && test
                .agent_branches()
                .first()
                .is_some_and(|branch| test.git(["ls-tree", "--name-only", branch]).contains("half.txt"))
    });
    test.run(["task", "cancel", "TASK-1", "--reason", "Changed my mind"]).ok().says("impl-1: its run is being stopped");
    test.wait_quiet();
    assert_eq!(test.task_state("TASK-1"), "failed");
    let text = test.task_text("TASK-1");
    assert!(text.contains("Changed my mind") && !text.contains("Set aside"), "{text}");
    assert_eq!(test.agent_branches().len(), 1);
    test.later(7_200).tick_and_wait();
    assert_eq!((test.claude.count(), test.task_state("TASK-1")), (1, "failed"));
}

#[test]
fn refuses_what_cannot_be_cancelled() {
    let test = project();
    test.file(".orchestrator/shared/queue/done/TASK-2.md", "# Done\n");
    test.run(["task", "cancel", "TASK-2", "--reason", "x"]).refuses().complains("done");
    test.run(["task", "cancel", "TASK-3", "--reason", "x"]).refuses().complains("no task TASK-3");
    test.run(["task", "cancel", "TASK-1"]).refuses().code(2).complains("--reason");
    test.run(["task", "cancel", "TASK-1", "--reason", "  "]).refuses().code(2);
    assert_eq!((test.task_state("TASK-1"), test.task_state("TASK-2")), ("incoming", "done"));
}
