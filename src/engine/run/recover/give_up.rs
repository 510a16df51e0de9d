//! The end of a run whose recoveries failed: its task fails, nothing more is published, and the user is told. Whatever
//! can't be read is done without.

use super::MAX_RECOVERIES;
use crate::domain::ledger::Entry;
use crate::domain::message::{Message, MessageType};
use crate::domain::name::Name;
use crate::domain::outcome::Outcome;
use crate::domain::run::{Prepared, Record};
use crate::domain::settlement::{Notice, Publish, Settlement, Tally, TaskStep};
use crate::domain::state::AgentState;
use crate::domain::task::{Edit, TaskState, key};
use crate::domain::time;
use crate::engine::run::context::Run;
use crate::engine::run::ended::{Ended, last_sign_of_life};
use crate::engine::run::evidence::Left;
use crate::engine::run::judge::{Case, Judged};
use crate::engine::run::{Supervisor, cost, settle};
use crate::exec::worktree::set_aside;
use crate::exec::{salvage, stream};
use crate::store::events::{self, Event, EventKind};
use crate::store::queue::Queue;
use crate::store::{ledger, messages, state};
use crate::sys::read;
use anyhow::Result;

/// The word for how such a run ended.
const CRASHED: &str = "crashed";

pub fn give_up(run: &Run<'_>, state: AgentState) -> Result<()> {
    let known = read::read_json::<Record>(&run.files.record()).ok().flatten();
    if let Err(error) = run.worktree.put_back_git_dir(&run.files.git_dir()) {
        tracing::warn!("{error:#}");
    }
    let reason = why(state.trouble.as_deref(), known.as_ref());
    let agent = &run.assignment.agent;
    let title = format!("An interrupted run of {agent} could not be recovered");
    let settlement = Settlement {
        task: run.task().map(|_| TaskStep::Failed),
        notice: Some(Notice::of_run(MessageType::Error, title)),
        ..Settlement::counted(Tally::Failure, reason.clone())
    };
    let record = match known {
        Some(record) => Record { settlement, ..record },
        None => last_record(run, &state, settlement, reason),
    };
    match Judged::put_on_record(run, record) {
        Ok(judged) => settle::settle(run, &judged, state),
        Err(error) => without_files(run.supervisor, agent, state, &error),
    }
}

/// Why it is given up, and what is known of its work.
fn why(trouble: Option<&str>, record: Option<&Record>) -> String {
    let what = match trouble {
        Some(trouble) => format!("it could not be recovered in {MAX_RECOVERIES} attempts, at last: {trouble}"),
        None => format!("its recovery was interrupted {MAX_RECOVERIES} times"),
    };
    match record.filter(|record| record.settlement.publish != Publish::Nothing) {
        Some(record) => {
            let branch = record.publication.as_ref().map(|publication| &publication.remote_branch);
            let place = branch.map_or_else(|| "its pull request".to_owned(), |name| format!("branch {name} of origin"));
            format!("{what}; its work was being published, look at {place} for how far that came")
        }
        None => format!("{what}; nothing was published"),
    }
}

/// The record of a run that can't be judged, with the work saved if that is possible.
fn last_record(run: &Run<'_>, state: &AgentState, settlement: Settlement, reason: String) -> Record {
    // What interrupted the recovery may have been this; so it is tried once and not for ever.
    let is_first = state.recoveries == MAX_RECOVERIES + 1;
    let (salvage, left_behind) = if is_first { salvage(run) } else { (Vec::new(), None) };
    let message = left_behind.map_or(reason.clone(), |left| format!("{reason}; {left}"));
    let prepared: Option<Prepared> = read::read_json(&run.files.prepared()).ok().flatten();
    let branch = prepared.as_ref().and_then(|prepared| prepared.branch.as_ref());
    let git = run.worktree.repository();
    let tip = branch.and_then(|name| git.commit(&format!("refs/heads/{name}")).ok().flatten());
    let facts = stream::read_facts(&run.files.output()).unwrap_or_default();
    let ended = Ended { prepared, facts, duration: last_sign_of_life(&run.files), ..Ended::default() };
    let now = run.now();
    let case = Case {
        assignment: &run.assignment,
        task: run.task(),
        usage: run.usage(&ended, now),
        ended,
        outcome: Outcome::Crashed { message },
        left: Left { tip, salvage, set_aside: set_aside::names(&run.files.set_aside()), ..Left::default() },
        session: None,
        now,
    };
    case.record(settlement)
}

/// The refs that hold what was saved, and what could not be saved, with the reason.
fn salvage(run: &Run<'_>) -> (Vec<String>, Option<String>) {
    let saved = run.save_leftovers(&run.worktree, "Left by a run that was interrupted");
    let place = run.worktree.path().display();
    let left = saved.err().map(|error| format!("what is in {place} stays there: {error:#}"));
    (salvage::refs_of(&run.worktree.repository(), run.id()).unwrap_or_default(), left)
}

/// As [`give_up`], of a run whose own files can't be read or written: its task fails as far as it can be reached.
pub fn without_files(
    supervisor: &Supervisor<'_>,
    agent: &Name,
    state: AgentState,
    error: &anyhow::Error,
) -> Result<()> {
    let paths = &supervisor.project.paths;
    let (now, files) = ((supervisor.clock)(), paths.agent(agent));
    let run_id = state.run_id.clone().unwrap_or_default();
    let reason = format!("the run was interrupted and could not be recovered: {error:#}");
    let message = Message::error(
        format!("An interrupted run of {agent} could not be recovered"),
        format!("Run {run_id}: {reason}.\n\nWhat it left is in {}.", files.dir().display()),
    );
    let message = message.task(state.current_task.as_ref()).run(&run_id).key(format!("run {run_id}"));
    messages::send(paths, &message, now)?;
    if let Some(task) = &state.current_task {
        let edit = Edit::new().set(key::FAILED_AT, time::to_text(now)).section("Error", &reason);
        if let Err(error) = Queue::new(paths).settle(task, &run_id, TaskState::Failed, &edit, &Edit::new()) {
            tracing::warn!("{task} is left where it is: {error:#}");
        }
    }
    if let Ok(run) = files.run(&run_id) {
        let (task, usage) = (state.current_task.clone(), cost::of_lost(paths, &run, now));
        let entry = Entry::new(now, agent, &run_id, CRASHED, Tally::Failure, &usage);
        ledger::append(paths, &Entry { task: task.clone(), ..entry }, true)?;
        let ended = Event::new(now, EventKind::Finished, agent, &run_id);
        events::append(paths, &Event { task, outcome: Some(CRASHED.to_owned()), ..ended })?;
    }
    state::save(&files, &state.at_rest())
}
