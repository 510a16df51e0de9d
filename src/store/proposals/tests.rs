mod cut_off;

use super::promote::Promotion;
use super::*;
use crate::domain::config::ProposalLimits;
use crate::domain::proposal::{By, Category, Complexity, Idea, ProposalVerdict};
use crate::domain::role::TaskRole;
use crate::domain::task::{self, NewTask, Priority, TaskState};
use crate::domain::time::{self, Time};
use crate::store::queue::{AddError, Queue};
use crate::sys::atomic;
use std::{fs, thread};

const RUN: &str = "0190d1c2-7f1a-4e5b-8c3d-1a2b3c4d5e6f";

struct Store {
    _dir: tempfile::TempDir,
    paths: Paths,
}

impl Store {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::new(dir.path());
        Self { _dir: dir, paths }
    }

    fn proposals(&self) -> Proposals<'_> {
        Proposals::new(&self.paths)
    }

    fn queue(&self) -> Queue<'_> {
        Queue::new(&self.paths)
    }

    fn add(&self, new: &Idea) -> Name {
        self.proposals().add(new, None, at(0)).unwrap().0
    }

    /// Where every proposal is, a letter each.
    fn states(&self) -> String {
        let letters =
            ProposalState::ALL.map(|state| state.word()[..1].repeat(self.proposals().list(state).unwrap().ids.len()));
        letters.concat()
    }

    fn tasks(&self) -> Vec<task::Task> {
        self.queue().all(TaskState::Incoming).unwrap().into_iter().map(Result::unwrap).collect()
    }

    fn promote(&self, id: &Name, by: &By) -> Result<Promotion, AddError> {
        self.proposals().promote(id, &TaskChoices::default(), Some(20), by, at(1))
    }
}

fn rejection(reason: &str) -> ProposalVerdict {
    ProposalVerdict::Rejected { reason: reason.to_owned() }
}

fn at(day: i64) -> Time {
    time::parse("2024-01-15T10:30:00Z").unwrap() + chrono::Duration::days(day)
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn agent() -> By {
    By { name: "curator".to_owned(), run: Some(RUN.to_owned()) }
}

fn user() -> By {
    By { name: "human".to_owned(), run: None }
}

fn idea(title: &str) -> Idea {
    Idea {
        title: title.to_owned(),
        proposer: name("architect"),
        run: Some(RUN.to_owned()),
        category: Category::Debt,
        complexity: Complexity::M,
        summary: "In short".to_owned(),
        rationale: "Because\n# of this".to_owned(),
        criteria: vec!["It works".to_owned()],
        files: Vec::new(),
        depends_on: Vec::new(),
        complexity_reduction: None,
        enables: None,
        again: None,
    }
}

fn about(title: &str, category: Category, files: &[&str]) -> Idea {
    Idea { category, files: files.iter().map(|file| (*file).to_owned()).collect(), ..idea(title) }
}

#[test]
fn limits_hold_however_many_add_at_once() {
    for (limits, expected, word) in [
        (ProposalLimits { max_active: 50.into(), max_per_run: 3.into() }, 3, "max_per_run"),
        (ProposalLimits { max_active: 4.into(), max_per_run: 50.into() }, 4, "max_active"),
    ] {
        let store = Store::new();
        let refusals: Vec<String> = thread::scope(|scope| {
            let threads: Vec<_> = (0..12)
                .map(|i| {
                    let store = &store;
                    scope.spawn(move || store.proposals().add(&idea(&format!("Idea {i}")), Some(limits), at(0)))
                })
                .collect();
            threads.into_iter().filter_map(|one| one.join().unwrap().err()).map(|error| error.to_string()).collect()
        });
        assert_eq!(store.proposals().list(ProposalState::Active).unwrap().ids.len(), expected);
        assert_eq!(refusals.len(), 12 - expected);
        assert!(refusals.iter().all(|refusal| refusal.contains(word) && refusal.contains("nothing was added")));
    }
}

#[test]
fn limits_are_each_proposers_and_each_runs_own() {
    let store = Store::new();
    let limits = Some(ProposalLimits { max_active: 2.into(), max_per_run: 1.into() });
    let add = |proposer: &str, run: &str| {
        let new = Idea { proposer: name(proposer), run: Some(run.to_owned()), ..idea(run) };
        store.proposals().add(&new, limits, at(0)).is_ok()
    };
    assert!(add("a", "1") && !add("a", "1") && add("b", "2"));
    // Judged meanwhile, it still counts for its run, and no longer as active.
    let first =
        store.proposals().good(ProposalState::Active).unwrap().into_iter().find(|p| p.idea.proposer == name("a"));
    store.proposals().judge(&first.unwrap().id, rejection("no"), &agent(), at(0)).unwrap();
    assert!(!add("A", "1") && add("a", "3") && add("a", "4") && !add("a", "5"));
}

#[test]
fn a_rejected_idea_is_met_with_its_feedback() {
    let store = Store::new();
    let new = about("Split the parser into modules", Category::Refactor, &["src/parse.rs"]);
    let id = store.add(&new);
    store.proposals().judge(&id, rejection("It is 80 lines long."), &agent(), at(1)).unwrap();
    let again = Idea { title: "Split parser into modules".to_owned(), ..new.clone() };
    let refusal = store.proposals().add(&again, None, at(2)).unwrap_err().to_string();
    assert!(refusal.contains("It is 80 lines long.") && refusal.contains("--again"), "{refusal}");
    assert_eq!(store.states(), "r");
    store.add(&Idea { proposer: name("other"), ..again.clone() });
    store.add(&Idea { again: Some("It has 2000 lines now".to_owned()), ..again });
    assert_eq!(store.states(), "aar");
}

#[test]
fn promotion() {
    let store = Store::new();
    let limited = store.add(&Idea { category: Category::Test, complexity: Complexity::XL, ..idea("One") });
    let full = store.proposals().promote(&limited, &TaskChoices::default(), Some(0), &agent(), at(1)).unwrap_err();
    assert!(matches!(full, AddError::Full { pending: 0, limit: 0 }), "{full}");
    assert_eq!(store.states(), "a");
    let promotion = store.promote(&limited, &agent()).unwrap();
    assert_eq!((promotion.role, promotion.priority), (TaskRole::Test, Priority::P2));
    assert_eq!(store.states(), "p");
    let task = &store.tasks()[0];
    assert_eq!((&task.id, task.proposal.as_deref()), (&promotion.task, Some(limited.as_str())));
    assert_eq!((task.title.as_str(), task.created_by.as_deref()), ("One", Some("curator")));
    let text = store.queue().read(TaskState::Incoming, &task.id).unwrap().unwrap();
    for part in ["In short", "Because\n\\# of this", "- [ ] It works", "Proposed by architect"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(store.proposals().get(&limited).unwrap().proposal.task(), Some(&promotion.task));
    let again = store.promote(&limited, &user()).unwrap_err().to_string();
    assert!(again.contains(&format!("promoted already, as {}", promotion.task)), "{again}");
    let choices =
        TaskChoices { role: Some(TaskRole::Review), priority: Some(Priority::P0), branch: Some("next".to_owned()) };
    let other = store.add(&idea("Two"));
    let promotion = store.proposals().promote(&other, &choices, None, &user(), at(1)).unwrap();
    let text = store.queue().read(TaskState::Incoming, &promotion.task).unwrap().unwrap();
    assert!(text.contains("ROLE: review\nPRIORITY: P0\nBRANCH: next\n") && text.contains("CREATED_BY: human"));
}

#[test]
fn many_promote_one_and_one_task_comes_of_it() {
    let store = Store::new();
    let id = store.add(&idea("One"));
    let won = thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| store.promote(&id, &agent()).is_ok())).collect();
        threads.into_iter().map(|one| one.join().unwrap()).filter(|won| *won).count()
    });
    assert_eq!((won, store.tasks().len(), store.states().as_str()), (1, 1, "p"));
}

#[test]
fn many_promote_and_the_queue_never_overflows() {
    let store = Store::new();
    let ids: Vec<_> = (0..8).map(|i| store.add(&idea(&format!("Idea {i}")))).collect();
    thread::scope(|scope| {
        for id in &ids {
            let store = &store;
            scope.spawn(move || store.proposals().promote(id, &TaskChoices::default(), Some(3), &agent(), at(1)));
        }
    });
    assert_eq!((store.tasks().len(), store.states().as_str()), (3, "aaaaappp"));
}

#[test]
fn what_a_task_waits_for() {
    let store = Store::new();
    let task = |context: &str, files: &[&str]| {
        let files = files.iter().map(|file| (*file).to_owned()).collect();
        let new = NewTask { title: "x".to_owned(), context: context.to_owned(), files, ..NewTask::default() };
        store.queue().add(&new, None, at(0)).unwrap().id
    };
    let by_text = task("Mend `./src/a.rs:12`.", &[]);
    let by_list = task("", &["src/b.rs"]);
    task("Unrelated: src/ab.rs, Makefile", &["src/c.rs"]);
    let files = ["src/a.rs", "src/b.rs", "Makefile"];
    let id = store.add(&about("y", Category::Debt, &files));
    let mut expected = vec![by_text, by_list];
    expected.sort();
    let mut found = store.promote(&id, &agent()).unwrap().blocked_by;
    found.sort();
    assert_eq!(found, expected);
    // What depends on a proposal waits for its task, and can't come before it.
    let first = store.add(&idea("First"));
    let second = store.add(&Idea { depends_on: vec![first.clone()], ..idea("Second") });
    let refusal = store.promote(&second, &agent()).unwrap_err().to_string();
    assert!(refusal.contains("is active and no task yet"), "{refusal}");
    let task = store.promote(&first, &agent()).unwrap().task;
    let second = store.promote(&second, &agent()).unwrap();
    assert_eq!(second.blocked_by, std::slice::from_ref(&task));
    let head = store.tasks().into_iter().find(|head| head.id == second.task).unwrap();
    assert_eq!((head.blocked_by, head.overlaps), (vec![task], Vec::new()));
}

#[test]
fn what_is_only_in_the_way_is_marked_so() {
    for (first, second, blocked) in [
        ("Makefile", "Makefile", true),
        ("src/", "src/a.rs", true),
        ("src/a.rs", "src/", true),
        ("a - b (c).md", "a - b (c).md", true),
        ("src/a.rs", "src/b.rs", false),
    ] {
        let store = Store::new();
        let [first, second] = [first, second].map(|file| store.add(&about("x", Category::Debt, &[file])));
        let task = store.promote(&first, &agent()).unwrap().task;
        let second = store.promote(&second, &agent()).unwrap().task;
        let head = store.tasks().into_iter().find(|head| head.id == second).unwrap();
        let expected = if blocked { vec![task] } else { Vec::new() };
        assert_eq!((&head.blocked_by, &head.overlaps), (&expected, &expected), "{first} {second}");
    }
    // Where a task lists its files, its prose blocks nothing.
    let store = Store::new();
    let files = vec!["src/a.rs".to_owned()];
    let new = NewTask { title: "x".to_owned(), context: "Unlike src/b.rs.".to_owned(), files, ..NewTask::default() };
    store.queue().add(&new, None, at(0)).unwrap();
    let id = store.add(&about("y", Category::Debt, &["src/b.rs"]));
    assert!(store.promote(&id, &agent()).unwrap().blocked_by.is_empty());
}

#[test]
fn what_nobody_will_do_is_no_dependency_for_an_agent() {
    let store = Store::new();
    let rejected = store.add(&idea("Rejected"));
    store.proposals().judge(&rejected, rejection("no"), &agent(), at(0)).unwrap();
    for gone in [rejected, name("TASK-gone")] {
        let id = store.add(&Idea { depends_on: vec![gone.clone()], ..idea("Second") });
        let refusal = store.promote(&id, &agent()).unwrap_err().to_string();
        assert!(refusal.contains(&format!("depends on {gone}, which was rejected or isn't there")), "{refusal}");
        assert_eq!(store.promote(&id, &user()).unwrap().missing, [gone]);
    }
}

#[test]
fn one_proposal_becomes_one_task() {
    let store = Store::new();
    let id = store.add(&idea("One"));
    let task = store.promote(&id, &agent()).unwrap().task;
    let [active, promoted] = [ProposalState::Active, ProposalState::Promoted].map(|s| store.proposals().path(s, &id));
    fs::rename(promoted, active).unwrap();
    let refusal = store.promote(&id, &user()).unwrap_err().to_string();
    assert!(refusal.contains(&format!("became {task} already")), "{refusal}");
    assert_eq!((store.states().as_str(), store.tasks().len()), ("a", 1));
}

#[test]
fn deferred_ones_come_back_and_rejected_ones_are_forgotten() {
    let store = Store::new();
    let proposals = store.proposals();
    let (soon, late, never) = (store.add(&idea("Soon")), store.add(&idea("Late")), store.add(&idea("Never")));
    for (id, days) in [(&soon, 7), (&late, 30)] {
        let verdict = ProposalVerdict::Deferred { reason: "not now".to_owned(), until: Some(at(days)) };
        proposals.judge(id, verdict, &agent(), at(0)).unwrap();
    }
    proposals.judge(&never, rejection("no"), &agent(), at(0)).unwrap();
    let lock = crate::store::lock(&store.paths).unwrap();
    assert_eq!(proposals.get(&soon).unwrap().proposal.returns_at(), Some(at(7)));
    let twice = proposals.path(ProposalState::Active, &late);
    fs::create_dir_all(twice.parent().unwrap()).unwrap();
    fs::copy(proposals.path(ProposalState::Deferred, &late), &twice).unwrap();
    let blocked = proposals.bring_back_under(&lock, &late, at(30)).unwrap_err().downcast::<BlockedProposal>().unwrap();
    assert!(blocked.to_string().contains("remove one"), "{blocked}");
    proposals.bring_back_under(&lock, &soon, at(30)).unwrap();
    fs::remove_file(twice).unwrap();
    assert_eq!(proposals.get(&soon).unwrap().proposal.judgement, None);
    assert_eq!(store.states(), "adr");
    drop(lock);
    let file = fs::File::options().write(true).open(proposals.path(ProposalState::Rejected, &never)).unwrap();
    file.set_modified(at(0).into()).unwrap();
    assert!(proposals.forget(at(90)).unwrap().is_empty());
    assert_eq!(proposals.forget(at(91)).unwrap(), [never]);
    assert_eq!(store.states(), "ad");
}

#[test]
fn a_contradiction_is_left_to_a_user() {
    let store = Store::new();
    let proposals = store.proposals();
    let one = store.add(&about("One", Category::Refactor, &["a.rs"]));
    let two = store.add(&about("Two", Category::Feature, &["./a.rs"]));
    let three = store.add(&about("Three", Category::Test, &["a.rs"]));
    let refused = |error: String| assert!(error.contains("only the user may decide"), "{error}");
    // Found by whoever judges, before the user was told.
    refused(store.promote(&one, &agent()).unwrap_err().to_string());
    refused(proposals.judge(&two, rejection("no"), &agent(), at(0)).unwrap_err().to_string());
    store.promote(&three, &agent()).unwrap();
    let lock = crate::store::lock(&store.paths).unwrap();
    proposals.conflict_under(&lock, [&one, &two], "both name a.rs", &user(), at(0)).unwrap();
    drop(lock);
    assert_eq!(store.states(), "pdd");
    for (id, other) in [(&one, &two), (&two, &one)] {
        let found = proposals.get(id).unwrap().proposal;
        assert_eq!((&found.conflicts[0].with, found.returns_at()), (other, None));
        refused(store.promote(id, &agent()).unwrap_err().to_string());
        refused(proposals.reactivate(id, &agent(), at(0)).unwrap_err().to_string());
    }
    // Brought back by the user it is known, and still not an agent's to judge, also when it was changed.
    proposals.reactivate(&one, &user(), at(0)).unwrap();
    let path = proposals.path(ProposalState::Active, &one);
    fs::write(&path, fs::read_to_string(&path).unwrap().replace("In short", "Shorter")).unwrap();
    refused(store.promote(&one, &agent()).unwrap_err().to_string());
    fs::write(&path, fs::read_to_string(&path).unwrap().replace("Shorter", "In short")).unwrap();
    proposals.reactivate(&two, &user(), at(0)).unwrap();
    let active = proposals.good(ProposalState::Active).unwrap();
    assert!(proposal::to_escalate(&active, &[]).is_empty());
    refused(store.promote(&one, &agent()).unwrap_err().to_string());
    store.promote(&one, &user()).unwrap();
    let second = store.promote(&two, &agent()).unwrap();
    assert_eq!(second.blocked_by.len(), 2, "the tasks of the two others name the same file");
}

#[test]
fn a_marked_pair_that_a_person_brings_back_is_the_curator_s_again() {
    let store = Store::new();
    let proposals = store.proposals();
    let (one, two) = (store.add(&idea("One")), store.add(&idea("Two")));
    let lock = crate::store::lock(&store.paths).unwrap();
    proposals.conflict_under(&lock, [&one, &two], "not both", &user(), at(0)).unwrap();
    drop(lock);
    proposals.reactivate(&one, &user(), at(0)).unwrap();
    assert!(proposals.judge(&one, rejection("no"), &agent(), at(0)).is_err(), "the other one still waits for the user");
    proposals.reactivate(&two, &user(), at(0)).unwrap();
    for id in [&one, &two] {
        assert!(proposals.get(id).unwrap().proposal.conflicts.is_empty());
        proposals.judge(id, rejection("no"), &agent(), at(0)).unwrap();
    }
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let store = Store::new();
    let dir = store.paths.proposals(ProposalState::Active);
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("PROP-1.md"), "# x\n**Category:** chore\n").unwrap();
    fs::write(dir.join("hand-made.md"), "# By hand\n").unwrap();
    fs::write(dir.join("a b.md"), "# x\n").unwrap();
    let proposals = store.proposals();
    let bad = proposals.all(ProposalState::Active).unwrap().into_iter().find_map(Result::err).unwrap();
    assert!(bad.problems[0].contains("not a category"), "{bad:?}");
    assert_eq!(proposals.list(ProposalState::Active).unwrap().strays.len(), 1);
    assert!(proposals.judge(&name("PROP-1"), rejection("no"), &user(), at(0)).is_err());
    assert!(proposals.get(&name("PROP-9")).unwrap_err().to_string().contains("there is no proposal"));
    store.promote(&name("HAND-MADE"), &user()).unwrap();
    assert_eq!(store.states(), "ap");
}
