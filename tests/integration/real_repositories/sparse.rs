//! Sparse checkouts: the worktree has what your checkout has, and work beside it is saved like any other.

use super::saved;
use crate::support::Test;

/// A project with folders `a`, `b` and `c`, of which the checkout has only `a`.
fn project(how: &[&str]) -> Test {
    let test = Test::with_implementer();
    for folder in ["a", "b", "c"] {
        test.committed_file(&format!("{folder}/f"), "as it was\n");
    }
    test.git(["push", "-q", "origin", "main"]);
    test.git([&["sparse-checkout", "set"], how].concat());
    test
}

const CONE: &[&str] = &["a"];

#[test]
fn the_worktree_has_the_cone_and_work_outside_is_committed() {
    for how in [CONE, &["--no-cone", "/a/", "/*", "!/b/", "!/c/"], &["--sparse-index", "a"]] {
        work_outside_is_committed(&project(how));
    }
}

fn work_outside_is_committed(test: &Test) {
    let work = "ls >&2; run 'ls'; mkdir b && echo mine >b/f && mkdir d && echo mine >d/new && finish Done.";
    test.claude.plays("TASK-1", work);
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done", "{}", test.task_text("TASK-1"));
    let branch = &test.pushed_branches()[0];
    assert_eq!(test.git_in(test.origin(), ["diff", "--name-only", "main", branch]), "b/f\nd/new");
    let log = std::fs::read_to_string(test.runs("impl-1")[0].join("stderr.log")).unwrap();
    assert!(log.lines().any(|line| line == "a") && !log.lines().any(|line| line == "b"), "{log}");
    assert_eq!(test.messages(), []);
}

#[test]
fn what_a_reader_or_a_dead_run_leaves_outside_the_cone_is_salvaged() {
    for (role, end) in [("reviewer", "finish Fine."), ("implementer", "commit Part; echo more >>b/f; finish Done.")] {
        let test = project(CONE);
        test.agents(&[("a-1", role)]).task_for("TASK-2", "review");
        test.claude.plays("a-1", &format!("mkdir b && echo precious >b/f && rm a/f && {end}"));
        test.tick_and_wait();
        assert!(saved(&test, "b/f", "precious"), "{role}");
        // The next run stands on a clean worktree.
        test.claude.plays("a-1", "git status --porcelain >&2; finish Fine.");
        test.later(600).tick_and_wait();
        let log = std::fs::read_to_string(test.runs("a-1").last().unwrap().join("stderr.log")).unwrap();
        assert_eq!(log, "", "{role}");
    }
}
