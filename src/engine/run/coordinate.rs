//! The run of the coordinator: carried by a supervisor like any other, without worktree and without claude.

use super::{Run, launch::Ended};
use crate::{
    domain::{
        outcome::{Interruption, Outcome},
        state::AgentState,
    },
    engine::coordinator::{Coordinator, End},
};
use anyhow::Result;

impl Run<'_> {
    /// Looks at the pull requests, carries out what is due, and settles the run.
    pub(super) fn coordinate(&self, state: AgentState) -> Result<()> {
        let coordinator = Coordinator {
            project: self.project(),
            agent: &self.assignment.agent,
            gate: &self.assignment.gatekeeper,
            run: self.id(),
            clock: self.supervisor.clock,
            stop: self.supervisor.stop,
        };
        let failed = |message| Outcome::LaunchFailed { message, everybody: false };
        let outcome = match coordinator.coordinate() {
            Ok(End::Done) => Outcome::Finished,
            Ok(End::Stopped) => Outcome::Interrupted { by: Interruption::Demand },
            Ok(End::Refused(error)) => failed(format!("{error}; {}", error.remedy())),
            Err(error) => failed(format!("{error:#}")),
        };
        let record = self.judge(&Ended::default(), Some(outcome))?;
        self.settle(state, &record)
    }
}
