//! What follows from the end of a run: for its task, its work, the agent's record and the user.
//!
//! One pure function over the job, the outcome and the evidence; nothing is carried out here.

mod words;

pub use words::{Findings, in_short, listed};

use super::gate::DueCheck;
use super::job::Job;
use super::message::MessageType;
use super::outcome::{Blame, Cooldown, Interruption, Outcome};
use super::role::TaskRole;
use super::state::AgentState;
use super::task::Task;
use super::time::{self, Time};
use super::verify::{Verdict, Verified};
use serde::{Deserialize, Serialize};

/// Uncharged returns in a row after which a task is held for the user.
pub const MAX_RETURNS: u32 = 5;

/// What a task waits for that came back too often.
pub const A_PERSON: &str = "a person";

/// Names the one message about a system that fails runs: a full disk fails all of them, each in other words.
pub const SYSTEM_TROUBLE: &str = "system trouble";

/// Failed runs in a row after which the user is told.
pub const FAILURES_TOLD: u32 = 5;

/// What was found after a run, without asking the agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Commits since the base of the first attempt.
    pub commits: u32,
    /// Changed paths that the role may not change.
    pub forbidden: Vec<String>,
    /// Whether a verdict or a check was recorded.
    pub recorded: bool,
    /// The question that the agent asked about its task: a message's name.
    pub question: Option<String>,
    /// Whether the agent said something at the end.
    pub reported: bool,
    /// Why nobody else could use the work: it names a commit of a submodule that only the worktree has.
    pub unfetchable: Option<String>,
    /// It moved the work on, and its conversation with claude can be gone on with.
    pub goes_on: bool,
    /// What became of the proposals, for a proposer or a curator.
    pub findings: Option<Findings>,
}

/// A run that is to be settled.
#[derive(Clone, Copy, Debug)]
pub struct RunEnd<'a> {
    /// What it was started for.
    pub job: &'a Job,
    /// Its task, as long as it is its own: the user may have cancelled, moved or edited it.
    pub task: Option<&'a Task>,
    /// After how many attempts its task or check is given up.
    pub max_attempts: u32,
    pub outcome: &'a Outcome,
    pub evidence: &'a Evidence,
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
    /// What the user is told.
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
    Success,
    Failure,
    /// Neither.
    Neutral,
}

/// A message to the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub kind: MessageType,
    /// One line.
    pub title: String,
    /// Names what it reports where several runs would report the same; `None`: the run.
    pub key: Option<String>,
}

impl Notice {
    /// A message about this one run.
    pub fn of_run(kind: MessageType, title: impl Into<String>) -> Self {
        Self { kind, title: title.into(), key: None }
    }
}

impl Settlement {
    /// The run counts for its agent, and nothing else happens.
    pub fn counted(tally: Tally, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { task: None, publish: Publish::Nothing, tally, cooldown: None, notice: None, reason }
    }

    fn of(run: &RunEnd<'_>, tally: Tally, reason: impl Into<String>) -> Self {
        Self { cooldown: run.outcome.cooldown(run.now), ..Self::counted(tally, reason) }
    }
}

/// Settles a run.
pub fn settle(run: &RunEnd<'_>) -> Settlement {
    match (run.job, run.task) {
        (Job::Task { .. }, Some(task)) => settle_task(run, task),
        (Job::Task { .. }, None) => {
            let reason = format!("its task was taken from it meanwhile; the run itself: {}", run.outcome);
            Settlement { notice: trouble(run), ..Settlement::of(run, Tally::Neutral, reason) }
        }
        (Job::Check(due), _) => settle_check(run, due),
        (Job::Coordinate, _) => settle_coordination(run.outcome),
        (Job::Explore | Job::Propose | Job::Curate, _) => settle_other(run),
    }
}

/// Settles a run whose work was verified. `passed` is what follows where that said nothing against it.
pub fn verified(run: &RunEnd<'_>, verified: &Verified, passed: Settlement) -> Settlement {
    let Some(task) = run.task else { return settle(run) };
    let reason = format!("verify {verified}");
    match verified.verdict() {
        Verdict::Passed => passed,
        // It is no fault of the work, nor of the agent.
        Verdict::BaseFails => Settlement { reason: format!("{}; {reason}", passed.reason), ..passed },
        Verdict::Failed => {
            let settlement = charged(run, &reason);
            // The last attempt is shown to the user; a pull request that is there doesn't get worse.
            let is_shown = settlement.task == Some(TaskStep::Failed) && task.pr.is_none();
            Settlement { publish: if is_shown { passed.publish } else { Publish::Nothing }, ..settlement }
        }
        Verdict::NotStarted => {
            let outcome = Outcome::launch_failed(reason, true);
            let title = "`verify` can't be started";
            let key = Some(format!("verify can't be started: {}", verified.command));
            let notice = Some(Notice { kind: MessageType::Error, title: title.to_owned(), key });
            let settlement = settle(&RunEnd { outcome: &outcome, evidence: &Evidence::default(), ..*run });
            Settlement { notice: settlement.notice.and(notice), ..settlement }
        }
    }
}

fn settle_task(run: &RunEnd<'_>, task: &Task) -> Settlement {
    let evidence = run.evidence;
    let (finished, blame) = (*run.outcome == Outcome::Finished, run.outcome.blame());
    if blame == Blame::Task {
        return failed(run, run.outcome.to_string());
    }
    if let Some(question) = &evidence.question {
        let reason = format!("asked a question and waits for the answer: {question}");
        return requeued(run, Tally::Neutral, reason, 0, Some(question.clone()));
    }
    match task.role {
        TaskRole::Review if evidence.recorded && (finished || blame == Blame::Run) => {
            done(if task.pr.is_some() { Publish::Review } else { Publish::Nothing }, "reviewed")
        }
        _ if *run.outcome == Outcome::TurnLimit && evidence.goes_on => {
            let reason = format!("{}, but came further, and goes on", run.outcome);
            requeued(run, Tally::Neutral, reason, task.returns, None)
        }
        _ if !finished && blame == Blame::Run => charged(run, &run.outcome.to_string()),
        _ if !finished => uncharged(run, task.returns),
        TaskRole::Review => charged(run, "ended without a recorded verdict"),
        _ if !evidence.forbidden.is_empty() => {
            failed(run, format!("changed what its role may not: {}", listed(&evidence.forbidden)))
        }
        _ if evidence.commits > 0 => match &evidence.unfetchable {
            None => done(Publish::Work, "work committed"),
            Some(what) => failed(run, format!("{what}; nothing was pushed: push that commit first, then the branch")),
        },
        TaskRole::Test if evidence.reported => done(Publish::Nothing, "tested, nothing to change"),
        TaskRole::Test => charged(run, "ended without tests and without a report"),
        TaskRole::Implement => charged(run, "ended without a change"),
    }
}

fn done(publish: Publish, reason: &str) -> Settlement {
    Settlement { task: Some(TaskStep::Done), publish, ..Settlement::counted(Tally::Success, reason) }
}

fn failed(run: &RunEnd<'_>, reason: String) -> Settlement {
    let notice = Some(Notice::of_run(MessageType::Error, "A task failed"));
    Settlement { task: Some(TaskStep::Failed), notice, ..Settlement::of(run, Tally::Failure, reason) }
}

/// The attempt counts; the last one fails the task.
fn charged(run: &RunEnd<'_>, reason: &str) -> Settlement {
    let attempts = run.job.attempt();
    if attempts >= run.max_attempts {
        return failed(run, format!("{reason}, at attempt {attempts}"));
    }
    let step = TaskStep::Requeue { attempts, returns: 0, waits_for: None };
    Settlement { task: Some(step), ..Settlement::of(run, Tally::Failure, reason) }
}

/// The attempt doesn't count; a task that comes back again and again is held.
fn uncharged(run: &RunEnd<'_>, returns: u32) -> Settlement {
    use Interruption::{Cancelled, Demand, Preempted, Queue, System};
    // Who stops a run five times doesn't need to be asked; and neither a disk that is full nor a cluster where others go first is a
    // reason to look at the task. One whose machine is lost again and again may be what brings it down.
    let counts = !matches!(
        run.outcome,
        Outcome::Interrupted { by: Demand | System | Queue | Preempted | Cancelled }
            | Outcome::RunnerDown { .. }
            | Outcome::SystemTrouble { .. }
            | Outcome::Untrusted
    );
    let returns = returns + u32::from(counts);
    let held = counts && returns >= MAX_RETURNS;
    // What the agent's own settings bring about lasts until they are changed.
    let tally = if run.outcome.blame() == Blame::Agent { Tally::Failure } else { Tally::Neutral };
    let notice = if held {
        Some(Notice::of_run(MessageType::Warning, format!("Came back {returns} times without being tried")))
    } else {
        trouble(run)
    };
    let waits_for = held.then(|| A_PERSON.to_owned());
    Settlement { notice, ..requeued(run, tally, run.outcome.to_string(), returns, waits_for) }
}

fn requeued(run: &RunEnd<'_>, tally: Tally, reason: String, returns: u32, waits_for: Option<String>) -> Settlement {
    let step = TaskStep::Requeue { attempts: run.job.attempt().saturating_sub(1), returns, waits_for };
    Settlement { task: Some(step), ..Settlement::of(run, tally, reason) }
}

/// A run without a record is the gatekeeper's error: neither a pass nor a fail.
fn settle_check(run: &RunEnd<'_>, due: &DueCheck) -> Settlement {
    let (recorded, finished) = (run.evidence.recorded, *run.outcome == Outcome::Finished);
    let charged = finished || matches!(run.outcome.blame(), Blame::Run | Blame::Task);
    let (tally, reason) = match (recorded, charged) {
        (true, _) => (Tally::Success, "checked".to_owned()),
        (false, true) if finished => {
            (Tally::Failure, format!("ended without a recorded check, at attempt {}", due.attempt))
        }
        (false, true) => (Tally::Failure, format!("{}, at attempt {}", run.outcome, due.attempt)),
        // Most often this one pull request can't be prepared, which must not keep the gatekeeper from the others.
        (false, false) => (Tally::Neutral, run.outcome.to_string()),
    };
    let notice = match recorded {
        true => None,
        false if charged && due.attempt >= run.max_attempts => {
            Some(Notice::of_run(MessageType::Error, "A check of a pull request was given up"))
        }
        false => trouble(run),
    };
    Settlement { notice, ..Settlement::of(run, tally, reason) }
}

/// After a failure the coordinator waits longer each time.
fn settle_coordination(outcome: &Outcome) -> Settlement {
    let tally = match outcome {
        Outcome::Finished => Tally::Success,
        Outcome::Interrupted { .. } | Outcome::SystemTrouble { .. } | Outcome::Untrusted => Tally::Neutral,
        _ => Tally::Failure,
    };
    Settlement::counted(tally, outcome.to_string())
}

fn settle_other(run: &RunEnd<'_>) -> Settlement {
    let findings = run.evidence.findings;
    let useful = findings.is_some_and(|findings| findings.count() > 0);
    let tally = match (run.outcome, run.outcome.blame()) {
        (Outcome::Finished, _) if findings.is_some_and(Findings::is_idle) => Tally::Failure,
        (Outcome::Finished, _) => Tally::Success,
        (_, Blame::Run) if useful => Tally::Success,
        (_, Blame::Run | Blame::Task | Blame::Agent) => Tally::Failure,
        _ => Tally::Neutral,
    };
    let found = findings.map(|findings| format!(", {findings}")).unwrap_or_default();
    Settlement { notice: trouble(run), ..Settlement::of(run, tally, format!("{}{found}", run.outcome)) }
}

/// What the user is told of an agent whose runs fail, after the run that makes the row long enough and after no other.
pub fn row_of_failures(tally: Tally, after: &AgentState) -> Option<Notice> {
    let failures = after.consecutive_failures;
    (tally == Tally::Failure && failures == FAILURES_TOLD)
        .then(|| Notice::of_run(MessageType::Error, format!("failed {failures} times in a row")))
}

/// What the user is told once of a cause that would hit every run, or keeps this agent from starting. A limit that names
/// no end is told anew each day.
fn trouble(run: &RunEnd<'_>) -> Option<Notice> {
    let outcome = run.outcome;
    let (kind, title) = match outcome {
        Outcome::LaunchFailed { .. } => (MessageType::Error, "An agent can't be started"),
        Outcome::ApiError { status: Some(400 | 401 | 403), .. } => (MessageType::Error, "Claude refuses the account"),
        Outcome::ApiError { status: Some(404), .. } => (MessageType::Error, "Claude doesn't know the model"),
        Outcome::UsageLimit { .. } => (MessageType::Info, "The account's usage limit is reached"),
        Outcome::SystemTrouble { .. } => (MessageType::Warning, "This machine lacks what runs need"),
        Outcome::RunnerDown { .. } => (MessageType::Warning, "A runner can't start runs"),
        _ => return None,
    };
    let key = match outcome {
        Outcome::SystemTrouble { .. } => SYSTEM_TROUBLE.to_owned(),
        // The words may hold the number of a job.
        Outcome::RunnerDown { runner, .. } => format!("runner {runner} {}", time::local_day(run.now)),
        Outcome::UsageLimit { until: None } => {
            format!("{}: {outcome} {}", outcome.word(), time::local_day(run.now))
        }
        _ => format!("{}: {outcome}", outcome.word()),
    };
    Some(Notice { kind, title: title.to_owned(), key: Some(key) })
}

#[cfg(test)]
mod tests;
