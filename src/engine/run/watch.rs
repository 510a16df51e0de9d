//! Watches claude to the end of its last process, and over the files that no second run may be without.

use super::context::Run;
use super::ended::Ended;
use super::launch::Launched;
use super::settle;
use super::supervisor_lock::LockStatus;
use crate::domain::message::Message;
use crate::domain::outcome::Stopped;
use crate::domain::run::{Limits, RUN_TAG};
use crate::domain::state::AgentState;
use crate::domain::stream::StreamFacts;
use crate::exec::stream::StreamReader;
use crate::exec::watch;
use crate::store::messages;
use std::cell::Cell;

/// Waits for the end of the run; `state` is what state.json says meanwhile.
pub fn watch(run: &Run<'_>, launched: Launched, state: &AgentState) -> Ended {
    let limits = Limits::of(&run.assignment.settings);
    let mut output = StreamReader::new(&run.files.output());
    let lifted = Cell::new(false);
    let stop = |facts: &StreamFacts| {
        if facts.answered && !lifted.replace(true) {
            settle::lift_cooldown(run);
        }
        (!keeps_its_place(run, state) || run.is_stopped()).then_some(Stopped::Interrupted)
    };
    let watched = watch::watch(launched.claude, &limits, (RUN_TAG, run.id()), &stop, &mut output);
    tracing::debug!(?watched, "claude has ended");
    Ended {
        prepared: Some(launched.prepared),
        outcome: None,
        exit: watched.exit,
        stopped: watched.stopped,
        facts: output.facts().clone(),
        duration: watched.duration,
        ..Ended::default()
    }
}

/// Whoever deletes the lock file under a run, or the agent's folder, is told, and what no second run may be without is
/// put back. `false` if another run has begun meanwhile: then this one ends.
pub fn keeps_its_place(run: &Run<'_>, state: &AgentState) -> bool {
    let found = run.supervisor.lock.check();
    let taken = matches!(found, Ok(LockStatus::Taken));
    if !taken && !run.agent.state().exists() {
        tracing::warn!("state.json was deleted");
        if let Err(error) = run.save(state) {
            tracing::warn!("{error:#}");
        }
    }
    let came = match &found {
        Ok(LockStatus::Held) => return true,
        Ok(LockStatus::Renewed) => "The run goes on, and no second one is started beside it.",
        Ok(LockStatus::Taken) => {
            "Another run of the agent had taken the lock by then, so this one is ended. What it has changed lies in the \
             worktree, and its task goes back to incoming."
        }
        Err(error) => {
            tracing::warn!("{error:#}");
            return true;
        }
    };
    tracing::warn!(?found, "the lock file was deleted or replaced");
    tell_of_lock(run, came);
    !taken
}

fn tell_of_lock(run: &Run<'_>, came: &str) {
    let agent = &run.assignment.agent;
    let lock = run.agent.lock();
    let message = Message::warning(
        format!("The lock file of {agent} was deleted"),
        format!(
            "{} was deleted or replaced while a run was under way. {came} A lock ends by itself with its process: its \
             file never needs to be deleted. To end a run, use `scheduler agent stop {agent}`.",
            lock.display(),
        ),
    );
    let message = message.task(run.assignment.job.task()).run(run.id()).key(format!("lock {}", run.id()));
    if let Err(error) = messages::send(run.paths(), &message, run.now()) {
        tracing::warn!("{error:#}");
    }
}
