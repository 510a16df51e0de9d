use super::*;

const FINISHED: &str = include_str!("../../../tests/data/claude/finished.jsonl");
const TURN_LIMIT: &str = include_str!("../../../tests/data/claude/turn_limit.jsonl");
const BUDGET: &str = include_str!("../../../tests/data/claude/budget.jsonl");
const BAD_KEY: &str = include_str!("../../../tests/data/claude/bad_key.jsonl");
const RATE_LIMITED: &str = include_str!("../../../tests/data/claude/rate_limited.jsonl");
const OVERLOADED: &str = include_str!("../../../tests/data/claude/overloaded.jsonl");
const NO_CONNECTION: &str = include_str!("../../../tests/data/claude/no_connection.jsonl");
const PROMPT_TOO_LONG: &str = include_str!("../../../tests/data/claude/prompt_too_long.jsonl");
const REFUSED: &str = include_str!("../../../tests/data/claude/refused_request.jsonl");
const RECOVERED: &str = include_str!("../../../tests/data/claude/recovered_after_retries.jsonl");
const TOOL_DENIED: &str = include_str!("../../../tests/data/claude/tool_denied.jsonl");

fn facts(output: &str) -> StreamFacts {
    let mut facts = StreamFacts::default();
    output.lines().filter_map(parse_line).for_each(|event| facts.add(event));
    facts
}

#[test]
fn recorded_outputs() {
    // output, subtype, is_error, terminal reason, status of the result, status of the last retry, turns, text
    let table = [
        (FINISHED, "success", false, Some("completed"), None, None, 5, "Finished: one file added."),
        (TURN_LIMIT, "error_max_turns", true, Some("max_turns"), None, None, 3, "Reached maximum number of turns (2)"),
        (BUDGET, "error_max_budget_usd", true, None, None, None, 1, "Reached maximum budget ($0.1)"),
        (BAD_KEY, "success", true, Some("completed"), Some(401), Some(401), 1, "Invalid API key"),
        (
            RATE_LIMITED,
            "success",
            true,
            Some("completed"),
            Some(429),
            Some(429),
            1,
            "API Error: Request rejected (429)",
        ),
        (
            OVERLOADED,
            "success",
            true,
            Some("completed"),
            None,
            Some(529),
            1,
            "API Error: Repeated 529 Overloaded errors.",
        ),
        (NO_CONNECTION, "success", true, Some("completed"), None, None, 1, "API Error: Unable to connect to API"),
        (PROMPT_TOO_LONG, "success", true, Some("prompt_too_long"), Some(400), None, 1, "Prompt is too long"),
        (REFUSED, "success", true, Some("completed"), Some(400), None, 1, "Credit balance is too low"),
        (TOOL_DENIED, "success", false, Some("completed"), None, None, 2, "tool said no"),
        (RECOVERED, "success", false, Some("completed"), None, Some(529), 1, "recovered"),
    ];
    for (output, subtype, is_error, reason, status, retry, turns, text) in table {
        let facts = facts(output);
        let line = facts.result.unwrap();
        assert_eq!((line.subtype.as_str(), line.is_error), (subtype, is_error));
        assert_eq!(line.terminal_reason.as_deref(), reason, "{text}");
        assert_eq!((line.api_error_status, line.num_turns), (status, turns), "{text}");
        assert_eq!(facts.api_retry.and_then(|retry| retry.status), retry, "{text}");
        assert!(line.text().starts_with(text), "{}", line.text());
        assert!(line.session_id.is_some());
    }
}

#[test]
fn cost_tokens_and_denials_are_read() {
    let line = facts(FINISHED).result.unwrap();
    assert_eq!(line.total_cost_usd, Some(0.48871));
    assert_eq!(line.usage, Usage { input_tokens: 96827, output_tokens: 183, ..Usage::default() });
    assert_eq!(facts(TOOL_DENIED).result.unwrap().denied_tools, ["Bash"]);
    let retry = facts(NO_CONNECTION).api_retry.unwrap();
    assert_eq!((retry.attempt, retry.max_retries, retry.error.as_deref()), (2, 2, Some("unknown")));
}

#[test]
fn the_use_of_a_tool_ends_the_retries_and_words_do_not() {
    let retry = || StreamEvent::ApiRetry(ApiRetry { status: Some(500), ..ApiRetry::default() });
    let tool = Part::ToolUse { name: "Bash".to_owned(), target: String::new() };
    for (parts, pending) in [(vec![Part::Text("API Error".to_owned())], true), (vec![tool], false)] {
        let mut facts = StreamFacts::default();
        facts.add(retry());
        facts.add(StreamEvent::Assistant(parts));
        assert_eq!(facts.api_retry.is_some(), pending);
    }
}

#[test]
fn the_last_result_and_limit_count() {
    let output = concat!(
        r#"{"type":"rate_limit_event","rate_limit_info":{"status":"allowed_warning","resetsAt":1700000000}}"#,
        "\n",
        r#"{"type":"result","subtype":"success","is_error":false,"result":"first"}"#,
        "\n",
        r#"{"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":1700003600000}}"#,
        "\n",
        r#"{"type":"result","subtype":"success","is_error":true,"result":"second"}"#,
    );
    let facts = facts(output);
    assert_eq!(facts.result.unwrap().text(), "second");
    let limit = facts.rate_limit.unwrap();
    assert!(limit.is_rejected());
    assert_eq!(limit.resets_at, Some(1_700_003_600));
    let flat = parse_line(r#"{"type":"rate_limit_event","status":"rejected","resetsAt":1700000000.5}"#);
    let expected = RateLimit { status: "rejected".to_owned(), resets_at: Some(1_700_000_000), ..RateLimit::default() };
    assert_eq!(flat, Some(StreamEvent::RateLimit(expected)));
}

#[test]
fn what_the_logs_show() {
    let events: Vec<StreamEvent> = FINISHED.lines().filter_map(parse_line).collect();
    assert!(matches!(&events[0], StreamEvent::Init { version: Some(version), tools, .. }
        if version == "2.1.197" && tools.iter().any(|tool| tool == "Bash")));
    assert_eq!(events[1], StreamEvent::Assistant(vec![Part::Text("Writing the file.".to_owned())]));
    let uses: Vec<(String, String)> = events
        .iter()
        .filter_map(|event| match event {
            StreamEvent::Assistant(parts) => Some(parts.clone()),
            _ => None,
        })
        .flatten()
        .filter_map(|part| match part {
            Part::ToolUse { name, target } => Some((name, target)),
            Part::Text(_) => None,
        })
        .collect();
    let named: Vec<(&str, &str)> = uses.iter().map(|(name, target)| (name.as_str(), target.as_str())).collect();
    assert_eq!(
        named,
        [
            ("Write", "/project/hello.txt"),
            ("Bash", "git add -A && git commit -q -m \"add hello\" && git rev-parse --short HEAD"),
            ("Read", "/project/missing.txt"),
            ("Grep", "hello"),
        ]
    );
    let failed = events.iter().filter(|event| matches!(event, StreamEvent::ToolResults(r) if r[0].is_error)).count();
    assert_eq!(failed, 2);
}

#[test]
fn several_blocks_and_lists_of_text() {
    let line = r#"{"type":"user","message":{"content":[{"type":"tool_result","content":[{"type":"text","text":"a"},
        {"type":"image"},{"type":"text","text":"b"}]},{"type":"tool_result","is_error":true}]}}"#;
    let expected = vec![
        ToolResult { is_error: false, text: "a\nb".to_owned() },
        ToolResult { is_error: true, text: String::new() },
    ];
    assert_eq!(parse_line(line), Some(StreamEvent::ToolResults(expected)));
    let line = r#"{"type":"assistant","message":{"content":[{"type":"thinking","thinking":"hm"}]}}"#;
    assert_eq!(parse_line(line), None);
}

#[test]
fn other_lines_are_passed_over() {
    for line in ["", "{", "null", "[1]", "\"result\"", "{\"type\":7}", "{\"type\":\"new\"}", "{\"type\":\"system\"}"] {
        assert_eq!(parse_line(line), None, "{line}");
    }
    let bare = parse_line(r#"{"type":"result","num_turns":-1,"usage":null,"result":7,"errors":"x"}"#);
    assert_eq!(bare, Some(StreamEvent::Result(Box::default())));
}

#[test]
fn a_long_answer_is_cut_between_characters() {
    let line = serde_json::json!({"type": "result", "result": "ä".repeat(8000)}).to_string();
    let Some(StreamEvent::Result(line)) = parse_line(&line) else { panic!("no result") };
    assert_eq!(line.text().len(), 8192);
}
