//! A machine that has no room, or no more open files: never the task's fault, however often it comes back, and told once.

use super::failing_git::{git_fails, git_works};
use crate::support::Test;

/// As real programs said it.
const WORDS: [&str; 3] = [
    "fatal: sha1 file '/x/.git/index.lock' write error. Out of diskspace",
    "fatal: could not open '/dev/null' for reading and writing: Too many open files",
    "fatal: Unable to create '/x/.git/index.lock': Read-only file system",
];

fn assert_held_back(test: &Test, times: usize) {
    for _ in 0..times {
        test.tick_and_wait();
        assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("incoming", 0));
        assert_eq!(test.task_line("TASK-1", "WAITS_FOR"), None);
        test.later(3_000);
    }
    let told = test.messages();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].1.contains("This machine lacks what runs need"), "{told:?}");
}

#[test]
fn a_worktree_that_there_is_no_room_for_is_tried_again_until_there_is() {
    for words in WORDS {
        let test = Test::with_implementer();
        git_fails(&test, "*'worktree add'*", words);
        assert_held_back(&test, 6);
        git_works(&test);
        test.tick_and_wait();
        assert_eq!(test.task_state("TASK-1"), "done", "{words}: {}", test.task_text("TASK-1"));
    }
}

#[test]
fn a_claude_that_has_no_room_is_no_attempt() {
    let test = Test::with_implementer();
    test.agents_and(&[("impl-1", "implementer")], "defaults: {max_attempts: 1}");
    let crash = "say Hello; echo 'Error: ENOSPC: no space left on device, write' >&2; exit 1";
    test.claude.plays("implementer", crash);
    assert_held_back(&test, 6);
    test.claude.implements();
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done");
}

#[test]
fn work_that_there_is_no_room_to_push_is_pushed_later() {
    let test = Test::with_implementer();
    git_fails(&test, "*' push '*", WORDS[0]);
    for _ in 0..5 {
        test.tick();
        test.wait_until("no process", || test.leftovers().is_empty());
        assert_eq!(test.task_state("TASK-1"), "claimed");
    }
    assert_eq!(test.messages().len(), 1, "{:?}", test.messages());
    git_works(&test);
    test.tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.pushed_branches().len()), ("done", 1));
    assert_eq!(test.claude.count(), 1);
}
