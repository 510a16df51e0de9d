//! The coordinator of gatekeepers: sees which pull requests there are, and carries out the verdicts on them.
//!
//! One call tells it everything; more are made only for what has changed. Every step is keyed, so that doing it again
//! does nothing: what was interrupted or refused is done by the next run. It judges nothing itself.

mod feedback;
mod intake;
mod landing;
mod people;
mod unpublished;
mod verdicts;

pub use unpublished::NO_PULL_REQUEST;

use super::Clock;
use super::project::Project;
use super::run::{Merged, Tip};
use crate::domain::config::{Gatekeeper, Intake, PullRequests};
use crate::domain::gate::{self, Meta, Status, VerdictFailure};
use crate::domain::message::{Message, MessageType};
use crate::domain::name::Name;
use crate::domain::pull_request::{Ours, PullRequest};
use crate::domain::text::one_line;
use crate::exec::github::{GhError, GitHub, OpenPulls};
use crate::store::prs::Prs;
use crate::store::{cache, messages};
use anyhow::Result;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

/// The most pull requests that are asked for: gh fetches them a hundred at a time.
const MAX_OPEN: usize = 1_000;

/// One run of the coordinator.
#[derive(Clone, Copy)]
pub struct Coordinator<'a> {
    /// The project.
    pub project: &'a Project,
    /// Its pull requests.
    pub github: &'a GitHub,
    /// Whose run it is.
    pub agent: &'a Name,
    /// How pull requests are checked.
    pub gate: &'a Gatekeeper,
    /// What is done about pull requests of ours.
    pub pull_requests: &'a PullRequests,
    /// Brings the base into the branch of one of ours.
    pub merge: &'a dyn Fn(&PullRequest, &str) -> Result<Merged>,
    /// Whether a tip contains a commit, if that can be found out.
    pub contains: &'a dyn Fn(Tip<'_>, &str) -> Result<Option<bool>>,
    /// Which issues become tasks, if any do.
    pub intake: Option<&'a Intake>,
    /// How many tasks there may be, incoming and claimed.
    pub max_incoming: u32,
    /// The run.
    pub run: &'a str,
    /// Asks what time it is.
    pub clock: Clock<'a>,
    /// Becomes true when it is to end.
    pub stop: &'a AtomicBool,
}

/// How it ended.
#[derive(Debug)]
pub enum End {
    /// Everything that was due is done.
    Done,
    /// It was asked to end; the rest is left for the next run.
    Stopped,
    /// GitHub or gh refused something; the rest is left for the next run.
    Refused(GhError),
}

/// Why the steps for one pull request stopped.
enum StepError {
    /// At this step.
    Refused(&'static str, GhError),
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for StepError {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl Coordinator<'_> {
    /// Takes over what GitHub says, then carries out what is due, oldest pull request first.
    ///
    /// # Errors
    /// The project's files can't be read or written.
    pub fn coordinate(&self) -> Result<End> {
        let end = if self.looks_at_pull_requests() { self.check()? } else { End::Done };
        let end = match (end, self.intake) {
            (End::Done, Some(intake)) => self.take_in(intake)?,
            (end, _) => end,
        };
        // The last: what hangs here holds up nothing else.
        if matches!(end, End::Done) && self.looks_at_pull_requests() { self.catch_up() } else { Ok(end) }
    }

    /// Where there is no GitHub, gatekeepers say so, for they can do nothing; without them there is nothing to say.
    fn looks_at_pull_requests(&self) -> bool {
        self.gate.enabled || (self.pull_requests.is_active() && self.github.place().is_ok())
    }

    fn check(&self) -> Result<End> {
        let open = match self.github.open_pulls(MAX_OPEN) {
            Ok(open) => open,
            Err(error) => return self.refused(error),
        };
        let ours = match self.ours(&open) {
            Ok(ours) => ours,
            // Gatekeepers can do without.
            Err(error) if error.is_of_one() => {
                self.refused(error)?;
                Ours::default()
            }
            Err(error) => return self.refused(error),
        };
        self.withdraw_base_tasks(&ours)?;
        let mut known = self.observe(&open)?;
        // Where something failed the last time, it may fail again and end the run.
        known.sort_by_key(|(pull, meta)| (meta.failure.is_some(), pull.number));
        for (pull, meta) in &known {
            if self.stop.load(Ordering::Relaxed) {
                return Ok(End::Stopped);
            }
            if meta.failure.as_ref().is_some_and(|failure| failure.holds(&meta.head_sha, (self.clock)())) {
                continue;
            }
            if let Some(end) = self.after(meta, self.step(pull, meta, &ours, &open))? {
                return Ok(end);
            }
        }
        if let Err((number, error)) = self.land(&known, &ours, &open) {
            let meta = known.iter().map(|(_, meta)| meta).find(|meta| meta.pr_number == number);
            return Ok(meta.map_or(Ok(None), |meta| self.after(meta, Err(error)))?.unwrap_or(End::Done));
        }
        Ok(End::Done)
    }

    /// Remembers how a step for one pull request went, and ends the run if there is no use in going on.
    fn after(&self, meta: &Meta, step: Result<(), StepError>) -> Result<Option<End>> {
        match step {
            Ok(()) => Ok(None),
            Err(StepError::Failed(error)) => Err(error),
            Err(StepError::Refused(step, error)) => {
                self.note_failure(meta, step, &error)?;
                // Asking on would only make it worse.
                if error.is_of_one() { Ok(None) } else { self.refused(error).map(Some) }
            }
        }
    }

    /// Does what is due for one pull request: its verdict, or what may come after that. Costs no call if nothing is.
    fn step(&self, pull: &PullRequest, meta: &Meta, ours: &Ours, open: &OpenPulls) -> Result<(), StepError> {
        self.feed_back(pull, meta, ours, open)?;
        if self.gate.enabled {
            self.judge(pull, meta)?;
        }
        if meta.failure.is_some() {
            self.prs().note_failure(meta.pr_number, None)?;
        }
        Ok(())
    }

    fn judge(&self, pull: &PullRequest, meta: &Meta) -> Result<(), StepError> {
        if !meta.is_carried_out() || gate::needs_fix(meta, self.gate.max_fix_rounds.get()) {
            return self.carry_out(pull, meta);
        }
        // The user may have changed them.
        self.set_labels(pull, meta.status)?;
        self.report_late(meta)
    }

    /// Remembers what went wrong with one pull request, and tells the user if it lasts.
    fn note_failure(&self, meta: &Meta, step: &str, error: &GhError) -> Result<()> {
        let (number, own) = (meta.pr_number, error.is_of_one());
        tracing::warn!(number, step, "{error}");
        let why = one_line(&error.to_string());
        let failure = VerdictFailure::after(meta.failure.as_ref(), &meta.head_sha, step, &why, own, (self.clock)());
        self.prs().note_failure(number, Some(&failure))?;
        if !own || !failure.is_told() {
            return Ok(());
        }
        let title = format!("A verdict can't be carried out: {}", gate::title_of_pr(meta));
        let text = format!(
            "#{number}, at the step \"{step}\": {error}; {}.\n\nIt is tried again, less and less often; the other pull \
             requests go on.",
            error.remedy()
        );
        self.send(MessageType::Error, &title, &text, format!("gate hitch {number} {} {step}", meta.head_sha))
    }

    fn prs(&self) -> Prs<'_> {
        Prs::new(&self.project.paths)
    }

    /// Writes down what is new, closes what is gone, and remembers for the ticks what is open.
    fn observe<'p>(&self, open: &'p OpenPulls) -> Result<Vec<(&'p PullRequest, Meta)>> {
        let prs = self.prs();
        let mut known = Vec::new();
        let mut problems = Vec::new();
        // While gatekeepers are off nobody checks, and only what agents opened is looked after.
        let off = Gatekeeper { required_checks: Vec::new(), optional_checks: Vec::new(), ..Gatekeeper::default() };
        let is_looked_at = |pull: &&PullRequest| {
            if self.gate.enabled { self.gate.include_forks || !pull.fork } else { pull.is_of_agent() }
        };
        for pull in open.pulls.iter().filter(is_looked_at) {
            match prs.observe(pull, if self.gate.enabled { self.gate } else { &off }, (self.clock)()) {
                Ok(meta) => {
                    self.withdraw(&meta, Some(&meta.head_sha))?;
                    known.push((pull, meta));
                }
                Err(error) => problems.push(format!("- {error:#}")),
            }
        }
        let listed: BTreeSet<u64> = open.pulls.iter().map(|pull| pull.number).collect();
        let mut gated = Vec::new();
        for meta in prs.all()?.metas.into_iter().filter(|meta| meta.status != Status::Closed) {
            if listed.contains(&meta.pr_number) || !open.complete {
                gated.push(meta.pr_number);
            } else if self.is_over(&meta)? {
                self.withdraw(&meta, None)?;
                prs.close(meta.pr_number)?;
            } else {
                gated.push(meta.pr_number);
            }
        }
        cache::save(&self.project.paths.gated_prs(), &gated)?;
        if !problems.is_empty() {
            let text = problems.join("\n");
            self.send(MessageType::Warning, "Pull requests are left alone", &text, format!("gate files {text}"))?;
        }
        Ok(known)
    }

    /// Takes back the tasks that are to fix what isn't the head any more; of a closed pull request all of them.
    fn withdraw(&self, meta: &Meta, head: Option<&str>) -> Result<()> {
        if meta.fix_tasks.iter().all(|fix| fix.withdrawn || head == Some(fix.commit.as_str())) {
            return Ok(());
        }
        for task in self.prs().withdraw_fix_tasks(meta.pr_number, head, (self.clock)())? {
            tracing::info!(number = meta.pr_number, %task, "taken back, there is nothing left for it to fix");
        }
        Ok(())
    }

    /// What the user can fix is said once; what passes by itself isn't.
    fn refused(&self, error: GhError) -> Result<End> {
        if !error.is_temporary() {
            let text = format!("{error}; {}.\n\nIt is tried again, less and less often.", error.remedy());
            self.send(MessageType::Error, "Pull requests can't be coordinated", &text, format!("gate gh {error}"))?;
        }
        Ok(End::Refused(error))
    }

    fn send(&self, kind: MessageType, title: &str, body: &str, key: String) -> Result<()> {
        let message = Message::new(kind, title, body).from(self.agent).run(self.run).key(key);
        messages::send(&self.project.paths, &message, (self.clock)())?;
        Ok(())
    }
}
