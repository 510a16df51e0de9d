//! Puts right what a dead supervisor left, from assignment.json and record.json alone.
//!
//! No second run begins before the first one's processes are gone. Killed itself, it begins anew.

use super::{Run, Supervisor, held_task, launch::Ended, refuse_beside_another, trouble};
use crate::{
    domain::{
        message::{Message, MessageType},
        name::Name,
        outcome::{Interruption, Outcome},
        run::{Assignment, Prepared, RUN_TAG, Record, Usage},
        settlement::{Notice, Publish, Settlement, Tally, TaskStep},
        state::{AgentState, Phase},
        task::{Edit, TaskState, key},
        time,
    },
    exec::{
        processes::{self, Family, Grace},
        salvage, stream,
    },
    store::{
        events::{self, Event, EventKind},
        messages,
        paths::AgentPaths,
        queue::Queue,
        runs,
        state::{self, Loaded},
    },
    sys::read::{self, Refused},
};
use anyhow::{Context, Result, bail};
use std::{fs, path::Path, time::Duration};

/// After so many recoveries that died themselves the task is given up.
pub(super) const MAX_RECOVERIES: u32 = 3;

/// Recovers the lost run of an agent.
///
/// # Errors
/// Something can't be read, ended or written; the next tick tries again.
pub fn recover(supervisor: &Supervisor<'_>, agent: &Name) -> Result<()> {
    let files = supervisor.project.paths.agent(agent);
    let state = match state::load(&files)? {
        Loaded::State(state) => state,
        Loaded::Corrupt(reason) => return rebuild(supervisor, agent, &reason),
    };
    if state.is_idle() {
        return Ok(());
    }
    refuse_beside_another(&state)?;
    let recoveries = state.recoveries;
    let recovered = attempt(supervisor, agent, state);
    if let Err(error) = &recovered
        && let Err(error) = trouble::note(supervisor, agent, recoveries, error)
    {
        tracing::warn!("{error:#}");
    }
    recovered
}

fn attempt(supervisor: &Supervisor<'_>, agent: &Name, mut state: AgentState) -> Result<()> {
    let files = supervisor.project.paths.agent(agent);
    state.supervisor = processes::identity(std::process::id());
    state::save(&files, &state)?;
    supervisor.lock.secure()?;
    let run_id = state.run_id.clone().unwrap_or_default();
    end_orphans(&state, &run_id)?;
    // It counts before it does anything that may kill it.
    state.recoveries += 1;
    tracing::debug!(recoveries = state.recoveries, "recovery begins");
    state::save(&files, &state)?;
    let is_last = state.recoveries > MAX_RECOVERIES;
    let run = match open(supervisor, agent, &state) {
        Ok(Some(run)) => run,
        Ok(None) => return let_go(supervisor, agent, state, &run_id),
        Err(error) if is_last => return abandon(supervisor, agent, state, &run_id, &error),
        Err(error) => return Err(error),
    };
    if is_last {
        return run.give_up(state);
    }
    let mut event = Event::new((supervisor.clock)(), EventKind::Recovered, agent, &run_id);
    event.task = state.current_task.clone();
    events::append(&supervisor.project.paths, &event)?;
    let record = match read::read_json::<Record>(&run.files.record())? {
        Some(record) => {
            run.mend_worktree(&record)?;
            record
        }
        None => run.judge_lost(&state)?,
    };
    run.settle(state, &record)
}

/// Ends what a dead supervisor's run left running: only processes that carry its mark, or its recorded group.
fn end_orphans(state: &AgentState, run_id: &str) -> Result<()> {
    let mark = (!run_id.is_empty()).then_some((RUN_TAG, run_id));
    let family = Family { leader: state.process.as_ref(), mark, own_descendants: false };
    let ended = processes::end(&family, &Grace::on_demand());
    tracing::debug!(?ended, "orphans");
    if let Some(left) = ended.left.first() {
        bail!("process {} of the lost run can't be ended; the agent waits until it is gone", left.pid);
    }
    Ok(())
}

/// The lost run; `None` if it was cut off before it had an assignment.
fn open<'a>(supervisor: &'a Supervisor<'a>, agent: &Name, state: &AgentState) -> Result<Option<Run<'a>>> {
    let agent = supervisor.project.paths.agent(agent);
    let Some(run_id) = state.run_id.as_deref() else { return Ok(None) };
    let files = agent.run(run_id)?;
    let Some(assignment) = read::read_json::<Assignment>(&files.assignment())? else { return Ok(None) };
    let task = held_task(supervisor.project, &assignment)?;
    Ok(Some(Run { supervisor, agent, files, assignment, task }))
}

/// A launch without assignment: there is nothing but a state, and perhaps a claim.
fn let_go(supervisor: &Supervisor<'_>, agent: &Name, state: AgentState, run_id: &str) -> Result<()> {
    if let Some(task) = &state.current_task {
        Queue::new(&supervisor.project.paths).release(task, Some(run_id), &Edit::new().unclaim())?;
    }
    state::save(&supervisor.project.paths.agent(agent), &state.at_rest())
}

/// A run whose own files can't be read: the task fails as far as it can be reached, and the human is told.
fn abandon(
    supervisor: &Supervisor<'_>,
    agent: &Name,
    state: AgentState,
    run_id: &str,
    error: &anyhow::Error,
) -> Result<()> {
    let paths = &supervisor.project.paths;
    let now = (supervisor.clock)();
    let reason = format!("the run was cut off and could not be put right: {error:#}");
    let message = Message::error(
        format!("A run of {agent} could not be put right"),
        format!("Run {run_id}: {reason}.\n\nWhat it left is in {}.", paths.agent(agent).dir().display()),
    )
    .task(state.current_task.as_ref())
    .run(run_id)
    .key(format!("run {run_id}"));
    messages::send(paths, &message, now)?;
    if let Some(task) = &state.current_task {
        let edit = Edit::new().set(key::FAILED_AT, time::to_text(now)).section("Error", &reason);
        if let Err(error) = Queue::new(paths).settle(task, run_id, TaskState::Failed, &edit, &Edit::new()) {
            tracing::warn!("{task} is left where it is: {error:#}");
        }
    }
    state::save(&paths.agent(agent), &state.at_rest())
}

/// A state.json that can't be understood: set aside, and built anew from the newest run that isn't settled.
fn rebuild(supervisor: &Supervisor<'_>, agent: &Name, reason: &str) -> Result<()> {
    let paths = &supervisor.project.paths;
    let files = paths.agent(agent);
    let now = (supervisor.clock)();
    let (run_id, newest) = newest_run(&files)?;
    // Cut off after the next step, nobody would look for them any more.
    end_orphans(&AgentState::default(), &run_id)?;
    let aside = state::set_aside(&files, now)?.context("state.json is gone")?;
    let message = Message::warning(
        format!("The state of {agent} was unreadable"),
        format!("{reason}\n\nIt lies at {} now. The agent begins anew; nothing else is lost.", aside.display()),
    )
    .key(format!("corrupt {}", aside.display()));
    messages::send(paths, &message, now)?;
    // Whatever the lost state said: with the newest run settled once more, which does nothing if it was, all is known.
    let state = newest.map_or_else(AgentState::default, |assignment| AgentState {
        phase: Phase::Running,
        last_started: Some(assignment.assigned_at),
        current_task: assignment.job.task().cloned(),
        run_id: Some(assignment.run_id),
        ..AgentState::default()
    });
    state::save(&files, &state)?;
    if state.is_idle() { Ok(()) } else { recover(supervisor, agent) }
}

/// The id of an agent's newest run, empty if it had none, and what it was started for. If that can't be read the task is
/// named by nobody any more, and the tick puts it back; what is in the worktree is saved by the next run.
fn newest_run(agent: &AgentPaths) -> Result<(String, Option<Assignment>)> {
    let Some(run) = runs::list(agent)?.into_iter().next() else { return Ok((String::new(), None)) };
    let id = run.dir().file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    match read::read_json(&run.assignment()) {
        Err(error) if error.is::<Refused>() || error.is::<serde_json::Error>() => {
            tracing::warn!(run = id, "neither its state nor its assignment can be read: {error:#}");
            Ok((id, None))
        }
        read => Ok((id, read?)),
    }
}

impl Run<'_> {
    /// What is to be published is pushed from the worktree; that may have been lost with the supervisor.
    fn mend_worktree(&self, record: &Record) -> Result<()> {
        if let (Some(tip), Publish::Work) = (&record.tip, record.settlement.publish) {
            self.worktree().ensure(tip)?;
        }
        Ok(())
    }

    /// Judges a run of which there is no more than what it left on disk.
    fn judge_lost(&self, state: &AgentState) -> Result<Record> {
        let facts = stream::read_facts(&self.files.output())?;
        let said_result = facts.result.is_some();
        let ended = Ended { facts, duration: self.last_sign_of_life(), ..Ended::default() };
        if state.phase == Phase::Launching || !said_result {
            return self.judge(&ended, Some(Outcome::Interrupted { by: Interruption::Loss }));
        }
        // It had said how it ended; that the supervisor then died is no matter.
        let ended = Ended { stopped: Some(crate::domain::outcome::Stopped::Lingered), ..ended };
        self.judge(&ended, None)
    }

    /// How long claude ran at least: from its prompt to its last word.
    fn last_sign_of_life(&self) -> Duration {
        let changed = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
        let times = changed(&self.files.prompt()).zip(changed(&self.files.output()));
        times.and_then(|(begun, last)| last.duration_since(begun).ok()).unwrap_or_default()
    }

    /// The task fails, nothing more is published, and the human is told. Whatever can't be read is done without.
    fn give_up(&self, state: AgentState) -> Result<()> {
        let known = read::read_json::<Record>(&self.files.record()).ok().flatten();
        let reason = trouble::why_given_up(state.trouble.as_deref(), known.as_ref());
        let settlement = Settlement {
            task: self.task.as_ref().map(|_| TaskStep::Failed),
            publish: Publish::Nothing,
            tally: Tally::Failure,
            cooldown: None,
            notice: Some(Notice {
                kind: MessageType::Error,
                title: format!("A run of {} could not be put right", self.assignment.agent),
                key: None,
            }),
            reason: reason.clone(),
        };
        let record = match known {
            Some(record) => Record { settlement, ..record },
            None => self.last_record(&state, settlement, reason),
        };
        if let Err(error) = runs::write_json(&self.files.record(), &record) {
            return abandon(self.supervisor, &self.assignment.agent, state, self.id(), &error);
        }
        self.settle(state, &record)
    }

    /// The record of a run that can't be judged, with the work saved if that is possible.
    fn last_record(&self, state: &AgentState, settlement: Settlement, message: String) -> Record {
        // What cut off the recovery may have been this; so it is tried once and not for ever.
        let tried = (state.recoveries == MAX_RECOVERIES + 1).then(|| self.salvage_at_last());
        let (salvage, message) = match tried {
            Some((salvage, None)) => (salvage, message),
            Some((salvage, Some(left))) => (salvage, format!("{message}; {left}")),
            None => (Vec::new(), message),
        };
        let prepared: Option<Prepared> = read::read_json(&self.files.prepared()).ok().flatten();
        let (branch, base) = prepared.map_or((None, None), |prepared| (prepared.branch, Some(prepared.base)));
        let git = self.worktree().repository();
        let tip = branch.as_ref().and_then(|name| git.commit(&format!("refs/heads/{name}")).ok().flatten());
        Record {
            run_id: self.id().to_owned(),
            detail: message.clone(),
            outcome: Outcome::Crashed { message },
            settlement,
            publication: None,
            review: None,
            branch,
            base,
            tip,
            salvage,
            attempt: if self.task.is_some() { self.assignment.job.attempt() } else { 0 },
            usage: Usage { duration_seconds: self.last_sign_of_life().as_secs(), ..Usage::default() },
            exit_code: None,
            started_at: self.assignment.assigned_at,
            finished_at: (self.supervisor.clock)(),
            report: None,
        }
    }

    /// The refs that hold what was saved, and what could not be saved, with the reason.
    fn salvage_at_last(&self) -> (Vec<String>, Option<String>) {
        let worktree = self.worktree();
        let save = || -> Result<()> {
            if worktree.has_files()? {
                let head = worktree.repository().commit("HEAD")?.context("the repository has no commit")?;
                worktree.ensure(&head)?;
                salvage::salvage(&worktree, self.id(), "Left by a run that was cut off", &self.files.set_aside())?;
            }
            Ok(())
        };
        let left = save().err().map(|error| format!("what is in {} stays there: {error:#}", worktree.path().display()));
        (salvage::refs_of(&worktree.repository(), self.id()).unwrap_or_default(), left)
    }
}
