//! The lines of a transcript: what the agent says, which tools it uses on what, what they answer in short, what it cost.
//!
//! Each event of the output makes its own lines, so that a run can be followed while it goes on.

use crate::domain::stream::{ApiRetry, Part, RateLimit, ResultLine, StreamEvent, ToolResult};
use crate::domain::text::{cut, one_line, printable};
use crate::domain::time;

/// The most of what is said at once, in characters.
const MAX_SAID: usize = 4_000;
/// The most of a tool's answer.
const MAX_ANSWER: usize = 160;

/// What kind of line it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The agent speaks.
    Said,
    /// It uses a tool.
    Tool,
    /// What a tool answered.
    Answer,
    /// A tool failed, a request was refused.
    Failure,
    /// What goes on beside.
    Note,
    /// The end.
    End,
}

/// A line of a transcript; what was said may be several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What kind it is.
    pub kind: Kind,
    /// The text, fit for a terminal.
    pub text: String,
}

fn line(kind: Kind, text: impl Into<String>) -> Line {
    Line { kind, text: text.into() }
}

/// The lines that one event makes.
pub fn of_event(event: &StreamEvent) -> Vec<Line> {
    match event {
        StreamEvent::Init { model, version, .. } => {
            let version = version.as_deref().map_or("claude".to_owned(), |version| format!("claude {version}"));
            let model = model.as_deref().map_or(String::new(), |model| format!(", {model}"));
            vec![line(Kind::Note, one_line(&format!("{version}{model}")))]
        }
        StreamEvent::Assistant(parts) => parts.iter().filter_map(part).collect(),
        StreamEvent::ToolResults(results) => results.iter().filter_map(answer).collect(),
        StreamEvent::RateLimit(limit) => rate_limit(limit).into_iter().collect(),
        StreamEvent::ApiRetry(retry) => vec![line(Kind::Note, api_retry(retry))],
        StreamEvent::Dropped(bytes) => {
            vec![line(Kind::Note, format!("here {} MiB of the output were dropped", bytes >> 20))]
        }
        StreamEvent::Result(result) => end(result),
    }
}

fn part(part: &Part) -> Option<Line> {
    match part {
        Part::Text(text) => {
            let text = printable(text);
            let text = text.trim();
            (!text.is_empty()).then(|| line(Kind::Said, cut(text, MAX_SAID)))
        }
        Part::ToolUse { name, target } => Some(line(Kind::Tool, one_line(&format!("{name} {target}")))),
    }
}

/// The first line that says something, and how many there are beside it.
fn answer(result: &ToolResult) -> Option<Line> {
    let mut lines = result.text.lines().map(one_line).filter(|line| !line.is_empty());
    let first = lines.next()?;
    let rest = match lines.count() {
        0 => String::new(),
        1 => " (+1 line)".to_owned(),
        count => format!(" (+{count} lines)"),
    };
    let kind = if result.is_error { Kind::Failure } else { Kind::Answer };
    Some(line(kind, format!("{}{rest}", cut(&first, MAX_ANSWER))))
}

fn rate_limit(limit: &RateLimit) -> Option<Line> {
    let resets = limit.resets_at.and_then(|at| chrono::DateTime::from_timestamp(at, 0));
    let until = resets.map_or(String::new(), |at| format!(" until {}", time::local(at)));
    limit.is_rejected().then(|| line(Kind::Failure, format!("the account's usage limit is reached{until}")))
}

fn api_retry(retry: &ApiRetry) -> String {
    let status = retry.status.map_or(String::new(), |status| format!(" {status}"));
    let error = retry.error.as_deref().map_or(String::new(), |error| format!(" {}", one_line(error)));
    format!("a request failed:{status}{error}; attempt {} of {}", retry.attempt, retry.max_retries)
}

fn end(result: &ResultLine) -> Vec<Line> {
    let mut all = Vec::new();
    if result.is_error || result.subtype != "success" {
        let text = one_line(result.text());
        let separator = if text.is_empty() { "" } else { ": " };
        let subtype = result.subtype.replace('_', " ");
        all.push(line(Kind::Failure, format!("{subtype}{separator}{}", cut(&text, MAX_ANSWER))));
    }
    if !result.denied_tools.is_empty() {
        let tools: Vec<_> = result.denied_tools.iter().map(|tool| one_line(tool)).collect();
        all.push(line(Kind::Note, format!("denied: {}", cut(&tools.join(", "), MAX_ANSWER))));
    }
    let usage = result.usage;
    let read = usage.input_tokens + usage.cache_creation_input_tokens + usage.cache_read_input_tokens;
    let cost = result.total_cost_usd.map_or("cost unknown".to_owned(), |cost| format!("${cost:.2}"));
    let took = time::span(i64::try_from(result.duration_ms / 1_000).unwrap_or(i64::MAX));
    all.push(line(
        Kind::End,
        format!("{} turns, {cost}, {took}, {read} tokens read, {} written", result.num_turns, usage.output_tokens),
    ));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::stream::parse_line;

    /// The transcript of a recorded output.
    fn transcript(output: &str) -> Vec<Line> {
        output.lines().filter_map(parse_line).flat_map(|event| of_event(&event)).collect()
    }

    #[test]
    fn a_good_run_and_its_cost() {
        let lines = transcript(include_str!("../../../tests/data/claude/finished.jsonl"));
        assert!(matches!(lines[0].kind, Kind::Note) && lines[0].text.starts_with("claude "), "{lines:?}");
        assert!(lines.iter().any(|line| line.kind == Kind::Tool && !line.text.ends_with(' ')), "{lines:?}");
        assert!(lines.iter().any(|line| line.kind == Kind::Said), "{lines:?}");
        let end = lines.last().unwrap();
        assert!(end.kind == Kind::End && end.text.contains(" turns, $") && end.text.contains("tokens read"), "{end:?}");
    }

    #[test]
    fn failures_are_shown() {
        for (output, word) in [
            (include_str!("../../../tests/data/claude/overloaded.jsonl"), "attempt"),
            (include_str!("../../../tests/data/claude/rate_limited.jsonl"), "rate"),
            (include_str!("../../../tests/data/claude/turn_limit.jsonl"), "error max turns"),
            (include_str!("../../../tests/data/claude/tool_denied.jsonl"), "denied"),
        ] {
            let lines = transcript(output);
            assert!(lines.iter().any(|line| line.text.contains(word)), "{word}: {lines:#?}");
        }
    }

    #[test]
    fn answers_are_cut_and_nothing_moves_the_cursor() {
        let said = |text: &str| of_event(&StreamEvent::Assistant(vec![Part::Text(text.to_owned())]));
        assert_eq!(said("a\u{1b}[2J\nb\n")[0].text, "a[2J\nb");
        assert!(said(" \n").is_empty());
        assert!(said(&"x".repeat(10_000))[0].text.len() < 5_000);
        let answers = |text: &str, is_error| {
            of_event(&StreamEvent::ToolResults(vec![ToolResult { is_error, text: text.to_owned() }]))
        };
        assert_eq!(answers("\n one\r\ntwo\nthree", false), [line(Kind::Answer, "one (+2 lines)")]);
        assert_eq!(answers("no\u{7}!", true), [line(Kind::Failure, "no !")]);
        assert!(answers("", false).is_empty());
        assert!(answers(&"x".repeat(10_000), false)[0].text.chars().count() <= MAX_ANSWER);
    }
}
