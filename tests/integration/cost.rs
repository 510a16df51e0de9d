//! The ledger and `scheduler cost`: every run once, for ever, and what they add up to.

use crate::support::Test;
use serde_json::json;

/// A ledger of three weeks, whose last line is cut.
fn project() -> Test {
    let test = Test::with_implementer();
    let line = |time: &str, agent: &str, cost: f64, more: serde_json::Value| {
        let task = if agent == "pm" { json!(null) } else { json!("TASK-1") };
        let role = if agent == "pm" { "product_manager" } else { "implementer" };
        let mut line = json!({
            "time": time, "agent": agent, "cost_usd": cost, "tally": "success", "billing": null, "role": role,
            "task": task, "model": "claude-opus-4-1", "outcome": "finished", "run": time, "pull_request": null,
            "attempt": 1, "turns": 3, "input_tokens": 10, "output_tokens": 5, "cache_read_tokens": 1,
            "cache_write_tokens": 1, "seconds": 60,
        });
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        line.to_string() + "\n"
    };
    // The zone of the tests is three hours ahead: the second one ended on the 23rd.
    let lines = [
        line("2026-02-10T10:00:00Z", "impl-1", 10.0, json!({})),
        line("2026-02-22T21:30:00Z", "impl-1", 1.25, json!({"tally": "failure", "outcome": "turn_limit"})),
        line("2026-03-01T09:00:00Z", "pm", 0.5, json!({"billing": "subscription", "model": "claude-haiku-4-5"})),
        line("2026-03-01T10:00:00Z", "impl-1", 0.75, json!({})),
    ];
    let cut = &lines[0][..100];
    test.file(".orchestrator/ledger-2026.jsonl", &(lines.concat() + cut));
    test.now("2026-03-01T12:00:00Z");
    test
}

#[test]
fn costs_are_told_for_agents_days_and_tasks_since_when_it_is_asked() {
    let test = project();
    test.run(["cost"]).ok().says("impl-1     3  $12.00  $4.00       1           $1.25").says("all");
    let week = test.run(["cost", "--by", "day", "--since", "7d"]).ok();
    week.says("2026-02-23     1  $1.25")
        .says("2026-03-01     2  $1.25")
        .says_not("2026-02-10")
        .says("took 50 % of the cost")
        .says("$0.50 of it is notional");
    test.run(["cost", "--since", "1h"]).ok().says("no run has ended since 2026-03-01 14:00");
    test.run(["cost", "--since", "soon"]).code(2).complains("write 7d, 12h, 2026-03-01");
    let json = test.run(["cost", "--by", "task", "--json", "--since", "2026-02-23"]).ok().json();
    assert_eq!(json["cost_usd"], 2.5, "{json}");
    assert_eq!(
        json["groups"][0],
        json!({"name": "TASK-1", "runs": 2, "cost_usd": 2.0, "failed_runs": 1,
        "failed_cost_usd": 1.25, "notional_cost_usd": 0.0})
    );
    assert_eq!((&json["groups"][1]["name"], &json["landed_pull_requests"]), (&"-".into(), &0.into()), "{json}");
    // What status says is the same sum.
    test.run(["status"]).ok().says("$1.25, no limit; $2.50 in seven days");
}

#[test]
fn what_has_landed_shares_all_that_was_spent() {
    let test = project();
    for (number, at) in [(1, "2026-02-01T10:00:00Z"), (2, "2026-03-01T10:00:00Z"), (3, "2026-02-27T10:00:00Z")] {
        let meta = json!({"pr_number": number, "title": "T", "branch": "agent/x", "base": "main", "author": "a",
            "head_sha": "0", "status": "closed", "landing": {"landed": {"commit": "0", "at": at}}});
        test.file(&format!(".orchestrator/shared/prs/PR-{number}/meta.json"), &meta.to_string());
    }
    test.run(["cost", "--since", "7d"]).ok().says("2 pull requests landed since 2026-02-23 00:00: $1.25 each");
    let json = test.run(["cost", "--json"]).ok().json();
    assert_eq!(json["cost_per_landed_pull_request_usd"].as_f64(), Some(12.5 / 3.0), "{json}");
}

#[test]
fn a_run_is_entered_once_with_its_pull_request_behind_a_line_that_was_cut() {
    let test = project();
    test.claude.plays("implementer", "cost=0.25; write a.txt x; commit Done && finish Done.");
    test.tick_and_wait();
    let lines = test.ledger();
    assert_eq!(lines.len(), 5, "{lines:#?}");
    let line = &lines[4];
    for (key, value) in [
        ("agent", json!("impl-1")),
        ("task", json!("TASK-1")),
        ("role", json!("implementer")),
        ("outcome", json!("finished")),
        ("tally", json!("success")),
        ("cost_usd", json!(0.25)),
        ("attempt", json!(1)),
        ("run", test.record("impl-1")["run_id"].clone()),
    ] {
        assert_eq!(line[key], value, "{line}");
    }
    test.run(["status", "--json"]).ok().json()["cost_today_usd"].as_f64().filter(|cost| *cost == 1.5).unwrap();
    // Settled once more, since nobody knows whether it was.
    let state = test.orchestrator("agents/impl-1/state.json");
    std::fs::write(&state, "{").unwrap();
    test.later(10).tick();
    let is_idle = || std::fs::read_to_string(&state).is_ok_and(|text| text.contains("\"idle\""));
    test.wait_until("the state to be built anew", is_idle);
    test.wait_quiet();
    assert_eq!(test.ledger().len(), 5, "{:#?}", test.ledger());
}

#[test]
fn the_budget_of_seven_days_holds_and_lets_go_day_by_day() {
    let test = project();
    test.agents_and(&[("pm", "product_manager")], "max_cost_usd_per_week: 2.5");
    test.run(["--dry-run"]).ok().says("pm: the runs of seven days cost $2.50 of $2.50 (max_cost_usd_per_week)");
    test.run(["status"]).ok().says("$2.50 of $2.50 in seven days").says("$2.50 of $2.50 spent in 7 d");
    test.run(["limits", "show"]).ok().says("max_cost_usd_per_week  $2.50");
    // The 23rd is left out from the local midnight on.
    test.now("2026-03-01T20:59:00Z").run(["--dry-run"]).ok().says("max_cost_usd_per_week");
    test.now("2026-03-01T21:01:00Z").run(["--dry-run"]).ok().says("pm: would start");
    test.now("2026-03-01T20:59:00Z").run(["limits", "set", "max_cost_usd_per_week=3"]).ok();
    test.run(["--dry-run"]).ok().says("pm: would start");
}

#[test]
fn a_task_that_has_cost_enough_is_not_claimed_until_it_may_cost_more() {
    let test = Test::with_implementer();
    let agents = [("impl-1", "implementer")];
    test.agents_and(&agents, "max_cost_usd_per_task: 0.5\ndefaults: {max_attempts: 9}");
    test.claude.plays("implementer", "cost=0.3; write a.txt x; turn_limit");
    test.now("2026-03-01T10:00:00Z");
    for cost in ["0.3000", "0.6000"] {
        test.tick_and_wait();
        assert_eq!(test.task_line("TASK-1", "COST_USD").as_deref(), Some(cost));
        test.later(3_700);
    }
    let [message] = &test.messages_of("warning")[..] else { panic!("{:?}", test.messages()) };
    assert!(message.contains("$0.60 of $0.50") && message.contains("scheduler task retry TASK-1"), "{message}");
    test.tick_and_wait();
    assert_eq!((test.claude.count(), test.task_state("TASK-1")), (2, "incoming"));
    test.run(["why", "TASK-1"]).ok().says("TASK-1 has cost $0.60 of $0.50 (max_cost_usd_per_task)").says("task retry");
    test.run(["status"]).ok().says("1 of 1 incoming has spent max_cost_usd_per_task");
    test.run(["task", "list"]).ok().says("held");
    test.run(["task", "show", "TASK-1"]).ok().says("max_cost_usd_per_task");
    // Either a higher limit or another try lets it go on.
    test.run(["limits", "set", "max_cost_usd_per_task=0.7"]).ok();
    test.run(["--dry-run"]).ok().says("impl-1: would start with TASK-1");
    test.run(["limits", "set", "max_cost_usd_per_task=0.5"]).ok();
    test.run(["--dry-run"]).ok().says("impl-1: no implement task");
    test.run(["task", "retry", "--all"]).ok().says("TASK-1: waits for nothing any more");
    assert_eq!(test.task_line("TASK-1", "COST_USD"), None);
    test.run(["--dry-run"]).ok().says("impl-1: would start with TASK-1");
    assert_eq!(test.messages_of("warning").len(), 1);
}

#[test]
fn what_is_left_of_a_usage_limit_is_the_user_s_until_it_begins_anew() {
    let test = Test::with_implementer();
    let agents = [("impl-1", "implementer"), ("pm", "product_manager")];
    test.agents_and(&agents, "quota: {stop_at: 80}");
    // 15:00 and, of another model, the next day.
    test.claude.plays("implementer", "quota five_hour 0.61 1772366400; quota seven_day_opus 0.95 1772452800; finish");
    test.claude.plays("product_manager", "quota five_hour 0.834 1772366400; finish");
    test.now("2026-03-01T10:00:00Z").tick_and_wait();
    assert_eq!(test.claude.count(), 2);
    test.task_for("TASK-2", "implement");
    test.later(3_700).tick_and_wait();
    assert_eq!(test.claude.count(), 2, "both may use any model");
    let status = test.run(["status"]).ok();
    status
        .says("five hours: 83 % used, resets in 58 min; yours from 80 % on")
        .says("seven days (opus): 95 % used, resets in 24 h; yours");
    let json = test.run(["status", "--json"]).ok().json();
    assert_eq!(json["quota"][0]["used_percent"], 83, "{json}");
    test.run(["why", "pm"]).ok().says("quota.stop_at");
    test.agents_and(&agents, "quota: {stop_at: 80}\ndefaults: {claude_model: sonnet}");
    test.run(["--dry-run"]).ok().says("pm: 83 % of what the account may use in five hours are used");
    // The user's own wish is the user's own use.
    test.run(["agent", "run", "pm"]).ok();
    test.run(["--dry-run"]).ok().says("pm: would start").says("impl-1: 83 %");
    test.now("2026-03-01T12:00:30Z").run(["--dry-run"]).ok().says("impl-1: would start with TASK-");
    assert_eq!(test.ledger()[0]["billing"], "subscription");
}

#[test]
fn a_day_is_a_local_one_of_23_24_or_25_hours() {
    let test = project();
    let first = test.ledger()[0].to_string();
    let times = [
        "2026-03-08T04:59:59Z",
        "2026-03-08T05:00:00Z",
        "2026-03-09T03:59:59Z",
        "2026-03-09T04:00:00Z",
        "2026-11-01T04:00:00Z",
        "2026-11-02T04:59:59Z",
        "2026-11-02T05:00:00Z",
    ];
    let lines: Vec<_> = times.iter().map(|time| first.replace("2026-02-10T10:00:00Z", time)).collect();
    test.file(".orchestrator/ledger-2026.jsonl", &lines.join("\n"));
    test.set_env("TZ", "EST5EDT,M3.2.0,M11.1.0").now("2026-11-02T12:00:00Z");
    let days = |since: &str| {
        let json = test.run(["cost", "--by", "day", "--json", "--since", since]).ok().json();
        let groups = json["groups"].as_array().unwrap().clone();
        groups.iter().map(|day| format!("{} {}", day["name"].as_str().unwrap(), day["runs"])).collect::<Vec<_>>()
    };
    assert_eq!(days("9w"), ["2026-11-01 2", "2026-11-02 1"]);
    assert_eq!(days("2026-03-08")[..2], ["2026-03-08 2", "2026-03-09 1"]);
    assert_eq!(days("2026-01-01")[0], "2026-03-07 1");
    let status = test.run(["status", "--json"]).ok().json();
    assert_eq!((status["cost_today_usd"].as_f64(), status["cost_week_usd"].as_f64()), (Some(10.0), Some(30.0)));
    test.now("2026-11-02T04:30:00Z");
    assert_eq!(test.run(["status", "--json"]).ok().json()["cost_today_usd"], 20.0);
}
