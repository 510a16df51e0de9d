//! A task that would conflict with an open pull request waits for it, and says so everywhere.

use crate::support::Test;

/// A project in which TASK-1 has led to pull request #1, which changes `shared.txt`.
fn project() -> Test {
    let test = Test::new();
    test.with_origin().agents(&[("impl-1", "implementer")]).task_for("TASK-1", "implement");
    test.github.install();
    test.claude.implements().plays("TASK-1", "write shared.txt one && commit 'Share' && finish 'It is done.'");
    test.tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.github.only_pull_request().number), ("done", 1));
    test
}

#[test]
fn a_task_that_names_its_files_waits_until_it_is_merged() {
    let test = project();
    test.task("TASK-2", "# Go on\n\nPRIORITY: P1\n\n## Relevant Files\n\n- shared.txt\n")
        .task_for("TASK-3", "implement");
    test.later(60).tick_and_wait();
    assert_eq!((test.task_state("TASK-2"), test.task_state("TASK-3")), ("incoming", "done"), "the next one goes first");
    let waits = "waits for pull request #1, which changes shared.txt too";
    test.later(45).run(["--dry-run"]).ok().says("impl-1: 1 implement task waits for pull requests");
    test.run(["why", "impl-1"]).ok().says("#1").says(&format!("TASK-2 {waits}")).says("PRIORITY: P0");
    test.run(["why", "TASK-2"]).ok().says(waits).says("merged or closed");
    test.run(["task", "show", "TASK-2"]).ok().says(waits);
    test.run(["task", "list"]).ok().says("overlaps");
    test.run(["task", "list", "--json"]).ok().says(r#""pr": 1"#);
    test.run(["status"]).ok().says("1 of 1 incoming waits for an open pull request");
    test.github.set(1, "state", "MERGED");
    // The first tick asks anew, the second one knows.
    test.later(61).tick_and_wait();
    test.later(30).tick_and_wait();
    assert_eq!(test.task_state("TASK-2"), "done");
}

#[test]
fn the_most_urgent_waits_for_none() {
    let test = project();
    test.task("TASK-2", "# Go on\n\nPRIORITY: P0\n\n## Relevant Files\n\n- shared.txt\n");
    test.later(60).tick_and_wait();
    assert_eq!(test.task_state("TASK-2"), "done");
}

#[test]
fn work_that_an_earlier_run_left_is_merged_by_way_of_trial() {
    let test = project();
    for (branch, file) in [("agent/left", "shared.txt"), ("agent/apart", "apart.txt")] {
        test.git(["switch", "-q", "-c", branch, "main"]);
        test.committed_file(file, "two\n");
        test.git(["switch", "-q", "main"]);
    }
    test.task("TASK-2", "# Go on\n\nWORK_BRANCH: agent/left\n").task("TASK-3", "# Go on\n\nWORK_BRANCH: agent/apart\n");
    // Somebody else has it asked and compared while no implementer is there.
    test.agents(&[("tester-1", "tester")]).task_for("TASK-0", "test");
    test.claude.plays("tester", "finish 'Nothing to test.'");
    test.later(61).tick_and_wait();
    test.agents(&[("impl-1", "implementer")]).later(30);
    test.run(["why", "TASK-2"]).ok().says("waits for pull request #1, with which its earlier work conflicts");
    test.run(["why", "TASK-3"]).ok().says("is claimed at the next tick");
}
