use super::*;
use crate::domain::pull_request::PullRequest;
use crate::domain::task::{NewTask, TaskState};
use crate::domain::time;
use crate::store::queue::Queue;
use std::fs;
use tempfile::TempDir;

const HEAD: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const NEXT: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

fn now() -> Time {
    time::parse("2024-01-15T14:30:00Z").unwrap()
}

fn seen(head: &str) -> PullRequest {
    PullRequest {
        number: 7,
        title: "T".to_owned(),
        branch: "b".to_owned(),
        head_sha: head.to_owned(),
        ..PullRequest::default()
    }
}

fn check(commit: &str, status: CheckStatus) -> Check {
    Check {
        name: "lint".parse().unwrap(),
        status,
        commit: commit.to_owned(),
        time: now(),
        summary: "s".to_owned(),
        details: String::new(),
        issues: vec!["high|a:1|x".parse().unwrap()],
    }
}

fn due(commit: &str) -> DueCheck {
    DueCheck { pr: 7, commit: commit.to_owned(), check: "lint".parse().unwrap(), attempt: 1, fork: false, waits: false }
}

/// A project that knows pull request 7 at [`HEAD`].
fn project() -> (TempDir, Paths) {
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths::new(dir.path());
    Prs::new(&paths).observe(&seen(HEAD), &Gatekeeper::default(), now()).unwrap();
    (dir, paths)
}

#[test]
fn what_has_not_changed_is_not_written() {
    let (_dir, paths) = project();
    let prs = Prs::new(&paths);
    let inode = || std::os::unix::fs::MetadataExt::ino(&fs::metadata(paths.pr_meta(7)).unwrap());
    let before = inode();
    let later = now() + chrono::Duration::days(1);
    prs.observe(&seen(HEAD), &Gatekeeper::default(), later).unwrap();
    assert_eq!(inode(), before);
    assert_eq!(prs.observe(&seen(NEXT), &Gatekeeper::default(), later).unwrap().created_at, Some(now()));
    assert_ne!(inode(), before);
    prs.close(7).unwrap();
    assert_eq!(prs.all().unwrap().metas[0].status, Status::Closed);
    assert_eq!(prs.observe(&seen(NEXT), &Gatekeeper::default(), later).unwrap().status, Status::Pending, "reopened");
}

#[test]
fn a_check_is_begun_by_one_run_and_recorded() {
    let (_dir, paths) = project();
    let prs = Prs::new(&paths);
    let lint = due(HEAD).check;
    assert!(!prs.begin(&due(NEXT), "r0", now()).unwrap(), "another head commit");
    assert!(prs.begin(&due(HEAD), "r1", now()).unwrap());
    assert_eq!(prs.load(7).unwrap().unwrap().status, Status::Running);
    let meta = prs.record(7, &check(HEAD, CheckStatus::Failed), Some("r1")).unwrap().meta;
    assert_eq!(meta.result(&lint).unwrap().status, CheckStatus::Failed);
    assert_eq!(meta.last_checked, Some(now()));
    assert_eq!(prs.record(7, &check(HEAD, CheckStatus::Failed), Some("r1")).unwrap().meta, meta, "done twice");
    assert_eq!(prs.check(7, &lint).unwrap(), Some(check(HEAD, CheckStatus::Failed)));
    assert!(!prs.begin(&due(HEAD), "r2", now()).unwrap(), "it is recorded");
    prs.give_back(&due(HEAD), "r1", true, 3).unwrap();
    assert_eq!(prs.load(7).unwrap(), Some(meta), "a run that has recorded gives nothing back");
    assert!(prs.record(8, &check(HEAD, CheckStatus::Passed), None).is_err());
}

#[test]
fn a_run_without_a_record_leaves_the_check_due() {
    let (_dir, paths) = project();
    let prs = Prs::new(&paths);
    for (charged, attempts) in [(true, 1), (false, 0)] {
        prs.begin(&due(HEAD), "r1", now()).unwrap();
        prs.give_back(&due(HEAD), "another", charged, 3).unwrap();
        assert_eq!(prs.load(7).unwrap().unwrap().status, Status::Running, "another run's");
        prs.give_back(&due(HEAD), "r1", charged, 3).unwrap();
        let meta = prs.load(7).unwrap().unwrap();
        let result = meta.result(&due(HEAD).check).unwrap();
        assert_eq!((result.status, result.attempts, meta.status), (CheckStatus::Pending, attempts, Status::Pending));
    }
}

#[test]
fn a_record_for_an_old_commit_never_replaces_one_for_the_head() {
    let (_dir, paths) = project();
    let prs = Prs::new(&paths);
    prs.begin(&due(HEAD), "r1", now()).unwrap();
    prs.observe(&seen(NEXT), &Gatekeeper::default(), now()).unwrap();
    let meta = prs.record(7, &check(HEAD, CheckStatus::Failed), Some("r1")).unwrap().meta;
    assert_eq!((meta.status, meta.result(&due(HEAD).check)), (Status::Pending, None), "kept, and doesn't count");
    assert_eq!(prs.check(7, &due(HEAD).check).unwrap().unwrap().commit, HEAD);
    prs.begin(&due(NEXT), "r2", now()).unwrap();
    let meta = prs.record(7, &check(HEAD, CheckStatus::Failed), Some("r1")).unwrap().meta;
    assert_eq!(meta.result(&due(HEAD).check).unwrap().status, CheckStatus::Running);
    prs.record(7, &check(NEXT, CheckStatus::Passed), Some("r2")).unwrap();
    prs.record(7, &check(HEAD, CheckStatus::Failed), Some("r1")).unwrap();
    assert_eq!(prs.check(7, &due(HEAD).check).unwrap().unwrap().status, CheckStatus::Passed);
    // The head commit that a gatekeeper found may be newer than the one that is known; then it isn't checked once more.
    prs.observe(&seen(HEAD), &Gatekeeper::default(), now()).unwrap();
    prs.begin(&due(HEAD), "r3", now()).unwrap();
    for _ in 0..2 {
        let ahead = prs.record(7, &check(NEXT, CheckStatus::Passed), Some("r3")).unwrap();
        assert_eq!(ahead.taken, Taken::Kept);
        let gate =
            Gatekeeper { required_checks: vec![due(HEAD).check], optional_checks: vec![], ..Gatekeeper::default() };
        assert!(gate::due(&[ahead.meta], &gate, &|_| false, now()).is_empty());
    }
    let meta = prs.observe(&seen(NEXT), &Gatekeeper::default(), now()).unwrap();
    assert_eq!(meta.result(&due(NEXT).check).unwrap().status, CheckStatus::Passed);
}

#[test]
fn a_record_that_never_meets_the_head_is_counted() {
    let (_dir, paths) = project();
    let (prs, lint) = (Prs::new(&paths), due(HEAD).check);
    for attempt in 1..=2 {
        prs.begin(&DueCheck { attempt, ..due(HEAD) }, "r1", now()).unwrap();
        for _ in 0..2 {
            let meta = prs.record(7, &check(NEXT, CheckStatus::Passed), Some("r1")).unwrap().meta;
            assert_eq!((meta.missed(&lint), meta.word(&lint)), (attempt, "didn't count"));
        }
        prs.observe(&seen(HEAD), &Gatekeeper::default(), now()).unwrap();
    }
}

#[test]
fn a_run_records_only_what_it_has_begun() {
    let lint = due(HEAD).check;
    for (by_hand, expected) in [(Some(CheckStatus::Passed), CheckStatus::Passed), (None, CheckStatus::Running)] {
        let (_dir, paths) = project();
        let prs = Prs::new(&paths);
        prs.begin(&due(HEAD), "r1", now()).unwrap();
        match by_hand {
            // The user overrules the check while the run is at it.
            Some(status) => assert_eq!(prs.record(7, &check(HEAD, status), None).unwrap().taken, Taken::Counts),
            None => assert!(prs.begin(&due(HEAD), "r2", now()).unwrap()),
        }
        for _ in 0..2 {
            let late = prs.record(7, &check(HEAD, CheckStatus::Failed), Some("r1")).unwrap();
            assert_eq!((late.taken, late.meta.result(&lint).unwrap().status), (Taken::Left, expected));
        }
        let kept = prs.check(7, &lint).unwrap().map(|check| check.status);
        assert_eq!(kept, by_hand);
    }
}

#[test]
fn what_is_given_up_says_so_until_it_is_tried_again() {
    let (_dir, paths) = project();
    let prs = Prs::new(&paths);
    let lint = due(HEAD).check;
    for (attempt, charged, given_up) in [(1, true, false), (2, false, false), (2, true, true), (3, false, true)] {
        prs.begin(&DueCheck { attempt, ..due(HEAD) }, "r1", now()).unwrap();
        prs.give_back(&due(HEAD), "r1", charged, 2).unwrap();
        let meta = prs.load(7).unwrap().unwrap();
        assert_eq!(meta.result(&lint).unwrap().given_up, given_up, "{attempt} {charged}");
        assert_eq!(meta.word(&lint), if given_up { "given up" } else { "pending" });
    }
    assert_eq!(prs.record(7, &check(HEAD, CheckStatus::Passed), None).unwrap().meta.word(&lint), "passed");
}

#[test]
fn one_fix_task_for_each_head_commit() {
    let (_dir, paths) = project();
    let prs = Prs::new(&paths);
    let new = NewTask { title: "Mend".to_owned(), pr: Some(7), ..NewTask::default() };
    let meta = prs.load(7).unwrap().unwrap();
    let (id, after) = prs.add_fix_task(&meta, &new, None, now()).unwrap();
    assert_eq!(id.as_str(), "TASK-pr7-aaaaaaaa");
    assert_eq!(prs.add_fix_task(&meta, &new, None, now()).unwrap(), (id.clone(), after.clone()));
    // Killed before it was noted, and the task is done meanwhile.
    atomic::write(&paths.pr_meta(7), &atomic::json(&meta).unwrap()).unwrap();
    fs::create_dir_all(paths.queue(TaskState::Done)).unwrap();
    fs::rename(paths.task(TaskState::Incoming, &id), paths.task(TaskState::Done, &id)).unwrap();
    assert_eq!(prs.add_fix_task(&meta, &new, None, now()).unwrap(), (id, after));
    assert_eq!(Queue::new(&paths).count(TaskState::Incoming).unwrap(), 0);
    let next = prs.observe(&seen(NEXT), &Gatekeeper::default(), now()).unwrap();
    assert_eq!(prs.add_fix_task(&next, &new, None, now()).unwrap().1.fix_tasks.len(), 2);
}

#[test]
fn a_meta_that_cannot_be_understood_is_left_alone() {
    let (_dir, paths) = project();
    let prs = Prs::new(&paths);
    for text in ["{", r#"{"pr_number": 7, "status": "superseded"}"#, r#"{"pr_number": 8}"#] {
        fs::write(paths.pr_meta(7), text).unwrap();
        assert!(prs.observe(&seen(HEAD), &Gatekeeper::default(), now()).is_err());
        assert!(prs.close(7).is_err() && prs.record(7, &check(HEAD, CheckStatus::Passed), None).is_err());
        assert_eq!(prs.all().unwrap().problems.len(), 1);
        assert_eq!(fs::read_to_string(paths.pr_meta(7)).unwrap(), text);
    }
}

#[test]
fn records_at_once_lose_nothing() {
    let (_dir, paths) = project();
    std::thread::scope(|scope| {
        for check_name in ["lint", "tests", "style", "architecture"] {
            let paths = &paths;
            scope.spawn(move || {
                let check = Check { name: check_name.parse().unwrap(), ..check(HEAD, CheckStatus::Passed) };
                Prs::new(paths).record(7, &check, None).unwrap();
            });
        }
    });
    let meta = Prs::new(&paths).load(7).unwrap().unwrap();
    assert_eq!((meta.check_results.len(), meta.status), (4, Status::Approved));
}

#[test]
fn a_fix_task_is_taken_back_as_long_as_it_lies_in_the_queue() {
    let (_dir, paths) = project();
    let (prs, queue) = (Prs::new(&paths), Queue::new(&paths));
    let new = NewTask { title: "Mend".to_owned(), pr: Some(7), ..NewTask::default() };
    let meta = prs.load(7).unwrap().unwrap();
    let (id, _) = prs.add_fix_task(&meta, &new, None, now()).unwrap();
    assert!(prs.withdraw_fix_tasks(7, Some(HEAD), now()).unwrap().is_empty(), "its commit is the head");
    fs::create_dir_all(paths.queue(TaskState::Claimed)).unwrap();
    fs::create_dir_all(paths.queue(TaskState::Failed)).unwrap();
    let [incoming, claimed] = [TaskState::Incoming, TaskState::Claimed].map(|state| paths.task(state, &id));
    fs::rename(&incoming, &claimed).unwrap();
    assert!(prs.withdraw_fix_tasks(7, Some(NEXT), now()).unwrap().is_empty(), "somebody is at it");
    fs::rename(&claimed, &incoming).unwrap();
    assert_eq!(prs.withdraw_fix_tasks(7, Some(NEXT), now()).unwrap(), std::slice::from_ref(&id));
    assert!(queue.exists(TaskState::Failed, &id));
    // Killed before it was noted.
    let noted = prs.load(7).unwrap().unwrap();
    let mut before = noted.clone();
    before.fix_tasks[0].withdrawn = false;
    atomic::write(&paths.pr_meta(7), &atomic::json(&before).unwrap()).unwrap();
    assert!(prs.withdraw_fix_tasks(7, None, now()).unwrap().is_empty());
    assert_eq!(prs.load(7).unwrap().unwrap(), noted);
    // The commit is the head again.
    let (again, after) = prs.add_fix_task(&meta, &new, None, now()).unwrap();
    assert!(again == id && !after.fix_tasks[0].withdrawn && queue.exists(TaskState::Incoming, &id));
    assert_eq!(prs.withdraw_fix_tasks(7, None, now()).unwrap(), [id]);
}
