//! The run of an implementer: what it is given, what its end means, and what comes of its work.

use crate::support::Test;

/// An origin, a `gh`, one implementer and one task for it.
fn project() -> Test {
    let test = Test::new();
    test.with_origin().agents(&[("impl-1", "implementer")]).task_for("TASK-1", "implement");
    test.github.install();
    test
}

#[test]
fn commits_are_pushed_and_a_pull_request_is_opened() {
    let test = project();
    test.claude.implements();
    let before = test.snapshot();
    test.tick_and_wait().says("impl-1: started with TASK-1").quiet();
    assert_eq!(test.task_state("TASK-1"), "done");
    let pull_request = test.github.only_pull_request();
    assert_eq!((pull_request.base.as_str(), pull_request.title.as_str()), ("main", "Work on TASK-1"));
    assert!(pull_request.body.contains("It is done.") && pull_request.body.contains("TASK-1"), "{pull_request:?}");
    assert!(!pull_request.draft);
    assert_eq!(test.pushed_branches(), [pull_request.head.clone()]);
    assert!(pull_request.head.starts_with("agent/TASK-1-"), "{}", pull_request.head);
    assert_eq!(test.git(["show", &format!("{}:TASK-1.txt", pull_request.head)]), "work");
    assert!(test.task_text("TASK-1").contains("/pull/1"), "{}", test.task_text("TASK-1"));
    assert_eq!(test.task_line("TASK-1", "WORK_BRANCH"), Some(pull_request.head));
    assert_eq!(test.task_line("TASK-1", "ATTEMPTS").as_deref(), Some("1"));
    assert!(test.task_line("TASK-1", "COMPLETED_AT").is_some());
    assert!(test.messages().is_empty(), "{:?}", test.messages());
    test.assert_untouched(&before);
    let state = test.state("impl-1");
    assert_eq!((&state["phase"], &state["last_outcome"]), (&"idle".into(), &"finished".into()));
    assert_eq!((&state["total_runs"], &state["total_successes"]), (&1.into(), &1.into()));
}
