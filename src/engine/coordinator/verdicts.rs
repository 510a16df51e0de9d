//! The steps of a verdict on GitHub and here, in an order that can be cut anywhere.

use super::{Coordinator, StepError};
use crate::domain::config::Merge;
use crate::domain::gate::{self, CarriedOut, Check, CheckStatus, FixRound, LabelChanges, Meta, Status, Verdict};
use crate::domain::message::MessageType;
use crate::domain::name::Name;
use crate::domain::pull_request::PullRequest;
use crate::domain::receipt::{self, Row};
use crate::domain::review::ReviewVerdict;
use crate::domain::text::{cut, joined, one_line};
use crate::domain::verify::short;
use crate::exec::github::{Comments, GhError, Reviewed, marker};
use anyhow::Result;

/// How long the words of a refusal may be in a comment.
const REFUSAL_MAX: usize = 200;

/// Names the step at which gh failed.
pub(super) trait At<T> {
    fn at(self, step: &'static str) -> Result<T, StepError>;
}

impl<T> At<T> for Result<T, GhError> {
    fn at(self, step: &'static str) -> Result<T, StepError> {
        self.map_err(|error| StepError::Refused(step, error))
    }
}

impl Coordinator<'_> {
    /// Does for one pull request what its state of things asks for, and notes that it is done.
    pub(super) fn carry_out(&self, pull: &PullRequest, meta: &Meta) -> Result<(), StepError> {
        let (status, changes_requested) = match gate::verdict(meta) {
            Verdict::Waiting(_) => {
                // A verdict on an older commit says nothing of this one.
                self.set_labels(pull, Status::Pending)?;
                (Status::Pending, meta.changes_requested)
            }
            Verdict::Passed => (Status::Approved, self.pass(pull, meta)?),
            Verdict::Blocked(failed) => (Status::Blocked, self.block(pull, meta, &failed)?),
        };
        let done =
            CarriedOut { commit: meta.head_sha.clone(), status, reported: meta.optional_in(), ..CarriedOut::default() };
        self.prs().note_carried_out(meta.pr_number, &done, changes_requested)?;
        Ok(())
    }

    /// Reports the optional checks that came in after the verdict, each once.
    pub(super) fn report_late(&self, meta: &Meta) -> Result<(), StepError> {
        let late = meta.unreported();
        if late.is_empty() {
            return Ok(());
        }
        let records = self.records(meta);
        let said = self.github.comments(meta.pr_number).at("comments")?;
        for check in late {
            let record = records.iter().find(|record| record.name == check);
            let text = gate::late(meta, &check, record);
            let mark = marker(&format!("check {check} {}", meta.head_sha));
            self.github.comment_unless(&said, meta.pr_number, &text, &mark).at("comment")?;
            self.prs().note_reported(meta.pr_number, &check)?;
        }
        Ok(())
    }

    /// All required checks passed. Returns whether a change request of ours still stands.
    fn pass(&self, pull: &PullRequest, meta: &Meta) -> Result<bool, StepError> {
        let github = self.github;
        let number = meta.pr_number;
        let said = github.comments(number).at("comments")?;
        let mut stands = meta.changes_requested;
        let mut notes = Vec::new();
        if self.gate.auto_approve {
            let mark = marker(&format!("approval {}", meta.head_sha));
            let text = gate::approval(meta);
            let reviewed = github.review_unless(&said, number, ReviewVerdict::Approve, &text, &mark);
            match refusal(reviewed).at("approval")? {
                None => stands = false,
                Some(why) => notes.push(format!("Not approved: {why}.")),
            }
        }
        if stands {
            notes.push(
                "The change request of an earlier check still stands: dismiss it, or approve, to lift it.".to_owned(),
            );
        }
        let is_red = self.comment(&said, meta, &Verdict::Passed, &notes)?;
        // Whoever looks at it finds out why it is a draft.
        if pull.draft && !is_red {
            github.ready(number).at("ready")?;
        }
        self.set_labels(pull, Status::Approved)?;
        let lands = self.pull_requests.merge == Merge::WhenGreen && pull.is_of_agent();
        let title = if lands { "Passed, lands by itself" } else { "Passed, ready for you" };
        let title = format!("{title}: {}", gate::title_of_pr(meta));
        let text = format!("All required checks of {} passed.\n\n{}", meta.head_sha, pull.url);
        self.send(MessageType::Info, &title, &text, format!("gate {number} {} passed", meta.head_sha))?;
        Ok(stands)
    }

    /// A required check failed. Returns whether a change request of ours stands.
    fn block(&self, pull: &PullRequest, meta: &Meta, failed: &[Name]) -> Result<bool, StepError> {
        let github = self.github;
        let number = meta.pr_number;
        // The task that fixes it doesn't wait for GitHub.
        let (kind, title, next) = match self.fix_round(meta, failed)? {
            FixRound::Made(task) => (MessageType::Warning, "Blocked", format!("The task `{task}` fixes it.")),
            FixRound::Exhausted { rounds } => (
                MessageType::Error,
                "Still blocked, needs you",
                format!("{rounds} tasks were made to fix it, which is the limit (max_fix_rounds): please look at it."),
            ),
            FixRound::Fork | FixRound::Due => {
                (MessageType::Warning, "Blocked", "It comes from a fork: its author has to fix it.".to_owned())
            }
        };
        let said = github.comments(number).at("comments")?;
        let mark = marker(&format!("change request {}", meta.head_sha));
        let text = gate::change_request(meta, failed);
        let reviewed = github.review_unless(&said, number, ReviewVerdict::RequestChanges, &text, &mark);
        let refused = refusal(reviewed).at("change request")?;
        self.comment(&said, meta, &Verdict::Blocked(failed.to_vec()), std::slice::from_ref(&next))?;
        self.set_labels(pull, Status::Blocked)?;
        let names: Vec<_> = failed.iter().map(Name::as_str).collect();
        let title = format!("{title}: {}", gate::title_of_pr(meta));
        let text = format!("Failed: {}. {next}\n\n{}\n\n`scheduler pr show {number}`", names.join(", "), pull.url);
        self.send(kind, &title, &text, format!("gate {number} {} blocked", meta.head_sha))?;
        Ok(meta.changes_requested || refused.is_none())
    }

    /// Makes the fix task if one is due. What it returns is never [`FixRound::Due`].
    fn fix_round(&self, meta: &Meta, failed: &[Name]) -> Result<FixRound> {
        match gate::fix_round(meta, self.gate.max_fix_rounds.get()) {
            FixRound::Due => {
                let new = gate::fix_task(meta, failed, &self.records(meta), self.agent);
                let (task, _) = self.prs().add_fix_task(meta, &new, None, (self.clock)())?;
                Ok(FixRound::Made(task))
            }
            round => Ok(round),
        }
    }

    /// Says it in a comment and in the receipt. Returns whether that says that the work itself fails `verify`.
    fn comment(&self, said: &Comments, meta: &Meta, verdict: &Verdict, notes: &[String]) -> Result<bool, StepError> {
        let word = if *verdict == Verdict::Passed { "passed" } else { "blocked" };
        let mark = marker(&format!("verdict {} {word}", meta.head_sha));
        let text = gate::comment(meta, verdict, &self.records(meta), notes);
        self.github.comment_unless(said, meta.pr_number, &text, &mark).at("comment")?;
        let known = |check: &Name| meta.result(check).map(|result| result.status).filter(|status| status.is_recorded());
        let told = |check: &Name| format!("{check} {}", known(check).unwrap_or(CheckStatus::Pending));
        let checks = format!("{}, on {}", joined(meta.checks().map(told)), short(&meta.head_sha));
        self.github.update_receipt(meta.pr_number, &[Row::new(receipt::CHECKS, &checks)], false).at("receipt")
    }

    /// The records of the checks of the head commit; one whose file was lost is only missing its findings.
    fn records(&self, meta: &Meta) -> Vec<Check> {
        let read = |check: &Name| match self.prs().check(meta.pr_number, check) {
            Ok(record) => record.filter(|record| record.commit == meta.head_sha),
            Err(error) => {
                tracing::warn!("{error:#}");
                None
            }
        };
        meta.checks().filter_map(read).collect()
    }

    /// The labels show how the pull request stands.
    pub(super) fn set_labels(&self, pull: &PullRequest, status: Status) -> Result<(), StepError> {
        let LabelChanges { remove, add } = gate::label_changes(status, &pull.labels);
        for label in remove {
            self.github.remove_label(pull, label).at("labels")?;
        }
        add.map_or(Ok(()), |label| self.github.add_label(pull.number, label)).at("labels")
    }
}

/// Why GitHub refuses a review; none if it took it. A refusal is no reason to stop; that GitHub can't be asked, or says
/// something else, is.
fn refusal(reviewed: Result<Reviewed, GhError>) -> Result<Option<String>, GhError> {
    match reviewed {
        Ok(Reviewed::Yes) => Ok(None),
        Ok(Reviewed::Own) => Ok(Some("you can't approve a pull request of your own account".to_owned())),
        Err(error) if error.is_refusal() => Ok(Some(cut(&one_line(&error.to_string()), REFUSAL_MAX))),
        Err(error) => Err(error),
    }
}
