use super::*;
use crate::domain::task::{Edit, NewTask, key};
use crate::domain::time::{self, Time};
use std::collections::BTreeSet;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

const RUN: &str = "0190d1c2-7f1a-4e5b-8c3d-1a2b3c4d5e6f";

struct Project {
    _dir: tempfile::TempDir,
    paths: Paths,
}

impl Project {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::new(dir.path());
        for state in TaskState::ALL {
            fs::create_dir_all(paths.queue(state)).unwrap();
        }
        Self { _dir: dir, paths }
    }

    fn queue(&self) -> Queue<'_> {
        Queue::new(&self.paths)
    }

    fn put(&self, state: TaskState, id: &str, text: &str) {
        fs::write(self.paths.task(state, &name(id)), text).unwrap();
    }

    fn get(&self, state: TaskState, id: &str) -> Option<String> {
        self.queue().read(state, &name(id)).unwrap()
    }

    /// The whole queue, to see that a refusal changes nothing.
    fn snapshot(&self) -> Vec<(TaskState, Name, Option<String>)> {
        let ids = TaskState::ALL.map(|state| (state, self.queue().list(state).unwrap().ids));
        let files = ids.into_iter().flat_map(|(state, ids)| ids.into_iter().map(move |id| (state, id)));
        files.map(|(state, id)| (state, id.clone(), self.queue().read(state, &id).unwrap())).collect()
    }
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn now() -> Time {
    time::parse("2024-01-15T10:30:00Z").unwrap()
}

fn new_task() -> NewTask {
    NewTask { title: "Fix it".to_owned(), created_by: "human".to_owned(), ..NewTask::default() }
}

fn claim_edit() -> Edit {
    Edit::new().set(key::CLAIMED_BY, "impl-1").set(key::RUN, RUN).set(key::ATTEMPTS, 1)
}

#[test]
fn what_is_added_is_listed_read_and_found() {
    let project = Project::new();
    let queue = project.queue();
    let added = queue.add(&new_task(), Some(1), now()).unwrap();
    assert!(added.id.as_str().starts_with("TASK-") && added.id.as_str().len() == 13, "{}", added.id);
    assert_eq!(queue.list(TaskState::Incoming).unwrap().ids, std::slice::from_ref(&added.id));
    let heads = queue.all(TaskState::Incoming).unwrap();
    assert_eq!(heads[0].as_ref().unwrap().title, "Fix it");
    let other_case = name(&added.id.as_str().to_ascii_lowercase());
    let found = queue.find(&other_case).unwrap().unwrap();
    assert_eq!((found.id.as_str(), found.state), (added.id.as_str(), TaskState::Incoming));
    assert_eq!(found.text, fs::read_to_string(&added.path).unwrap());
    assert_eq!(queue.find(&name("TASK-none")).unwrap(), None);
    let before = project.snapshot();
    assert!(matches!(queue.add(&new_task(), Some(1), now()), Err(AddError::Full { pending: 1, limit: 1 })));
    let huge = NewTask { context: "x".repeat(2 << 20), ..new_task() };
    let error = queue.add(&huge, None, now()).unwrap_err().to_string();
    assert!(error.contains("1 MiB"), "{error}");
    assert_eq!(project.snapshot(), before);
    queue.add(&new_task(), None, now()).unwrap();
}

#[test]
fn bad_files_are_named_and_the_others_read() {
    let project = Project::new();
    let dir = project.paths.queue(TaskState::Incoming);
    for (id, bytes) in [
        ("good", &b"\xef\xbb\xbf# Caf\xe9\r\nROLE: test\r\n"[..]),
        ("late", &[&b"# Late\n"[..], &vec![b'\n'; HEAD_BYTES], b"PRIORITY: P0\n\n## Context\n"].concat()),
        ("long", &[&b"# Long\n\n## Context\n"[..], &vec![b'x'; HEAD_BYTES]].concat()),
        ("bad", b"no title"),
        ("huge", &vec![b'x'; 2 << 20]),
    ] {
        fs::write(dir.join(format!("{id}.md")), bytes).unwrap();
    }
    for stray in ["-x.md", "a b.md", "note.txt"] {
        fs::write(dir.join(stray), "").unwrap();
    }
    fs::create_dir(dir.join("dir.md")).unwrap();
    let (good, bad): (Vec<_>, Vec<_>) =
        project.queue().all(TaskState::Incoming).unwrap().into_iter().partition(Result::is_ok);
    let titles: Vec<_> = good.into_iter().map(|task| task.unwrap().title).collect();
    assert_eq!(titles, ["Caf\u{fffd}", "Late", "Long"]);
    let problems: Vec<_> =
        bad.into_iter().map(|bad| bad.unwrap_err()).map(|bad| (bad.id, bad.problems.join(" "))).collect();
    assert_eq!(problems[0].0, name("bad"));
    assert!(problems[1].1.contains("1 MiB"), "{problems:?}");
    assert_eq!(project.queue().list(TaskState::Incoming).unwrap().strays.len(), 4);
    assert_eq!(project.queue().count(TaskState::Incoming).unwrap(), 5);
}

#[test]
fn the_limit_holds_for_any_number_of_adders() {
    let project = Project::new();
    project.put(TaskState::Claimed, "one", "# One\n");
    let added: usize = std::thread::scope(|scope| {
        let adder = || (0..2).filter(|_| project.queue().add(&new_task(), Some(10), now()).is_ok()).count();
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(adder)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(added, 9);
    assert_eq!(project.queue().pending().unwrap(), 10);
}

#[test]
fn one_claims_and_the_limit_holds() {
    let project = Project::new();
    for n in 0..6 {
        project.put(TaskState::Incoming, &format!("t{n}"), "# Fix it\n");
    }
    let claimed: usize = std::thread::scope(|scope| {
        let claimer = || {
            let claims =
                (0..6).map(|n| project.queue().claim(&name(&format!("t{n}")), &claim_edit(), Some(4)).unwrap());
            claims.filter(|claim| matches!(claim, Claim::Claimed { .. })).count()
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(claimer)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(claimed, 4);
    assert_eq!(project.queue().count(TaskState::Claimed).unwrap(), 4);
    for task in project.queue().all(TaskState::Claimed).unwrap() {
        assert_eq!(task.unwrap().run.as_deref(), Some(RUN));
    }
}

#[test]
fn claims_refuse_what_is_elsewhere() {
    let project = Project::new();
    let claim = |id: &str| project.queue().claim(&name(id), &claim_edit(), None).unwrap();
    assert_eq!(claim("none"), Claim::Gone);
    for state in [TaskState::Claimed, TaskState::Done, TaskState::Failed] {
        let id = format!("t-{state}");
        project.put(state, &id, "# Old\n");
        project.put(TaskState::Incoming, &id, "# New\n");
        let before = project.snapshot();
        assert_eq!(claim(&id), Claim::Exists(state));
        assert_eq!(project.snapshot(), before);
    }
}

#[test]
fn a_claim_that_cannot_be_noted_is_put_back() {
    let project = Project::new();
    let huge = format!("# Huge\n\n## Context\n{}", "x".repeat(2 << 20));
    project.put(TaskState::Incoming, "t", &huge);
    assert!(project.queue().claim(&name("t"), &claim_edit(), None).is_err());
    assert!(project.queue().exists(TaskState::Incoming, &name("t")));
    assert_eq!(project.queue().count(TaskState::Claimed).unwrap(), 0);
}

#[test]
fn settles_once() {
    let project = Project::new();
    let queue = project.queue();
    let id = name("t");
    project.put(TaskState::Incoming, "t", "# Fix it\n\n## Context\nText\n");
    queue.claim(&id, &claim_edit(), None).unwrap();
    let before = Edit::new().section("Result", "done").clear(&[key::RUN]);
    let after = Edit::new().unclaim();
    let settle = || queue.settle(&id, RUN, TaskState::Incoming, &before, &after).unwrap();
    assert_eq!(settle(), Settled::Done);
    let text = project.get(TaskState::Incoming, "t").unwrap();
    assert!(text.contains("ATTEMPTS: 1") && text.contains("## Result") && !text.contains("RUN:"), "{text}");
    let snapshot = project.snapshot();
    assert_eq!(settle(), Settled::NotOurs { at: Some(TaskState::Incoming) });
    assert_eq!(project.snapshot(), snapshot);
}

#[test]
fn a_settlement_goes_on_wherever_it_was_cut() {
    let id = name("t");
    let text = "# Fix it\n\nRUN: 0190d1c2-7f1a-4e5b-8c3d-1a2b3c4d5e6f\nCLAIMED_BY: a\n\n## Context\n";
    let before = Edit::new().set(key::COMPLETED_AT, "2024-01-15T10:30:00Z");
    let after = Edit::new().clear(&[key::CLAIMED_BY]);
    let half = before.apply(text);
    let whole = after.apply(&half);
    for (state, text) in
        [(TaskState::Claimed, text), (TaskState::Claimed, &half), (TaskState::Done, &half), (TaskState::Done, &whole)]
    {
        let project = Project::new();
        project.put(state, "t", text);
        let settled = project.queue().settle(&id, RUN, TaskState::Done, &before, &after).unwrap();
        assert_eq!(settled, Settled::Done);
        assert_eq!(project.snapshot(), [(TaskState::Done, id.clone(), Some(whole.clone()))]);
    }
}

#[test]
fn settlements_leave_alone_what_is_not_theirs() {
    let ours = format!("# Fix it\n\nRUN: {RUN}\n");
    let edit = Edit::new().set(key::PRIORITY, "P0");
    for (files, expected) in [
        (vec![], Settled::NotOurs { at: None }),
        (vec![(TaskState::Claimed, "# x\n\nRUN: other\n")], Settled::NotOurs { at: Some(TaskState::Claimed) }),
        (
            vec![(TaskState::Claimed, "# x\n\n## Context\nRUN: other\n")],
            Settled::NotOurs { at: Some(TaskState::Claimed) },
        ),
        (vec![(TaskState::Failed, ours.as_str())], Settled::NotOurs { at: Some(TaskState::Failed) }),
        (vec![(TaskState::Claimed, ours.as_str()), (TaskState::Done, "# y\n")], Settled::Exists(TaskState::Done)),
    ] {
        let project = Project::new();
        for (state, text) in files {
            project.put(state, "t", text);
        }
        let before = project.snapshot();
        assert_eq!(project.queue().settle(&name("t"), RUN, TaskState::Done, &edit, &edit).unwrap(), expected);
        assert_eq!(project.snapshot(), before);
    }
}

#[test]
fn a_header_that_is_wrong_elsewhere_still_names_its_run() {
    let project = Project::new();
    project.put(TaskState::Claimed, "t", &format!("# x\r\nROLE: boss\r\nRUN: {RUN}\r\n"));
    let settled = project.queue().settle(&name("t"), RUN, TaskState::Failed, &Edit::new(), &Edit::new()).unwrap();
    assert_eq!(settled, Settled::Done);
}

#[test]
fn releases_only_what_no_other_run_holds() {
    for (text, run, released) in [
        ("# x\n".to_owned(), None, true),
        ("# x\n".to_owned(), Some(RUN), true),
        (format!("# x\n\nRUN: {RUN}\n"), Some(RUN), true),
        (format!("# x\n\nRUN: {RUN}\n"), None, false),
        (format!("# x\n\nRUN: {RUN}\n"), Some("other"), false),
    ] {
        let project = Project::new();
        project.put(TaskState::Claimed, "t", &text);
        let shift = project.queue().release(&name("t"), run, &Edit::new().unclaim()).unwrap();
        if released {
            assert_eq!(shift, Shift::Done { from: TaskState::Claimed, before: text });
            assert!(!project.get(TaskState::Incoming, "t").unwrap().contains("RUN"));
        } else {
            assert_eq!(shift, Shift::NotOurs);
            assert_eq!(project.get(TaskState::Claimed, "t"), Some(text));
        }
    }
}

#[test]
fn retries_and_cancels() {
    let project = Project::new();
    let queue = project.queue();
    let id = name("t");
    let cancelled = Edit::new().unclaim().set(key::CANCELLED_AT, "2024-01-15T10:30:00Z");
    project.put(TaskState::Incoming, "t", "# x\n");
    queue.claim(&id, &claim_edit(), None).unwrap();
    let Shift::Done { from: TaskState::Claimed, before } = queue.cancel(&id, &cancelled).unwrap() else { panic!() };
    assert_eq!(task::run_of(&before), Some(RUN));
    assert!(project.get(TaskState::Failed, "t").unwrap().contains("CANCELLED_AT"));
    assert_eq!(queue.cancel(&id, &cancelled).unwrap(), Shift::Gone);
    let retried = Edit::new().clear(&[key::ATTEMPTS, key::CANCELLED_AT]);
    let snapshot = project.snapshot();
    assert_eq!(queue.retry(&id, &retried, Some(0)).unwrap(), Shift::Full { pending: 0, limit: 0 });
    assert_eq!(project.snapshot(), snapshot);
    assert!(matches!(queue.retry(&id, &retried, Some(1)).unwrap(), Shift::Done { from: TaskState::Failed, .. }));
    assert!(!project.get(TaskState::Incoming, "t").unwrap().contains("ATTEMPTS"));
    project.put(TaskState::Failed, "t", "# other\n");
    let snapshot = project.snapshot();
    assert_eq!(queue.cancel(&id, &cancelled).unwrap(), Shift::Exists(TaskState::Failed));
    assert_eq!(queue.retry(&id, &retried, None).unwrap(), Shift::Exists(TaskState::Incoming));
    assert_eq!(project.snapshot(), snapshot);
}

/// Claims, settlements and cancels of the program, and a user who moves and edits files without any lock.
#[test]
fn every_task_is_in_one_place_whatever_people_do_meanwhile() {
    let project = Project::new();
    let queue = project.queue();
    let ids: Vec<Name> = (0..12).map(|n| name(&format!("t{n}"))).collect();
    for id in &ids {
        project.put(TaskState::Incoming, id.as_str(), "# Fix it\n\n## Context\nText\n");
    }
    let at_work = AtomicBool::new(true);
    std::thread::scope(|scope| {
        let program = || {
            for id in ids.iter().cycle().take(60) {
                // The user in between may make any of them fail, never lose a file.
                let _ = queue.claim(id, &claim_edit(), Some(3));
                let _ = queue.settle(id, RUN, TaskState::Incoming, &Edit::new(), &Edit::new().unclaim());
                let _ = queue.cancel(id, &Edit::new());
                let _ = queue.retry(id, &Edit::new(), None);
            }
        };
        let programs = [scope.spawn(program), scope.spawn(program)];
        scope.spawn(|| {
            for (n, id) in ids.iter().cycle().enumerate() {
                if !at_work.load(Ordering::SeqCst) {
                    break;
                }
                let (from, to) = (TaskState::ALL[n % 4], TaskState::ALL[(n / 4) % 4]);
                let _ = crate::sys::atomic::move_no_replace(&project.paths.task(from, id), &project.paths.task(to, id));
                if let Ok(mut file) = fs::OpenOptions::new().append(true).open(project.paths.task(to, id)) {
                    let _ = std::io::Write::write_all(&mut file, b"edited\n");
                }
            }
        });
        for program in programs {
            program.join().unwrap();
        }
        at_work.store(false, Ordering::SeqCst);
    });
    let there: Vec<_> = project.snapshot().into_iter().map(|(_, id, _)| id).collect();
    assert_eq!(there.len(), ids.len(), "{there:?}");
    assert_eq!(there.into_iter().collect::<BTreeSet<_>>(), ids.into_iter().collect());
}
