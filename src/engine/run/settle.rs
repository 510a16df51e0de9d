//! Carries out what the record says. Every step done again does nothing, and the state comes last.

use super::{
    Run,
    launch::Ended,
    publish::{PublishError, Published},
};
use crate::{
    domain::{
        message::{Message, MessageType},
        outcome::{Blame, Cooldown, Outcome},
        run::{Job, Record},
        settlement::{self, Notice, Publish, Tally, TaskStep},
        state::AgentState,
        task::{Edit, TaskState, key},
        text::{cut, one_line},
        time,
    },
    engine::{curation, run::RunError},
    store::{
        cache,
        events::{self, Event, EventKind},
        messages,
        queue::{Queue, Settled},
    },
    sys::atomic,
};
use anyhow::Result;
use std::fmt::Write as _;

impl Run<'_> {
    /// Judges the end of a run that this process has watched, and settles it.
    pub(super) fn conclude(&self, state: AgentState, end: Result<Ended, RunError>) -> Result<()> {
        // A run that lost its place to another leaves everything to that one.
        self.supervisor.lock.secure()?;
        let record = match end {
            Ok(ended) => self.judge(&ended, None)?,
            Err(hindrance) => self.judge(&Ended::default(), Some(hindrance.outcome()))?,
        };
        self.settle(state, &record)
    }

    /// Publishes, tells, moves the task, and lets the agent go, in this order.
    pub(super) fn settle(&self, state: AgentState, record: &Record) -> Result<()> {
        let published = self.publish(record)?;
        self.tell(record, &published)?;
        self.move_task(record, &published)?;
        self.note_cancelled(record)?;
        self.settle_check(record)?;
        self.note_curation(record)?;
        self.cooldown(record)?;
        self.log(record)?;
        let state = finished(state, record);
        self.tell_of_failures(&state, record)?;
        self.supervisor.lock.secure()?;
        self.save(&state)
    }

    /// Notes what a curator has seen that judged all that it could.
    fn note_curation(&self, record: &Record) -> Result<()> {
        if self.assignment.job == Job::Curate && record.settlement.tally == Tally::Success {
            curation::note_judged(&self.project().paths, &self.files)?;
        }
        Ok(())
    }

    fn publish(&self, record: &Record) -> Result<Published> {
        if record.settlement.publish != Publish::Nothing && !self.is_ours()? {
            tracing::warn!("the task was taken from the run: nothing is published");
            return Ok(Published::default());
        }
        match (record.settlement.publish, &record.publication) {
            (Publish::Work, Some(publication)) => self.publish_work(record, publication),
            (Publish::Review, _) => self.publish_review(record),
            _ => Ok(Published::default()),
        }
    }

    /// Whether the task is this run's: held, or done by it and only to be settled once more.
    fn is_ours(&self) -> Result<bool> {
        let Some(id) = self.assignment.job.task() else { return Ok(true) };
        let queue = Queue::new(&self.project().paths);
        for state in [TaskState::Claimed, TaskState::Done] {
            if queue.run_of(state, id)?.as_deref() == Some(self.id()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Names the saved work in the file of a task that was cancelled under this run.
    fn note_cancelled(&self, record: &Record) -> Result<()> {
        let Some(id) = self.assignment.job.task() else { return Ok(()) };
        let work = self.whereabouts(record);
        Queue::new(&self.project().paths).note_cancelled(id, self.id(), &work)
    }

    /// Sends what the human must know, each thing once.
    fn tell(&self, record: &Record, published: &Published) -> Result<()> {
        let text = format!("{}{}", self.account(record), self.remedies(record));
        match &record.settlement.notice {
            // What would hit every run is no matter of this task.
            Some(Notice { kind, title, key: Some(key) }) => {
                self.send(*kind, title, &text, key.clone(), record)?;
            }
            Some(Notice { kind, title, key: None }) => {
                let title = self.of_the_task(title);
                self.send(*kind, &title, &text, format!("run {}", self.id()), record)?;
            }
            None => {}
        }
        if let Some(PublishError { title, text, key }) = &published.trouble {
            match key {
                Some(key) => self.send(MessageType::Warning, title, text, (*key).to_owned(), record)?,
                None => {
                    let title = self.of_the_task(title);
                    self.send(MessageType::Warning, &title, text, format!("publish {}", self.id()), record)?;
                }
            }
        }
        Ok(())
    }

    /// What a person can do about it, in lines.
    fn remedies(&self, record: &Record) -> String {
        let mut text = String::new();
        let mut line = |what: &str, command: &str| {
            let _ = write!(text, "\n{what}: `{command}`\n");
        };
        let id = self.assignment.job.task().map(ToString::to_string).unwrap_or_default();
        match &record.settlement.task {
            Some(TaskStep::Failed) => line("To have it tried again", &format!("scheduler task retry {id}")),
            Some(TaskStep::Requeue { waits_for: Some(what), .. }) if what == settlement::A_PERSON => {
                line("It waits for you. To let it go on", &format!("scheduler task retry {id}"));
            }
            _ => {}
        }
        if record.settlement.cooldown.is_some() {
            let agent = &self.assignment.agent;
            line(
                "Nobody is started for a while. Once it is mended, try at once",
                &format!("scheduler agent run {agent}"),
            );
        }
        text
    }

    /// One message for a row of failures, however long it gets.
    fn tell_of_failures(&self, state: &AgentState, record: &Record) -> Result<()> {
        let Some(Notice { kind, title, .. }) = settlement::row_of_failures(record.settlement.tally, state) else {
            return Ok(());
        };
        let title = format!("{}: {title}", self.assignment.agent);
        let advice = format!(
            "It goes on trying, at most once an hour. If nothing changes: `scheduler agent pause {}`.",
            self.assignment.agent
        );
        let body = format!("The last time: {}\n{advice}\n", self.account(record));
        self.send(kind, &title, &body, format!("failures {}", self.id()), record)
    }

    /// The title of a message, with that of the task that it is about.
    fn of_the_task(&self, title: &str) -> String {
        match (&self.task, self.assignment.job.check()) {
            (Some(task), _) => format!("{title}: {}", cut(&one_line(&task.head.title), 80)),
            (None, Some(due)) => format!("{title}: {} of #{}", due.check, due.pr),
            (None, None) => title.to_owned(),
        }
    }

    fn send(&self, kind: MessageType, title: &str, body: &str, key: String, record: &Record) -> Result<()> {
        let message = Message::new(kind, title, body)
            .from(&self.assignment.agent)
            .task(self.assignment.job.task())
            .run(self.id())
            .key(key);
        messages::send(&self.project().paths, &message, record.finished_at)?;
        Ok(())
    }

    /// The end in words: why, and where everything is.
    fn account(&self, record: &Record) -> String {
        let mut text = format!("{}\n", record.settlement.reason);
        let mut line = |label: &str, value: &str| {
            let _ = writeln!(text, "- {label}: {value}");
        };
        if record.settlement.reason != record.detail {
            line("Run", &record.detail);
        }
        if let Some(way_out) = self.way_out(record) {
            line("What you can do", &way_out);
        }
        text.push_str(&self.whereabouts(record));
        if let Some(report) = &record.report {
            let _ = write!(text, "\n{report}\n");
        }
        text
    }

    /// Where everything is that the run left, as lines of a list.
    fn whereabouts(&self, record: &Record) -> String {
        let mut text = String::new();
        let mut line = |label: &str, value: &str| {
            let _ = writeln!(text, "- {label}: {value}");
        };
        if let (Some(branch), true) = (&record.branch, record.has_work()) {
            line("Branch", branch);
        }
        for salvage in &record.salvage {
            line("Set aside", &format!("{salvage} (see `git show {salvage}`)"));
        }
        if self.files.set_aside().is_dir() {
            line(
                "Set aside",
                &format!("repositories that were inside the worktree: {}", self.files.set_aside().display()),
            );
        }
        let has_text = |path: &std::path::PathBuf| path.metadata().is_ok_and(|file| file.len() > 0);
        let logs = [self.files.output(), self.files.stderr(), self.files.setup_log()];
        // What never came to speak has said why elsewhere, if at all.
        let log = logs.into_iter().find(has_text).unwrap_or_else(|| self.files.dir().to_owned());
        line("Log", &log.display().to_string());
        text
    }

    fn move_task(&self, record: &Record, published: &Published) -> Result<()> {
        let (Some(step), Some(id)) = (&record.settlement.task, self.assignment.job.task()) else { return Ok(()) };
        let now = time::to_text(record.finished_at);
        let before = match &record.branch {
            Some(branch) if record.has_work() => Edit::new().set(key::WORK_BRANCH, branch),
            _ => Edit::new(),
        };
        let (to, before, after) = match step {
            TaskStep::Done => {
                let result = self.result(record, published);
                let before = before.set(key::COMPLETED_AT, now).clear(&[key::RETURNS]);
                (TaskState::Done, before.without_section("Error").section("Result", &result), Edit::new())
            }
            TaskStep::Failed => {
                let before = before.set(key::FAILED_AT, now).section("Error", &self.account(record));
                (TaskState::Failed, before, Edit::new())
            }
            TaskStep::Requeue { attempts, returns, waits_for } => {
                let before = count(count(before, key::ATTEMPTS, *attempts), key::RETURNS, *returns);
                let before = match waits_for {
                    Some(what) => before.set(key::WAITS_FOR, what),
                    None => before,
                };
                // What doesn't count is no news for the next attempt, unless there is work to go on from.
                let tells = record.outcome.blame() == Blame::Run
                    || record.outcome == Outcome::Finished
                    || record.has_work()
                    || !record.salvage.is_empty();
                let before = if tells { before.section("Error", &self.account(record)) } else { before };
                (TaskState::Incoming, before, Edit::new().unclaim())
            }
        };
        match Queue::new(&self.project().paths).settle(id, self.id(), to, &before, &after)? {
            Settled::Done => tracing::debug!(task = %id, %to, "settled"),
            other => tracing::warn!(task = %id, ?other, "the task is not this run's any more and was left alone"),
        }
        Ok(())
    }

    fn result(&self, record: &Record, published: &Published) -> String {
        let mut lines = published.lines.clone();
        if let (Some(review), true) = (&record.review, self.reviews()) {
            lines.push(format!("\n{}", review.to_text().trim()));
        }
        for salvage in &record.salvage {
            lines.push(format!("Set aside: {salvage}"));
        }
        if let Some(report) = &record.report {
            lines.push(format!("\n{report}"));
        }
        lines.join("\n")
    }

    /// A cause that would hit everybody stops everybody for a while; a run that got through lifts that.
    fn cooldown(&self, record: &Record) -> Result<()> {
        if !self.assignment.role.uses_claude() {
            return Ok(());
        }
        let path = self.project().paths.cooldown();
        if let Some(cooldown) = &record.settlement.cooldown {
            // Another run may know of a cause that lasts longer.
            let known: Option<Cooldown> = cache::load(&path);
            let next = cooldown.clone().after(known.as_ref(), record.started_at, &record.outcome);
            return next.map_or(Ok(()), |next| cache::save(&path, &next));
        }
        if record.outcome.blame() == Blame::Run || record.outcome == Outcome::Finished {
            self.lift_cooldown();
        }
        Ok(())
    }

    /// This run got through: if it began since the cooldown did, the others may follow.
    pub(super) fn lift_cooldown(&self) {
        let path = self.project().paths.cooldown();
        let known: Option<Cooldown> = cache::load(&path);
        if known.is_some_and(|known| known.is_tried_by(self.assignment.assigned_at))
            && let Err(error) = atomic::remove(&path)
        {
            tracing::warn!("{error:#}");
        }
    }

    fn log(&self, record: &Record) -> Result<()> {
        let mut event = Event::new(record.finished_at, EventKind::Finished, &self.assignment.agent, self.id());
        event.task = self.assignment.job.task().cloned();
        event.outcome = Some(record.outcome.word().to_owned());
        event.settlement = record.settlement.task.as_ref().map(|step| step.word().to_owned());
        event.cost_usd = record.usage.cost_usd.or(self.unknown_cost(record));
        event.turns = record.usage.turns;
        event.duration_seconds = Some(record.usage.duration_seconds);
        event.input_tokens = record.usage.input_tokens;
        event.output_tokens = record.usage.output_tokens;
        events::append(&self.project().paths, &event)
    }

    /// What a run is counted with that has begun and never said what it cost: its limit, else the dearest of late.
    fn unknown_cost(&self, record: &Record) -> Option<f64> {
        if !self.files.output().metadata().is_ok_and(|output| output.len() > 0) {
            return None;
        }
        let day = time::local_day(record.finished_at);
        let dearest = || events::max_recent_cost(&self.project().paths, &day, 20).ok();
        self.assignment.settings.max_cost_usd.or_else(dearest)
    }
}

/// Sets a count; a zero needs no line.
fn count(edit: Edit, key: &'static str, count: u32) -> Edit {
    if count == 0 { edit.clear(&[key]) } else { edit.set(key, count) }
}

fn finished(state: AgentState, record: &Record) -> AgentState {
    let (success, failure) = (record.settlement.tally == Tally::Success, record.settlement.tally == Tally::Failure);
    AgentState {
        last_finished: Some(record.finished_at),
        last_exit_code: record.exit_code,
        last_outcome: Some(record.outcome.word().to_owned()),
        consecutive_failures: match record.settlement.tally {
            Tally::Success => 0,
            Tally::Failure => state.consecutive_failures + 1,
            Tally::Neutral => state.consecutive_failures,
        },
        total_runs: state.total_runs + 1,
        total_successes: state.total_successes + u64::from(success),
        total_failures: state.total_failures + u64::from(failure),
        ..state.at_rest()
    }
}
