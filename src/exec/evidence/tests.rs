use super::*;
use crate::exec::test_project::{TestProject, write};
use crate::exec::worktree::{INSTRUCTIONS, SKILLS};

fn scene() -> (TestProject, Worktree, String) {
    let scratch = TestProject::plain();
    let worktree = scratch.ready("a");
    let base = scratch.run(&["rev-parse", "main"]);
    (scratch, worktree, base)
}

#[test]
fn a_run_that_did_nothing_has_no_evidence() {
    let (_scratch, worktree, base) = scene();
    write(&worktree.path().join(INSTRUCTIONS), "own");
    write(&worktree.path().join(SKILLS).join("x.md"), "own");
    let found = read(&worktree, &base).unwrap();
    let want = GitFacts { head: base, commits: 0, changed: vec![], unfetchable: vec![], dirty: vec![] };
    assert_eq!(found, want);
}

#[test]
fn commits_renames_and_dirty_files_are_seen() {
    let (scratch, worktree, base) = scene();
    scratch.run_at(worktree.path(), &["mv", "f", "moved é"]);
    scratch.commit_all_at(worktree.path(), "one");
    write(&worktree.path().join("dir/g"), "x");
    let head = scratch.commit_all_at(worktree.path(), "two");
    write(&worktree.path().join("dir/g"), "changed");
    write(&worktree.path().join("-new \"file\""), "x");
    let found = read(&worktree, &base).unwrap();
    assert_eq!(found.head, head);
    assert_eq!(found.commits, 2);
    assert_eq!(found.changed, ["dir/g", "f", "moved é"]);
    assert_eq!(found.dirty, ["dir/g", "-new \"file\""]);
}

#[test]
fn a_head_that_left_the_base_is_told() {
    let (scratch, worktree, first) = scene();
    write(&worktree.path().join("g"), "x");
    let base = scratch.commit_all_at(worktree.path(), "base");
    scratch.run_at(worktree.path(), &["checkout", "-q", "--detach", &first]);
    write(&worktree.path().join("h"), "x");
    scratch.commit_all_at(worktree.path(), "elsewhere");
    let found = read(&worktree, &base).unwrap();
    assert_eq!(found.commits, 1);
    assert_eq!(found.changed, ["h"]);
    assert!(read(&worktree, "0123456789").unwrap_err().to_string().contains("is gone"));
}

#[test]
fn leftovers_are_committed_without_own_files() {
    let (scratch, worktree, base) = scene();
    scratch.hook("pre-commit", "exit 1");
    write(&worktree.path().join(INSTRUCTIONS), "own");
    assert_eq!(commit_leftovers(&worktree, "r", "m").unwrap(), Leftovers::Nothing);
    write(&worktree.path().join("f"), "changed");
    write(&worktree.path().join("new"), "x");
    scratch.run_at(worktree.path(), &["init", "-q", "inner"]);
    let Leftovers::Committed(commit) = commit_leftovers(&worktree, "r", "title\n\n# body").unwrap() else {
        panic!("not committed");
    };
    let found = read(&worktree, &base).unwrap();
    assert_eq!(found.head, commit);
    assert_eq!((found.commits, found.changed), (1, vec!["f".into(), "new".into()]));
    assert_eq!(found.dirty, Vec::<String>::new());
    assert_eq!(scratch.run_at(worktree.path(), &["log", "-1", "--format=%B"]), "title\n\n# body\n");
    assert!(worktree.set_aside().join("inner").exists());
}

#[test]
fn a_merge_in_progress_is_not_committed() {
    let (scratch, worktree, _) = scene();
    let at = worktree.path();
    write(&at.join("f"), "mine");
    scratch.commit_all_at(at, "mine");
    scratch.run_at(at, &["checkout", "-q", "-b", "agent/other", "main"]);
    write(&at.join("f"), "theirs");
    let head = scratch.commit_all_at(at, "theirs");
    let merge = scratch.git_at(at).with_identity().unwrap().try_run(["merge", "agent/a"]).unwrap();
    assert!(!merge.status.success());
    let left = commit_leftovers(&worktree, "r", "m").unwrap();
    assert!(matches!(left, Leftovers::NotPossible(_)), "{left:?}");
    assert_eq!(scratch.run_at(at, &["rev-parse", "HEAD"]), head);
}

#[test]
fn a_branch_moves_forward_only() {
    let (scratch, worktree, base) = scene();
    scratch.run_at(worktree.path(), &["checkout", "-q", "--detach"]);
    write(&worktree.path().join("g"), "x");
    let ahead = scratch.commit_all_at(worktree.path(), "ahead");
    let tip = || scratch.run(&["rev-parse", "agent/a"]);
    assert_eq!(advance_branch(&worktree, "agent/a", &ahead).unwrap(), Advance::Moved);
    assert_eq!(tip(), ahead);
    assert_eq!(advance_branch(&worktree, "agent/a", &ahead).unwrap(), Advance::Already);
    assert_eq!(advance_branch(&worktree, "agent/a", &base).unwrap(), Advance::NotForward(ahead.clone()));
    assert_eq!(tip(), ahead);
    assert_eq!(advance_branch(&worktree, "agent/gone", &ahead).unwrap(), Advance::Moved);
    assert!(advance_branch(&worktree, "main", &ahead).is_err());
    assert_eq!(scratch.run(&["rev-parse", "main"]), base);
}
