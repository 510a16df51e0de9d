//! Puts right what a dead supervisor left, from assignment.json and record.json alone.
//!
//! No second run begins before the first one's processes are gone. Killed itself, it begins anew.

use super::{HeldTask, Run, Supervisor, held_task, launch::Ended, refuse_beside_another};
use crate::{
    domain::{
        message::{Message, MessageType},
        name::Name,
        outcome::Outcome,
        run::{Assignment, MARK, Record},
        settlement::{Publish, TaskStep},
        state::{AgentState, Phase},
        task::{Edit, key},
        time,
    },
    exec::{
        processes::{self, Family, GRACE},
        stream,
    },
    store::{
        events::{self, Event, EventKind},
        messages,
        queue::Queue,
        read, runs,
        state::{self, Loaded},
    },
};
use anyhow::{Context, Result, bail};

/// After so many recoveries that died themselves the task is given up.
const MAX_RECOVERIES: u32 = 3;

/// Recovers the lost run of an agent.
///
/// # Errors
/// Something can't be read, ended or written; the next tick tries again.
pub fn recover(supervisor: &Supervisor<'_>, agent: &Name) -> Result<()> {
    let files = supervisor.project.paths.agent(agent);
    let mut state = match state::load(&files)? {
        Loaded::State(state) => state,
        Loaded::Corrupt(reason) => return rebuild(supervisor, agent, &reason),
    };
    if state.is_idle() {
        return Ok(());
    }
    refuse_beside_another(&state)?;
    state.recoveries += 1;
    state.supervisor = processes::identity(std::process::id());
    tracing::debug!(recoveries = state.recoveries, "recovery begins");
    state::save(&files, &state)?;
    supervisor.lock.secure()?;
    let run_id = state.run_id.clone().unwrap_or_default();
    end_orphans(&state, &run_id)?;
    let Some(run) = open(supervisor, agent, &state)? else {
        return let_go(supervisor, agent, state, &run_id);
    };
    let mut event = Event::new((supervisor.clock)(), EventKind::RunRecovered, agent, &run_id);
    event.task = state.current_task.clone();
    events::append(&supervisor.project.paths, &event)?;
    let record: Option<Record> = read::read_json(&run.files.record())?;
    if state.recoveries > MAX_RECOVERIES {
        return run.give_up(state, record);
    }
    let record = match record {
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
    let mark = (!run_id.is_empty()).then_some((MARK, run_id));
    let ended = processes::end(&Family { leader: state.process.as_ref(), mark, own_descendants: false }, GRACE);
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

/// A state.json that can't be understood: set aside, and built anew from the newest run that isn't settled.
fn rebuild(supervisor: &Supervisor<'_>, agent: &Name, reason: &str) -> Result<()> {
    let paths = &supervisor.project.paths;
    let files = paths.agent(agent);
    let now = (supervisor.clock)();
    let newest = match runs::list(&files)?.into_iter().next() {
        Some(run) => read::read_json::<Assignment>(&run.assignment())?,
        None => None,
    };
    let aside = state::set_aside(&files, now)?.context("state.json is gone")?;
    messages::send(
        paths,
        &Message {
            kind: MessageType::Warning,
            title: format!("The state of {agent} was unreadable"),
            body: format!(
                "{reason}\n\nIt lies at {} now. The agent begins anew; nothing else is lost.",
                aside.display()
            ),
            from: "scheduler".to_owned(),
            task: None,
            run: None,
            key: Some(format!("corrupt {}", aside.display())),
        },
        now,
    )?;
    // Whatever the lost state said: with the newest run settled once more, which does nothing if it was, all is known.
    let state = newest.map_or_else(AgentState::default, |assignment| AgentState {
        phase: Phase::Running,
        last_started: Some(assignment.assigned_at),
        current_task: assignment.work.task().cloned(),
        run_id: Some(assignment.run_id),
        ..AgentState::default()
    });
    state::save(&files, &state)?;
    if state.is_idle() { Ok(()) } else { recover(supervisor, agent) }
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
        let ended = Ended { facts, ..Ended::default() };
        if state.phase == Phase::Launching || !said_result {
            return self.judge(&ended, Some(Outcome::Interrupted));
        }
        // It had said how it ended; that the supervisor then died is no matter.
        let ended = Ended { stopped: Some(crate::domain::outcome::Stopped::Lingered), ..ended };
        self.judge(&ended, None)
    }

    /// The task fails, nothing is published, and the human is told.
    fn give_up(&self, state: AgentState, record: Option<Record>) -> Result<()> {
        let now = (self.supervisor.clock)();
        let paths = &self.project().paths;
        let reason = format!("its recovery was cut off {MAX_RECOVERIES} times; nothing was published");
        messages::send(
            paths,
            &Message {
                kind: MessageType::Error,
                title: format!("A run of {} could not be put right", self.assignment.agent),
                body: format!("Run {}: {reason}.\n\nLog: {}", self.id(), self.files.dir().display()),
                from: "scheduler".to_owned(),
                task: self.assignment.work.task().map(ToString::to_string),
                run: Some(self.id().to_owned()),
                key: Some(format!("recovery {}", self.id())),
            },
            now,
        )?;
        if let Some(HeldTask { head, .. }) = &self.task {
            let edit = Edit::new().set(key::FAILED_AT, time::to_text(now)).section("Error", &reason);
            let queue = Queue::new(paths);
            queue.settle(&head.id, self.id(), crate::domain::task::TaskState::Failed, &edit, &Edit::new())?;
        }
        if let Some(mut record) = record {
            record.settlement.publish = Publish::Nothing;
            record.settlement.task = record.settlement.task.map(|_| TaskStep::Failed);
            runs::write_json(&self.files.record(), &record)?;
        }
        let idle = AgentState {
            last_finished: Some(now),
            last_outcome: Some("crashed".to_owned()),
            consecutive_failures: state.consecutive_failures + 1,
            total_runs: state.total_runs + 1,
            total_failures: state.total_failures + 1,
            ..state.at_rest()
        };
        self.save(&idle)
    }
}
