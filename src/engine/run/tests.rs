//! Judging a run and what settling it takes, without a process and without a file.

mod scene;

use super::plan::Step;
use crate::domain::gate::DueCheck;
use crate::domain::job::Job;
use crate::domain::outcome::{Interruption, Outcome};
use crate::domain::receipt;
use crate::domain::role::Role;
use crate::domain::settlement::MAX_RETURNS;
use crate::domain::state::AgentState;
use scene::{BRANCH, Scene};

#[test]
fn the_table_of_settlements() {
    use Outcome::*;
    let push = format!("push tip to {BRANCH}, pull request into main");
    let draft = format!("push tip to {BRANCH}, draft into main");
    let failed = "error \"A task failed: Fix it\"";
    let api = |status| ApiError { status, message: "x".to_owned() };
    let launch = |everybody| LaunchFailed { message: "no claude".to_owned(), everybody };
    let crash = Crashed { message: "x".to_owned() };
    let (implement, test, review) = ("ROLE: implement\n", "ROLE: test\n", "ROLE: review\n");
    let (with_pr, review_of_pr) = ("ROLE: implement\nPR: 7\n", "ROLE: review\nPR: 7\n");
    let often = format!("RETURNS: {}\n", MAX_RETURNS - 1);
    for (header, attempt, outcome, left, expected) in [
        // Finished with evidence.
        (implement, 1, Finished, "commits report", format!("{push}, done 1/0")),
        (with_pr, 1, Finished, "commits", "push tip to feature/x, receipt of #7, done 1/0".to_owned()),
        (test, 1, Finished, "commits", format!("{push}, done 1/0")),
        (test, 1, Finished, "report", "done 1/0".to_owned()),
        (review, 1, Finished, "verdict", "done 1/0".to_owned()),
        (review_of_pr, 1, Finished, "verdict", "approve #7, done 1/0".to_owned()),
        (review_of_pr, 1, TurnLimit, "verdict", "approve #7, done 1/0".to_owned()),
        // Finished without.
        (implement, 1, Finished, "report", "incoming 1/0".to_owned()),
        (test, 2, Finished, "", "incoming 2/0".to_owned()),
        (review, 1, Finished, "report", "incoming 1/0".to_owned()),
        (implement, 3, Finished, "report", format!("{failed}, failed 3/0")),
        // Asked a question.
        (implement, 2, Finished, "commits question", "incoming 1/0 waits for question-1".to_owned()),
        (test, 1, Finished, "question", "incoming 0/0 waits for question-1".to_owned()),
        (review, 1, Finished, "verdict question", "incoming 0/0 waits for question-1".to_owned()),
        // Limits and crashes.
        (implement, 1, TurnLimit, "commits", "incoming 1/0".to_owned()),
        (implement, 2, Budget, "", "incoming 2/0".to_owned()),
        (test, 1, TimedOut, "commits", "incoming 1/0".to_owned()),
        (review, 1, Stalled, "", "incoming 1/0".to_owned()),
        (implement, 3, crash, "commits", format!("{failed}, failed 3/0")),
        // What isn't the run's fault.
        (
            implement,
            3,
            UsageLimit { until: None },
            "commits",
            "info \"The account's usage limit is reached\", incoming 2/1, cool down".to_owned(),
        ),
        (implement, 1, api(Some(529)), "", "incoming 0/1, cool down".to_owned()),
        (test, 1, api(Some(401)), "", "error \"Claude refuses the account\", incoming 0/1, cool down".to_owned()),
        (review, 1, api(None), "", "incoming 0/1, cool down".to_owned()),
        (implement, 1, launch(true), "", "error \"An agent can't be started\", incoming 0/1, cool down".to_owned()),
        (implement, 1, launch(false), "", "error \"An agent can't be started\", incoming 0/1".to_owned()),
        (implement, 1, Interrupted { by: Interruption::Demand }, "commits", "incoming 0/0".to_owned()),
        (implement, 1, Interrupted { by: Interruption::Loss }, "commits", "incoming 0/1".to_owned()),
        (
            &often,
            1,
            Interrupted { by: Interruption::Loss },
            "",
            "warning \"Came back 5 times without being tried: Fix it\", incoming 0/5 waits for a person".to_owned(),
        ),
        // The task's fault.
        (implement, 1, BadTask { message: "there is no branch \"x\"".to_owned() }, "", format!("{failed}, failed 1/0")),
        // Changed what the role may not.
        (test, 1, Finished, "commits forbidden", format!("{failed}, failed 1/0")),
        (review_of_pr, 1, Finished, "verdict salvage", "approve #7, done 1/0".to_owned()),
        // What directs the user's own claude.
        (
            implement,
            1,
            Finished,
            "commits settings",
            format!("{push}, done 1/0, warning \"Files that direct Claude Code are changed: Fix it\""),
        ),
        (implement, 1, TurnLimit, "commits settings", "incoming 1/0".to_owned()),
        // Verified.
        (implement, 1, Finished, "commits work:0", format!("{push}, done 1/0")),
        (test, 2, Finished, "commits work:1 base:0", "incoming 2/0".to_owned()),
        (implement, 3, Finished, "commits work:1 base:0", format!("{draft}, {failed}, failed 3/0")),
        (with_pr, 1, Finished, "commits work:0", "push tip to feature/x, receipt of #7, ready, done 1/0".to_owned()),
        (with_pr, 3, Finished, "commits work:1 base:0", format!("{failed}, failed 3/0")),
        (implement, 3, Finished, "commits work:1 base:1", format!("{push}, done 3/0")),
        (with_pr, 1, Finished, "commits work:1 base:1", "push tip to feature/x, receipt of #7, done 1/0".to_owned()),
        (
            implement,
            3,
            Finished,
            "commits work:127 base:127",
            "error \"`verify` can't be started\", incoming 2/1, cool down".to_owned(),
        ),
        (implement, 3, Finished, "commits work:1 stopped", "incoming 2/0".to_owned()),
    ] {
        let scene = Scene::of_task(header, attempt, outcome, left);
        assert_eq!(scene.plan(), expected, "{header:?} {:?} {left}", scene.outcome);
    }
}

#[test]
fn runs_without_a_task() {
    let due = |attempt| {
        let (commit, check) = ("head".to_owned(), "lint".parse().unwrap());
        Job::Check(DueCheck { pr: 7, commit, check, attempt, fork: false, waits: false })
    };
    let given_up = "error \"A check of a pull request was given up: lint of #7\", return, charged";
    let refused = Outcome::LaunchFailed { message: "gh".to_owned(), everybody: false };
    for (role, job, outcome, left, expected) in [
        (Role::ProductManager, Job::Explore, Outcome::Finished, "", ""),
        (Role::Proposer, Job::Propose, Outcome::TurnLimit, "", ""),
        (Role::Curator, Job::Curate, Outcome::Finished, "judged", "note curation"),
        (Role::Curator, Job::Curate, Outcome::TimedOut, "", ""),
        (Role::GatekeeperCoordinator, Job::Coordinate, refused, "", ""),
        (Role::Gatekeeper, due(1), Outcome::Finished, "check", "record lint passed"),
        (Role::Gatekeeper, due(1), Outcome::Finished, "", "return, charged"),
        (Role::Gatekeeper, due(3), Outcome::TimedOut, "", given_up),
        (Role::Gatekeeper, due(3), Outcome::Interrupted { by: Interruption::Loss }, "", "return"),
    ] {
        let scene = Scene::new(role, job, outcome, left);
        assert_eq!(scene.plan(), expected, "{role} {:?} {left}", scene.outcome);
    }
}

#[test]
fn a_task_that_was_taken_away_is_not_touched() {
    for left in ["commits report", "question", ""] {
        let scene = Scene { holds_task: false, ..Scene::of_task("", 1, Outcome::Finished, left) };
        assert_eq!(scene.plan(), "", "{left}");
        assert_eq!(scene.record().publication, None);
    }
}

#[test]
fn a_failure_names_reason_branch_log_and_what_to_do() {
    let scene = Scene::of_task("", 3, Outcome::TimedOut, "commits salvage report");
    let text = scene.task_text();
    let messages = scene.messages();
    for text in [&text, &messages[0].body] {
        for part in ["timeout_seconds, at attempt 3", BRANCH, "/runs/1/output.jsonl", "refs/salvage/0190d1c2"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
    assert!(text.contains(&format!("WORK_BRANCH: {BRANCH}")) && text.contains("FAILED_AT: 2026-01-15T10:05:00Z"));
    assert!(messages[0].body.contains("scheduler task retry TASK-1"), "{}", messages[0].body);
    assert_eq!(messages[0].task.as_deref(), Some("TASK-1"));
    assert_eq!(messages[0].key.as_deref(), Some("run 0190d1c2-7f1a-4e5b-8c3d-1a2b3c4d5e6f"));
}

#[test]
fn the_next_attempt_learns_what_it_can_go_on_from() {
    for (outcome, left, learns) in [
        (Outcome::TurnLimit, "", true),
        (Outcome::Interrupted { by: Interruption::Loss }, "", false),
        (Outcome::Interrupted { by: Interruption::Loss }, "commits", true),
        (Outcome::Interrupted { by: Interruption::Loss }, "salvage", true),
    ] {
        let scene = Scene::of_task("", 1, outcome, left);
        let text = scene.task_text();
        assert_eq!(text.contains("## Error"), learns, "{left}: {text}");
        assert_eq!(text.contains("WORK_BRANCH"), left == "commits", "{left}: {text}");
    }
}

#[test]
fn a_result_holds_the_verdict_the_report_and_what_was_set_aside() {
    let text = Scene::of_task("ROLE: review\n", 1, Outcome::Finished, "verdict report salvage").task_text();
    for part in ["## Result", "Fine.", "I did it.", "Set aside: refs/salvage/0190d1c2"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    for (outcome, left) in [(Outcome::Finished, "commits refused"), (Outcome::TurnLimit, "refused")] {
        let scene = Scene::of_task("", 1, outcome, left);
        let message = scene.messages().pop().unwrap();
        for text in [scene.task_text(), message.body] {
            assert!(text.contains("/runs/1/set-aside (data.enc)"), "{text}");
        }
        assert_eq!(message.title, "Files are set aside: Fix it");
    }
}

#[test]
fn the_record_says_what_is_to_be_published() {
    let scene = Scene::of_task("", 1, Outcome::Finished, "commits report");
    let record = scene.record();
    let publication = record.publication.unwrap();
    let wanted = publication.pull_request.unwrap();
    assert_eq!((publication.branch.as_str(), publication.remote_branch.as_str()), (BRANCH, BRANCH));
    assert_eq!((wanted.base.as_str(), wanted.title.as_str(), wanted.draft), ("main", "Fix it", false));
    assert_eq!(wanted.body, "I did it.");
    assert_eq!((record.attempt, record.usage.turns, record.exit_code), (1, Some(9), Some(0)));
    for (outcome, left) in [(Outcome::Finished, "report"), (Outcome::TurnLimit, "commits")] {
        assert_eq!(Scene::of_task("", 1, outcome, left).record().publication, None, "{left}");
    }
}

/// The receipt that goes with the work, in its description.
fn receipt(scene: &Scene) -> String {
    let rows = scene.with_steps(|steps| {
        let rows = steps.iter().find_map(|step| match step {
            Step::OpenPullRequest(_, _, rows) | Step::UpdateReceipt { rows, .. } => Some(rows.clone()),
            _ => None,
        });
        rows.unwrap()
    });
    receipt::with_rows("", &rows).unwrap()
}

#[test]
fn a_receipt_says_what_a_pull_request_rests_on() {
    for (header, attempt, left, parts) in [
        (
            "ROLE: implement\n",
            2,
            "commits work:0",
            &[
                "- **Task:** `TASK-1` (Fix it), by `agent-1` (implementer)\n",
                "- **Verify:** `make check` passed in 3 s, on work-of-th\n",
                "- **Tests:** no test file lost a line\n",
                "- **Checks:** no gatekeepers\n",
                "- **Effort:** attempt 2 of 3; ",
                "- **Limits:** not confined by the system; without credentials; no file that directs Claude Code is changed\n",
                "- **Set aside:** nothing\n",
            ][..],
        ),
        (
            "ROLE: test\n",
            1,
            "commits refused salvage",
            &["**Verify:** not configured", "test files only", "agent:\n  - `refs/salvage/0190d1c2`\n  - `data.enc`\n"],
        ),
        (
            "ROLE: implement\n",
            3,
            "commits work:1 base:0",
            &["- **Verify:** **failed**: `make check`, exit code 1", "  1 test failed\n"],
        ),
        (
            "ROLE: implement\n",
            1,
            "commits work:1 base:1 settings",
            &["no fault of this work", "changed:\n  - `.mcp.json`\n"],
        ),
        ("ROLE: implement\nPR: 7\n", 1, "commits", &["- **Round `TASK-1`:** Fix it, by `agent-1`; attempt 1 of 3; "]),
    ] {
        let text = receipt(&Scene::of_task(header, attempt, Outcome::Finished, left));
        for part in parts {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert_eq!(receipt::is_red(&text), left.contains("base:0"), "{text}");
    }
}

#[test]
fn the_agent_s_state_counts_the_run() {
    let before = AgentState { consecutive_failures: 4, total_runs: 9, ..AgentState::default() };
    for (outcome, failures, counted, messages) in [
        (Outcome::Finished, 0, (1, 0), 0),
        (Outcome::TimedOut, 5, (0, 1), 1),
        (Outcome::Interrupted { by: Interruption::Demand }, 4, (0, 0), 0),
    ] {
        let scene = Scene { state: before.clone(), ..Scene::of_task("", 1, outcome, "commits") };
        let (state, entry) = scene.with_steps(|steps| match steps {
            [.., Step::Enter(entry), Step::Log(_), Step::Release(state)]
            | [.., Step::Enter(entry), Step::Log(_), Step::Send(_), Step::Release(state)] => {
                (state.clone(), entry.clone())
            }
            _ => panic!("{steps:?}"),
        });
        assert_eq!(state.consecutive_failures, failures);
        assert_eq!((state.total_runs, (state.total_successes, state.total_failures)), (10, counted));
        assert_eq!(state.last_outcome.as_deref(), Some(scene.outcome.word()));
        assert_eq!((entry.cost_usd, entry.outcome.as_str()), (Some(2.5), scene.outcome.word()));
        assert_eq!(scene.messages().len(), messages);
    }
}
