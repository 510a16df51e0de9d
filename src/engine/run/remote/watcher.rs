//! Looks at a run on another machine once a second, and does what follows.
//!
//! Calls of the engine take their time, and sometimes all of it: none of them holds up the next look.

use super::{Carried, calls, contact};
use crate::domain::outcome::{Exit, Stopped};
use crate::domain::runner::Runner;
use crate::domain::runner::explained::{Explained, Standing};
use crate::domain::runner::files::StartedBy;
use crate::domain::runner::remote::{Phase, Remote};
use crate::domain::runner::watch::{self, Seen, Starter, Step};
use crate::domain::state::AgentState;
use crate::engine::run::context::Run;
use crate::engine::run::ended::Ended;
use crate::engine::run::requests::Bell;
use crate::engine::run::{confinement, settle, watch as here};
use crate::exec::runner::{Background, CALL, Calls, Start};
use crate::exec::stream::StreamReader;
use crate::store::runs;
use crate::sys::{atomic, read};
use anyhow::Result;
use chrono::TimeDelta;
use contact::Contact;
use std::thread;
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often the engine is asked how a run stands that waits: sooner at first.
const ASK_EVERY: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(30));
/// How often a run that doesn't end is cancelled again.
const CANCEL_EVERY: Duration = Duration::from_secs(60);

pub struct Watcher<'a> {
    pub(super) run: &'a Run<'a>,
    pub(super) runner: &'a Runner,
    pub(super) calls: Calls,
    pub(super) start: Start,
    /// As it is on disk, as far as that can be written.
    pub(super) remote: Remote,
    pub(super) contact: Contact,
    pub(super) output: StreamReader,
    /// How long it had waited when it was taken up.
    waited_before: Duration,
    was_running: bool,
    question: Option<Background>,
    /// When the engine is asked again, and what it said last.
    ask_at: Duration,
    pub(super) explained: Option<Explained>,
    /// How often in a row it didn't know the run.
    unknown: u32,
    stopping: Option<Duration>,
    /// When it was cancelled last, and by what.
    cancelled: Option<(Duration, Option<Background>)>,
    is_started: bool,
    has_answered: bool,
}

impl<'a> Watcher<'a> {
    pub fn new(run: &'a Run<'a>, runner: &'a Runner, remote: Remote, start: Start) -> Self {
        let waited = if remote.phase == Phase::Waiting { run.now() - remote.since } else { TimeDelta::zero() };
        Self {
            run,
            runner,
            calls: calls(run),
            start,
            remote,
            contact: Contact::new(runner.lease_seconds),
            output: StreamReader::of_shared(&run.files.output()),
            waited_before: waited.to_std().unwrap_or_default(),
            was_running: true,
            question: None,
            ask_at: ASK_EVERY.0,
            explained: None,
            unknown: 0,
            stopping: None,
            cancelled: None,
            is_started: false,
            has_answered: false,
        }
    }

    pub fn renew_lease(&mut self) -> Result<()> {
        self.contact.renew_lease(&self.run.files)
    }

    /// Until the run has ended, or this supervisor alone.
    pub fn watch(mut self, state: &AgentState, bell: &Bell<'_>) -> Carried {
        loop {
            if let Err(error) = self.renew_lease() {
                tracing::warn!("{error:#}");
            }
            let is_to_stop = self.is_to_stop(state);
            match self.look_and_act(is_to_stop) {
                Ok(Some(ended)) => return Carried::Ended(ended.into()),
                Ok(None) => {}
                // The next look may do better; the run goes on meanwhile.
                Err(error) => tracing::warn!("{error:#}"),
            }
            if self.run.is_stopped() && !is_to_stop {
                return Carried::Left;
            }
            // By the same waking, for there may be many such supervisors here.
            bell.look();
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Whether somebody wants the run to end. A supervisor that is told to end is not enough: its machine may go down, and the
    /// run goes on.
    fn is_to_stop(&mut self, state: &AgentState) -> bool {
        let stop = self.run.files.stop();
        let mut is_wanted = stop.exists();
        if !here::keeps_its_place(self.run, state) && !is_wanted {
            let written = atomic::create_new(&stop, format!("{}\n", Stopped::Interrupted).as_bytes());
            is_wanted = written.inspect_err(|error| tracing::warn!("{error:#}")).is_ok();
        }
        if is_wanted && self.stopping.is_none() {
            self.stopping = Some(self.contact.watched());
        }
        is_wanted
    }

    fn look_and_act(&mut self, is_to_stop: bool) -> Result<Option<Ended>> {
        if self.remote.phase == Phase::Abandoned {
            // What has been begun is done to its end, whatever is heard now.
            return self.abandon().map(Some);
        }
        self.follow_output();
        let runner = self.runner;
        let seen = self.look(is_to_stop);
        let step = watch::step(&seen, runner);
        tracing::trace!(?seen, ?step, "a run on another machine");
        let (is_started, silent) = (seen.started == Some(StartedBy::Keeper), seen.silent);
        match step {
            Step::Ended => return self.ended().map(Some),
            Step::Bury(why) => return self.bury(why),
            Step::Lost => return self.lost(),
            Step::Abandon => return self.abandon().map(Some),
            Step::Wait if is_started => self.enter(Phase::Running, Duration::ZERO),
            Step::Wait => self.enter(Phase::Waiting, Duration::ZERO),
            Step::Doubt => self.enter(Phase::Silent, silent),
            Step::EndStarter => self.start.terminate(),
            Step::Cancel => {
                self.start.terminate();
                self.cancel_again();
            }
        }
        if step != Step::Wait || !is_started {
            self.ask_engine();
        }
        Ok(None)
    }

    fn look(&mut self, is_to_stop: bool) -> Seen<'_> {
        let files = &self.run.files;
        // Opening a folder is what makes its changes seen where machines share it.
        drop(read::open_folder(files.dir()));
        let started = self.contact.started(files).cloned();
        let by_keeper = started.as_ref().filter(|started| started.by == StartedBy::Keeper);
        if let Some(started) = by_keeper.filter(|_| !self.is_started) {
            self.remote.host = Some(started.host.clone());
            self.remote.job = started.job.clone().or(self.remote.job.take());
            settle::lift_cooldown_of_runner(self.run);
            match confinement::note(self.run, &started.confined) {
                Ok(()) => self.is_started = true,
                Err(error) => tracing::warn!("{error:#}"),
            }
        }
        let now = self.contact.watched();
        Seen {
            silent: self.contact.silence(files),
            // After all else: what is written last is read last.
            ended: contact::report(files).is_some(),
            started: started.map(|started| started.by),
            gone: self.contact.is_gone(),
            waited: self.waited_before + now,
            starter: self.starter(),
            stopping: self.stopping.filter(|_| is_to_stop).map(|since| now.saturating_sub(since)),
            explained: self.explained.as_ref(),
        }
    }

    /// What was said before the start command ended proves nothing after it.
    fn starter(&mut self) -> Starter {
        if self.start.is_running() {
            return Starter::Running;
        }
        if std::mem::take(&mut self.was_running) {
            (self.question, self.explained, self.unknown) = (None, None, 0);
            self.ask_at = self.contact.watched() + LOOK_EVERY;
        }
        self.start.exit().map_or(Starter::Gone, |exit: Exit| Starter::Ended(exit))
    }

    fn follow_output(&mut self) {
        if let Err(error) = self.output.read_new() {
            tracing::debug!("{error:#}");
        }
        if self.output.facts().answered && !std::mem::replace(&mut self.has_answered, true) {
            settle::lift_cooldown(self.run);
        }
    }

    /// Asks the engine now and then, and takes in what it has answered.
    fn ask_engine(&mut self) {
        let now = self.contact.watched();
        if let Some(said) = self.question.as_mut().and_then(Background::done) {
            self.question = None;
            // An engine that can't be asked says nothing of the run.
            said.iter().for_each(|said| self.take_in(Explained::read(said)));
        }
        if self.question.is_none() && now >= self.ask_at {
            self.question = self.calls.in_background(&self.runner.explain_words(self.run.id()), CALL);
            self.ask_at = now + (self.waited_before + now).clamp(ASK_EVERY.0, ASK_EVERY.1);
        }
    }

    fn take_in(&mut self, explained: Explained) {
        self.unknown = if explained.standing == Standing::Unknown { self.unknown + 1 } else { 0 };
        if self.unknown == 1 {
            // Once is not enough.
            self.ask_at = Duration::ZERO;
            return;
        }
        if explained.standing == Standing::Known {
            let reason = Some(explained.reason.clone()).filter(|reason| !reason.is_empty());
            let reason = reason.filter(|_| self.remote.phase == Phase::Waiting);
            let job = explained.job.clone().or_else(|| self.remote.job.clone());
            let remote = Remote { reason, job, ..self.remote.clone() };
            self.note(remote);
        }
        self.explained = Some(explained);
    }

    /// Puts on record in which phase it is, and has been for so long already.
    fn enter(&mut self, phase: Phase, since: Duration) {
        let since = self.run.now() - TimeDelta::from_std(since).unwrap_or_default();
        let remote = self.remote.clone().in_phase(phase, since);
        self.note(remote);
    }

    fn note(&mut self, remote: Remote) {
        if remote == self.remote {
            return;
        }
        self.remote = remote;
        if let Err(error) = runs::write_json(&self.run.files.remote(), &self.remote) {
            tracing::warn!("{error:#}");
        }
    }

    fn cancel_again(&mut self) {
        let now = self.contact.watched();
        if self.cancelled.as_ref().is_none_or(|(at, _)| now.saturating_sub(*at) >= CANCEL_EVERY) {
            let words = self.runner.cancel_words(self.run.id());
            self.cancelled = Some((now, self.calls.in_background(&words, CALL)));
        }
    }
}
