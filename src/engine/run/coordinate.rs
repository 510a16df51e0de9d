//! The run of the coordinator: carried by a supervisor like any other, without worktree and without claude.

use super::context::{Run, RunError};
use super::ended::Ended;
use super::merge_base::{contains, merge_base};
use crate::domain::outcome::{Interruption, Outcome};
use crate::engine::coordinator::{Coordinator, End};
use anyhow::Result;

/// Looks at the pull requests and carries out what is due.
pub fn coordinate(run: &Run<'_>) -> Result<Ended> {
    let coordinator = Coordinator {
        project: run.project(),
        github: &run.github(),
        agent: &run.assignment.agent,
        gate: &run.assignment.gatekeeper,
        pull_requests: &run.assignment.pull_requests,
        merge: &|pull, base| merge_base(run, pull, base),
        contains: &|tip, commit| contains(run, tip, commit),
        intake: run.assignment.intake.as_ref(),
        max_incoming: run.assignment.max_incoming,
        run: run.id(),
        clock: run.supervisor.clock,
        stop: run.supervisor.stop,
    };
    let outcome = match coordinator.coordinate() {
        Ok(End::Done) => Outcome::Finished,
        Ok(End::Stopped) => Outcome::Interrupted { by: Interruption::Demand },
        Ok(End::Refused(error)) => RunError::launch(format!("{error}; {}", error.remedy())).into(),
        Err(error) => RunError::launch(format!("{error:#}")).into(),
    };
    Ended::without_claude(&run.files, outcome)
}
