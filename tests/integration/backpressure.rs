//! The limits of queue, claims and open pull requests: exact, at any tick.

use crate::support::Test;

fn project(limits: &str) -> Test {
    let test = Test::new();
    test.with_origin().agents_and(
        &[("impl-1", "implementer"), ("impl-2", "implementer"), ("impl-3", "implementer"), ("pm", "product_manager")],
        &format!("queue_limits: {{{limits}}}"),
    );
    test.claude.plays("product_manager", "finish").implements();
    test
}

/// The cache of open pull requests as a refresh at the test's time leaves it.
fn known(test: &Test, count: usize) {
    let now = test.clock().time().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let open: Vec<_> =
        (1..=count).map(|n| serde_json::json!({"number": n, "title": "T", "head": format!("agent/{n}")})).collect();
    let text = serde_json::json!({"asked_at": now, "open": open, "error": null}).to_string();
    test.file(".orchestrator/cache/open-prs.json", &text);
}

#[test]
fn claims_in_one_tick_stop_at_max_claimed() {
    let test = project("max_claimed: 2");
    for id in ["TASK-1", "TASK-2", "TASK-3"] {
        test.task_for(id, "implement");
    }
    test.tick();
    assert_eq!((test.queue("incoming").len(), test.queue("claimed").len() + test.queue("done").len()), (1, 2));
    test.wait_quiet();
    let decisions = test.last_tick()["decisions"].to_string();
    assert!(decisions.contains(r#"{"claimed":2,"limit":2,"reason":"claims_full"}"#), "{decisions}");
}

#[test]
fn a_full_queue_starts_no_product_manager() {
    let test = project("max_incoming: 2, max_claimed: 0");
    test.task_for("TASK-1", "implement").task_for("TASK-2", "implement");
    test.tick_and_wait();
    assert_eq!(test.claude.count(), 0);
    std::fs::remove_file(test.task_path("incoming", "TASK-2")).unwrap();
    test.tick_and_wait().says("pm: started");
    assert_eq!(test.claude.count(), 1);
}

#[test]
fn claimed_tasks_count_as_the_pull_requests_that_they_will_open() {
    let test = project("max_open_prs: 3");
    known(&test, 1);
    for id in ["TASK-1", "TASK-2", "TASK-3"] {
        test.task_for(id, "implement");
    }
    test.tick_and_wait();
    assert_eq!(test.queue("done").len(), 2);
    let decisions = test.last_tick()["decisions"].to_string();
    assert!(decisions.contains(r#""reason":"prs_full""#), "{decisions}");
}

#[test]
fn reviews_and_work_on_open_pull_requests_are_not_held_by_them() {
    let test = project("max_open_prs: 1");
    test.agents_and(&[("impl-1", "implementer"), ("reviewer-1", "reviewer")], "queue_limits: {max_open_prs: 1}");
    known(&test, 1);
    test.task_for("TASK-1", "implement").task("TASK-2", "# Carry on\n\nPR: 1\n").task_for("TASK-3", "review");
    test.claude.plays("reviewer", "run \"scheduler review record --verdict approve --summary x\"; finish");
    test.tick_and_wait().says("TASK-2").says("TASK-3").says_not("TASK-1");
    assert_eq!(test.task_state("TASK-1"), "incoming");
}

#[test]
fn a_count_that_is_old_is_refreshed_beside_the_tick() {
    let test = project("max_open_prs: 2");
    test.github.install();
    for (head, title) in [("agent/a", "A"), ("agent/b", "B"), ("feature/c", "C")] {
        test.github.open(head, "main", title);
    }
    test.task_for("TASK-1", "implement");
    test.file(".orchestrator/shared/queue/incoming/TASK-1.md", "# T\n\nBLOCKED_BY: TASK-0\n");
    test.tick_and_wait();
    assert_eq!(test.github.count("pr list"), 0, "asked although nobody could claim");
    test.task_for("TASK-1", "implement");
    test.file(".orchestrator/paused", "").later(7_200).tick_and_wait();
    assert_eq!(test.github.count("pr list"), 0, "asked while paused");
    std::fs::remove_file(test.orchestrator("paused")).unwrap();
    known(&test, 2);
    test.later(61).tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.github.count("pr list")), ("incoming", 1));
    test.run(["status"]).ok().says("Open PRs    2 of 2");
    test.github.set(1, "state", "MERGED");
    test.later(61).tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "incoming", "the count that was known before binds");
    test.later(30).tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.github.count("pr list") >= 2), ("done", true));
}

#[test]
fn a_count_that_was_never_known_holds_nothing() {
    let test = project("max_open_prs: 1");
    test.github.install().fault("pr list", "hang", 1);
    test.task_for("TASK-1", "implement");
    let tick = test.tick();
    assert!(tick.elapsed.as_secs() < 50, "{:?}", tick.elapsed);
    test.wait_until("the task to be done", || test.queue("done").len() == 1);
    for left in test.leftovers().iter().filter(|left| left.command == "sleep 600") {
        let mut kill = test.program_command("kill");
        kill.arg(left.pid.to_string());
        test.finish(kill);
    }
    test.wait_quiet();
}

#[test]
fn a_pull_request_counts_from_the_moment_it_is_opened() {
    let test = project("max_open_prs: 1");
    test.github.install();
    known(&test, 0);
    test.task_for("TASK-1", "implement").task_for("TASK-2", "implement");
    test.tick_and_wait();
    assert_eq!(test.github.pull_requests().len(), 1);
    // The next tick finds a count that was asked for before the pull request was there.
    test.later(45).tick_and_wait();
    assert_eq!((test.github.pull_requests().len(), test.queue("incoming").len()), (1, 1));
}
