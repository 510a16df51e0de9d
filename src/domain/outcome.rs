//! How a run ended: what claude's exit and its last result line mean together.
//!
//! It judges the run, not the work; what follows is decided in [`super::settlement`].

mod cooldown;
mod interruption;
mod reset;
mod words;

pub use cooldown::Cooldown;
pub use interruption::Interruption;

use super::name::Name;
use super::stream::{ApiRetry, RateLimit, ResultLine};
use super::system_trouble::tells_of_system;
use super::time::Time;
use chrono::Duration;
use cooldown::LONGEST;
use serde::{Deserialize, Serialize};
use words::{exit_words, last_words};

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
    Interrupted {
        /// By what.
        #[serde(default)]
        by: Interruption,
    },
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
    /// What was to start it elsewhere couldn't.
    RunnerDown {
        runner: Name,
        /// What was said.
        message: String,
    },
    /// The system failed it: no room, a disk that can't be written, too many open files.
    SystemTrouble {
        /// What was said.
        message: String,
    },
    /// It didn't begin: what makes git run or send something is not as the user accepted it.
    Untrusted,
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
    /// The agent's own settings: the attempt doesn't count, and the agent waits longer each time.
    Agent,
    /// Nobody: the attempt doesn't count.
    Nobody,
    /// Something that would hit every run: the attempt doesn't count, and nobody starts for a while.
    Everybody,
    /// What would hit every run of its runner: the attempt doesn't count, and its agents don't start for a while.
    Runner,
}

/// How a process exited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    pub fn asked_to_end(self) -> bool {
        matches!(self.code, Some(129 | 130 | 143)) || matches!(self.signal, Some(1 | 2 | 15))
    }
}

crate::domain::words::words! {
    "a reason to end a run"
    /// Why claude was ended.
    pub enum Stopped {
        /// The wall-clock limit.
        TimedOut = "timed_out",
        /// The silence limit.
        Stalled = "stalled",
        /// The supervisor was asked to end.
        Interrupted = "interrupted",
        /// It had said its result and didn't end.
        Lingered = "lingered",
        /// The other machine, or who gave it to the run, wants it back.
        Cancelled = "cancelled",
        /// On another machine it heard nothing from its supervisor any more.
        Abandoned = "abandoned",
    }
}

impl Stopped {
    /// Whether somebody waits for the end: it has less time for it.
    pub fn is_urgent(self) -> bool {
        matches!(self, Self::Interrupted | Self::Cancelled | Self::Abandoned)
    }

    /// What was interrupted by whom; `None` if it was the run's own doing.
    fn interruption(self) -> Option<Interruption> {
        match self {
            Self::Interrupted => Some(Interruption::Demand),
            Self::Cancelled => Some(Interruption::Cancelled),
            Self::Abandoned => Some(Interruption::Silence),
            Self::TimedOut | Self::Stalled | Self::Lingered => None,
        }
    }
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
    /// The names by which the local time zone may be called.
    pub here: &'a [String],
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
        _ => {}
    }
    if let Some(by) = end.stopped.and_then(Stopped::interruption) {
        return Outcome::Interrupted { by };
    }
    if let Some(until) = usage_limit(end, "") {
        return Outcome::UsageLimit { until };
    }
    if end.exit.asked_to_end() {
        return Outcome::Interrupted { by: Interruption::Signal };
    }
    if !end.began && end.exit.code.is_some_and(|code| code != 0) {
        let message = format!("claude refused to start: {}", last_words(end.stderr));
        return Outcome::launch_failed(message, false);
    }
    let message = format!("{} without a result; stderr: {}", exit_words(end), last_words(end.stderr));
    crashed(message, end.stderr)
}

/// A crash, unless what was `said` is that the system failed it.
fn crashed(message: String, said: &str) -> Outcome {
    if tells_of_system(said) { Outcome::SystemTrouble { message } } else { Outcome::Crashed { message } }
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
    let is_service = status.is_some() || is_unreachable(end, result, &said);
    if let Some(by) = end.stopped.and_then(Stopped::interruption) {
        return Outcome::Interrupted { by };
    }
    match end.stopped {
        Some(Stopped::TimedOut) => Outcome::TimedOut,
        Some(Stopped::Stalled) => Outcome::Stalled,
        _ if is_service => Outcome::ApiError { status, message: last_words(&said) },
        _ if reason.starts_with("aborted") || end.exit.asked_to_end() => {
            Outcome::Interrupted { by: Interruption::Signal }
        }
        _ if has_words(&said, REFUSALS) => {
            Outcome::BadTask { message: format!("the model refuses it: {}", last_words(&said)) }
        }
        _ => crashed(last_words(&format!("{} {reason}: {said}", result.subtype)), &said),
    }
}

/// Words by which an error without a status says that it is the network's or the service's.
const UNREACHABLE: &[&str] = &[
    "connect",
    "network",
    "timed out",
    "timeout",
    "fetch failed",
    "socket",
    "econn",
    "enotfound",
    "eai_again",
    "certificate",
    "overloaded",
    "internal server error",
    "service unavailable",
];

/// Words by which the model refuses a task itself.
const REFUSALS: &[&str] = &["usage policy", "unable to respond to this request"];

fn has_words(said: &str, any: &[&str]) -> bool {
    let said = said.to_lowercase();
    any.iter().any(|words| said.contains(words))
}

/// Whether an error without a status is the service's. Not every one is: what the model may not say, or says at too great
/// a length, is worded alike.
fn is_unreachable(end: &End<'_>, result: &ResultLine, said: &str) -> bool {
    let kind = result.api_error.as_deref().unwrap_or_default();
    let worded = !has_words(said, REFUSALS) && (has_words(said, UNREACHABLE) || has_words(kind, UNREACHABLE));
    worded || end.api_retry.is_some()
}

fn lacks_login(said: &str) -> bool {
    has_words(said, &["not logged in", "please run /login", "invalid api key", "oauth token"])
}

/// Whether the account's limit is reached, and until when: from the event, else from what was said.
fn usage_limit(end: &End<'_>, said: &str) -> Option<Option<Time>> {
    let said = said.to_lowercase();
    let believed = |time: &Time| *time - end.now <= LONGEST;
    let spoken = || reset::spoken(&said, end.now, end.here).filter(believed);
    match end.rate_limit {
        Some(limit) if limit.is_rejected() => Some(limit.resets_at.and_then(reset::stamp).or_else(spoken)),
        _ => says_limit(&said).then(spoken),
    }
}

/// `usage limit`, `limit reached`, `hit your limit`, `hit your session limit`, `hit your weekly opus limit` …
fn says_limit(said: &str) -> bool {
    let hits = said.split("hit your ").skip(1);
    let mut hit = hits.map(|rest| rest.split_whitespace().take(3).any(|word| word.starts_with("limit")));
    said.contains("usage limit") || said.contains("limit reached") || hit.any(|hit| hit)
}

impl Outcome {
    /// A start that failed, for this agent or for `everybody`.
    pub fn launch_failed(message: String, everybody: bool) -> Self {
        let of_system = tells_of_system(&message);
        if of_system { Self::SystemTrouble { message } } else { Self::LaunchFailed { message, everybody } }
    }

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
            Self::Interrupted { by } => by.word(),
            Self::RunnerDown { .. } => "runner_down",
            Self::Crashed { .. } => "crashed",
            Self::LaunchFailed { .. } => "launch_failed",
            Self::SystemTrouble { .. } => "system_trouble",
            Self::Untrusted => "untrusted",
            Self::BadTask { .. } => "bad_task",
        }
    }

    /// Who answers for it. Meaningless for [`Outcome::Finished`], which nobody has to answer for.
    pub fn blame(&self) -> Blame {
        match self {
            Self::TurnLimit | Self::Budget | Self::TimedOut | Self::Stalled | Self::Crashed { .. } => Blame::Run,
            Self::BadTask { .. } => Blame::Task,
            Self::Finished | Self::Interrupted { .. } | Self::Untrusted => Blame::Nobody,
            Self::UsageLimit { .. } | Self::SystemTrouble { .. } | Self::LaunchFailed { everybody: true, .. } => {
                Blame::Everybody
            }
            Self::LaunchFailed { everybody: false, .. } => Blame::Agent,
            Self::RunnerDown { .. } => Blame::Runner,
            Self::ApiError { status, message } => match status {
                // A bad request is the run's own, unless it is about money.
                Some(400 | 413 | 422) if !message.to_lowercase().contains("credit") => Blame::Run,
                Some(404) => Blame::Agent,
                _ => Blame::Everybody,
            },
        }
    }

    /// How long nobody is to start, or nobody with the same runner; `None` unless all of them are hit.
    pub fn cooldown(&self, now: Time) -> Option<Cooldown> {
        if !matches!(self.blame(), Blame::Everybody | Blame::Runner) {
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
        Some(Cooldown { until: now + wait, reason: self.to_string(), since: Some(now), tries: 0 })
    }
}

#[cfg(test)]
mod tests;
