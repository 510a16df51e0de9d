//! A person moves and edits task files at any moment: nothing is doubled, lost, or run twice at once.

use crate::support::Test;
use std::fs;

/// A run of TASK-1 under way, which ends when the file `go` is there.
fn running() -> Test {
    let test = Test::new();
    test.agents(&[("impl-1", "implementer"), ("impl-2", "implementer")]).task_for("TASK-1", "implement");
    test.claude
        .plays("implementer", "write work.txt x && commit Work; until [ -e \"$HOME/go\" ]; do rest 0.1; done; finish");
    test.tick();
    test.wait_until("claude to run", || test.claude.count() == 1);
    test
}

fn go(test: &Test) {
    fs::write(test.root().join("home/go"), "").unwrap();
    test.wait_quiet();
}

fn move_by_hand(test: &Test, from: &str, to: &str) {
    fs::rename(test.task_path(from, "TASK-1"), test.task_path(to, "TASK-1")).unwrap();
}

#[test]
fn back_to_incoming_while_its_run_is_live_is_not_run_twice_at_once() {
    let test = running();
    move_by_hand(&test, "claimed", "incoming");
    for _ in 0..3 {
        test.later(120).tick();
    }
    test.run(["--dry-run"]).ok().says("impl-2: no implement task can be claimed");
    test.run(["task", "show", "TASK-1"]).ok().says("incoming");
    assert_eq!((test.claude.count(), test.task_state("TASK-1")), (1, "incoming"));
    go(&test);
    // The run that ended didn't take away what the person had put back; now it runs again.
    assert_eq!(test.task_state("TASK-1"), "incoming");
    test.later(7_200).tick_and_wait();
    assert_eq!((test.claude.count(), test.task_state("TASK-1")), (2, "done"));
}

#[test]
fn moved_anywhere_while_its_run_is_live_it_stays_there() {
    for to in ["done", "failed"] {
        let test = running();
        move_by_hand(&test, "claimed", to);
        test.later(120).tick();
        go(&test);
        assert_eq!(test.task_state("TASK-1"), to);
        assert_eq!(test.state("impl-1")["phase"], "idle");
        test.later(7_200).tick_and_wait();
        assert_eq!((test.claude.count(), test.task_state("TASK-1")), (1, to));
    }
}

#[test]
fn deleted_while_its_run_is_live_it_stays_deleted_and_the_work_is_there() {
    let test = running();
    fs::remove_file(test.task_path("claimed", "TASK-1")).unwrap();
    test.later(120).tick();
    go(&test);
    let all: usize = ["incoming", "claimed", "done", "failed"].iter().map(|state| test.queue(state).len()).sum();
    assert_eq!((all, test.state("impl-1")["phase"].as_str()), (0, Some("idle")));
    assert_eq!(test.git(["show", &format!("{}:work.txt", test.agent_branches()[0])]), "x");
}

#[test]
fn what_a_person_writes_into_a_claimed_task_is_kept() {
    let test = running();
    let text = test.task_text("TASK-1") + "\nA remark of mine.\n";
    fs::write(test.task_path("claimed", "TASK-1"), text).unwrap();
    go(&test);
    assert_eq!(test.task_state("TASK-1"), "done");
    assert!(test.task_text("TASK-1").contains("A remark of mine."));
}

#[test]
fn a_save_by_rename_and_a_second_copy_lose_nothing() {
    let test = running();
    let mine = test.task_text("TASK-1") + "\nSaved by an editor.\n";
    let saved = test.root().join("saved");
    fs::write(&saved, mine).unwrap();
    fs::rename(saved, test.task_path("claimed", "TASK-1")).unwrap();
    go(&test);
    assert!(test.task_text("TASK-1").contains("Saved by an editor."));
    // A copy in incoming of what is done is not begun, and said.
    fs::copy(test.task_path("done", "TASK-1"), test.task_path("incoming", "TASK-1")).unwrap();
    test.later(7_200).tick().complains("TASK-1 is in incoming and in done: remove one of the two files");
    assert_eq!(test.claude.count(), 1);
    fs::remove_file(test.task_path("incoming", "TASK-1")).unwrap();
}

#[test]
fn claimed_by_hand_without_a_run_it_goes_back() {
    let test = Test::new();
    test.agents(&[("impl-1", "implementer")]);
    test.file(".orchestrator/shared/queue/claimed/TASK-1.md", "# Mine\n\nCLAIMED_BY: impl-1\nRUN: gone\n");
    test.claude.implements();
    test.tick_and_wait().says("TASK-1: back in incoming, nobody holds it");
    test.later(120).tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.claude.count()), ("done", 1));
}

#[test]
fn done_again_put_into_incoming_it_runs_again() {
    let test = running();
    go(&test);
    move_by_hand(&test, "done", "incoming");
    test.later(7_200).tick_and_wait();
    assert_eq!((test.claude.count(), test.task_state("TASK-1")), (2, "done"));
}

#[test]
fn a_title_alone_is_a_task_whatever_the_editor_did() {
    let test = Test::new();
    test.agents(&[("impl-1", "implementer")]);
    fs::write(
        test.task_path("incoming", "mine"),
        b"\xef\xbb\xbf# Do it\r\n\r\nPRIORITY: P0\r\n\r\n## Notes\r\nROLE: review\r\ncaf\xe9\r\n",
    )
    .unwrap();
    test.file(".orchestrator/shared/queue/incoming/.mine.md.swp", "x")
        .file(".orchestrator/shared/queue/incoming/mine.md~", "x");
    test.claude.implements();
    test.tick_and_wait().says("impl-1: started with mine");
    assert_eq!(test.task_state("mine"), "done");
    let bytes = fs::read(test.task_path("done", "mine")).unwrap();
    assert!(bytes.windows(4).any(|part| part == b"caf\xe9"), "bytes that are not UTF-8 were lost");
}

#[test]
fn lock_files_that_a_person_deletes_do_no_harm() {
    let test = running();
    for lock in ["scheduler.lock", "store.lock", "fetch.lock"] {
        let _ = fs::remove_file(test.orchestrator(lock));
    }
    test.task_for("TASK-2", "implement");
    test.later(120).tick().says("TASK-2").says_not("impl-1");
    go(&test);
    assert_eq!((test.claude.count(), test.queue("done").len()), (2, 2));
}
