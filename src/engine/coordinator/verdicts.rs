//! The steps of a verdict on GitHub and here, in an order that can be cut anywhere.

use super::{Coordinator, Hitch};
use crate::{
    domain::{
        gate::{self, Check, FixRound, Meta, Settled, Status, Verdict},
        message::MessageType,
        name::Name,
        review,
        text::cut,
    },
    exec::github::{Comments, GhError, Pull, Reviewed, marker},
};
use anyhow::Result;

/// How long the words of a refusal may be in a comment.
const REFUSAL_MAX: usize = 200;

impl Coordinator<'_> {
    /// Does for one pull request what its state of things asks for, and notes that it is done.
    pub(super) fn carry_out(&self, pull: &Pull, meta: Meta) -> Result<(), Hitch> {
        let (status, changes_requested) = match gate::verdict(&meta) {
            Verdict::Waiting(_) => {
                // A verdict on an older commit says nothing of this one.
                self.set_labels(pull, None)?;
                (Status::Pending, meta.changes_requested)
            }
            Verdict::Passed => (Status::Approved, self.pass(pull, &meta)?),
            Verdict::Blocked(failed) => (Status::Blocked, self.block(pull, &meta, &failed)?),
        };
        let settled = Settled { commit: meta.head_sha, status };
        self.prs().settle(meta.pr_number, &settled, changes_requested)?;
        Ok(())
    }

    /// All required checks passed. Returns whether a change request of ours still stands.
    fn pass(&self, pull: &Pull, meta: &Meta) -> Result<bool, Hitch> {
        let github = self.github();
        let number = meta.pr_number;
        let said = github.comments(number)?;
        let mut stands = meta.changes_requested;
        let mut notes = Vec::new();
        if self.gate.auto_approve {
            let mark = marker(&format!("approval {}", meta.head_sha));
            let text = gate::approval(meta);
            match taken(github.review_unless(&said, number, review::Verdict::Approve, &text, &mark))? {
                Took::Yes => stands = false,
                Took::No(why) => notes.push(format!("Not approved: {why}.")),
            }
        }
        if stands {
            notes.push(
                "The change request of an earlier check still stands: dismiss it, or approve, to lift it.".to_owned(),
            );
        }
        self.comment(&said, meta, &Verdict::Passed, &notes)?;
        if pull.seen.draft {
            github.ready(number)?;
        }
        self.set_labels(pull, Some(gate::PASSED))?;
        let title = format!("Passed, ready for a human: {}", gate::title_of_pr(meta));
        let text = format!("All required checks of {} passed.\n\n{}", meta.head_sha, pull.url);
        self.tell(MessageType::Info, &title, &text, format!("gate {number} {} passed", meta.head_sha))?;
        Ok(stands)
    }

    /// A required check failed. Returns whether a change request of ours stands.
    fn block(&self, pull: &Pull, meta: &Meta, failed: &[Name]) -> Result<bool, Hitch> {
        let github = self.github();
        let number = meta.pr_number;
        // What is needed to mend it waits for nobody.
        let round = self.fix_round(meta, failed)?;
        let said = github.comments(number)?;
        let note = match &round {
            FixRound::Made(task) => format!("The task `{task}` mends it."),
            FixRound::Exhausted { rounds } => {
                format!("{rounds} tasks were made to mend this pull request and no more will be: a person has to look.")
            }
            FixRound::Fork => "It comes from a fork, so it is for its author to mend.".to_owned(),
            FixRound::Due => String::new(),
        };
        let mark = marker(&format!("change request {}", meta.head_sha));
        let text = gate::change_request(meta, failed);
        let asked = taken(github.review_unless(&said, number, review::Verdict::RequestChanges, &text, &mark))?;
        self.comment(&said, meta, &Verdict::Blocked(failed.to_vec()), &[note])?;
        self.set_labels(pull, Some(gate::BLOCKED))?;
        self.tell_blocked(pull, meta, failed, &round)?;
        Ok(meta.changes_requested || matches!(asked, Took::Yes))
    }

    /// Makes the fix task if one is due. What it returns is never [`FixRound::Due`].
    fn fix_round(&self, meta: &Meta, failed: &[Name]) -> Result<FixRound> {
        match gate::fix_round(meta, self.gate.max_fix_rounds) {
            FixRound::Due => {
                let new = gate::fix_task(meta, failed, &self.records(meta), self.agent);
                let (task, _) = self.prs().add_fix_task(meta, &new, (self.clock)())?;
                Ok(FixRound::Made(task))
            }
            round => Ok(round),
        }
    }

    fn tell_blocked(&self, pull: &Pull, meta: &Meta, failed: &[Name], round: &FixRound) -> Result<()> {
        let names: Vec<_> = failed.iter().map(Name::as_str).collect();
        let (kind, title, next) = match round {
            FixRound::Made(task) => (MessageType::Warning, "Blocked", format!("The task {task} mends it.")),
            FixRound::Exhausted { rounds } => (
                MessageType::Error,
                "Still blocked, needs you",
                format!("{rounds} tasks were made to mend it, which is the limit (max_fix_rounds). Please look at it."),
            ),
            FixRound::Fork | FixRound::Due => {
                (MessageType::Warning, "Blocked", "It comes from a fork: its author has to mend it.".to_owned())
            }
        };
        let title = format!("{title}: {}", gate::title_of_pr(meta));
        let text =
            format!("Failed: {}. {next}\n\n{}\n\n`scheduler pr show {}`", names.join(", "), pull.url, meta.pr_number);
        self.tell(kind, &title, &text, format!("gate {} {} blocked", meta.pr_number, meta.head_sha))
    }

    fn comment(&self, said: &Comments, meta: &Meta, verdict: &Verdict, notes: &[String]) -> Result<(), GhError> {
        let word = if *verdict == Verdict::Passed { "passed" } else { "blocked" };
        let mark = marker(&format!("verdict {} {word}", meta.head_sha));
        let text = gate::comment(meta, verdict, &self.records(meta), notes);
        self.github().comment_unless(said, meta.pr_number, &text, &mark)
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

    /// Of our labels the pull request gets this one, and loses the others.
    fn set_labels(&self, pull: &Pull, wanted: Option<&str>) -> Result<(), GhError> {
        let has = |label: &str| pull.seen.labels.iter().any(|other| other == label);
        for label in gate::LABELS.into_iter().filter(|label| Some(*label) != wanted && has(label)) {
            self.github().remove_label(pull, label)?;
        }
        match wanted.filter(|label| !has(label)) {
            Some(label) => self.github().add_label(pull, label),
            None => Ok(()),
        }
    }
}

/// Whether GitHub took a review.
enum Took {
    Yes,
    No(String),
}

/// That GitHub doesn't take a review is no reason to stop; that it can't be asked is.
fn taken(reviewed: Result<Reviewed, GhError>) -> Result<Took, GhError> {
    match reviewed {
        Ok(Reviewed::Yes) => Ok(Took::Yes),
        Ok(Reviewed::Own) => Ok(Took::No("nobody may approve a pull request of their own account".to_owned())),
        Err(GhError::Other { stderr }) => Ok(Took::No(cut(&crate::domain::text::one_line(&stderr), REFUSAL_MAX))),
        Err(error) => Err(error),
    }
}
