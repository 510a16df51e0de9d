//! The words for how a run ended: one line, made of what claude and the service said.

use super::{End, Interruption, Outcome};
use crate::domain::text::{cut, one_line, tail};
use crate::domain::time;
use std::fmt;

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Finished => f.write_str("finished"),
            Self::TurnLimit => f.write_str("used up its turns (max_turns)"),
            Self::Budget => f.write_str("used up its budget (max_cost_usd)"),
            Self::UsageLimit { until: Some(until) } => {
                write!(f, "the account's usage limit is reached until {}", time::local(*until))
            }
            Self::UsageLimit { until: None } => f.write_str("the account's usage limit is reached"),
            Self::ApiError { status: Some(403), message } => {
                write!(
                    f,
                    "claude's account has no access: {message}; see what its organization allows, or log in to another one"
                )
            }
            Self::ApiError { status: Some(401), message } => {
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
            Self::ApiError { status: Some(status), message } => f.write_str(&answered(*status, message)),
            Self::ApiError { status: None, message } => {
                write!(f, "the model's service can't be reached: {}", bare(message))
            }
            Self::TimedOut => f.write_str("took longer than timeout_seconds"),
            Self::Stalled => f.write_str("was silent longer than stall_seconds"),
            Self::Interrupted { by: Interruption::Demand } => f.write_str("was stopped"),
            Self::Interrupted { by: Interruption::Signal } => f.write_str("claude was ended from outside"),
            Self::Interrupted { by: Interruption::Loss } => {
                f.write_str("was interrupted: its supervisor died, or the machine went down")
            }
            Self::Interrupted { by: Interruption::System } => {
                f.write_str("was interrupted: this machine had no room for it, or lacked something else")
            }
            Self::Interrupted { by: Interruption::Queue } => {
                f.write_str("was not begun: it waited for its runner longer than queue_seconds, and was taken back")
            }
            Self::Interrupted { by: Interruption::Preempted } => {
                f.write_str("was ended by its runner in favour of another one")
            }
            Self::Interrupted { by: Interruption::Cancelled } => {
                f.write_str("was taken back from its runner, and not by scheduler")
            }
            Self::Interrupted { by: Interruption::NodeLost } => f.write_str("was lost with the machine that it was on"),
            Self::Interrupted { by: Interruption::Silence } => {
                f.write_str("was given up: its machine and this one heard nothing more of each other")
            }
            Self::RunnerDown { runner, message } => write!(f, "the runner {runner} can't start it: {message}"),
            Self::Untrusted => {
                f.write_str("was not begun: git's settings or hooks are not as you accepted them (`scheduler trust`)")
            }
            Self::Crashed { message }
            | Self::LaunchFailed { message, .. }
            | Self::SystemTrouble { message }
            | Self::BadTask { message } => f.write_str(message),
        }
    }
}

impl Outcome {
    /// The same in a few words, for a column.
    pub fn brief(&self) -> String {
        let words = match self {
            Self::Finished => "finished",
            Self::TurnLimit => "used up its turns",
            Self::Budget => "used up its budget",
            Self::UsageLimit { .. } => "usage limit reached",
            Self::ApiError { status: Some(401), .. } => "not logged in",
            Self::ApiError { status: Some(403), .. } => "account refused",
            Self::ApiError { status: Some(404), .. } => "unknown model",
            Self::ApiError { status: Some(status), .. } => return format!("service error {status}"),
            Self::ApiError { status: None, .. } => "service not reached",
            Self::TimedOut => "took too long",
            Self::Stalled => "was silent too long",
            Self::Interrupted { by: Interruption::Demand } => "was stopped",
            Self::Interrupted { by: Interruption::Signal } => "was ended from outside",
            Self::Interrupted { by: Interruption::Loss | Interruption::System } => "was interrupted",
            Self::Interrupted { by: Interruption::Queue } => "was not begun in time",
            Self::Interrupted { by: Interruption::Preempted | Interruption::Cancelled } => "was taken back",
            Self::Interrupted { by: Interruption::NodeLost | Interruption::Silence } => "lost its machine",
            Self::RunnerDown { .. } => "runner failed",
            Self::Crashed { .. } => "crashed",
            Self::LaunchFailed { .. } => "couldn't start",
            Self::SystemTrouble { .. } => "machine trouble",
            Self::Untrusted => "waits for trust",
            Self::BadTask { .. } => "task impossible",
        };
        words.to_owned()
    }
}

/// What the service answered, with its status said once, wherever the message has it already.
fn answered(status: u16, message: &str) -> String {
    let (message, number) = (bare(message), status.to_string());
    let after = message.strip_prefix(&number).filter(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()));
    let rest = after.unwrap_or(message).trim_start_matches([':', ' ']);
    let says_it = rest.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == number);
    match (rest, says_it) {
        ("", _) => format!("the model's service answered {number}"),
        (rest, true) => format!("the model's service answered: {rest}"),
        (rest, false) => format!("the model's service answered {number}: {rest}"),
    }
}

/// A message without the words that only say that it is an error of the service.
fn bare(message: &str) -> &str {
    message.strip_prefix("API Error:").unwrap_or(message).trim_start()
}

/// The end of what was said, in one line.
pub(super) fn last_words(text: &str) -> String {
    let line = one_line(tail(text.trim(), 400));
    if line.is_empty() { "nothing was said".to_owned() } else { cut(&line, 300) }
}

/// How claude exited, as the beginning of a sentence.
pub(super) fn exit_words(end: &End<'_>) -> String {
    match (end.exit.code, end.exit.signal) {
        (Some(code), _) => format!("claude ended with exit code {code}"),
        (None, Some(signal)) => format!("claude was killed by signal {signal}"),
        (None, None) => "claude vanished".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_said_once() {
        for (status, message, expected) in [
            (529, "Overloaded", "answered 529: Overloaded"),
            (529, "API Error: 529 Overloaded", "answered 529: Overloaded"),
            (529, "API Error: 529 {\"type\":\"error\"}", "answered 529: {\"type\":\"error\"}"),
            (529, "API Error: Repeated 529 Overloaded errors.", "answered: Repeated 529 Overloaded errors."),
            (429, "API Error: Request rejected (429) · slow down", "answered: Request rejected (429) · slow down"),
            (500, "500: Oops", "answered 500: Oops"),
            (500, "API Error: 5000 tokens", "answered 500: 5000 tokens"),
            (500, "API Error: 500", "answered 500"),
            (400, "Credit balance is too low", "answered 400: Credit balance is too low"),
        ] {
            let outcome = Outcome::ApiError { status: Some(status), message: message.to_owned() };
            assert_eq!(outcome.to_string(), format!("the model's service {expected}"), "{message}");
        }
        let unreached = Outcome::ApiError { status: None, message: "API Error: Unable to connect".to_owned() };
        assert_eq!(unreached.to_string(), "the model's service can't be reached: Unable to connect");
    }
}
