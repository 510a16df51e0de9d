//! What the stand-in says, in the lines of claude's `stream-json`.

use crate::{cli::Context, domain::shell::word};
use anyhow::Result;
use serde_json::{Value, json};

const MODEL: &str = "stand-in";
/// What a turn pretends to cost, in US dollars, and how many tokens it pretends to read and write.
const COST: f64 = 0.01;
const TOKENS: (u64, u64) = (1_200, 80);

/// The voice of one run.
pub(super) struct Speech<'a> {
    context: &'a Context,
    session: &'a str,
    turns: u32,
}

impl<'a> Speech<'a> {
    pub(super) fn new(context: &'a Context, session: &'a str) -> Self {
        Self { context, session, turns: 0 }
    }

    pub(super) fn begin(&self, dir: &str) -> Result<()> {
        self.line(json!({
            "type": "system", "subtype": "init", "cwd": dir, "model": MODEL,
            "tools": ["Bash", "Edit", "Read", "Write"], "claude_code_version": env!("CARGO_PKG_VERSION"),
        }))
    }

    pub(super) fn say(&mut self, text: &str) -> Result<()> {
        self.message(json!({"type": "text", "text": text}))
    }

    pub(super) fn use_tool(&mut self, name: &str, input: Value) -> Result<()> {
        let id = self.tool_id(self.turns + 1);
        self.message(json!({"type": "tool_use", "name": name, "input": input, "id": id}))
    }

    /// The answer to the tool that was used last.
    pub(super) fn hear(&self, answer: &Result<String>) -> Result<()> {
        let (content, is_error) = match answer {
            Ok(text) => (text.trim_end().to_owned(), false),
            Err(error) => (format!("{error:#}"), true),
        };
        let id = self.tool_id(self.turns);
        let block = json!({"type": "tool_result", "tool_use_id": id, "content": content, "is_error": is_error});
        self.line(json!({"type": "user", "message": {"role": "user", "content": [block]}}))
    }

    /// The last message and the result, good or bad.
    pub(super) fn end(&mut self, played: &Result<String>) -> Result<()> {
        let (text, is_error) = match played {
            Ok(text) => (text.clone(), false),
            Err(error) => (format!("{error:#}"), true),
        };
        self.say(&text)?;
        let turns = u64::from(self.turns);
        self.line(json!({
            "type": "result", "is_error": is_error, "num_turns": turns, "result": text,
            "subtype": if is_error { "error_during_execution" } else { "success" },
            "terminal_reason": if is_error { "error" } else { "completed" },
            "total_cost_usd": COST * f64::from(self.turns), "duration_ms": 0,
            "usage": {"input_tokens": TOKENS.0 * turns, "output_tokens": TOKENS.1 * turns},
            "permission_denials": [],
        }))
    }

    fn message(&mut self, block: Value) -> Result<()> {
        self.turns += 1;
        let message = json!({"type": "message", "role": "assistant", "model": MODEL, "content": [block]});
        self.line(json!({"type": "assistant", "message": message}))
    }

    fn line(&self, mut value: Value) -> Result<()> {
        if let Some(object) = value.as_object_mut() {
            object.insert("session_id".to_owned(), self.session.into());
        }
        self.context.line(value)
    }

    fn tool_id(&self, turn: u32) -> String {
        format!("toolu_{turn}")
    }
}

/// The words as a person would type them.
pub(super) fn shell_line(words: &[String]) -> String {
    words.iter().map(|text| word(text)).collect::<Vec<_>>().join(" ")
}
