//! Issues in: what somebody trusted has labelled becomes a task, and what comes of it is told there. Each step done again
//! does nothing.

use super::{Coordinator, End};
use crate::domain::config::Intake;
use crate::domain::intake::{self, Due, Issue, NEEDS_HUMAN, Taken};
use crate::domain::message::MessageType;
use crate::domain::task::{self, TaskState};
use crate::domain::text::{cut, one_line};
use crate::domain::time;
use crate::engine::cancel;
use crate::exec::github::{GhError, marker};
use crate::store::issues::{Issues, Known};
use crate::store::queue::{AddError, Queue};
use anyhow::Result;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

/// The most of the reason of a failure that is told, in characters.
const REASON_MAX: usize = 300;

impl Coordinator<'_> {
    /// Takes in what is new, takes back what is gone, and tells of what has failed.
    pub(super) fn take_in(&self, intake: &Intake) -> Result<End> {
        let labelled = match self.github.labelled_issues(&intake.label) {
            Ok(labelled) => labelled,
            Err(error) => return self.refused(error),
        };
        let issues = Issues::new(&self.project.paths);
        let known = issues.known()?;
        if labelled.complete {
            let listed: BTreeSet<u64> = labelled.issues.iter().map(|issue| issue.number).collect();
            for (number, taken) in known.issues.iter().filter(|(number, taken)| !taken.gone && !listed.contains(number))
            {
                self.take_back(*number, taken)?;
            }
        }
        let steps = labelled.issues.iter().map(|issue| (issue.number, self.take(intake, issue, &known)));
        let told = known.issues.iter().map(|(number, taken)| (*number, self.tell_of_failure(*number, taken)));
        for (number, step) in steps.chain(told) {
            match step {
                Ok(()) => {}
                Err(StepError::Full) => break,
                Err(StepError::Failed(error)) => return Err(error),
                Err(StepError::Refused(error)) if error.is_of_one() => self.one_refused(number, &error)?,
                Err(StepError::Refused(error)) => return self.refused(error),
            }
            if self.stop.load(Ordering::Relaxed) {
                return Ok(End::Stopped);
            }
        }
        Ok(End::Done)
    }

    fn take(&self, intake: &Intake, issue: &Issue, known: &Known) -> Result<(), StepError> {
        let taken = known.issues.get(&issue.number);
        let place = taken.and_then(|taken| Queue::new(&self.project.paths).whereabouts(&taken.task));
        let due = intake::due(issue, taken, place);
        let is_refused = known.refused.get(&issue.number) == Some(&issue.labelled_at);
        if due == Due::Nothing || is_refused || !self.is_trusted(&issue.labelled_by, intake.trusted)? {
            return Ok(());
        }
        let issues = Issues::new(&self.project.paths);
        match (due, taken) {
            (Due::Task { round }, _) => {
                let new = intake::task(issue, intake, self.agent);
                let task = issues.take(issue, round, &new, self.max_incoming, (self.clock)())?;
                tracing::info!(issue = issue.number, %task, "taken in");
            }
            (Due::Return, Some(taken)) => issues.give_back(issue.number, &taken.task, (self.clock)())?,
            (Due::Refusal, _) => {
                let text = format!(
                    "This was edited after it was labelled {}. What it says now was seen by nobody who may label it: take the \
                     label away and put it there again to have it done as it is now.",
                    one_line(&intake.label)
                );
                let key = format!("issue {} edited {}", issue.number, time::to_text(issue.labelled_at));
                self.github.comment_on_issue(issue.number, &text, &marker(&key))?;
                issues.note_refused(issue)?;
            }
            (Due::Nothing | Due::Return, _) => {}
        }
        Ok(())
    }

    /// It was closed, or its label was taken away: its task is cancelled, unless that is done.
    fn take_back(&self, number: u64, taken: &Taken) -> Result<()> {
        let place = Queue::new(&self.project.paths).whereabouts(&taken.task);
        if matches!(place, Some(TaskState::Incoming | TaskState::Claimed)) {
            let reason = format!("issue #{number} was closed, or its label was taken away");
            cancel::cancel(self.project, &taken.task, &reason, (self.clock)())?;
        }
        Issues::new(&self.project.paths).note(number, |taken| taken.gone = true)
    }

    /// A task that has failed is told of where it came from, once, and labelled there.
    fn tell_of_failure(&self, number: u64, taken: &Taken) -> Result<(), StepError> {
        let text = Queue::new(&self.project.paths).read(TaskState::Failed, &taken.task)?.filter(|_| !taken.gone);
        let Some(text) = text else { return Ok(()) };
        let Ok(head) = task::parse(&taken.task, &text) else { return Ok(()) };
        let Some(failed_at) = intake::failure(taken, &head) else { return Ok(()) };
        let why = task::section(&text, "Error").and_then(|error| error.lines().next()).unwrap_or_default();
        let why = match cut(&one_line(why), REASON_MAX) {
            why if why.is_empty() => String::new(),
            why => format!(": {why}"),
        };
        let text = format!(
            "The task `{}` that was made of this has failed{why}\n\nIt needs somebody to look at it. Labelled again, it is \
             tried as it says then.",
            taken.task
        );
        let key = format!("issue {number} failed {}", time::to_text(failed_at));
        self.github.comment_on_issue(number, &text, &marker(&key))?;
        self.github.add_label(number, NEEDS_HUMAN)?;
        Ok(Issues::new(&self.project.paths).note(number, |taken| taken.told = Some(failed_at))?)
    }

    fn one_refused(&self, number: u64, error: &GhError) -> Result<()> {
        let title = format!("GitHub refuses something about issue #{number}");
        let text = format!("{error}; {}.\n\nIt is tried again with every run.", error.remedy());
        self.send(MessageType::Warning, &title, &text, format!("intake {number} {error}"))
    }
}

/// Why a step stopped.
enum StepError {
    Refused(GhError),
    /// No task may be added.
    Full,
    Failed(anyhow::Error),
}

impl From<GhError> for StepError {
    fn from(error: GhError) -> Self {
        Self::Refused(error)
    }
}

impl From<anyhow::Error> for StepError {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<AddError> for StepError {
    fn from(error: AddError) -> Self {
        match error {
            AddError::Full { .. } => Self::Full,
            AddError::Failed(error) => Self::Failed(error),
        }
    }
}
