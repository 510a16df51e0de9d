//! Where a run is that another machine carries, as its supervisor saw it last. No engine is asked, and nothing is written.

use crate::domain::name::Name;
use crate::domain::run::Assignment;
use crate::domain::runner::remote::{Phase, Remote};
use crate::domain::state::AgentState;
use crate::domain::time::Time;
use crate::store::paths::{AgentPaths, RunPaths};
use crate::sys::read;
use serde::Serialize;

/// Where such a run is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Whereabouts {
    pub runner: Name,
    #[serde(flatten)]
    pub remote: Remote,
    /// When it has ended at the latest, if it isn't heard of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_before: Option<Time>,
    #[serde(skip)]
    lease_seconds: u32,
}

impl Whereabouts {
    /// Of the run that is under way; `None` if this machine carries it, or it isn't handed over yet.
    pub fn of(agent: &AgentPaths, state: &AgentState) -> Option<Self> {
        state.runner.as_ref()?;
        let run = agent.run(state.run_id.as_deref()?).ok()?;
        let assignment = read::read_json(&run.assignment()).ok()??;
        Self::of_run(&run, &assignment)
    }

    /// Of a run with this assignment.
    pub fn of_run(run: &RunPaths, assignment: &Assignment) -> Option<Self> {
        let lease_seconds = assignment.runner.as_ref()?.lease_seconds;
        let runner = assignment.settings.runner.clone()?;
        let remote: Remote = read::read_json(&run.remote()).ok()??;
        Some(Self { runner, ends_before: remote.ends_before(lease_seconds), remote, lease_seconds })
    }

    /// The rest of a sentence about the run.
    pub fn words(&self, now: Time) -> String {
        self.remote.words(&self.runner, self.lease_seconds, now)
    }

    pub fn is_silent(&self) -> bool {
        self.remote.phase == Phase::Silent
    }

    pub fn is_waiting(&self) -> bool {
        self.remote.phase == Phase::Waiting
    }
}
