//! What runs couldn't tell GitHub of their work is told now. Each step done again does nothing.

use super::{Coordinator, End};
use crate::domain::message::{Message, MessageType};
use crate::domain::pull_request::PullRequest;
use crate::domain::task::{self, Edit, TaskState, key};
use crate::domain::unpublished::{News, Unpublished};
use crate::exec::github::GhError;
use crate::store::queue::Queue;
use crate::store::{messages, unpublished};
use anyhow::Result;
use std::sync::atomic::Ordering;

/// How a line of a task begins that tells of a missing pull request.
pub const NO_PULL_REQUEST: &str = "No pull request: ";

/// Whether what a run left is to be told.
enum Due {
    Now,
    /// The run is being settled.
    Later,
    /// Another run has its task, or nothing is left to be told.
    Never,
}

impl Coordinator<'_> {
    /// Opens the pull requests and writes the receipts that are still to come. Costs no call if there are none.
    pub(super) fn catch_up(&self) -> Result<End> {
        let paths = &self.project.paths;
        for left in unpublished::all(paths)? {
            if self.stop.load(Ordering::Relaxed) {
                return Ok(End::Stopped);
            }
            let told = match self.is_due(&left)? {
                Due::Later => continue,
                Due::Never => Ok(None),
                Due::Now => self.tell(&left),
            };
            match told {
                Ok(pull) => {
                    if let Some(pull) = pull {
                        self.note_opened(&left, &pull)?;
                    }
                    unpublished::forget(paths, &left.run)?;
                }
                Err(error) if error.is_of_one() => self.note_refused(left, &error)?,
                Err(error) => return self.refused(error),
            }
        }
        Ok(End::Done)
    }

    fn is_due(&self, left: &Unpublished) -> Result<Due> {
        let queue = Queue::new(&self.project.paths);
        let place = left.task.as_ref().and_then(|task| Some((task, queue.whereabouts(task)?)));
        let Some((task, state)) = place else { return Ok(Due::Now) };
        Ok(match state {
            _ if queue.run_of(state, task)?.as_ref() != Some(&left.run) => Due::Never,
            TaskState::Incoming => Due::Never,
            TaskState::Claimed => Due::Later,
            TaskState::Done | TaskState::Failed => Due::Now,
        })
    }

    /// Tells GitHub; the pull request, if that is what there was to tell.
    fn tell(&self, left: &Unpublished) -> Result<Option<PullRequest>, GhError> {
        match &left.news {
            News::PullRequest { branch, wanted, receipt } => self.github.create(branch, wanted, receipt).map(Some),
            // What was pushed since has its own receipt.
            News::Receipt { pr, rows, is_ready } => {
                if self.github.head_of(*pr)?.head_sha == left.commit {
                    self.github.update_receipt(*pr, rows, *is_ready)?;
                }
                Ok(None)
            }
        }
    }

    fn note_opened(&self, left: &Unpublished, pull: &PullRequest) -> Result<()> {
        let queue = Queue::new(&self.project.paths);
        for state in [TaskState::Done, TaskState::Failed] {
            let Some(task) = &left.task else { break };
            let text = queue.read(state, task)?.filter(|text| task::run_of(text) == Some(&left.run));
            let Some(text) = text else { continue };
            let mut edit = Edit::new();
            for name in ["Result", "Error"] {
                let said = task::section(&text, name).filter(|said| said.contains(NO_PULL_REQUEST));
                let lines = said.into_iter().flat_map(str::lines).map(|line| match line.starts_with(NO_PULL_REQUEST) {
                    true => format!("Pull request {}", pull.url),
                    false => line.to_owned(),
                });
                if said.is_some() {
                    edit = edit.section(name, &lines.collect::<Vec<_>>().join("\n"));
                }
            }
            // Another try goes on with it.
            let edit = if state == TaskState::Failed { edit.set(key::PR, pull.number) } else { edit };
            queue.amend(state, task, &edit)?;
        }
        let state = if pull.is_open() { String::new() } else { format!(", which is {}", pull.state.to_lowercase()) };
        let title = format!("Work has its pull request now: #{}", pull.number);
        self.send_of(left, MessageType::Info, &title, &format!("{}{state}\n", pull.url), "opened")
    }

    fn note_refused(&self, left: Unpublished, error: &GhError) -> Result<()> {
        let left = Unpublished { refused: left.refused + 1, ..left };
        tracing::warn!(run = left.run, refused = left.refused, "{error}");
        if left.is_given_up() {
            let text = match &left.news {
                News::PullRequest { branch, .. } => format!("Branch `{branch}` has no pull request"),
                News::Receipt { pr, .. } => format!("The description of #{pr} doesn't tell of the last run"),
            };
            let text = format!("{text}: {error}; {}.\n\nIt isn't tried again.\n", error.remedy());
            self.send_of(&left, MessageType::Warning, "GitHub keeps refusing finished work", &text, "given up")?;
            return unpublished::forget(&self.project.paths, &left.run);
        }
        unpublished::keep(&self.project.paths, left)
    }

    fn send_of(&self, left: &Unpublished, kind: MessageType, title: &str, text: &str, key: &str) -> Result<()> {
        let message = Message::new(kind, title, text).from(self.agent).task(left.task.as_ref()).run(&left.run);
        messages::send(&self.project.paths, &message.key(format!("{key} {}", left.run)), (self.clock)()).map(drop)
    }
}
