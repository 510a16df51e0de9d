//! Every way in which a run can end, told apart and settled: one scene a task, all of them carried out at once.
//!
//! Where claude's own words matter, the scene says what the real one was recorded to say.

use crate::support::Test;
use serde_json::Value;
use std::fs;

/// One end of a run.
struct Scene {
    /// The task's id.
    id: &'static str,
    /// What the stand-in does after it has begun its work.
    plays: &'static str,
    /// The outcome in a word.
    outcome: &'static str,
    /// Where the task is then.
    ends: Ends,
    /// For how many minutes nobody is to start; 0: no cooldown.
    cooldown: i64,
    /// What the human is told of it: the title, or nothing.
    tells: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    Done,
    /// Back in the queue, the attempt counted.
    Charged,
    /// Back in the queue as if it had not been tried.
    Uncharged,
    Failed,
}
use Ends::{Charged, Done, Failed, Uncharged};

const fn scene(
    id: &'static str,
    plays: &'static str,
    outcome: &'static str,
    ends: Ends,
    cooldown: i64,
    tells: &'static str,
) -> Scene {
    Scene { id, plays, outcome, ends, cooldown, tells }
}

const ACCOUNT: &str = "Claude refuses the account";
const LIMIT: &str = "The account's usage limit is reached";

/// At 10:00 UTC, which is 13:00 where the test is.
const SCENES: [Scene; 38] = [
    scene("good", "commit Half; finish", "finished", Done, 0, ""),
    scene("two-results", "two_results", "finished", Done, 0, ""),
    scene("recovered", "recorded recovered_after_retries 0", "finished", Done, 0, ""),
    scene("tool-denied", "recorded tool_denied 0", "finished", Done, 0, ""),
    scene("turn-limit", "recorded turn_limit 1", "turn_limit", Charged, 0, ""),
    scene("budget", "recorded budget 1", "budget", Charged, 0, ""),
    scene("too-long", "recorded prompt_too_long 1", "bad_task", Failed, 0, "A task failed"),
    scene("error-400", "api_error 400 invalid_request_error Bad", "api_error", Charged, 0, ""),
    scene("no-credit", "recorded refused_request 1", "api_error", Uncharged, 15, ACCOUNT),
    scene("bad-key", "recorded bad_key 1", "api_error", Uncharged, 15, ACCOUNT),
    scene("no-login", "failing 'Not logged in · Please run /login'", "api_error", Uncharged, 15, ACCOUNT),
    scene("error-403", "api_error 403 permission_error No", "api_error", Uncharged, 15, ACCOUNT),
    scene(
        "error-404",
        "api_error 404 not_found_error 'model: x'",
        "api_error",
        Uncharged,
        0,
        "Claude doesn't know the model",
    ),
    scene("error-429", "recorded rate_limited 1", "api_error", Uncharged, 5, ""),
    scene("error-500", "api_error 500 api_error Oops", "api_error", Uncharged, 5, ""),
    scene("error-503", "api_error 503 api_error Oops", "api_error", Uncharged, 5, ""),
    scene("error-529", "recorded overloaded 1", "api_error", Uncharged, 5, ""),
    scene(
        "last-result-is-bad",
        "result_line success false completed; api_error 529 x y",
        "api_error",
        Uncharged,
        5,
        "",
    ),
    scene("refused", "recorded no_connection 1", "api_error", Uncharged, 5, ""),
    scene("limit-warned-of", "limits allowed_warning 1772366400; api_error 529 x y", "api_error", Uncharged, 5, ""),
    // 12:00 UTC, and half a minute more.
    scene("limit-event", "usage_limit 1772366400", "usage_limit", Uncharged, 120, LIMIT),
    scene("limit-event-only", "limits rejected 1772366400; no_result 1", "usage_limit", Uncharged, 120, LIMIT),
    scene("limit-stamp", "failing 'Claude AI usage limit reached|1772366400'", "usage_limit", Uncharged, 120, LIMIT),
    scene("limit-hour", "failing \"You've hit your limit · resets 3pm (XST)\"", "usage_limit", Uncharged, 120, LIMIT),
    scene(
        "limit-session",
        "failing \"You've hit your session limit · resets 12pm (UTC)\"",
        "usage_limit",
        Uncharged,
        120,
        LIMIT,
    ),
    scene(
        "limit-weekly",
        "failing \"You've hit your weekly limit · resets Mar 1, 12pm (UTC)\"",
        "usage_limit",
        Uncharged,
        120,
        LIMIT,
    ),
    scene(
        "refusal",
        "failing 'API Error: Claude Code is unable to respond to this request, which appears to violate our Usage Policy'",
        "bad_task",
        Failed,
        0,
        "A task failed",
    ),
    scene("too-much", "failing 'the response exceeded the 32000 output token maximum'", "crashed", Charged, 0, ""),
    scene("limit-open", "failing 'usage limit reached'", "usage_limit", Uncharged, 30, LIMIT),
    scene("killed", "die KILL", "crashed", Charged, 0, ""),
    scene("terminated", "die TERM", "interrupted", Uncharged, 0, ""),
    scene("exit-143", "no_result 143", "interrupted", Uncharged, 0, ""),
    scene("hung-up", "no_result 129", "interrupted", Uncharged, 0, ""),
    scene("aborted", "aborted", "interrupted", Uncharged, 0, ""),
    scene("nothing-said", "no_result 0", "crashed", Charged, 0, ""),
    scene("exit-3", "no_result 3", "crashed", Charged, 0, ""),
    scene("stderr", "stderr_only 1 'it broke'", "crashed", Charged, 0, ""),
    scene("good-but-exit-1", "result_line success false completed; exit 1", "crashed", Charged, 0, ""),
];

/// What scenes call beside the functions of the stand-in.
fn preamble() -> String {
    format!(
        "recorded() {{ cat '{}'/tests/data/claude/\"$1.jsonl\"; exit \"$2\"; }}\n\
         failing() {{ result_line success true completed \",\\\"result\\\":\\\"$(json \"$1\")\\\"\"; exit 1; }}\n\
         limits() {{ echo '{{\"type\":\"rate_limit_event\",\"rate_limit_info\":{{\"status\":\"'\"$1\"'\",\"resetsAt\":'\"$2\"'}}}}'; }}\n",
        env!("CARGO_MANIFEST_DIR")
    )
}

/// The recorded answers are there for confined runs, too.
fn with_answers(defaults: &str) -> String {
    let sandbox = format!("sandbox: {{read: ['{}/tests/data']}}", env!("CARGO_MANIFEST_DIR"));
    [defaults, &sandbox].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// An agent and a task for each scene.
fn project(scenes: &[Scene], defaults: &str) -> Test {
    let test = Test::new();
    let names: Vec<_> = (1..=scenes.len()).map(|number| format!("impl-{number}")).collect();
    let agents: Vec<_> = names.iter().map(|name| (name.as_str(), "implementer")).collect();
    let limits = "queue_limits: {max_incoming: 99, max_claimed: 99, max_open_prs: 99}";
    test.now("2026-03-01T10:00:00Z")
        .agents_and(&agents, &format!("{limits}\ndefaults: {{{}}}", with_answers(defaults)));
    for scene in scenes {
        test.task_for(scene.id, "implement");
        let half = "write \"$TASK_ID.txt\" half";
        test.claude.plays(&format!("{}.1", scene.id), &format!("{}{half}\n{}", preamble(), scene.plays));
        test.claude.plays(
            &format!("{}.2", scene.id),
            "grep -q half \"$TASK_ID.txt\" || finish 'The work of the first attempt is lost.'\nwrite second.txt x; finish",
        );
    }
    test
}

/// The records of a task's runs, oldest first.
fn records(test: &Test, task: &str) -> Vec<Value> {
    let read = |path| serde_json::from_str::<Value>(&fs::read_to_string(path).unwrap()).unwrap();
    let runs = test.agents_with_state().into_iter().flat_map(|agent| test.runs(&agent));
    let own = runs.filter(|run| read(run.join("assignment.json"))["work"]["id"] == task);
    let mut records: Vec<_> = own.map(|run| read(run.join("record.json"))).collect();
    records.sort_by_key(|record| record["started_at"].as_str().unwrap().to_owned());
    records
}

/// What the event log says of the end of a task's only run.
fn event(test: &Test, task: &str) -> Value {
    let text = fs::read_to_string(test.orchestrator("logs/events-2026-03-01.jsonl")).unwrap();
    let events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut ends = events.filter(|event| event["task"] == task && event["event"] == "run_finished");
    ends.next().unwrap_or_else(|| panic!("no event of {task}"))
}

/// The line of the ledger about a task's only run.
fn ledger(test: &Test, task: &str) -> Value {
    let text = fs::read_to_string(test.orchestrator("ledger-2026.jsonl")).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let lines: Vec<_> = lines.filter(|line| line["task"] == task).collect();
    assert_eq!(lines.len(), 1, "{task}: {text}");
    lines[0].clone()
}

#[track_caller]
fn assert_settled(test: &Test, scene: &Scene) {
    let id = scene.id;
    let record = &records(test, id)[0];
    assert_eq!(record["outcome"]["kind"], scene.outcome, "{id}: {record:#}");
    let (state, attempts, settled) = match scene.ends {
        Done => ("done", 1, "done"),
        Charged => ("incoming", 1, "requeued"),
        Uncharged => ("incoming", 0, "requeued"),
        Failed => ("failed", 1, "failed"),
    };
    assert_eq!((test.task_state(id), test.attempts(id)), (state, attempts), "{id}: {record:#}");
    let returns = test.task_line(id, "RETURNS");
    assert_eq!(returns.as_deref(), (scene.ends == Uncharged).then_some("1"), "{id}");
    assert_eq!(test.task_line(id, "CLAIMED_BY").is_none(), state == "incoming", "{id}");
    let branch = test.task_line(id, "WORK_BRANCH").unwrap_or_else(|| panic!("{id}: the work has no branch"));
    assert_eq!(test.git(["show", &format!("{branch}:{id}.txt")]), "half", "{id}");
    let settlement = &record["settlement"];
    let until = settlement["cooldown"]["until"].as_str().map(|text| text.parse::<chrono::DateTime<chrono::Utc>>());
    let minutes = until.map_or(0, |until| (until.unwrap() - test.clock().time()).num_minutes());
    assert_eq!(minutes, scene.cooldown, "{id}: {record:#}");
    assert_eq!(settlement["notice"]["title"].as_str().unwrap_or_default(), scene.tells, "{id}: {record:#}");
    let event = event(test, id);
    assert_eq!((&event["outcome"], &event["settlement"]), (&scene.outcome.into(), &settled.into()), "{event}");
    let line = ledger(test, id);
    for key in ["turns", "cost_usd", "input_tokens", "output_tokens", "cache_read_tokens", "model"] {
        assert_eq!(line[key], record["usage"][key], "{id}: {key}");
    }
    assert_eq!((&line["outcome"], &line["tally"]), (&scene.outcome.into(), &settlement["tally"]), "{line}");
    assert!(record["usage"]["duration_seconds"].is_u64(), "{id}: {record:#}");
}

#[test]
fn every_end_is_told_apart_and_settled_and_what_came_back_goes_on_from_its_work() {
    let test = project(&SCENES, "");
    test.tick_and_wait().quiet();
    assert_eq!(test.claude.count(), SCENES.len());
    for scene in &SCENES {
        assert_settled(&test, scene);
    }
    let good = &records(&test, "good")[0];
    let usage = &good["usage"];
    let expected: [(&str, Value); 4] =
        [("turns", 3.into()), ("cost_usd", 0.01.into()), ("input_tokens", 6500.into()), ("output_tokens", 250.into())];
    for (key, value) in expected {
        assert_eq!(usage[key], value, "{usage}");
    }
    // What hits everybody is told once for each cause, and not once for each run.
    let titled = |words: &str| test.messages().iter().filter(|(_, text)| text.contains(words)).count();
    let told = [titled(LIMIT), titled("setup-token"), titled("organization"), titled("model: x")];
    assert_eq!(told, [2, 2, 1, 1], "{:#?}", test.messages());
    // The longest cooldown holds, whoever came last; then one agent goes first.
    test.later(6_900).run(["--dry-run"]).ok().says("waits until 2026-03-01 15:00 +03:00").says_not("would start");
    test.later(600).tick_and_wait();
    assert_eq!(test.claude.count(), SCENES.len() + 1);
    test.later(600).tick_and_wait();
    for Scene { id, ends, .. } in &SCENES {
        assert_eq!(test.task_state(id), if *ends == Failed { "failed" } else { "done" }, "{}", test.task_text(id));
    }
    for call in &test.claude.calls()[SCENES.len()..] {
        let id = call.env("TASK_ID").unwrap();
        let at = |words: &str| call.prompt.find(words).unwrap_or_else(|| panic!("{id}: no {words:?}: {}", call.prompt));
        match call.flag("--resume") {
            Some(_) => assert_eq!(at("# You go on"), 0, "{id}"),
            None => assert!(at("## What happened before") < at("## Your workplace"), "{id}"),
        }
        let first = &records(&test, id)[0]["settlement"]["reason"];
        let words: String = first.as_str().unwrap().chars().take(40).collect();
        assert!(call.prompt.contains(&words), "{id}: {words:?} is not in {}", call.prompt);
    }
}

#[test]
fn ends_that_the_supervisor_brings_about() {
    let retry =
        r#"echo '{"type":"system","subtype":"api_retry","attempt":9,"max_retries":10,"error_status":500}'; hang"#;
    let lingers_badly =
        r#"result_line success true completed ',"result":"Overloaded","api_error_status":529,"api_error":"x"'; hang"#;
    let scenes = [
        scene("lingers", "linger", "finished", Done, 0, ""),
        scene("lingers-badly", lingers_badly, "api_error", Uncharged, 5, ""),
        scene("silent", "hang", "stalled", Charged, 0, ""),
        scene("retries", retry, "api_error", Uncharged, 5, ""),
        scene("talks-on", "chatter", "timed_out", Charged, 0, ""),
    ];
    let test = project(&scenes, "stall_seconds: 4, timeout_seconds: 9");
    test.tick_and_wait().quiet();
    for scene in &scenes {
        assert_settled(&test, scene);
    }
}

#[test]
fn a_claude_that_refuses_its_flags_is_told_once_and_costs_nothing() {
    let test = Test::new();
    test.agents_and(&[("impl-1", "implementer")], "defaults: {command: [claude, --frobnicate]}");
    test.task_for("TASK-1", "implement").tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("incoming", 0));
    assert_eq!(test.record("impl-1")["outcome"]["kind"], "launch_failed");
    let [message] = &test.messages_of("error")[..] else { panic!("{:?}", test.messages()) };
    assert!(message.contains("unknown option '--frobnicate'"), "{message}");
    assert!(test.take_complaints().contains("--frobnicate"));
    // The agent's own settings bring it about: it waits longer each time.
    assert_eq!(test.state("impl-1")["consecutive_failures"], 1);
    test.later(60).tick_and_wait();
    assert_eq!(test.last_tick()["decisions"][0]["decision"]["skip"]["reason"], "backoff");
    test.later(7_200).tick_and_wait();
    assert_eq!((test.messages().len(), test.take_complaints().is_empty()), (1, false));
}
