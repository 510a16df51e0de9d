//! What follows from the end of a gatekeeper's run, and of a coordinator's.

use super::{Blame, MessageType, Notice, Outcome, Publish, Settlement, Tally, Time, trouble};

/// A run of a gatekeeper that is to be settled.
#[derive(Clone, Copy, Debug)]
pub struct CheckRun<'a> {
    /// Whether a check was recorded.
    pub recorded: bool,
    /// Which attempt at this commit it was, counted from 1.
    pub attempt: u32,
    /// After how many the check is given up.
    pub max_attempts: u32,
    /// How the run ended.
    pub outcome: &'a Outcome,
    /// What the run changed that decides what git does.
    pub tampered: Option<&'a str>,
    /// The time.
    pub now: Time,
}

impl CheckRun<'_> {
    /// Whether an end without a record counts as an attempt.
    pub fn is_charged(&self) -> bool {
        *self.outcome == Outcome::Finished || matches!(self.outcome.blame(), Blame::Run | Blame::Task)
    }
}

/// Settles a run of a gatekeeper. One without a record is the gatekeeper's error: neither a pass nor a fail.
pub fn settle_check(run: &CheckRun<'_>) -> Settlement {
    let charged = run.is_charged();
    let last = charged && run.attempt >= run.max_attempts;
    let (tally, reason) = match (run.recorded, charged) {
        (true, _) => (Tally::Success, "checked".to_owned()),
        (false, true) if *run.outcome == Outcome::Finished => {
            (Tally::Failure, format!("ended without a recorded check, at attempt {}", run.attempt))
        }
        (false, true) => (Tally::Failure, format!("{}, at attempt {}", run.outcome, run.attempt)),
        // Most often this one pull request can't be prepared, which must not keep the gatekeeper from the others.
        (false, false) => (Tally::Neutral, run.outcome.to_string()),
    };
    let error = |title: &str| Some(Notice { kind: MessageType::Error, title: title.to_owned(), key: None });
    let notice = match run.tampered {
        Some(_) => error("A gatekeeper's run changed what git trusts"),
        None if run.recorded => None,
        None if last => error("A check of a pull request was given up"),
        None => trouble(run.outcome, run.now),
    };
    let reason = run.tampered.map_or(reason.clone(), |what| format!("{what}; {reason}"));
    let cooldown = run.outcome.cooldown(run.now);
    Settlement { task: None, publish: Publish::Nothing, tally, cooldown, notice, reason }
}

/// Settles a look at the pull requests. After a failure it waits longer each time.
pub fn settle_coordination(outcome: &Outcome) -> Settlement {
    let tally = match outcome {
        Outcome::Finished => Tally::Success,
        Outcome::Interrupted { .. } => Tally::Neutral,
        _ => Tally::Failure,
    };
    let reason = outcome.to_string();
    Settlement { task: None, publish: Publish::Nothing, tally, cooldown: None, notice: None, reason }
}
