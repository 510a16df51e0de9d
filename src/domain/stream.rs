//! What the lines of claude's `stream-json` output mean.
//!
//! A line is read for what the program needs of it; unknown lines, keys and types are passed over, for other versions
//! of claude have other ones. It never judges a run.

mod rate_limit;
mod spent;

pub use rate_limit::RateLimit;
pub use spent::Spent;

use super::ledger::Payer;
use super::quota::Quota;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Most of the final answer that is kept, in bytes.
const MAX_RESULT: usize = 8 * 1024;
/// Most messages of the `errors` key that are kept.
const MAX_ERRORS: usize = 10;
/// Our own word among claude's.
const DROPPED: &str = "scheduler_output_dropped";
/// Most of a tool's target that is kept, in characters.
const MAX_TARGET: usize = 200;

/// One line that says something.
#[derive(Clone, Debug, PartialEq)]
pub enum StreamEvent {
    /// claude has started.
    Init {
        /// The model it uses.
        model: Option<String>,
        /// claude's own version.
        version: Option<String>,
        /// The tools that it offers the model.
        tools: Vec<String>,
        /// Where its key comes from; `none` without one.
        key_source: Option<String>,
    },
    /// What the model said and did in one message, in its order.
    Assistant(Vec<Part>),
    /// What tools answered.
    ToolResults(Vec<ToolResult>),
    /// The state of the account's limits.
    RateLimit(RateLimit),
    /// A request failed and will be sent again.
    ApiRetry(ApiRetry),
    /// So many bytes of the output are gone here.
    Dropped(u64),
    /// A run's last word. There may be several in one output; the last one counts.
    Result(Box<ResultLine>),
}

/// A piece of what the model said.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Text.
    Text(String),
    /// The use of a tool.
    ToolUse {
        /// The tool.
        name: String,
        /// What it is used on, in one line: a file, a command, a pattern. Empty if it has nothing of the kind.
        target: String,
    },
}

/// What one tool answered.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolResult {
    /// The tool failed or was denied.
    pub is_error: bool,
    /// Its text.
    pub text: String,
}

/// A request that failed and will be sent again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiRetry {
    /// Which attempt failed, from 1.
    pub attempt: u64,
    /// How many there will be.
    pub max_retries: u64,
    /// The HTTP status; none if there was no answer.
    pub status: Option<u16>,
    /// The cause in a word, such as `overloaded` or `rate_limit`.
    pub error: Option<String>,
}

/// The line of type `result`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResultLine {
    /// `success`, `error_max_turns`, `error_max_budget_usd` … `success` alone doesn't mean that it went well.
    pub subtype: String,
    /// It ended in an error.
    pub is_error: bool,
    /// Why it ended, where this version says so.
    pub terminal_reason: Option<String>,
    /// The number of turns; one more than the limit where the limit ended it.
    pub num_turns: u64,
    /// US dollars.
    pub total_cost_usd: Option<f64>,
    /// Tokens read and written.
    pub usage: Usage,
    /// Those that it names by models, all together: in some versions of all runs of the session.
    pub session_tokens: Option<u64>,
    /// Milliseconds.
    pub duration_ms: u64,
    /// The HTTP status that ended it.
    pub api_error_status: Option<u16>,
    /// The kind of API error in a word.
    pub api_error: Option<String>,
    /// The session.
    pub session_id: Option<String>,
    /// The final answer, or the error's text, cut at 8 KiB.
    pub result: Option<String>,
    /// Messages of an error that has no `result`.
    pub errors: Vec<String>,
    /// Names of the tools whose use was denied.
    pub denied_tools: Vec<String>,
    /// The answer in the form that was asked for.
    pub structured_output: Option<Value>,
}

impl ResultLine {
    /// The text of the answer or error, else the first of `errors`, else nothing.
    pub fn text(&self) -> &str {
        self.result.as_deref().or(self.errors.first().map(String::as_str)).unwrap_or_default()
    }

    /// Whether claude had nothing to go on with.
    fn lacks_conversation(&self) -> bool {
        self.is_error && self.errors.iter().any(|error| error.starts_with("No conversation found"))
    }
}

/// Tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Read anew.
    pub input_tokens: u64,
    /// Written.
    pub output_tokens: u64,
    /// Read and put into the cache.
    pub cache_creation_input_tokens: u64,
    /// Read from the cache.
    pub cache_read_input_tokens: u64,
}

impl Usage {
    /// Of every kind.
    pub fn all(&self) -> u64 {
        self.input_tokens + self.output_tokens + self.cache_creation_input_tokens + self.cache_read_input_tokens
    }
}

/// What a whole output has said so far, of what the judgement needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamFacts {
    /// The last result line.
    pub result: Option<ResultLine>,
    /// The last word on the account's limits.
    pub rate_limit: Option<RateLimit>,
    /// The last failed request since the model last got through to a tool.
    pub api_retry: Option<ApiRetry>,
    /// The model has answered: it has used a tool.
    pub answered: bool,
    /// How much of the account's usage limits is used, by the last word on each.
    pub quota: Quota,
    /// What its messages have used up.
    pub spent: Spent,
    /// The model that it began with.
    pub model: Option<String>,
    /// It has a key, by its own word.
    pub has_key: bool,
}

impl StreamFacts {
    /// Takes in one line.
    pub fn add_line(&mut self, line: &str) {
        self.spent.add(line);
        if let Some(event) = parse_line(line) {
            self.add(event);
        }
    }

    /// Takes in one event. A tool that is used proves that the retries before it came through; an error is worded as
    /// if the model had said it, so what it says proves nothing.
    pub fn add(&mut self, event: StreamEvent) {
        match event {
            StreamEvent::Result(line) => self.result = Some(*line),
            StreamEvent::RateLimit(limit) => {
                self.quota.note(&limit);
                self.rate_limit = Some(limit);
            }
            StreamEvent::ApiRetry(retry) => self.api_retry = Some(retry),
            StreamEvent::ToolResults(_) => self.api_retry = None,
            StreamEvent::Assistant(parts) if parts.iter().any(|part| matches!(part, Part::ToolUse { .. })) => {
                self.api_retry = None;
                self.answered = true;
            }
            StreamEvent::Init { model, key_source, .. } => {
                // Another claude has begun anew.
                self.result.take_if(|result| result.lacks_conversation());
                self.model = model;
                self.has_key = key_source.is_some_and(|source| !matches!(source.as_str(), "none" | "oauth"));
            }
            StreamEvent::Assistant(_) | StreamEvent::Dropped(_) => {}
        }
    }

    /// Whether it has said how it ended.
    pub fn has_ended(&self) -> bool {
        self.result.is_some() && !self.lacks_conversation()
    }

    /// Whether the conversation that was to go on isn't there, and nothing else was said.
    pub fn lacks_conversation(&self) -> bool {
        self.result.as_ref().is_some_and(ResultLine::lacks_conversation)
    }

    /// What pays: only a subscription has limits that are told. Without a key it may be one, or a cloud.
    pub fn payer(&self) -> Option<Payer> {
        let key = self.has_key.then_some(Payer::Api);
        if self.rate_limit.is_some() { Some(Payer::Subscription) } else { key }
    }
}

/// The line that stands in the place of `bytes` of an output that are gone.
pub fn dropped_line(bytes: u64) -> String {
    serde_json::json!({"type": "system", "subtype": DROPPED, "bytes": bytes}).to_string()
}

/// What one line says; `None` if it is no JSON object or of a type that isn't needed.
pub fn parse_line(line: &str) -> Option<StreamEvent> {
    let value: Value = serde_json::from_str(line.trim()).ok()?;
    match (text(&value, "type")?, value.get("subtype").and_then(Value::as_str)) {
        ("system", Some("init")) => Some(StreamEvent::Init {
            model: get(&value, "model"),
            version: get(&value, "claude_code_version"),
            tools: strings(value.get("tools")),
            key_source: get(&value, "apiKeySource"),
        }),
        ("system", Some("api_retry")) => Some(StreamEvent::ApiRetry(ApiRetry {
            attempt: get(&value, "attempt"),
            max_retries: get(&value, "max_retries"),
            status: get(&value, "error_status"),
            error: get(&value, "error"),
        })),
        ("system", Some(DROPPED)) => Some(StreamEvent::Dropped(get(&value, "bytes"))),
        ("assistant", _) => some(parts(&value)).map(StreamEvent::Assistant),
        ("user", _) => some(tool_results(&value)).map(StreamEvent::ToolResults),
        ("rate_limit_event", _) => Some(StreamEvent::RateLimit(RateLimit::read(&value))),
        ("result", _) => Some(StreamEvent::Result(Box::new(result_line(&value)))),
        _ => None,
    }
}

fn model_tokens(model: &Value) -> u64 {
    let kinds = ["inputTokens", "outputTokens", "cacheReadInputTokens", "cacheCreationInputTokens"];
    kinds.into_iter().map(|kind| get::<u64>(model, kind)).sum()
}

fn result_line(value: &Value) -> ResultLine {
    ResultLine {
        subtype: get(value, "subtype"),
        is_error: get(value, "is_error"),
        terminal_reason: get(value, "terminal_reason"),
        num_turns: get(value, "num_turns"),
        total_cost_usd: get(value, "total_cost_usd"),
        usage: value.get("usage").map(usage).unwrap_or_default(),
        session_tokens: value
            .get("modelUsage")
            .and_then(Value::as_object)
            .map(|models| models.values().map(model_tokens).sum()),
        duration_ms: get(value, "duration_ms"),
        api_error_status: get(value, "api_error_status"),
        api_error: get::<Option<String>>(value, "api_error").or_else(|| get(value, "api_error_type")),
        session_id: get(value, "session_id"),
        result: text(value, "result").map(|text| bounded(text, MAX_RESULT)),
        errors: strings(value.get("errors")).iter().take(MAX_ERRORS).map(|text| bounded(text, MAX_RESULT)).collect(),
        denied_tools: array(value.get("permission_denials")).filter_map(|denial| get(denial, "tool_name")).collect(),
        structured_output: value.get("structured_output").filter(|answer| answer.is_object()).cloned(),
    }
}

fn usage(value: &Value) -> Usage {
    Usage {
        input_tokens: get(value, "input_tokens"),
        output_tokens: get(value, "output_tokens"),
        cache_creation_input_tokens: get(value, "cache_creation_input_tokens"),
        cache_read_input_tokens: get(value, "cache_read_input_tokens"),
    }
}

fn parts(value: &Value) -> Vec<Part> {
    blocks(value)
        .filter_map(|block| match text(block, "type")? {
            "text" => Some(Part::Text(text(block, "text")?.to_owned())),
            "tool_use" => {
                Some(Part::ToolUse { name: text(block, "name")?.to_owned(), target: target(block.get("input")) })
            }
            _ => None,
        })
        .collect()
}

fn tool_results(value: &Value) -> Vec<ToolResult> {
    blocks(value)
        .filter(|block| text(block, "type") == Some("tool_result"))
        .map(|block| ToolResult { is_error: get(block, "is_error"), text: content_text(block.get("content")) })
        .collect()
}

/// The content of a tool's answer is a text, or a list of blocks of which some are texts.
fn content_text(content: Option<&Value>) -> String {
    match content {
        Some(Value::String(text)) => text.clone(),
        content => array(content).filter_map(|block| text(block, "text")).collect::<Vec<_>>().join("\n"),
    }
}

/// What a tool is used on: the first of the usual keys that its input has.
fn target(input: Option<&Value>) -> String {
    const KEYS: [&str; 11] = [
        "file_path",
        "notebook_path",
        "command",
        "pattern",
        "path",
        "url",
        "query",
        "skill",
        "subject",
        "description",
        "prompt",
    ];
    let found = KEYS.iter().find_map(|key| text(input?, key)).unwrap_or_default();
    super::text::cut(&super::text::one_line(found), MAX_TARGET)
}

fn blocks(value: &Value) -> impl Iterator<Item = &Value> {
    array(value.get("message").and_then(|message| message.get("content")))
}

fn array(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn strings(value: Option<&Value>) -> Vec<String> {
    array(value).filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The value of a key; what is missing, or isn't what it should be, is nothing.
fn get<T: DeserializeOwned + Default>(value: &Value, key: &str) -> T {
    value.get(key).and_then(|found| T::deserialize(found).ok()).unwrap_or_default()
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

fn some<T>(found: Vec<T>) -> Option<Vec<T>> {
    (!found.is_empty()).then_some(found)
}

fn bounded(text: &str, max: usize) -> String {
    let end = (0..=max.min(text.len())).rev().find(|&end| text.is_char_boundary(end)).unwrap_or_default();
    text[..end].to_owned()
}

#[cfg(test)]
mod tests;
