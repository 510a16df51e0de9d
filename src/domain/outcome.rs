//! How a run ended: what claude's exit and its last result line mean together.
//!
//! It judges the run, not the work; what follows is decided in [`super::settlement`].

use super::{
    stream::{ApiRetry, RateLimit, ResultLine},
    text::{cut, one_line},
    time::{self, Time},
};
use chrono::{Duration, Local, NaiveTime, TimeZone};
use serde::{Deserialize, Serialize};
use std::fmt;

/// No limit of an account lasts longer: what names a later end isn't believed.
const LONGEST: Duration = Duration::days(8);

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Outcome {
    /// It said its result and ended well.
    Finished,
    /// It used up its turns.
    TurnLimit,
    /// It used up its budget.
    Budget,
    /// The account's usage limit is reached.
    UsageLimit {
        /// When it is lifted, if that was said.
        #[serde(with = "time::option")]
        until: Option<Time>,
    },
    /// The model's service refused or couldn't be reached.
    ApiError {
        /// The HTTP status; none if there was no answer.
        status: Option<u16>,
        /// What was said.
        message: String,
    },
    /// It took longer than `timeout_seconds`.
    TimedOut,
    /// It was silent longer than `stall_seconds`.
    Stalled,
    /// It was stopped from outside.
    Interrupted,
    /// It died, or ended without a result.
    Crashed {
        /// How.
        message: String,
    },
    /// It couldn't be started.
    LaunchFailed {
        /// Why, and what to do.
        message: String,
        /// Whether it would hit every agent.
        everybody: bool,
    },
    /// The task itself can't be carried out.
    BadTask {
        /// Why.
        message: String,
    },
}

/// Who answers for an end without success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The run: the attempt counts.
    Run,
    /// The task: trying again is no use.
    Task,
    /// Nobody: the attempt doesn't count.
    Nobody,
    /// Something that would hit every run: the attempt doesn't count, and nobody starts for a while.
    Everybody,
}

/// How a process exited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exit {
    /// Its exit code.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
}

impl Exit {
    /// The code, or the signal as a negative number.
    pub fn number(self) -> Option<i32> {
        self.code.or(self.signal.map(|signal| -signal))
    }

    /// Whether SIGTERM, SIGHUP or SIGINT ended it.
    fn asked_to_end(self) -> bool {
        matches!(self.code, Some(129 | 130 | 143)) || matches!(self.signal, Some(1 | 2 | 15))
    }
}

/// Why the supervisor ended claude.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The wall-clock limit.
    TimedOut,
    /// The silence limit.
    Stalled,
    /// The supervisor was asked to end.
    Interrupted,
    /// It had said its result and didn't end.
    Lingered,
}

/// Everything that is known of a run's end.
#[derive(Clone, Copy, Debug)]
pub struct End<'a> {
    /// How claude exited; empty if that isn't known.
    pub exit: Exit,
    /// Why it was stopped, if it was.
    pub stopped: Option<Stopped>,
    /// The last result line.
    pub result: Option<&'a ResultLine>,
    /// The last word about the account's limits.
    pub rate_limit: Option<&'a RateLimit>,
    /// The last failed request that nothing came after: some versions name the HTTP status only there.
    pub api_retry: Option<&'a ApiRetry>,
    /// Whether it wrote anything at all to its stream.
    pub began: bool,
    /// The end of its stderr.
    pub stderr: &'a str,
    /// The time, for limits that name only an hour.
    pub now: Time,
}

/// What the end of a run was.
pub fn classify(end: &End<'_>) -> Outcome {
    match end.result {
        Some(result) if !result.is_error => match (end.exit.code, end.stopped) {
            // It had said that it was done; how long it then lingered, or who ended it, is no matter.
            (Some(0), _) | (_, Some(_)) => Outcome::Finished,
            _ => Outcome::Crashed { message: format!("{} after its result", exit_words(end)) },
        },
        Some(result) => failed(end, result),
        None => without_result(end),
    }
}

fn without_result(end: &End<'_>) -> Outcome {
    // It hung in its retries: the service's failure, not the run's.
    if let (Some(Stopped::TimedOut | Stopped::Stalled), Some(retry)) = (end.stopped, end.api_retry) {
        let message = retry.error.clone().unwrap_or_else(|| "no answer".to_owned());
        return Outcome::ApiError { status: retry.status, message: format!("{message}, tried again and again") };
    }
    match end.stopped {
        Some(Stopped::TimedOut) => return Outcome::TimedOut,
        Some(Stopped::Stalled) => return Outcome::Stalled,
        Some(Stopped::Interrupted) => return Outcome::Interrupted,
        Some(Stopped::Lingered) | None => {}
    }
    if let Some(until) = usage_limit(end, "") {
        return Outcome::UsageLimit { until };
    }
    if end.exit.asked_to_end() {
        return Outcome::Interrupted;
    }
    if !end.began && end.exit.code.is_some_and(|code| code != 0) {
        let message = format!("claude refused to start: {}", last_words(end.stderr));
        return Outcome::LaunchFailed { message, everybody: false };
    }
    Outcome::Crashed { message: format!("{} without a result; stderr: {}", exit_words(end), last_words(end.stderr)) }
}

fn failed(end: &End<'_>, result: &ResultLine) -> Outcome {
    let said = result.result.clone().unwrap_or_else(|| result.errors.join("; "));
    let reason = result.terminal_reason.as_deref().unwrap_or_default();
    match (result.subtype.as_str(), reason) {
        ("error_max_turns", _) | (_, "max_turns") => return Outcome::TurnLimit,
        ("error_max_budget_usd", _) | (_, "budget_exhausted") => return Outcome::Budget,
        (_, "prompt_too_long") => return Outcome::BadTask { message: "its text is too long for the model".to_owned() },
        _ => {}
    }
    if let Some(until) = usage_limit(end, &said) {
        return Outcome::UsageLimit { until };
    }
    let status = result.api_error_status.or(end.api_retry.and_then(|retry| retry.status));
    // Without any login nothing is asked, so that there is no status.
    let status = status.or_else(|| lacks_login(&said).then_some(401));
    // An error under the word success is the service's; not every version says more.
    let is_api_error = result.subtype == "success" || status.is_some() || result.api_error.is_some();
    match (is_api_error, end.stopped) {
        (true, None | Some(Stopped::Lingered)) => Outcome::ApiError { status, message: last_words(&said) },
        (_, Some(Stopped::TimedOut)) => Outcome::TimedOut,
        (_, Some(Stopped::Stalled)) => Outcome::Stalled,
        (_, Some(Stopped::Interrupted)) => Outcome::Interrupted,
        _ if reason.starts_with("aborted") || end.exit.asked_to_end() => Outcome::Interrupted,
        _ => Outcome::Crashed { message: last_words(&format!("{} {reason}: {said}", result.subtype)) },
    }
}

fn lacks_login(said: &str) -> bool {
    let said = said.to_lowercase();
    ["not logged in", "please run /login", "invalid api key", "oauth token"].iter().any(|words| said.contains(words))
}

/// Whether the account's limit is reached, and until when: from the event, else from what was said.
fn usage_limit(end: &End<'_>, said: &str) -> Option<Option<Time>> {
    let said = said.to_lowercase();
    let spoken = ["usage limit", "hit your limit", "limit reached"].iter().any(|words| said.contains(words));
    match end.rate_limit {
        Some(limit) if limit.is_rejected() => {
            let until = limit.resets_at.and_then(stamp);
            Some(until.or_else(|| spoken_reset(&said, end.now)))
        }
        _ => spoken.then(|| spoken_reset(&said, end.now)),
    }
}

/// A count since 1970: of seconds, or of milliseconds where seconds would lie far beyond any reset.
fn stamp(count: i64) -> Option<Time> {
    if count >= 100_000_000_000 { Time::from_timestamp_millis(count) } else { Time::from_timestamp(count, 0) }
}

/// The time in `…limit reached|1737000000` or `…resets 3:30pm`.
fn spoken_reset(said: &str, now: Time) -> Option<Time> {
    if let Some((_, rest)) = said.split_once('|') {
        let digits: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
        if let Some(time) = digits.parse().ok().and_then(stamp) {
            return Some(time);
        }
    }
    let (_, rest) = said.split_once("reset")?;
    let word = rest.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let clock = clock(word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()), rest)?;
    let today = now.with_timezone(&Local).date_naive();
    [today, today.succ_opt()?].into_iter().find_map(|day| {
        let time = Local.from_local_datetime(&day.and_time(clock)).earliest()?.to_utc();
        (time > now).then_some(time)
    })
}

/// `3pm`, `3:30pm`, `15:30`, and `3` where `pm` follows as a word of its own.
fn clock(word: &str, rest: &str) -> Option<NaiveTime> {
    let (digits, suffix) = word.split_at(word.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(word.len()));
    let (hour, minute) = digits.split_once(':').unwrap_or((digits, "0"));
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    let half =
        if suffix.is_empty() { rest.split_whitespace().find(|w| matches!(*w, "am" | "pm")) } else { Some(suffix) };
    let hour = match half {
        Some("pm") => hour % 12 + 12,
        Some("am") => hour % 12,
        _ => hour,
    };
    NaiveTime::from_hms_opt(hour, minute, 0)
}

fn last_words(text: &str) -> String {
    let line = one_line(super::text::tail(text.trim(), 400));
    if line.is_empty() { "nothing was said".to_owned() } else { cut(&line, 300) }
}

fn exit_words(end: &End<'_>) -> String {
    match (end.exit.code, end.exit.signal) {
        (Some(code), _) => format!("claude ended with exit code {code}"),
        (None, Some(signal)) => format!("claude was killed by signal {signal}"),
        (None, None) => "claude vanished".to_owned(),
    }
}

impl Outcome {
    /// The outcome in a word, as in `state.json`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::TurnLimit => "turn_limit",
            Self::Budget => "budget",
            Self::UsageLimit { .. } => "usage_limit",
            Self::ApiError { .. } => "api_error",
            Self::TimedOut => "timed_out",
            Self::Stalled => "stalled",
            Self::Interrupted => "interrupted",
            Self::Crashed { .. } => "crashed",
            Self::LaunchFailed { .. } => "launch_failed",
            Self::BadTask { .. } => "bad_task",
        }
    }

    /// Who answers for it. Meaningless for [`Outcome::Finished`], which nobody has to answer for.
    pub fn blame(&self) -> Blame {
        match self {
            Self::TurnLimit | Self::Budget | Self::TimedOut | Self::Stalled | Self::Crashed { .. } => Blame::Run,
            Self::BadTask { .. } => Blame::Task,
            Self::Finished | Self::Interrupted => Blame::Nobody,
            Self::UsageLimit { .. } => Blame::Everybody,
            Self::LaunchFailed { everybody, .. } => {
                if *everybody {
                    Blame::Everybody
                } else {
                    Blame::Nobody
                }
            }
            Self::ApiError { status, message } => match status {
                // A bad request is the run's own, unless it is about money.
                Some(400 | 413 | 422) if !message.to_lowercase().contains("credit") => Blame::Run,
                Some(404) => Blame::Nobody,
                _ => Blame::Everybody,
            },
        }
    }

    /// How long nobody is to start; `None` unless everybody is hit.
    pub fn cooldown(&self, now: Time) -> Option<Cooldown> {
        if self.blame() != Blame::Everybody {
            return None;
        }
        let wait = match self {
            Self::UsageLimit { until } => match until.filter(|until| *until > now && *until - now <= LONGEST) {
                // Some seconds more, for clocks that differ.
                Some(until) => until - now + Duration::seconds(30),
                None => Duration::minutes(30),
            },
            Self::ApiError { status: Some(400 | 401 | 403), .. } => Duration::minutes(15),
            _ => Duration::minutes(5),
        };
        Some(Cooldown { until: now + wait, reason: self.to_string() })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Finished => f.write_str("finished"),
            Self::TurnLimit => f.write_str("used up its turns (max_turns)"),
            Self::Budget => f.write_str("used up its budget (max_cost_usd)"),
            Self::UsageLimit { until: Some(until) } => {
                write!(f, "the account's usage limit is reached until {}", time::to_text(*until))
            }
            Self::UsageLimit { until: None } => f.write_str("the account's usage limit is reached"),
            Self::ApiError { status: Some(401 | 403), message } => {
                write!(
                    f,
                    "claude is not logged in: {message}; run `claude setup-token` or set ANTHROPIC_API_KEY where cron sees it"
                )
            }
            Self::ApiError { status: Some(404), message } => {
                write!(
                    f,
                    "claude doesn't know the model: {message}; set `claude_model` in agents.yaml to one that it has"
                )
            }
            Self::ApiError { status: Some(status), message } => {
                write!(f, "the model's service answered {status}: {message}")
            }
            Self::ApiError { status: None, message } => write!(f, "the model's service can't be reached: {message}"),
            Self::TimedOut => f.write_str("took longer than timeout_seconds"),
            Self::Stalled => f.write_str("was silent longer than stall_seconds"),
            Self::Interrupted => f.write_str("was stopped"),
            Self::Crashed { message } | Self::LaunchFailed { message, .. } | Self::BadTask { message } => {
                f.write_str(message)
            }
        }
    }
}

/// A time in which no agent is started, since every one would fail alike: `cache/cooldown.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cooldown {
    /// When one agent may try again.
    #[serde(with = "time::required")]
    pub until: Time,
    /// What happened.
    pub reason: String,
}

impl Cooldown {
    /// Whether nobody may start now. One that would hold longer than any real one was set under another clock.
    pub fn holds(&self, now: Time) -> bool {
        now < self.until && self.until - now <= LONGEST + Duration::days(1)
    }
}

#[cfg(test)]
mod tests;
