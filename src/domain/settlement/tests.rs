use super::*;
use crate::domain::task;

fn now() -> Time {
    time::parse("2026-01-15T10:00:00Z").unwrap()
}

fn end<'a>(job: &'a Job, task: Option<&'a Task>, outcome: &'a Outcome, evidence: &'a Evidence) -> RunEnd<'a> {
    RunEnd { job, task, max_attempts: 3, outcome, evidence, now: now() }
}

fn settle_task(role: TaskRole, outcome: &Outcome, evidence: &Evidence, attempt: u32, returns: u32) -> Settlement {
    let id: super::super::name::Name = "TASK-1".parse().unwrap();
    let task = task::parse(&id, &format!("# Title\n\nROLE: {role}\nPR: 7\nRETURNS: {returns}\n")).unwrap();
    settle(&end(&Job::Task { id, attempt }, Some(&task), outcome, evidence))
}

/// `done`, `failed`, or `requeue` with attempts, returns and what it waits for.
fn step(settlement: &Settlement) -> String {
    match settlement.task.as_ref().unwrap() {
        TaskStep::Done => "done".to_owned(),
        TaskStep::Failed => "failed".to_owned(),
        TaskStep::Requeue { attempts, returns, waits_for } => {
            format!("requeue {attempts} {returns} {}", waits_for.as_deref().unwrap_or("-"))
        }
    }
}

fn evidence(words: &str) -> Evidence {
    Evidence {
        commits: u32::from(words.contains("commits")),
        forbidden: if words.contains("forbidden") { vec!["src/a.rs".to_owned()] } else { Vec::new() },
        recorded: words.contains("verdict"),
        question: words.contains("question").then(|| "question-1".to_owned()),
        reported: words.contains("report"),
        unfetchable: words.contains("unfetchable").then(|| "its commits name 1 of the submodule lib".to_owned()),
        goes_on: words.contains("goes on"),
        findings: None,
    }
}

#[test]
fn the_table() {
    use Outcome::*;
    use Publish as P;
    use TaskRole::{Implement, Review, Test};
    let api = |status| ApiError { status, message: "x".to_owned() };
    let launch = |everybody| LaunchFailed { message: "no claude".to_owned(), everybody };
    let bad = BadTask { message: "no such branch".to_owned() };
    let crash = Crashed { message: "x".to_owned() };
    let limit = UsageLimit { until: None };
    let down = RunnerDown { runner: "cluster".parse().unwrap(), message: "no route".to_owned() };
    for (role, outcome, left, attempt, returns, expected, publish) in [
        (Implement, TurnLimit, "commits goes on", 2, 3, "requeue 1 3 -", P::Nothing),
        (Implement, Stalled, "commits goes on", 2, 3, "requeue 2 0 -", P::Nothing),
        (Implement, Finished, "commits goes on report", 1, 0, "done", P::Work),
        (Implement, Finished, "commits report", 1, 0, "done", P::Work),
        (Implement, Finished, "report", 1, 0, "requeue 1 0 -", P::Nothing),
        (Implement, Finished, "report", 3, 0, "failed", P::Nothing),
        (Implement, Finished, "commits unfetchable", 1, 0, "failed", P::Nothing),
        (Implement, Finished, "commits question", 2, 0, "requeue 1 0 question-1", P::Nothing),
        (Test, Finished, "commits", 1, 0, "done", P::Work),
        (Test, Finished, "commits forbidden", 1, 0, "failed", P::Nothing),
        (Test, Finished, "report", 1, 0, "done", P::Nothing),
        (Test, Finished, "", 1, 0, "requeue 1 0 -", P::Nothing),
        (Review, Finished, "verdict", 1, 0, "done", P::Review),
        (Review, Finished, "verdict forbidden", 1, 0, "done", P::Review),
        (Review, TurnLimit, "verdict", 1, 0, "done", P::Review),
        (Review, Finished, "report", 1, 0, "requeue 1 0 -", P::Nothing),
        (Implement, TurnLimit, "commits", 1, 4, "requeue 1 0 -", P::Nothing),
        (Implement, Budget, "commits", 2, 0, "requeue 2 0 -", P::Nothing),
        (Implement, TimedOut, "", 3, 0, "failed", P::Nothing),
        (Test, Stalled, "commits", 1, 0, "requeue 1 0 -", P::Nothing),
        (Review, crash.clone(), "", 1, 0, "requeue 1 0 -", P::Nothing),
        (Implement, limit.clone(), "commits", 3, 0, "requeue 2 1 -", P::Nothing),
        (Implement, api(Some(529)), "", 1, 0, "requeue 0 1 -", P::Nothing),
        (Implement, api(Some(401)), "", 1, 1, "requeue 0 2 -", P::Nothing),
        (Implement, api(None), "", 1, 4, "requeue 0 5 a person", P::Nothing),
        (Implement, api(Some(400)), "", 1, 0, "requeue 1 0 -", P::Nothing),
        (Implement, Interrupted { by: Interruption::Demand }, "commits", 1, 4, "requeue 0 4 -", P::Nothing),
        (Implement, Interrupted { by: Interruption::Signal }, "commits", 1, 0, "requeue 0 1 -", P::Nothing),
        (Implement, Interrupted { by: Interruption::Loss }, "commits", 1, 4, "requeue 0 5 a person", P::Nothing),
        (Implement, launch(true), "", 1, 0, "requeue 0 1 -", P::Nothing),
        (Implement, Interrupted { by: Interruption::System }, "", 2, 4, "requeue 1 4 -", P::Nothing),
        (Implement, SystemTrouble { message: "no room".to_owned() }, "", 1, 4, "requeue 0 4 -", P::Nothing),
        (Implement, launch(false), "", 1, 0, "requeue 0 1 -", P::Nothing),
        (Implement, down, "", 2, 4, "requeue 1 4 -", P::Nothing),
        (Implement, Interrupted { by: Interruption::Queue }, "", 1, 4, "requeue 0 4 -", P::Nothing),
        (Implement, Interrupted { by: Interruption::Preempted }, "commits", 2, 4, "requeue 1 4 -", P::Nothing),
        (Implement, Interrupted { by: Interruption::Cancelled }, "", 1, 4, "requeue 0 4 -", P::Nothing),
        (Implement, Interrupted { by: Interruption::NodeLost }, "", 1, 0, "requeue 0 1 -", P::Nothing),
        (Implement, Interrupted { by: Interruption::Silence }, "commits", 1, 0, "requeue 0 1 -", P::Nothing),
        (Implement, bad.clone(), "commits", 1, 0, "failed", P::Nothing),
        (Review, bad.clone(), "verdict", 1, 0, "failed", P::Nothing),
    ] {
        let settlement = settle_task(role, &outcome, &evidence(left), attempt, returns);
        assert_eq!(step(&settlement), expected, "{role} {outcome:?} {left}");
        assert_eq!(settlement.publish, publish, "{role} {outcome:?} {left}");
        let waits = matches!(outcome.blame(), Blame::Everybody | Blame::Runner);
        assert_eq!(settlement.cooldown.is_some(), waits, "{outcome:?}");
        let speaks = matches!(settlement.task, Some(TaskStep::Failed));
        assert!(!speaks || settlement.notice.is_some(), "{role} {outcome:?} fails in silence");
    }
}

#[test]
fn tallies() {
    let none = Evidence::default();
    for (outcome, tally) in [
        (Outcome::Finished, Tally::Success),
        (Outcome::TurnLimit, Tally::Failure),
        (Outcome::Interrupted { by: Interruption::Demand }, Tally::Neutral),
        (Outcome::UsageLimit { until: None }, Tally::Neutral),
        (Outcome::LaunchFailed { message: "unknown option".to_owned(), everybody: false }, Tally::Failure),
        (Outcome::ApiError { status: Some(404), message: "no such model".to_owned() }, Tally::Failure),
    ] {
        assert_eq!(settle(&end(&Job::Explore, None, &outcome, &none)).tally, tally, "{outcome:?}");
    }
    assert_eq!(settle_task(TaskRole::Implement, &Outcome::Finished, &none, 1, 0).tally, Tally::Failure);
}

#[test]
fn a_task_that_was_taken_away_is_left_alone() {
    let job = Job::Task { id: "TASK-1".parse().unwrap(), attempt: 1 };
    for outcome in [Outcome::Finished, Outcome::Interrupted { by: Interruption::Demand }, Outcome::TurnLimit] {
        let settlement = settle(&end(&job, None, &outcome, &evidence("commits")));
        assert_eq!((settlement.task, settlement.publish), (None, Publish::Nothing), "{outcome:?}");
        assert_eq!((settlement.tally, settlement.notice), (Tally::Neutral, None), "{outcome:?}");
    }
}

#[test]
fn a_row_of_failures_is_told_once() {
    let after = |failures| AgentState { consecutive_failures: failures, ..AgentState::default() };
    let told =
        |tally| (0..20).filter(|failures| row_of_failures(tally, &after(*failures)).is_some()).collect::<Vec<_>>();
    assert_eq!(told(Tally::Failure), [FAILURES_TOLD]);
    // A run that counts neither way may end while the row is just that long.
    assert!(told(Tally::Neutral).is_empty() && told(Tally::Success).is_empty());
}

#[test]
fn a_cause_that_hits_everybody_is_said_once() {
    let outcome = Outcome::LaunchFailed { message: "no claude".to_owned(), everybody: true };
    let first = settle_task(TaskRole::Implement, &outcome, &Evidence::default(), 1, 0).notice.unwrap();
    let second = settle_task(TaskRole::Test, &outcome, &Evidence::default(), 1, 1).notice.unwrap();
    assert_eq!(first.key, second.key);
    assert!(first.key.is_some());
}

#[test]
fn checks_without_a_record_are_the_gatekeepers_error() {
    use Outcome::*;
    let launch = |everybody| LaunchFailed { message: "x".to_owned(), everybody };
    for (recorded, outcome, attempt, tally, error, cools) in [
        (true, Finished, 1, Tally::Success, false, false),
        (true, TimedOut, 3, Tally::Success, false, false),
        (true, UsageLimit { until: None }, 1, Tally::Success, false, true),
        (false, Finished, 1, Tally::Failure, false, false),
        (false, Finished, 3, Tally::Failure, true, false),
        (false, TurnLimit, 2, Tally::Failure, false, false),
        (false, Crashed { message: "x".to_owned() }, 3, Tally::Failure, true, false),
        (false, Interrupted { by: Interruption::Loss }, 3, Tally::Neutral, false, false),
        (false, UsageLimit { until: None }, 3, Tally::Neutral, false, true),
        (false, launch(false), 3, Tally::Neutral, true, false),
    ] {
        let (commit, check) = ("c".to_owned(), "lint".parse().unwrap());
        let job = Job::Check(DueCheck { pr: 1, commit, check, attempt, fork: false, waits: false });
        let evidence = Evidence { recorded, ..Evidence::default() };
        let settlement = settle(&end(&job, None, &outcome, &evidence));
        let told = settlement.notice.as_ref().is_some_and(|notice| notice.kind == MessageType::Error);
        assert_eq!(
            (settlement.tally, told, settlement.cooldown.is_some()),
            (tally, error, cools),
            "{outcome:?} {attempt}"
        );
        assert_eq!((settlement.task, settlement.publish), (None, Publish::Nothing));
    }
}

#[test]
fn a_coordination_that_failed_waits_longer() {
    let failed = Outcome::LaunchFailed { message: "GitHub can't be reached".to_owned(), everybody: false };
    for (outcome, tally) in [
        (Outcome::Finished, Tally::Success),
        (Outcome::Interrupted { by: Interruption::Demand }, Tally::Neutral),
        (failed, Tally::Failure),
    ] {
        let settlement = settle(&end(&Job::Coordinate, None, &outcome, &Evidence::default()));
        assert_eq!((settlement.tally, settlement.cooldown, settlement.notice), (tally, None, None));
    }
}

#[test]
fn proposals_are_counted_not_believed() {
    let judged = |count, queue_full| Findings::Judged { count, queue_full };
    for (outcome, findings, tally, words) in [
        (Outcome::Finished, Findings::Proposed(2), Tally::Success, "2 proposals added"),
        (Outcome::Finished, Findings::Proposed(0), Tally::Success, "0 proposals added"),
        (Outcome::TurnLimit, Findings::Proposed(1), Tally::Success, "1 proposal added"),
        (Outcome::TurnLimit, Findings::Proposed(0), Tally::Failure, "0 proposals added"),
        (Outcome::Interrupted { by: Interruption::Demand }, Findings::Proposed(1), Tally::Neutral, "1 proposal added"),
        (Outcome::Finished, judged(3, false), Tally::Success, "3 proposals judged"),
        (Outcome::Finished, judged(0, false), Tally::Failure, "0 proposals judged"),
        (Outcome::Finished, judged(0, true), Tally::Success, "0 proposals judged"),
        (Outcome::TimedOut, judged(0, true), Tally::Failure, "0 proposals judged"),
    ] {
        let evidence = Evidence { findings: Some(findings), ..Evidence::default() };
        let settled = settle(&end(&Job::Curate, None, &outcome, &evidence));
        assert_eq!(settled.tally, tally, "{outcome:?} {findings:?}");
        assert!(settled.reason.ends_with(words), "{}", settled.reason);
    }
}
