//! Feedback: what keeps a pull request of ours from being merged goes back to an agent, as a task for its head commit. Each step
//! done again does nothing.

use super::verdicts::At;
use super::{Coordinator, StepError};
use crate::domain::gate::{FixTask, Meta};
use crate::domain::intake::NEEDS_HUMAN;
use crate::domain::message::MessageType;
use crate::domain::name::Name;
use crate::domain::pull_request::{
    self, About, Base, CheckRun, Checks, FailedCheck, Head, Kind, LOGS_MAX, Next, Ours, PullRequest, REMARKS_MAX,
    Remark, Reruns, Round, Talk,
};
use crate::domain::task::{NewTask, TaskState};
use crate::engine::run::Merged;
use crate::exec::github::{GhError, OpenPulls, marker};
use crate::store::queue::Queue;
use anyhow::Result;
use std::collections::BTreeSet;

impl Coordinator<'_> {
    /// How those of ours stand, and their bases; nothing if no feedback is wanted.
    pub(super) fn ours(&self, open: &OpenPulls) -> Result<Ours, GhError> {
        let of_agents = || open.pulls.iter().filter(|pull| self.pull_requests.is_active() && pull.is_of_agent());
        let numbers: Vec<u64> = of_agents().map(|pull| pull.number).collect();
        let bases: BTreeSet<&str> = of_agents().map(|pull| pull.base.as_str()).collect();
        if numbers.is_empty() {
            Ok(Ours::default())
        } else {
            self.github.ours(&numbers, &bases.into_iter().collect::<Vec<_>>())
        }
    }

    /// Does what is due for one of ours at its head commit. Costs no call if nothing is.
    pub(super) fn feed_back(
        &self,
        pull: &PullRequest,
        meta: &Meta,
        ours: &Ours,
        open: &OpenPulls,
    ) -> Result<(), StepError> {
        // What was pushed since the list was made is for the next run.
        let Some(head) = ours.heads.get(&meta.pr_number).filter(|head| head.commit == meta.head_sha) else {
            return Ok(());
        };
        if !self.pull_requests.feedback {
            return Ok(());
        }
        self.answer_threads(meta, head)?;
        let max = self.pull_requests.max_rounds.get();
        let mut known = meta.feedback.clone();
        // Whose words counted when it was read, may not be whose words count now.
        let trusted = format!(" {}", self.pull_requests.trusted);
        known.read = known.read.and_then(|read| read.strip_suffix(&trusted).map(str::to_owned));
        let (kind, next) = pull_request::next(ours, head, &meta.fix_tasks, &known, max);
        tracing::debug!(number = meta.pr_number, ?kind, ?next, "feedback");
        match (kind, next) {
            (_, Next::Merge) => self.merge(pull, meta, head, ours.base_of(head)),
            (_, Next::Rerun(runs)) => self.rerun(meta, &runs),
            (_, Next::MendBase) => match ours.base_of(head) {
                Some(base) => self.mend_base(&head.base, base, open),
                None => Ok(()),
            },
            (_, Next::Read) => self.read(pull, meta, head),
            (Some(kind), Next::Round(Round::Exhausted(rounds))) => self.ask(pull, meta, kind, rounds),
            (Some(Kind::Checks), Next::Round(Round::Task)) => {
                let failed = self.failed(&pull_request::own_failures(ours, head))?;
                self.add(meta, pull_request::checks_task(meta, &failed, self.agent))
            }
            (Some(_), Next::Round(Round::Task)) => self.mend_conflict(meta, ours.base_of(head), &[]),
            (_, Next::Nothing | Next::Round(_)) => self.calm(pull, meta),
        }
    }

    fn add(&self, meta: &Meta, (new, about): (NewTask, About)) -> Result<(), StepError> {
        let (task, _) = self.prs().add_fix_task(meta, &new, Some(&about), (self.clock)())?;
        tracing::info!(number = meta.pr_number, %task, "is to mend it");
        Ok(())
    }

    fn merge(&self, pull: &PullRequest, meta: &Meta, head: &Head, base: Option<&Base>) -> Result<(), StepError> {
        let files = match (self.merge)(pull, &head.base)? {
            Merged::Pushed => return Ok(()),
            Merged::NotNow(why) => {
                tracing::warn!(number = meta.pr_number, why, "its base was not merged into it");
                return Ok(());
            }
            Merged::Conflict(files) => files,
        };
        match pull_request::round(&meta.fix_tasks, self.pull_requests.max_rounds.get()) {
            Round::Task => self.mend_conflict(meta, base, &files)?,
            Round::Exhausted(rounds) => self.ask(pull, meta, Kind::Conflict, rounds)?,
        }
        let tried = base.map(|base| [head.commit.clone(), base.commit.clone()]);
        self.prs().note_feedback(meta.pr_number, |feedback| feedback.tried = tried)?;
        Ok(())
    }

    fn mend_conflict(&self, meta: &Meta, base: Option<&Base>, files: &[String]) -> Result<(), StepError> {
        let base = base.map_or(meta.base.as_str(), |base| base.commit.as_str());
        self.add(meta, pull_request::conflict_task(meta, base, files, self.agent))
    }

    /// Begins runs of CI again, and remembers it: what fails then is no chance.
    fn rerun(&self, meta: &Meta, runs: &[u64]) -> Result<(), StepError> {
        for run in runs {
            let goes_on = self.github.rerun_failed(*run).at("rerun")?;
            tracing::info!(number = meta.pr_number, run, goes_on, "failed checks begin again");
            self.prs().note_feedback(meta.pr_number, |feedback| {
                let begun = feedback.reruns.take().filter(|reruns| reruns.commit == meta.head_sha);
                let mut reruns = begun.unwrap_or_else(|| Reruns { commit: meta.head_sha.clone(), runs: Vec::new() });
                reruns.runs.push(*run);
                feedback.reruns = Some(reruns);
            })?;
        }
        Ok(())
    }

    /// The failed checks with what their logs say at the end.
    fn failed(&self, runs: &[CheckRun]) -> Result<Vec<FailedCheck>, StepError> {
        let mut failed = Vec::new();
        for (at, run) in runs.iter().enumerate() {
            let job = run.job.filter(|_| at < LOGS_MAX);
            let log = job.map_or(Ok(None), |(_, job)| self.github.job_log(job)).at("log")?;
            let log = log.map(|log| pull_request::end_of_log(&log)).filter(|log| !log.is_empty());
            failed.push(FailedCheck { run: run.clone(), log });
        }
        Ok(failed)
    }

    /// Has a branch mended that is red by itself: one task, whatever number of pull requests it holds up.
    pub(super) fn mend_base(&self, name: &str, base: &Base, open: &OpenPulls) -> Result<(), StepError> {
        let Checks::Red(failed) = base.checks() else { return Ok(()) };
        let id: Name = pull_request::mending(name, &base.commit).parse().map_err(anyhow::Error::new)?;
        let queue = Queue::new(&self.project.paths);
        let is_known = queue.whereabouts(&id).is_some() && !queue.is_taken_back(&id)?;
        let mut is_mended = is_known || open.pulls.iter().any(|pull| pull_request::mends_branch(&pull.branch, name));
        for state in [TaskState::Incoming, TaskState::Claimed] {
            is_mended |= queue.list(state)?.ids.iter().any(|id| pull_request::mends(id.as_str(), name));
        }
        if is_mended {
            return Ok(());
        }
        let new = pull_request::base_task(name, &base.commit, &self.failed(&failed)?, self.agent);
        self.prs().add_base_task(&id, &new, (self.clock)())?;
        let text = format!(
            "Its checks fail at {}, and so do those of the pull requests into it. The task `{id}` mends it; they wait.\n",
            base.commit
        );
        self.send(MessageType::Warning, &format!("The branch {name} is red"), &text, format!("red {id}"))?;
        Ok(())
    }

    /// Takes back the tasks that are to mend what is green.
    pub(super) fn withdraw_base_tasks(&self, ours: &Ours) -> Result<()> {
        for (name, base) in ours.bases.iter().filter(|(_, base)| base.checks() == Checks::Green) {
            for task in self.prs().withdraw_base_tasks(name, &base.commit, (self.clock)())? {
                tracing::info!(%task, "taken back, its branch is green");
            }
        }
        Ok(())
    }

    /// Reads what people said, and has it dealt with if anybody trusted did.
    fn read(&self, pull: &PullRequest, meta: &Meta, head: &Head) -> Result<(), StepError> {
        let talk = self.github.talk(meta.pr_number).at("comments")?;
        let remarks = self.trusted(&talk, &meta.fix_tasks)?;
        if !remarks.is_empty() {
            match pull_request::round(&meta.fix_tasks, self.pull_requests.max_rounds.get()) {
                Round::Task => return self.add(meta, pull_request::words_task(meta, &remarks, self.agent)),
                Round::Exhausted(rounds) => self.ask(pull, meta, Kind::Words, rounds)?,
            }
        }
        let read = Some(format!("{} {}", head.updated_at, self.pull_requests.trusted));
        self.prs().note_feedback(meta.pr_number, |feedback| feedback.read = read)?;
        Ok(())
    }

    fn trusted<'t>(&self, talk: &'t Talk, tasks: &[FixTask]) -> Result<Vec<&'t Remark>, StepError> {
        let mut remarks = Vec::new();
        for remark in talk.candidates(tasks) {
            if remarks.len() < REMARKS_MAX
                && self.is_trusted(&remark.author, self.pull_requests.trusted).at("permission")?
            {
                remarks.push(remark);
            }
        }
        Ok(remarks)
    }

    /// Threads that a push has dealt with get an answer that names the commit.
    fn answer_threads(&self, meta: &Meta, head: &Head) -> Result<(), StepError> {
        let queue = Queue::new(&self.project.paths);
        for made in meta.fix_tasks.iter().filter(|made| !made.withdrawn && made.commit != head.commit) {
            let Some(about) = made.about.as_ref().filter(|about| !about.is_answered) else { continue };
            match queue.whereabouts(&made.task) {
                Some(TaskState::Incoming | TaskState::Claimed) => continue,
                Some(TaskState::Done) => {
                    let said = self.github.talk(meta.pr_number).at("comments")?;
                    let mark = marker(&format!("answer {}", made.task));
                    for thread in about.threads.iter().filter(|thread| !said.has_mark(thread, &mark)) {
                        self.github.answer_thread(thread, &pull_request::answer(&head.commit), &mark).at("answer")?;
                    }
                }
                Some(TaskState::Failed) | None => {}
            }
            self.prs().note_answered(meta.pr_number, &made.task)?;
        }
        Ok(())
    }

    /// No more rounds: the user is told once.
    fn ask(&self, pull: &PullRequest, meta: &Meta, kind: Kind, rounds: u32) -> Result<(), StepError> {
        if meta.feedback.exhausted == Some(rounds) {
            return Ok(());
        }
        let (title, text) = pull_request::exhausted(meta, kind, rounds, &pull.url);
        self.send(MessageType::Error, &title, &text, format!("rounds {} {rounds}", meta.pr_number))?;
        if !pull.labels.iter().any(|label| label.is(NEEDS_HUMAN)) {
            self.github.add_label(pull.number, NEEDS_HUMAN).at("labels")?;
        }
        self.prs().note_feedback(meta.pr_number, |feedback| feedback.exhausted = Some(rounds))?;
        Ok(())
    }

    /// Nothing is left for the user to do: the label goes again.
    fn calm(&self, pull: &PullRequest, meta: &Meta) -> Result<(), StepError> {
        if meta.feedback.exhausted.is_none() {
            return Ok(());
        }
        self.github.remove_label(pull, NEEDS_HUMAN).at("labels")?;
        self.prs().note_feedback(meta.pr_number, |feedback| feedback.exhausted = None)?;
        Ok(())
    }
}
