//! Recovers a run whose supervisor died, from assignment.json and record.json alone: it enters the chain of phases where
//! that one left it.
//!
//! No second run begins before the first one's processes are gone. Killed itself, it begins anew.

mod give_up;
mod rebuild;

use super::context::Run;
use super::ended::Ended;
use super::judge::Judged;
use super::remote::{self, Carried};
use super::{Supervisor, judge, last_answer, refuse_beside_another, requests, settle, take_over, verify};
use crate::domain::message::Message;
use crate::domain::name::Name;
use crate::domain::run::{RUN_TAG, Record};
use crate::domain::settlement::{Publish, SYSTEM_TROUBLE};
use crate::domain::state::AgentState;
use crate::domain::task::Edit;
use crate::domain::text::{cut, one_line};
use crate::engine::trust;
use crate::exec::processes::{self, Family, Grace};
use crate::store::events::{self, Event, EventKind};
use crate::store::messages;
use crate::store::paths::AgentPaths;
use crate::store::queue::Queue;
use crate::store::state::{self, Loaded};
use crate::sys::atomic;
use crate::sys::error::is_of_system;
use anyhow::{Error, Result, bail};
use std::sync::atomic::Ordering;

/// After so many recoveries that failed or died themselves the task is given up.
const MAX_RECOVERIES: u32 = 3;
/// The room that a recovery needs at least, in bytes: for a commit of what is left, its record and the state.
const ROOM: usize = 1 << 20;
/// The most of an error that is remembered, in characters.
const MAX_TROUBLE: usize = 500;

/// Recovers the lost run of an agent.
///
/// # Errors
/// Something can't be read, ended or written; the next tick tries again.
pub fn recover(supervisor: &Supervisor<'_>, agent: &Name) -> Result<()> {
    let files = supervisor.project.paths.agent(agent);
    let state = match state::load(&files)? {
        Loaded::State(state) => state,
        Loaded::Corrupt(reason) => return rebuild::rebuild(supervisor, agent, &reason),
    };
    if state.is_idle() {
        return Ok(());
    }
    refuse_beside_another(&state)?;
    let before = state.recoveries;
    // Where there is no room even for that, nothing would come of it, and it might not be forgiven afterwards.
    let has_room = atomic::prove_room(files.dir(), ROOM);
    let recovered = has_room.and_then(|()| attempt(supervisor, agent, &files, state));
    if let Err(error) = &recovered
        && let Err(error) = remember(supervisor, agent, &files, before, error)
    {
        tracing::warn!("{error:#}");
    }
    recovered
}

fn attempt(supervisor: &Supervisor<'_>, agent: &Name, files: &AgentPaths, mut state: AgentState) -> Result<()> {
    take_over(supervisor, files, &mut state)?;
    let carried = match adopt(supervisor, agent, &state)? {
        Some(Carried::Left) => return Ok(()),
        Some(Carried::Ended(ended)) => Some(*ended),
        None => None,
    };
    end_orphans(&state)?;
    if is_held_back(supervisor, agent, &state)? {
        return Ok(());
    }
    // It counts before it does anything that may kill it.
    state.recoveries += 1;
    tracing::debug!(recoveries = state.recoveries, "recovery begins");
    state::save(files, &state)?;
    let is_last = state.recoveries > MAX_RECOVERIES;
    let run = match Run::open(supervisor, agent, &state) {
        Ok(Some(run)) => run,
        Ok(None) => return let_go(supervisor, files, state),
        Err(error) if is_last => return give_up::without_files(supervisor, agent, state, &error),
        Err(error) => return Err(error),
    };
    if is_last {
        return give_up::give_up(&run, state);
    }
    let mut event = Event::new(run.now(), EventKind::Recovered, agent, run.id());
    event.task = state.current_task.clone();
    events::append(run.paths(), &event)?;
    if let Some(judged) = Judged::on_record(&run)? {
        mend_worktree(&run, judged.record())?;
        return settle::settle(&run, &judged, state);
    }
    let record = match verify::unfinished(&run)? {
        Some(record) => {
            run.worktree.put_back_git_dir(&run.files.git_dir())?;
            record
        }
        None => {
            let ended = carried.map_or_else(|| Ended::lost(&run.files, &state), Ok)?;
            if last_answer::is_there(&ended.facts) {
                requests::answering(&run, |_| last_answer::hand_in(&run, &ended.facts)).map_err(Error::from)??;
            }
            judge::judge(&run, ended)?
        }
    };
    match verify::verify(&run, record, &mut state)? {
        Some(judged) => settle::settle(&run, &judged, state),
        None => Ok(()),
    }
}

/// Watches a run on to its end that another machine may carry, if it is one.
fn adopt(supervisor: &Supervisor<'_>, agent: &Name, state: &AgentState) -> Result<Option<Carried>> {
    // What can't be read is for later to tell.
    let run = Run::open(supervisor, agent, state).ok().flatten();
    run.map_or(Ok(None), |run| remote::adopt(&run, state))
}

/// Whether the run waits for the user, who is to look at what git trusts. It is asked before anything counts.
fn is_held_back(supervisor: &Supervisor<'_>, agent: &Name, state: &AgentState) -> Result<bool> {
    // What can't be read is for later to tell.
    let run = Run::open(supervisor, agent, state).ok().flatten();
    run.map_or(Ok(false), |run| trust::after_run(&run.asker()).map(|trusted| !trusted))
}

/// Ends what a dead supervisor's run left running: only processes that carry its tag, or its recorded group.
fn end_orphans(state: &AgentState) -> Result<()> {
    let tag = state.run_id.as_deref().map(|run_id| (RUN_TAG, run_id));
    let family = Family { leader: state.process.as_ref(), tag, own_descendants: false };
    let ended = processes::end(&family, &Grace::on_demand());
    tracing::debug!(?ended, "orphans");
    if let Some(left) = ended.left.first() {
        bail!("process {} of the lost run can't be ended; the agent waits until it is gone", left.pid);
    }
    Ok(())
}

/// A launch without assignment: there is nothing but a state, and perhaps a claim.
fn let_go(supervisor: &Supervisor<'_>, files: &AgentPaths, state: AgentState) -> Result<()> {
    if let Some(task) = &state.current_task {
        let run = state.run_id.as_deref().unwrap_or_default();
        Queue::new(&supervisor.project.paths).release(task, Some(run), &Edit::new().unclaim())?;
    }
    state::save(files, &state.at_rest())
}

/// What is to be published is pushed from the worktree; that may have been lost with the supervisor.
fn mend_worktree(run: &Run<'_>, record: &Record) -> Result<()> {
    if let (Some(tip), Publish::Work) = (&record.tip, record.settlement.publish) {
        run.worktree.ensure(tip)?;
    }
    Ok(())
}

/// Remembers what a recovery failed with. It doesn't count if it was told to end, if the system failed it, or if it never
/// came to the run; the latter two may last, so that the user is told once.
fn remember(
    supervisor: &Supervisor<'_>,
    agent: &Name,
    files: &AgentPaths,
    before: u32,
    error: &anyhow::Error,
) -> Result<()> {
    supervisor.lock.secure()?;
    let Loaded::State(mut state) = state::load(files)? else { return Ok(()) };
    let stopped = supervisor.stop.load(Ordering::Relaxed);
    if state.is_idle() {
        return Ok(());
    }
    let of_system = is_of_system(error);
    if stopped || of_system {
        state.recoveries = before;
    }
    if !stopped {
        state.trouble = Some(cut(&one_line(&format!("{error:#}")), MAX_TROUBLE));
    }
    state::save(files, &state)?;
    if stopped || state.recoveries > before {
        return Ok(());
    }
    let run = state.run_id.unwrap_or_default();
    let message = Message::warning(
        format!("An interrupted run of {agent} can't be recovered yet"),
        format!("Every tick tries to recover run {run}; until then {agent} waits.\n\n{error:#}"),
    );
    let key = if of_system { SYSTEM_TROUBLE.to_owned() } else { format!("trouble {run}") };
    let message = message.task(state.current_task.as_ref()).run(&run).key(key);
    messages::send(&supervisor.project.paths, &message, (supervisor.clock)()).map(drop)
}
