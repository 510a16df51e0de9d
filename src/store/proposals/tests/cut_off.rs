//! Judgements that are cut off, and users who get in between.

use super::*;
use crate::store::messages;

/// Cut off after each of its steps, a promotion is completed by the next call, once.
#[test]
fn a_promotion_cut_off_is_completed_once() {
    for steps in 0..4 {
        for next in ["complete", "promote", "other"] {
            let store = Store::new();
            let (id, other) = (store.add(&idea("One")), store.add(&idea("Other")));
            let task = name("TASK-12345678");
            let verdict = ProposalVerdict::Promoted {
                task: task.clone(),
                role: TaskRole::Implement,
                priority: Priority::P1,
                branch: None,
            };
            let judgement = judge::judgement(verdict, &agent(), at(1));
            let what = Unfinished::Judge {
                id: id.clone(),
                from: ProposalState::Active,
                judgement: judgement.clone(),
                blocked_by: vec![name("TASK-9")],
                overlaps: Vec::new(),
            };
            let unfinished = store.paths.unfinished_judgement();
            atomic::write(&unfinished, &atomic::json(&what).unwrap()).unwrap();
            let path = store.proposals().path(ProposalState::Active, &id);
            if steps > 0 {
                let text = fs::read_to_string(&path).unwrap();
                fs::write(&path, proposal::with_judgement(&text, Some(&judgement), &[])).unwrap();
            }
            if steps > 1 {
                let new =
                    proposal::task(&store.proposals().get(&id).unwrap().proposal, &judgement, &[name("TASK-9")], &[]);
                fs::create_dir_all(store.paths.queue(TaskState::Claimed)).unwrap();
                // It may even have been claimed meanwhile.
                fs::write(store.paths.task(TaskState::Claimed, &task), new.unwrap().to_text(&task, at(1))).unwrap();
            }
            if steps > 2 {
                fs::create_dir_all(store.paths.proposals(ProposalState::Promoted)).unwrap();
                fs::rename(&path, store.proposals().path(ProposalState::Promoted, &id)).unwrap();
            }
            match next {
                "complete" => assert_eq!(store.proposals().complete(at(2)).unwrap(), Some(what)),
                "promote" => assert_eq!(store.promote(&id, &agent()).unwrap().task, task),
                _ => drop(store.proposals().judge(&other, rejection("no"), &agent(), at(2)).unwrap()),
            }
            assert_eq!(store.states(), if next == "other" { "pr" } else { "ap" }, "{steps} {next}");
            let state = if steps > 1 { TaskState::Claimed } else { TaskState::Incoming };
            let heads = store.queue().all(state).unwrap();
            assert_eq!(heads.len(), 1);
            let head = heads[0].as_ref().unwrap();
            assert_eq!((&head.id, head.blocked_by.as_slice()), (&task, [name("TASK-9")].as_slice()));
            assert!(!unfinished.exists() && store.proposals().complete(at(3)).unwrap().is_none());
            assert_eq!(store.proposals().get(&id).unwrap().proposal.judgement, Some(judgement));
        }
    }
}

#[test]
fn the_user_who_moves_files_wins() {
    let store = Store::new();
    let id = store.add(&idea("One"));
    let what = Unfinished::Reactivate { id: id.clone(), from: ProposalState::Deferred };
    let unfinished = store.paths.unfinished_judgement();
    atomic::write(&unfinished, &atomic::json(&what).unwrap()).unwrap();
    store.proposals().complete(at(1)).unwrap();
    assert_eq!(store.states(), "a");
    // Two files of one name: nobody guesses which one is meant.
    fs::create_dir_all(store.paths.proposals(ProposalState::Rejected)).unwrap();
    let [active, rejected] = [ProposalState::Active, ProposalState::Rejected].map(|s| store.proposals().path(s, &id));
    fs::write(&rejected, "# mine\n").unwrap();
    let refusal = store.proposals().judge(&id, rejection("no"), &user(), at(1)).unwrap_err();
    assert!(format!("{refusal:#}").contains("remove one of the two files"), "{refusal:#}");
    assert_eq!(fs::read_to_string(&rejected).unwrap(), "# mine\n");
    assert!(active.exists() && !unfinished.exists(), "what was refused is not tried again");
    store.add(&idea("Another"));
    // Cut off before the second file was put there, it is given up, the user told, and others go on.
    let verdict = ProposalVerdict::Rejected { reason: "too large".to_owned() };
    let judgement = judge::judgement(verdict, &user(), at(1));
    let from = ProposalState::Active;
    let what = Unfinished::Judge { id, from, judgement, blocked_by: Vec::new(), overlaps: Vec::new() };
    for _ in 0..2 {
        atomic::write(&unfinished, &atomic::json(&what).unwrap()).unwrap();
        store.add(&idea("Yet another"));
        assert!(!unfinished.exists());
    }
    let told = messages::list(&store.paths).unwrap().0;
    assert!(told.len() == 1 && told[0].message.body.contains("too large"), "{told:?}");
    fs::remove_file(rejected).unwrap();
    // What can't be opened waits; what makes no sense is said once and stops nothing.
    fs::create_dir(&unfinished).unwrap();
    assert!(store.proposals().complete(at(1)).is_err() && unfinished.exists());
    fs::remove_dir(&unfinished).unwrap();
    fs::write(&unfinished, "{").unwrap();
    assert!(store.proposals().complete(at(1)).is_err());
    assert!(store.proposals().complete(at(1)).unwrap().is_none());
}

#[test]
fn half_a_contradiction_is_completed() {
    let store = Store::new();
    let proposals = store.proposals();
    let one = store.add(&about("One", Category::Refactor, &["a.rs"]));
    let two = store.add(&about("Two", Category::Feature, &["a.rs"]));
    let verdict = ProposalVerdict::Deferred { reason: "both".to_owned(), until: None };
    let what =
        Unfinished::Conflict { ids: [one.clone(), two.clone()], judgement: judge::judgement(verdict, &user(), at(0)) };
    let unfinished = store.paths.unfinished_judgement();
    atomic::write(&unfinished, &atomic::json(&what).unwrap()).unwrap();
    fs::create_dir_all(store.paths.proposals(ProposalState::Deferred)).unwrap();
    let paths = [ProposalState::Active, ProposalState::Deferred].map(|state| proposals.path(state, &one));
    fs::rename(&paths[0], &paths[1]).unwrap();
    proposals.complete(at(1)).unwrap();
    assert_eq!(store.states(), "dd");
    let known = |id: &Name| proposals.get(id).unwrap().proposal.conflicts;
    assert_eq!((known(&one).len(), known(&two).len()), (1, 1));
}
