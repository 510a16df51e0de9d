//! What follows from the end of a run: for its task, its work, the agent's record and the human.
//!
//! One pure function over the role, the outcome and the evidence; nothing is carried out here.

mod check;

pub use check::{CheckRun, settle_check, settle_coordination};

use super::{
    message::MessageType,
    outcome::{Blame, Cooldown, Interruption, Outcome},
    role::TaskRole,
    state::AgentState,
    time::{self, Time},
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Uncharged returns in a row after which a task is held for a person.
pub const MAX_RETURNS: u32 = 5;

/// What a task waits for that came back too often.
pub const A_PERSON: &str = "a person";

/// Failed runs in a row after which the human is told.
pub const FAILURES_TOLD: u32 = 5;

/// What was found after a run, without asking the agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Commits since the base of the first attempt.
    pub commits: u32,
    /// Changed paths that the role may not change.
    pub forbidden: Vec<String>,
    /// Whether a verdict was recorded.
    pub reviewed: bool,
    /// The question that the agent asked about its task: a message's name.
    pub question: Option<String>,
    /// Whether the agent said something at the end.
    pub reported: bool,
    /// Why the work may not be published: the run changed a hook, the configuration, a foreign branch.
    pub tampered: Option<String>,
    /// Why nobody else could use the work: it names a commit of a submodule that only the worktree has.
    pub unfetchable: Option<String>,
}

/// A run of a task that is to be settled.
#[derive(Clone, Copy, Debug)]
pub struct TaskRun<'a> {
    /// What the task asks for.
    pub role: TaskRole,
    /// Which attempt it was, counted from 1.
    pub attempt: u32,
    /// After how many the task fails.
    pub max_attempts: u32,
    /// Uncharged returns in a row before this run.
    pub returns: u32,
    /// Whether it updates an existing pull request.
    pub has_pull_request: bool,
    /// How the run ended.
    pub outcome: &'a Outcome,
    /// What it left.
    pub evidence: &'a Evidence,
    /// The time.
    pub now: Time,
}

/// What is to happen after a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// The task's move; none if the run had no task.
    pub task: Option<TaskStep>,
    /// What goes out.
    pub publish: Publish,
    /// What the agent's record says of the run.
    pub tally: Tally,
    /// How long nobody is to start.
    pub cooldown: Option<Cooldown>,
    /// What the human is told.
    pub notice: Option<Notice>,
    /// Why all that, in one sentence.
    pub reason: String,
}

/// Where a task goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "to")]
pub enum TaskStep {
    /// It is done.
    Done,
    /// It is tried again.
    Requeue {
        /// `ATTEMPTS` from now on.
        attempts: u32,
        /// `RETURNS` from now on.
        returns: u32,
        /// What it waits for before that.
        waits_for: Option<String>,
    },
    /// It is given up.
    Failed,
}

impl TaskStep {
    /// The step in a word, as in the event log.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Requeue { waits_for: Some(_), .. } => "held",
            Self::Requeue { .. } => "requeued",
            Self::Failed => "failed",
        }
    }
}

/// What goes out of the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Publish {
    /// Nothing.
    Nothing,
    /// The branch, and a pull request unless there is one.
    Work,
    /// The verdict, as a review of the pull request.
    Review,
}

/// How a run counts for its agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tally {
    /// A good run.
    Success,
    /// A failed one.
    Failure,
    /// Neither.
    Neutral,
}

/// A message to the human.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// How urgent.
    pub kind: MessageType,
    /// One line.
    pub title: String,
    /// Names what it reports where several runs would report the same; `None`: the run.
    pub key: Option<String>,
}

/// Settles a run that had a task.
pub fn settle_task(run: &TaskRun<'_>) -> Settlement {
    let evidence = run.evidence;
    if run.outcome.blame() == Blame::Task {
        return failed(run, run.outcome.to_string());
    }
    if let Some(question) = &evidence.question {
        let reason = format!("asked a question and waits for the answer: {question}");
        return requeue(run, Charge::No { hold: Some(question.clone()) }, reason);
    }
    let finished = *run.outcome == Outcome::Finished;
    match run.role {
        TaskRole::Review if evidence.reviewed && (finished || run.outcome.blame() == Blame::Run) => {
            let publish = if run.has_pull_request { Publish::Review } else { Publish::Nothing };
            done(publish, "reviewed")
        }
        _ if !finished => unfinished(run),
        TaskRole::Review => requeue(run, Charge::Yes, "ended without a recorded verdict"),
        _ if !evidence.forbidden.is_empty() => {
            failed(run, format!("changed what its role may not: {}", listed(&evidence.forbidden)))
        }
        _ if evidence.commits > 0 => match (&evidence.tampered, &evidence.unfetchable) {
            (None, None) => done(Publish::Work, "work committed"),
            (Some(what), _) => failed(run, format!("{what}; nothing was pushed")),
            (None, Some(what)) => {
                failed(run, format!("{what}; nothing was pushed: push that commit first, then the branch"))
            }
        },
        TaskRole::Test if evidence.reported => done(Publish::Nothing, "tested, nothing to change"),
        TaskRole::Test => requeue(run, Charge::Yes, "ended without tests and without a report"),
        TaskRole::Implement => requeue(run, Charge::Yes, "ended without a change"),
    }
}

/// What a run without a task left, where that is proposals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Findings {
    /// So many proposals were added. None is a good result too.
    Proposed(u32),
    /// So many proposals were judged.
    Judged {
        /// How many.
        count: u32,
        /// Whether there was no room for a task, so that leaving all as it was is no failure.
        queue_full: bool,
    },
}

impl Findings {
    fn count(self) -> u32 {
        match self {
            Self::Proposed(count) | Self::Judged { count, .. } => count,
        }
    }

    /// Whether a run that ended well should have left something.
    fn is_idle(self) -> bool {
        matches!(self, Self::Judged { count: 0, queue_full: false })
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if matches!(self, Self::Proposed(_)) { "added" } else { "judged" };
        match self.count() {
            1 => write!(f, "1 proposal {verb}"),
            count => write!(f, "{count} proposals {verb}"),
        }
    }
}

/// Settles a run without a task.
pub fn settle_other(outcome: &Outcome, findings: Option<Findings>, now: Time) -> Settlement {
    let useful = findings.is_some_and(|findings| findings.count() > 0);
    let tally = match (outcome, outcome.blame()) {
        (Outcome::Finished, _) if findings.is_some_and(Findings::is_idle) => Tally::Failure,
        (Outcome::Finished, _) => Tally::Success,
        (_, Blame::Run) if useful => Tally::Success,
        (_, Blame::Run | Blame::Task | Blame::Agent) => Tally::Failure,
        _ => Tally::Neutral,
    };
    let found = findings.map(|findings| format!(", {findings}")).unwrap_or_default();
    Settlement {
        task: None,
        publish: Publish::Nothing,
        tally,
        cooldown: outcome.cooldown(now),
        notice: trouble(outcome, now),
        reason: format!("{outcome}{found}"),
    }
}

/// Settles a run whose task is not its own any more: cancelled, moved or edited by a person. Nothing goes out.
pub fn taken_away(outcome: &Outcome, now: Time) -> Settlement {
    Settlement {
        task: None,
        publish: Publish::Nothing,
        tally: Tally::Neutral,
        cooldown: outcome.cooldown(now),
        notice: trouble(outcome, now),
        reason: format!("its task was taken from it meanwhile; the run itself: {outcome}"),
    }
}

/// What the human is told of an agent whose runs fail, after the run that makes the row long enough and after no other.
pub fn row_of_failures(tally: Tally, after: &AgentState) -> Option<Notice> {
    let failures = after.consecutive_failures;
    (tally == Tally::Failure && failures == FAILURES_TOLD).then(|| Notice {
        kind: MessageType::Error,
        title: format!("failed {failures} times in a row"),
        key: None,
    })
}

fn unfinished(run: &TaskRun<'_>) -> Settlement {
    let charge = if run.outcome.blame() == Blame::Run { Charge::Yes } else { Charge::No { hold: None } };
    requeue(run, charge, run.outcome.to_string())
}

enum Charge {
    Yes,
    No { hold: Option<String> },
}

fn requeue(run: &TaskRun<'_>, charge: Charge, reason: impl Into<String>) -> Settlement {
    let reason = reason.into();
    let settlement = |step, tally, notice| Settlement {
        task: Some(step),
        publish: Publish::Nothing,
        tally,
        cooldown: run.outcome.cooldown(run.now),
        notice,
        reason: reason.clone(),
    };
    match charge {
        Charge::Yes if run.attempt >= run.max_attempts => failed(run, format!("{reason}, at attempt {}", run.attempt)),
        Charge::Yes => {
            let step = TaskStep::Requeue { attempts: run.attempt, returns: 0, waits_for: None };
            settlement(step, Tally::Failure, None)
        }
        Charge::No { hold: Some(question) } => {
            let step =
                TaskStep::Requeue { attempts: run.attempt.saturating_sub(1), returns: 0, waits_for: Some(question) };
            settlement(step, Tally::Neutral, None)
        }
        Charge::No { hold: None } => {
            // Whoever stops a run five times doesn't need to be asked.
            let wanted = *run.outcome == Outcome::Interrupted { by: Interruption::Demand };
            let returns = run.returns + u32::from(!wanted);
            let held = !wanted && returns >= MAX_RETURNS;
            let waits_for = held.then(|| A_PERSON.to_owned());
            let step = TaskStep::Requeue { attempts: run.attempt.saturating_sub(1), returns, waits_for };
            let title = format!("Came back {returns} times without being tried");
            let notice = if held {
                Some(Notice { kind: MessageType::Warning, title, key: None })
            } else {
                trouble(run.outcome, run.now)
            };
            settlement(step, uncharged(run.outcome), notice)
        }
    }
}

/// How a run that isn't charged counts for its agent: what its own settings bring about lasts until somebody mends them.
fn uncharged(outcome: &Outcome) -> Tally {
    if outcome.blame() == Blame::Agent { Tally::Failure } else { Tally::Neutral }
}

/// What the human is told once of a cause that would hit every run, or keeps this agent from starting. A limit that names
/// no end is told anew each day.
fn trouble(outcome: &Outcome, now: Time) -> Option<Notice> {
    let (kind, title) = match outcome {
        Outcome::LaunchFailed { .. } => (MessageType::Error, "An agent can't be started"),
        Outcome::ApiError { status: Some(400 | 401 | 403), .. } => (MessageType::Error, "Claude refuses the account"),
        Outcome::ApiError { status: Some(404), .. } => (MessageType::Error, "Claude doesn't know the model"),
        Outcome::UsageLimit { .. } => (MessageType::Info, "The account's usage limit is reached"),
        _ => return None,
    };
    let day = match outcome {
        Outcome::UsageLimit { until: None } => format!(" {}", time::local_day(now)),
        _ => String::new(),
    };
    Some(Notice { kind, title: title.to_owned(), key: Some(format!("{}: {outcome}{day}", outcome.word())) })
}

fn failed(run: &TaskRun<'_>, reason: String) -> Settlement {
    Settlement {
        task: Some(TaskStep::Failed),
        publish: Publish::Nothing,
        tally: Tally::Failure,
        cooldown: run.outcome.cooldown(run.now),
        notice: Some(Notice { kind: MessageType::Error, title: "A task failed".to_owned(), key: None }),
        reason,
    }
}

fn done(publish: Publish, reason: &str) -> Settlement {
    Settlement {
        task: Some(TaskStep::Done),
        publish,
        tally: Tally::Success,
        cooldown: None,
        notice: None,
        reason: reason.to_owned(),
    }
}

fn listed(paths: &[String]) -> String {
    let shown: Vec<_> = paths.iter().take(5).map(|path| super::text::cut(&super::text::one_line(path), 120)).collect();
    let more = paths.len().saturating_sub(shown.len());
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

#[cfg(test)]
mod tests;
