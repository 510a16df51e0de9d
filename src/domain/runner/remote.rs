//! `remote.json`: what a supervisor knows of a run that is carried elsewhere. Recovery goes on from it, screens show it.

use crate::domain::outcome::Outcome;
use crate::domain::time::Time;
use serde::{Deserialize, Serialize};

/// Where a run stands, as its supervisor saw it last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remote {
    pub phase: Phase,
    /// Since when it is in that phase.
    pub since: Time,
    /// Why it waits, in the engine's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The engine's number of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// How it ended, where its supervisor has decided that and not the keeper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// It was handed to the runner, or is about to be, and hasn't begun.
    Waiting,
    /// It was begun, and its keeper lives.
    Running,
    /// It was begun, and its keeper hasn't been heard of for longer than its lease: whether it lives, nobody can tell.
    Silent,
    /// It never began, and can't any more.
    Buried,
    /// Nobody could tell for too long: it is given up, and its worktree set aside.
    Abandoned,
}

impl Remote {
    /// A run that is about to be handed to its runner.
    pub fn new(now: Time) -> Self {
        Self { phase: Phase::Waiting, since: now, reason: None, job: None, host: None, outcome: None }
    }

    /// The same in another phase, unless it is in it already.
    #[must_use]
    pub fn in_phase(self, phase: Phase, now: Time) -> Self {
        if self.phase == phase { self } else { Self { phase, since: now, reason: None, ..self } }
    }
}
