//! README's tables of JSON are run: in a project in which every field appears, each has the documented type, and none lacks its
//! row. Those of keys are run where they are read, the commands in the tour.

use crate::support::Test;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;

pub const README: &str = include_str!("../../README.md");

/// Every field of `status --json` but for the agents', with its type; `{}` stands for what has fields of its own that are told
/// elsewhere. What may be null is seen with a value as well.
const STATUS: &[(&str, &str)] = &[
    ("time", "time"),
    ("project", "text"),
    ("last_tick", "time"),
    ("duration_ms", "number"),
    ("late", "bool"),
    ("ticks_on", "text"),
    ("paused_by_marker", "bool"),
    ("paused_since", "time"),
    ("paused_reason", "text"),
    ("paused_in_config", "bool"),
    ("cooldown_until", "time"),
    ("cooldown_reason", "text"),
    ("cost_today_usd", "number"),
    ("cost_limit_usd", "number"),
    ("cost_week_usd", "number"),
    ("cost_week_limit_usd", "number"),
    ("quota[].window", "text"),
    ("quota[].used_percent", "number"),
    ("quota[].resets_at", "time"),
    ("quota[].stop_at", "number"),
    ("runners[].name", "text"),
    ("runners[].running", "number"),
    ("runners[].waiting", "number"),
    ("runners[].limit", "number"),
    ("runners[].cooldown_until", "time"),
    ("runners[].cooldown_reason", "text"),
    ("agents[]", "{}"),
    ("queue.incoming", "number"),
    ("queue.claimed", "number"),
    ("queue.done", "number"),
    ("queue.failed", "number"),
    ("queue.held", "number"),
    ("queue.blocked", "number"),
    ("queue.overlapping", "number"),
    ("queue.over_budget", "number"),
    ("queue.limits", "{}"),
    ("queue.claimed_tasks[].id", "text"),
    ("queue.claimed_tasks[].title", "text"),
    ("queue.claimed_tasks[].role", "text"),
    ("queue.claimed_tasks[].claimed_by", "text"),
    ("queue.claimed_tasks[].claimed_at", "time"),
    ("queue.claimed_tasks[].attempt", "number"),
    ("queue.seen_at", "time"),
    ("queue.done_tasks[].id", "text"),
    ("queue.done_tasks[].title", "text"),
    ("queue.done_tasks[].role", "text"),
    ("queue.done_tasks[].completed_at", "time"),
    ("queue.done_tasks[].branch", "text"),
    ("queue.done_tasks[].pull_request", "number"),
    ("queue.done_tasks[].result", "text"),
    ("queue.failed_tasks[].id", "text"),
    ("queue.failed_tasks[].title", "text"),
    ("queue.failed_tasks[].failed_at", "time"),
    ("queue.failed_tasks[].reason", "text"),
    ("proposals.active", "number"),
    ("proposals.promoted", "number"),
    ("proposals.deferred", "number"),
    ("proposals.rejected", "number"),
    ("pull_requests.asked_at", "time"),
    ("pull_requests.open[].number", "number"),
    ("pull_requests.open[].title", "text"),
    ("pull_requests.open[].branch", "text"),
    ("pull_requests.open[].way.stage", "text"),
    ("pull_requests.open[].way.waits_for", "text"),
    ("pull_requests.limit", "number"),
    ("pull_requests.error", "text"),
    ("last_fetch.at", "time"),
    ("last_fetch.remote", "text"),
    ("last_fetch.error", "text"),
    ("last_fetch.failing_since", "time"),
    ("last_fetch.seconds", "number"),
    ("last_fetch.told", "bool"),
    ("last_fetch.default_branch", "text"),
    ("last_fetch.gone[]", "text"),
    ("questions[].id", "text"),
    ("questions[].time", "time"),
    ("questions[].from", "text"),
    ("questions[].title", "text"),
    ("questions[].task", "text"),
    ("problems[]", "text"),
    ("unconfined", "text"),
];

/// Every field of an agent.
const AGENT: &[(&str, &str)] = &[
    ("name", "text"),
    ("role", "text"),
    ("doing", "text"),
    ("brief", "text"),
    ("elsewhere.runner", "text"),
    ("elsewhere.phase", "text"),
    ("elsewhere.since", "time"),
    ("elsewhere.reason", "text"),
    ("elsewhere.job", "text"),
    ("elsewhere.host", "text"),
    ("elsewhere.ends_before", "time"),
    ("reason", "{}"),
    ("due_at", "time"),
    ("paused", "bool"),
    ("run_requested", "bool"),
    ("phase", "text"),
    ("run_id", "text"),
    ("machine", "{}"),
    ("runner", "text"),
    ("supervisor", "{}"),
    ("process", "{}"),
    ("current_task", "text"),
    ("last_started", "time"),
    ("last_finished", "time"),
    ("last_outcome", "text"),
    ("last_result", "text"),
    ("last_exit_code", "number"),
    ("explored", "{}"),
    ("consecutive_failures", "number"),
    ("total_runs", "number"),
    ("total_successes", "number"),
    ("total_failures", "number"),
    ("recoveries", "number"),
    ("trouble", "text"),
];

/// Every field of a line of the ledger.
const LEDGER: &[(&str, &str)] = &[
    ("time", "time"),
    ("seconds", "number"),
    ("agent", "text"),
    ("role", "text"),
    ("task", "text"),
    ("model", "text"),
    ("cost_usd", "number"),
    ("is_estimate", "bool"),
    ("billing", "text"),
    ("tally", "text"),
    ("outcome", "text"),
    ("pull_request", "number"),
    ("run", "text"),
    ("attempt", "number"),
    ("turns", "number"),
    ("input_tokens", "number"),
    ("output_tokens", "number"),
    ("cache_read_tokens", "number"),
    ("cache_write_tokens", "number"),
];

/// What is there only where something is wrong with the machine, or with a run.
const SELDOM: [&str; 2] = ["unconfined", "is_estimate"];
/// Code in the rows of fields that have fields: values, and keys of agents.yaml.
const OTHER_WORDS: [&str; 8] =
    ["problems", "waiting", "running", "silent", "buried", "abandoned", "max_cost_usd_per_task", "max_running"];

/// What stands between back ticks.
pub fn spans(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The rows of the first table behind these words: the fields of the first column, and the whole line.
fn table(behind: &str) -> Vec<(Vec<&'static str>, &'static str)> {
    let (_, rest) = README.split_once(behind).unwrap();
    let lines = rest.lines().skip_while(|line| !line.starts_with("| `")).take_while(|line| line.starts_with("| `"));
    let first = |line: &'static str| {
        let cell = line.split(" | ").next().unwrap();
        // What stands between parentheses are values.
        cell.split(['(', ')']).step_by(2).flat_map(spans).collect()
    };
    lines.map(|line| (first(line), line)).collect()
}

/// Collects every value under the path of its field, without looking into what is told elsewhere.
fn collect(value: &Value, path: &str, fields: &[(&str, &str)], found: &mut BTreeMap<String, Vec<Value>>) {
    let is_closed = fields.contains(&(path, "{}"));
    match value {
        Value::Object(object) if !is_closed => {
            for (key, value) in object {
                let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                collect(value, &below, fields, found);
            }
        }
        Value::Array(list) => list.iter().for_each(|one| collect(one, &format!("{path}[]"), fields, found)),
        value => found.entry(path.to_owned()).or_default().push(value.clone()),
    }
}

fn fits(value: &Value, kind: &str) -> bool {
    match kind {
        "time" => value.as_str().is_some_and(|text| text.ends_with('Z') && text.len() >= 20 && text.contains('T')),
        "text" => value.is_string(),
        "number" => value.is_number(),
        "bool" => value.is_boolean(),
        _ => value.is_object(),
    }
}

/// The values have the types of the fields, each field is there, and the README's table has them and no others.
fn check(values: &[&Value], fields: &[(&str, &str)], behind: &str) {
    let mut found = BTreeMap::new();
    values.iter().for_each(|value| collect(value, "", fields, &mut found));
    let mut wrong = Vec::new();
    for (path, values) in &found {
        match fields.iter().find(|(field, _)| field == path) {
            None => wrong.push(format!("{path} is in the output and not in this test: {values:?}")),
            Some((_, kind)) => wrong.extend(
                values
                    .iter()
                    .filter(|value| !value.is_null() && !fits(value, kind))
                    .map(|value| format!("{path}: {value} is no {kind}")),
            ),
        }
    }
    let is_seen = |path: &str| found.get(path).is_some_and(|values| values.iter().any(|value| !value.is_null()));
    let missing = fields.iter().filter(|(path, _)| !SELDOM.contains(path) && !is_seen(path));
    wrong.extend(missing.map(|(path, _)| format!("{path} is nowhere in the output")));
    let rows = table(behind);
    let steps = |path: &str| path.split('.').map(|step| step.trim_end_matches("[]").to_owned()).collect::<Vec<_>>();
    for (path, _) in fields {
        let steps = steps(path);
        match rows.iter().find(|(keys, _)| keys.contains(&steps[0].as_str())) {
            None => wrong.push(format!("{path} has no row")),
            Some((_, line)) => wrong.extend(
                steps[1..]
                    .iter()
                    .filter(|step| !spans(line).any(|span| span == **step))
                    .map(|step| format!("{path}: its row doesn't name {step}")),
            ),
        }
    }
    for (keys, line) in &rows {
        let of_row: Vec<_> =
            fields.iter().map(|(path, _)| steps(path)).filter(|steps| keys.contains(&steps[0].as_str())).collect();
        let has_fields = of_row.iter().any(|steps| steps.len() > 1);
        let is_word = |span: &&str| span.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let told = keys.iter().copied().chain(spans(line).filter(is_word).filter(|_| has_fields));
        let unknown = told.filter(|word| !of_row.iter().flatten().any(|step| step == word));
        let unknown = unknown.filter(|word| !OTHER_WORDS.contains(word));
        wrong.extend(unknown.map(|word| format!("{word} is told, and there is none: {line}")));
    }
    assert!(wrong.is_empty(), "{behind:?}: {wrong:#?}\n{values:#?}");
}

/// `far` is carried elsewhere by a supervisor that has died, `near` is at work here, the others wait; there is something of
/// everything that `status` tells.
fn busy() -> Test {
    let test = Test::new();
    let agents = [("far", "implementer", "cluster"), ("near", "tester", "local"), ("pm", "product_manager", "local")];
    test.now("2026-03-01T10:00:00Z").with_origin().with_engine(&agents, ", max_running: 1");
    let more = "\nmax_cost_usd_per_day: 20\nmax_cost_usd_per_week: 50\nquota: {}\nnotify: {command: [sh, -c, 'cat >told.part && mv told.part told']}\nodd: 1\n";
    let config = test.orchestrator("agents.yaml");
    fs::write(&config, fs::read_to_string(&config).unwrap() + more).unwrap();
    test.github.install();
    test.claude.plays(
        "tester",
        "while [ ! -e \"$PARENT_PROJECT/go\" ]; do sleep 0.05; done\nquota five_hour 0.4 1772366400; write tests/a.txt b && commit B && finish Done.",
    );
    let idle = r#"{"phase": "idle", "last_started": "2026-03-01T09:59:30Z", "last_finished": "2026-03-01T09:59:40Z",
        "last_exit_code": 0, "last_outcome": "finished", "last_result": "nothing new", "trouble": "no room",
        "explored": {"files": "x", "branch": "main", "commit": "0"}}"#;
    test.file(".orchestrator/agents/pm/state.json", idle);
    test.run(["status", "--seen"]).ok();
    let late = "2026-03-01T10:05:00Z";
    test.task_for("TASK-1", "implement").task_for("TASK-2", "test").task_for("TASK-3", "test");
    for (state, text) in [
        ("done", format!("COMPLETED_AT: {late}\nWORK_BRANCH: agent/x\nPR: 7\nRESULT: one commit\n")),
        ("failed", format!("FAILED_AT: {late}\n\n## Error\n\nIt broke\n")),
    ] {
        test.file(&format!(".orchestrator/shared/queue/{state}/TASK-{state}.md"), &format!("# {state}\n\n{text}"));
    }
    let ask = ["message", "send", "--type", "question", "--title", "Which?", "--body", "A or B", "--task", "TASK-3"];
    test.run(ask).ok();
    test.engine_is("full", true).tick();
    test.wait_until("the supervisor of far to wait", || test.state("far")["process"]["pid"].is_i64());
    test.wait_until("claude to work", || test.state("near")["process"]["pid"].is_i64());
    test.kill_supervisor("far");
    test
}

#[test]
fn every_field_of_json_is_as_its_row_says() {
    let test = busy();
    let (at, later) = ("2026-03-01T09:30:00Z", "2026-03-01T12:00:00Z");
    let run = test.runs("far").pop().unwrap();
    let remote = json!({"phase": "silent", "since": at, "reason": "r", "job": "7", "host": "node1"});
    fs::write(run.join("remote.json"), remote.to_string()).unwrap();
    for (name, value) in [
        ("cache/cooldown.json", json!({"until": later, "reason": "a limit"})),
        ("cache/cooldown-cluster.json", json!({"until": later, "reason": "it is down"})),
        ("cache/quota.json", json!({"five_hour": {"used_percent": 40, "resets_at": later}})),
        (
            "cache/last-fetch.json",
            json!({"at": at, "remote": "origin", "error": "e", "failing_since": at, "seconds": 1,
            "told": true, "default_branch": "main", "gone": ["old"]}),
        ),
        (
            "cache/open-prs.json",
            json!({"asked_at": at, "error": "no answer", "open": [{"number": 7, "title": "T", "head": "agent/x"}]}),
        ),
        (
            "shared/prs/PR-7/meta.json",
            json!({"pr_number": 7, "title": "T", "branch": "agent/x", "base": "main", "author": "a",
            "head_sha": "0", "status": "pending", "landing": {"way": {"stage": "checks", "waits_for": "unit"}}}),
        ),
        (
            "scheduler.lock",
            json!({"host": "desk-9", "id": "9".repeat(32), "boot": "11111111-1111-4111-8111-111111111111", "booted": 1}),
        ),
    ] {
        test.file(&format!(".orchestrator/{name}"), &format!("{value}\n"));
    }
    // The stale lock of ticks elsewhere keeps no file from being read.
    test.file(".orchestrator/paused", &format!("{at} Release\n"));
    let status = test.run(["status", "--json"]).ok().json();
    check(&[&status], STATUS, "\n## Status as JSON\n");
    check(&status["agents"].as_array().unwrap().iter().collect::<Vec<_>>(), AGENT, "\nAn agent:\n");

    test.wait_until("the message to be told", || test.path("told").exists());
    let told: Value = serde_json::from_str(&fs::read_to_string(test.path("told")).unwrap()).unwrap();
    let (_, sentence) = README.split_once("from its standard input as JSON (").unwrap();
    let mut documented: Vec<_> = spans(sentence.split_once(')').unwrap().0).collect();
    documented.sort_unstable();
    assert_eq!(told.as_object().unwrap().keys().collect::<Vec<_>>(), documented, "{told:#}");

    test.file("go", "");
    test.wait_until("the run to be entered", || !test.ledger().is_empty());
    check(&test.ledger().iter().collect::<Vec<_>>(), LEDGER, "\n## The ledger\n");
    test.wait_until("the run to end", || test.state("near")["phase"] == "idle");
    test.end_all();
}
