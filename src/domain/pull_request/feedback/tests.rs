use super::*;
use crate::domain::pull_request::{Base, RunState};

const HEAD: &str = "aaaa";
const OLD: &str = "bbbb";
const SAID: &str = "2026-01-05T10:00:00Z";

fn run(name: &str, state: RunState, run: u64) -> CheckRun {
    CheckRun { name: name.to_owned(), state, job: (run > 0).then_some((run, run + 100)), ..CheckRun::default() }
}

/// `conflict`, `test=failed.7` (in run 7; of another service without a number), `main:test=failed`.
fn ours(words: &str) -> Ours {
    let mut head = Head {
        commit: HEAD.to_owned(),
        base: "main".to_owned(),
        mergeable: Mergeable::Yes,
        updated_at: SAID.to_owned(),
        remarks: 1,
        ..Head::default()
    };
    let mut base = Base { commit: "cccc".to_owned(), ..Base::default() };
    for word in words.split_whitespace() {
        if word == "conflict" {
            head.mergeable = Mergeable::Conflicting;
            continue;
        }
        let (runs, word) = match word.strip_prefix("main:") {
            Some(word) => (&mut base.runs, word),
            None => (&mut head.runs, word),
        };
        let (name, state) = word.split_once('=').unwrap();
        let (state, number) = state.split_once('.').unwrap_or((state, "0"));
        let state = match state {
            "passed" => RunState::Passed,
            "failed" => RunState::Failed,
            _ => RunState::Pending,
        };
        runs.push(run(name, state, number.parse().unwrap()));
    }
    Ours { heads: [(7, head)].into(), bases: [("main".to_owned(), base)].into() }
}

/// `checks@old`, `gate@head`, `-words@head`: tasks with what they mend and the commit; what was taken back has a minus.
fn tasks(words: &str) -> Vec<FixTask> {
    let one = |word: &str| {
        let (kind, commit) = word.trim_start_matches('-').split_once('@').unwrap();
        FixTask {
            task: "TASK-1".parse().unwrap(),
            commit: if commit == "head" { HEAD } else { OLD }.to_owned(),
            withdrawn: word.starts_with('-'),
            about: kind.parse().ok().map(About::of),
            more: Map::new(),
        }
    };
    words.split_whitespace().map(one).collect()
}

/// `rerun.7`, `tried`, `read`: what was done for the head before.
fn known(words: &str) -> Feedback {
    let mut known = Feedback::default();
    for word in words.split_whitespace() {
        match word.split_once('.') {
            Some((_, run)) => {
                known.reruns = Some(Reruns { commit: HEAD.to_owned(), runs: vec![run.parse().unwrap()] });
            }
            None if word == "read" => known.read = Some(SAID.to_owned()),
            None => known.tried = Some([HEAD.to_owned(), "cccc".to_owned()]),
        }
    }
    known
}

#[test]
fn what_is_due() {
    let (task, read) = ("Round(Task)", "Read");
    for (state, made, before, expected) in [
        ("", "", "", read),
        ("", "", "read", "Nothing"),
        ("test=passed.1", "", "read", "Nothing"),
        // No checks yet, or not all of them: people may have said something all the same.
        ("test=pending.1", "", "", read),
        ("test=failed.1 lint=pending.1", "", "read", "Nothing"),
        ("conflict", "", "", "Merge"),
        ("conflict", "", "tried", task),
        ("conflict test=failed.1", "", "tried", task),
        ("conflict", "conflict@head", "tried", "Nothing"),
        ("conflict", "conflict@old", "tried", task),
        ("conflict", "-conflict@head", "tried", task),
        // What failed once is begun again, each run once for a commit.
        ("test=failed.7", "", "", "Rerun([7])"),
        ("test=failed.7 lint=failed.7", "", "", "Rerun([7])"),
        ("test=failed.7", "", "rerun.7", task),
        ("test=failed.7 lint=failed.8", "", "rerun.7", "Rerun([8])"),
        ("cov=failed", "", "", task),
        ("cov=failed", "checks@head", "", "Nothing"),
        ("cov=failed", "gate@head", "", "Nothing"),
        ("cov=failed", "checks@old checks@old", "", task),
        ("cov=failed", "checks@old words@old conflict@old", "", "Round(Exhausted(3))"),
        ("cov=failed", "checks@old -words@old conflict@old", "", task),
        ("cov=failed", "checks@old gate@old conflict@old", "", task),
        // What fails on the base as well is mended there, once.
        ("test=failed.7 main:test=failed.2", "", "", read),
        ("test=failed.7 main:test=failed.2", "", "read", "MendBase"),
        ("test=failed.7 lint=failed.8 main:test=failed.2", "", "read", "Rerun([8])"),
        ("test=failed.7 main:test=passed.2", "", "rerun.7", task),
    ] {
        let ours = ours(state);
        let (_, next) = next(&ours, &ours.heads[&7], &tasks(made), &known(before), 3);
        assert_eq!(format!("{next:?}"), expected, "{state} | {made} | {before}");
    }
}

#[test]
fn without_its_base_a_conflict_is_not_tried_over_and_over() {
    let mut ours = ours("conflict");
    ours.bases.clear();
    let (kind, next) = next(&ours, &ours.heads[&7], &[], &Feedback::default(), 3);
    assert_eq!((kind, next), (Some(Kind::Conflict), Next::Round(Round::Task)));
}
