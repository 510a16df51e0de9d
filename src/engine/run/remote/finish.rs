//! The ends of a run on another machine: reported by its keeper, never begun, dead with this machine, given up.

use super::contact;
use super::watcher::Watcher;
use crate::domain::message::Message;
use crate::domain::outcome::{Interruption, Outcome, Stopped};
use crate::domain::run::RUN_TAG;
use crate::domain::runner::explained::{Explained, Standing};
use crate::domain::runner::files::{Confined, ExitReport, Started, StartedBy};
use crate::domain::runner::remote::{Phase, Remote};
use crate::domain::runner::watch::{self, NeverBegan};
use crate::domain::text::{cut, one_line, tail};
use crate::engine::run::confinement;
use crate::engine::run::ended::{Ended, last_sign_of_life};
use crate::exec::command::describe;
use crate::exec::machine;
use crate::exec::processes::{self, Family, Grace};
use crate::exec::runner::CALL;
use crate::store::{messages, runs, worktree_name};
use crate::sys::atomic::{self, Published};
use crate::sys::read;
use anyhow::{Context, Result};
use std::path::Path;
use std::thread;
use std::time::Duration;

/// The most of what the runner's commands said that is read for their last words, and how much of it is told.
const MAX_SAID: usize = 4 << 10;
const MAX_TOLD: usize = 300;
/// How often, and how many times, the engine is asked why it has ended a run that it is still clearing away.
const ASK_EVERY: Duration = Duration::from_secs(1);
const ASKED: u32 = 15;

impl Watcher<'_> {
    /// As its keeper reports.
    pub(super) fn ended(&mut self) -> Result<Ended> {
        let files = &self.run.files;
        let report = contact::report(files).context("the keeper's report is gone")?;
        tracing::debug!(?report, "the run has ended where it was");
        let was_cut_off = !self.start.is_running() && self.start.exit().is_none_or(|exit| exit.code.is_none());
        self.start.end();
        if let Some(why) = &report.refused {
            return Ended::without_claude(files, self.refused(why));
        }
        let is_from_outside = match report.stopped {
            None => report.exit.asked_to_end(),
            Some(stopped) => stopped == Stopped::Cancelled,
        };
        let engine = if is_from_outside { self.ask_why() } else { None };
        if is_from_outside || was_cut_off {
            // Some put back into their queue what they have taken from it, or keep the place of who is no more there to leave it.
            self.let_go();
        }
        let ExitReport { exit, stopped, duration_seconds, .. } = report;
        self.output.finish()?;
        Ok(Ended {
            prepared: read::read_json(&files.prepared())?,
            exit,
            stopped,
            facts: self.output.facts().clone(),
            duration: Duration::from_secs(duration_seconds),
            engine,
            ..Ended::default()
        })
    }

    /// Whoever wanted it to end doesn't need to know that it couldn't have begun.
    fn refused(&self, why: &str) -> Outcome {
        if self.run.files.stop().exists() {
            return Outcome::Interrupted { by: Interruption::Demand };
        }
        match &self.run.assignment.settings.runner {
            Some(runner) => Outcome::RunnerDown { runner: runner.clone(), message: cut(&one_line(why), MAX_TOLD) },
            None => Outcome::launch_failed(why.to_owned(), false),
        }
    }

    /// Why nothing can be started now: a start command may take minutes to find out.
    pub(super) fn cannot_start(&self) -> Option<String> {
        match self.calls.run(&self.runner.ping, CALL)? {
            Ok(done) if done.status.success() => None,
            Ok(done) => {
                let said = [done.stdout, done.stderr].concat();
                let said = String::from_utf8_lossy(&said);
                let said = cut(said.trim().lines().next().unwrap_or_default(), MAX_TOLD);
                Some(if said.is_empty() { format!("its ping ended with {}", describe(done.status)) } else { said })
            }
            Err(error) => Some(error.to_string()),
        }
    }

    /// A run whose start command couldn't even be started.
    pub(super) fn refuse(&self, why: &str) -> Result<Ended> {
        confinement::note(self.run, &Confined::Yes)?;
        Ended::without_claude(&self.run.files, self.refused(why))
    }

    /// Sees to it that it never begins; `None` if it did at the last moment.
    pub(super) fn bury(&mut self, why: NeverBegan) -> Result<Option<Ended>> {
        let files = &self.run.files;
        if atomic::create_new(&files.started(), &atomic::json(&self.tombstone()?)?)? == Published::AlreadyExists {
            let by = self.contact.started(files).map(|started| started.by);
            if by != Some(StartedBy::Supervisor) {
                return Ok(None);
            }
        }
        confinement::note(self.run, &Confined::Yes)?;
        let said = self.last_words();
        let outcome = match (self.remote.outcome.clone(), why) {
            (Some(decided), _) => decided,
            (None, NeverBegan::Refused) => self.refused(&said),
            (None, _) => match &self.run.assignment.settings.runner {
                Some(runner) => watch::outcome_of_never_begun(why, runner, self.explained.as_ref(), &said),
                None => self.refused(&said),
            },
        };
        tracing::info!(?why, %outcome, "the run never begins");
        self.decide(Phase::Buried, outcome.clone())?;
        self.let_go();
        Ended::without_claude(files, outcome).map(Some)
    }

    fn tombstone(&self) -> Result<Started> {
        let process = processes::identity(std::process::id()).context("the process table can't be read")?;
        let here = machine::here().machine;
        Ok(Started {
            by: StartedBy::Supervisor,
            host: here.host,
            machine: here.id.unwrap_or_default(),
            boot: process.boot.clone(),
            process,
            job: None,
            confined: Confined::Yes,
            at: self.run.now(),
        })
    }

    /// A run of this machine whose keeper is dead: what it left is ended here. `None` if that can't be done, or it has ended
    /// in order after all.
    pub(super) fn lost(&mut self) -> Result<Option<Ended>> {
        let files = &self.run.files;
        let family = Family { tag: Some((RUN_TAG, self.run.id())), ..Family::default() };
        let left = processes::end(&family, &Grace::on_demand()).left;
        if let Some(left) = left.first() {
            tracing::warn!(pid = left.pid, "a process of the lost run can't be ended");
            return Ok(None);
        }
        if contact::report(files).is_some() {
            return Ok(None);
        }
        self.let_go();
        self.output.finish()?;
        let spoke = self.output.facts().has_ended();
        Ok(Some(Ended {
            prepared: read::read_json(&files.prepared())?,
            outcome: (!spoke).then_some(Outcome::Interrupted { by: Interruption::Loss }),
            stopped: spoke.then_some(Stopped::Lingered),
            facts: self.output.facts().clone(),
            duration: last_sign_of_life(files),
            ..Ended::default()
        }))
    }

    /// Gives up a run of which nobody can tell whether it goes on: its worktree is left to it.
    pub(super) fn abandon(&mut self) -> Result<Ended> {
        if self.remote.phase != Phase::Abandoned {
            let said = self.ask_now();
            self.decide(Phase::Abandoned, watch::outcome_of_abandoned(said.as_ref()))?;
        }
        self.let_go();
        let aside = worktree_name::left(self.run.worktree.path(), self.run.id());
        self.run.worktree.set_away(&aside)?;
        worktree_name::change(&self.run.agent, self.run.id())?;
        self.tell(&aside)?;
        let files = &self.run.files;
        self.output.read_new()?;
        Ok(Ended {
            prepared: read::read_json(&files.prepared())?,
            outcome: self.remote.outcome.clone(),
            facts: self.output.facts().clone(),
            duration: last_sign_of_life(files),
            is_abandoned: true,
            ..Ended::default()
        })
    }

    fn tell(&self, aside: &Path) -> Result<()> {
        let (agent, place) = (&self.run.assignment.agent, aside.display());
        let host = self.remote.host.as_deref().unwrap_or("another machine");
        let run = self.run.id();
        let body = format!(
            "Nothing was heard for too long of the run of {agent} on {host}: it may have died, or only be cut off. Its task goes \
             back and doesn't count, and a new run gets a worktree of its own. What the old one has committed is on its branch; \
             its worktree was left to it, with what isn't committed, in {place}. A run that still lives there ends by itself as \
             soon as it sees this; the worktree then goes with the next tidying up, and what isn't committed is kept under \
             refs/salvage/{run}. If it can't end there any more, because that machine is gone for good, remove it when you don't \
             need it: `git worktree remove --force '{place}'`\n"
        );
        let message = Message::warning(format!("A run on {host} was given up"), body);
        let message = message.task(self.run.assignment.job.task()).run(self.run.id());
        let message = message.key(format!("left {}", self.run.id()));
        messages::send(self.run.paths(), &message, self.run.now()).map(drop)
    }

    /// Puts on record how it ends, so that a recovery does the same.
    fn decide(&mut self, phase: Phase, outcome: Outcome) -> Result<()> {
        let remote = self.remote.clone().in_phase(phase, self.run.now());
        let remote = Remote { outcome: Some(outcome), ..remote };
        runs::write_json(&self.run.files.remote(), &remote)?;
        self.remote = remote;
        Ok(())
    }

    /// Takes it back from its runner, as far as that can be done.
    fn let_go(&mut self) {
        self.start.end();
        match self.calls.run(&self.runner.cancel_words(self.run.id()), CALL) {
            Some(Ok(done)) if !done.status.success() => {
                tracing::warn!(said = %String::from_utf8_lossy(&done.stderr), "the run can't be cancelled");
            }
            Some(Err(error)) => tracing::warn!("the run can't be cancelled: {error}"),
            Some(Ok(_)) | None => {}
        }
    }

    /// Why the engine has ended a run, once it has done with it.
    fn ask_why(&mut self) -> Option<Outcome> {
        for _ in 0..ASKED {
            match self.ask_now() {
                Some(said) if said.standing == Standing::Known => thread::sleep(ASK_EVERY),
                said => return said.and_then(|said| said.outcome()),
            }
        }
        None
    }

    /// What the engine says now, or said last.
    fn ask_now(&mut self) -> Option<Explained> {
        let asked = self.calls.run(&self.runner.explain_words(self.run.id()), CALL);
        let said = asked.and_then(Result::ok).filter(|done| done.status.success());
        said.map(|done| Explained::read(&String::from_utf8_lossy(&done.stdout))).or_else(|| self.explained.clone())
    }

    /// The end of what the start command said.
    fn last_words(&self) -> String {
        let said = read::read_tail(&self.run.files.runner_log(), MAX_SAID).unwrap_or_default();
        let said = one_line(tail(said.trim(), MAX_TOLD));
        if said.is_empty() { "its start command failed and said nothing".to_owned() } else { said }
    }
}
