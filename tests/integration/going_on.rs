//! A run that was cut short goes on in the conversation that it had: when, in which words, and what it costs.

use super::support::{ClaudeCall, Test};
use serde_json::Value;
use std::fs;

/// One implementer with one task, at a fixed time.
fn project(scenes: &[&str]) -> Test {
    let test = Test::with_implementer();
    test.now("2026-03-01T10:00:00Z");
    for (at, scene) in scenes.iter().enumerate() {
        test.claude.plays(&format!("TASK-1.{}", at + 1), scene);
    }
    test
}

const COMMITS: &str = "write \"$(date +%s%N).txt\" x && commit Work";
const DONE: &str = "write done.txt x && commit Done && finish 'Done.'";

/// The call goes on with the conversation of `first`.
#[track_caller]
fn assert_goes_on(call: &ClaudeCall, first: &ClaudeCall) {
    assert_eq!(
        (call.flag("--resume"), call.flag("--session-id")),
        (first.flag("--session-id"), None),
        "{:?}",
        call.args
    );
    assert!(call.prompt.starts_with("# You go on\n") && !call.prompt.contains("## Your role"), "{}", call.prompt);
}

#[track_caller]
fn assert_begins(call: &ClaudeCall) {
    assert_eq!((call.flag("--resume"), call.flag("--session-id")), (None, call.env("RUN_ID")), "{:?}", call.args);
    assert!(call.prompt.contains("## Your role"), "{}", call.prompt);
}

/// The records of the runs of TASK-1, as they began.
fn records(test: &Test) -> Vec<Value> {
    let runs = fs::read_dir(test.orchestrator("agents/impl-1/runs")).unwrap().flatten();
    let texts = runs.filter_map(|run| fs::read_to_string(run.path().join("record.json")).ok());
    let mut records: Vec<Value> = texts.map(|text| serde_json::from_str(&text).unwrap()).collect();
    records.sort_by_key(|record| record["started_at"].as_str().unwrap().to_owned());
    records
}

#[test]
fn after_a_usage_limit_it_goes_on_and_each_run_costs_its_own() {
    // 11:00 on that day.
    let limit = "usage_limit 1772362800";
    let test = project(&[&format!("{COMMITS}; {limit}"), &format!("look_at README.md; {limit}"), DONE]);
    test.tick_and_wait();
    assert_eq!(test.task_line("TASK-1", "RESUMED_BY").as_deref(), Some("impl-1"));
    test.later(3_700).tick_and_wait();
    test.later(3_700).tick_and_wait();
    let calls = test.claude.calls();
    assert_begins(&calls[0]);
    assert_goes_on(&calls[1], &calls[0]);
    assert_goes_on(&calls[2], &calls[0]);
    assert!(calls[1].prompt.contains("usage limit"), "{}", calls[1].prompt);
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("done", 1));
    assert_eq!(test.task_line("TASK-1", "RESUMED_BY"), None);
    for (at, record) in records(&test).iter().enumerate() {
        assert_eq!(
            (&record["session"]["id"], &record["session"]["leg"]),
            (&calls[0].flag("--session-id").unwrap().into(), &(at + 1).into())
        );
        let cost = record["usage"]["cost_usd"].as_f64().unwrap();
        assert!((cost - 0.01).abs() < 1e-9, "the run's own: {record}");
    }
}

/// What each run is in the ledger with.
fn costs(test: &Test) -> Vec<f64> {
    test.ledger().iter().map(|line| line["cost_usd"].as_f64().unwrap()).collect()
}

#[track_caller]
fn assert_costs(test: &Test, expected: &[f64]) {
    let found = costs(test);
    let is_same = |(one, other): (&f64, &f64)| (one - other).abs() < 1e-9;
    assert!(found.len() == expected.len() && found.iter().zip(expected).all(is_same), "{found:?}");
    let sum: f64 = expected.iter().sum();
    let today = test.run(["status", "--json"]).ok().json()["cost_today_usd"].as_f64().unwrap();
    assert!((today - sum).abs() < 1e-6, "{today}");
}

/// What one message of claude's is taken to cost as long as claude itself doesn't say.
const MESSAGE: f64 = 0.016_625;
const HANGS: &str = "tool_use Read {}; touch $CLAUDE_CONFIG_DIR/debug/at-work; hang";

#[cfg(target_os = "linux")]
#[test]
fn a_killed_run_goes_on_and_no_cost_is_counted_twice() {
    let test = project(&[HANGS, "usage_limit 1772362800", DONE]);
    test.tick();
    test.wait_until("claude to be at work", || test.notes("at-work").exists());
    super::recovery::kill_all(&test);
    test.later(60).tick_and_wait();
    // Settled by a recovery; then claude is at its limit, and then done.
    test.later(60).tick_and_wait();
    test.later(3_700).tick_and_wait();
    let calls = test.claude.calls();
    assert_goes_on(&calls[1], &calls[0]);
    assert_goes_on(&calls[2], &calls[0]);
    assert!(calls[1].prompt.contains("its supervisor died"), "{}", calls[1].prompt);
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("done", 1));
    // claude knows nothing of the first, and says the sum of the two others in the end.
    assert_costs(&test, &[MESSAGE, 0.01, 0.01]);
    assert_eq!((test.ledger()[0]["is_estimate"].as_bool(), test.ledger()[2].get("is_estimate")), (Some(true), None));
    assert_eq!(test.task_line("TASK-1", "COST_USD").as_deref(), Some("0.0366"));
}

#[test]
fn a_stopped_run_goes_on_and_claude_s_sum_is_the_ledger_s() {
    let test = project(&[HANGS, DONE]);
    test.tick();
    test.wait_until("claude to be at work", || test.notes("at-work").exists());
    test.run(["agent", "stop", "impl-1"]).ok();
    test.later(600).tick_and_wait();
    let calls = test.claude.calls();
    assert_goes_on(&calls[1], &calls[0]);
    assert_costs(&test, &[MESSAGE, 0.02 - MESSAGE]);
}

#[test]
fn an_answer_is_told_where_the_question_was_asked() {
    let ask = "run \"scheduler message send --type question --title 'A or B?' --body 'Which one?'\"; finish Asked";
    let test = project(&[ask, DONE]);
    test.tick_and_wait();
    let question = test.task_line("TASK-1", "WAITS_FOR").unwrap();
    test.run(["message", "reply", &question, "--body", "B, and nothing else"]).ok();
    test.later(120).tick_and_wait();
    let calls = test.claude.calls();
    assert_goes_on(&calls[1], &calls[0]);
    assert!(
        calls[1].prompt.contains("B, and nothing else") && !calls[1].prompt.contains("Some context."),
        "{}",
        calls[1].prompt
    );
    assert_eq!(test.task_state("TASK-1"), "done");
}

#[test]
fn at_the_turn_limit_it_goes_on_as_long_as_it_comes_further() {
    let further = format!("{COMMITS}; turn_limit");
    let test = project(&[&further, &further, &further, DONE]);
    for expected in [0, 0, 1] {
        test.tick_and_wait();
        assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("incoming", expected));
        // The third failed, and is waited after.
        test.later(600);
    }
    test.tick_and_wait();
    let calls = test.claude.calls();
    assert_goes_on(&calls[1], &calls[0]);
    assert_goes_on(&calls[2], &calls[0]);
    assert_begins(&calls[3]);
    assert_eq!(test.task_state("TASK-1"), "done");
    // Without a commit there is nothing to go on for.
    let test = project(&["look_at README.md; turn_limit", DONE]);
    test.tick_and_wait();
    assert_eq!((test.attempts("TASK-1"), test.task_line("TASK-1", "RESUMED_BY")), (1, None));
    test.later(600).tick_and_wait();
    assert_begins(&test.claude.last_call());
}

#[test]
fn a_conversation_that_claude_has_lost_is_begun_anew_at_once() {
    let test = project(&[&format!("{COMMITS}; refused"), DONE]);
    test.tick_and_wait();
    fs::remove_dir_all(test.notes("sessions")).unwrap();
    test.later(600).tick_and_wait();
    let calls = test.claude.calls();
    assert_eq!(calls.len(), 3);
    assert_goes_on(&calls[1], &calls[0]);
    assert_begins(&calls[2]);
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("done", 1));
    let session = &records(&test)[1]["session"];
    assert_eq!((&session["leg"], session["id"].as_str()), (&1.into(), calls[2].flag("--session-id")));
}

#[test]
fn after_a_day_it_begins_anew() {
    let test = project(&[&format!("{COMMITS}; refused"), DONE]);
    test.tick_and_wait();
    test.later(25 * 3_600).tick_and_wait();
    assert_begins(&test.claude.last_call());
}

#[test]
fn its_own_pull_request_is_mended_by_who_remembers_it() {
    let test = project(&[DONE]);
    test.tick_and_wait();
    let number = test.github.only_pull_request().number;
    test.task("TASK-2", &format!("# Mend it\n\nROLE: implement\nPR: {number}\n\n## Context\nThe name is wrong.\n"));
    test.claude.plays("TASK-2", "write mended.txt x && commit Mended && finish 'Mended.'");
    test.later(120).tick_and_wait();
    let calls = test.claude.calls();
    assert_goes_on(&calls[1], &calls[0]);
    assert!(
        calls[1].prompt.contains("The name is wrong.") && calls[1].prompt.contains("became a pull request"),
        "{}",
        calls[1].prompt
    );
    assert_eq!(test.task_state("TASK-2"), "done");
}

#[test]
fn another_agent_begins_anew() {
    let test = project(&[&format!("{COMMITS}; refused"), DONE]);
    test.tick_and_wait();
    test.agents(&[("impl-2", "implementer")]).later(600).tick_and_wait();
    assert_begins(&test.claude.last_call());
    assert_eq!(test.task_state("TASK-1"), "done");
}
