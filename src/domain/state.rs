//! What is remembered of an agent between ticks: `state.json`.
//!
//! Only the holder of the agent's lock writes it; it is never opened here.

use super::explored::Explored;
use super::machine::Machine;
use super::name::Name;
use super::time::{self, Time};
use serde::{Deserialize, Serialize};

/// Where an agent is in the life of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// No run.
    #[default]
    Idle,
    /// A tick has assigned a run whose supervisor has not taken over yet.
    Launching,
    /// A supervisor carries a run.
    Running,
    /// It has its agent's work verified.
    Verifying,
}

/// A process, told apart from a later one with the same number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessId {
    /// Its number.
    pub pid: u32,
    /// When it was started, as the system words it.
    pub start: String,
    /// The boot that it belongs to.
    pub boot: String,
}

/// The contents of `state.json`. Without its phase it says nothing; other fields that are missing take their default, and
/// unknown ones are dropped.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AgentState {
    /// Where the agent is.
    pub phase: Phase,
    /// The run under way.
    pub run_id: Option<String>,
    /// The supervisor, while it carries a run.
    pub supervisor: Option<ProcessId>,
    /// The machine that carries the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Machine>,
    /// The one of `runners` that carries the run, if not this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner: Option<Name>,
    /// The process group of claude, while it runs.
    pub process: Option<ProcessId>,
    /// When the last run began.
    #[serde(default, deserialize_with = "time::lenient")]
    pub last_started: Option<Time>,
    /// When the last run ended.
    #[serde(default, deserialize_with = "time::lenient")]
    pub last_finished: Option<Time>,
    /// How claude exited the last time; negative for a signal.
    pub last_exit_code: Option<i32>,
    /// How the last run ended, in a word.
    pub last_outcome: Option<String>,
    /// The same in the words that every screen has for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_result: Option<String>,
    /// Failed runs since the last good one.
    #[serde(default)]
    pub consecutive_failures: u32,
    /// Runs ever.
    #[serde(default)]
    pub total_runs: u64,
    /// Good runs ever.
    #[serde(default)]
    pub total_successes: u64,
    /// Failed runs ever.
    #[serde(default)]
    pub total_failures: u64,
    /// What an agent that looks for work had before its eyes the last time, if that ended well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explored: Option<Box<Explored>>,
    /// The task under way.
    pub current_task: Option<Name>,
    /// How often the recovery of this run was begun.
    #[serde(default)]
    pub recoveries: u32,
    /// What the last recovery of this run failed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

impl AgentState {
    /// The same agent with no run under way.
    #[must_use]
    pub fn at_rest(self) -> Self {
        Self {
            phase: Phase::Idle,
            run_id: None,
            supervisor: None,
            machine: None,
            runner: None,
            process: None,
            current_task: None,
            recoveries: 0,
            trouble: None,
            ..self
        }
    }

    /// How the last run ended, in a few words.
    pub fn last_end(&self) -> Option<String> {
        let word = || self.last_outcome.as_ref().map(|word| word.replace('_', " "));
        self.last_result.clone().or_else(word)
    }

    /// Whether no run is under way.
    pub fn is_idle(&self) -> bool {
        self.phase == Phase::Idle
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_less() {
        let state = AgentState {
            phase: Phase::Running,
            run_id: Some("r".to_owned()),
            last_started: time::parse("2024-01-15T10:30:00Z"),
            current_task: Some("TASK-1".parse().unwrap()),
            ..AgentState::default()
        };
        let json = serde_json::to_string(&state).unwrap();
        assert_eq!(serde_json::from_str::<AgentState>(&json).unwrap(), state);
        let naive = r#"{"phase": "idle", "last_started": "2024-01-15T10:30:00", "future_field": 1}"#;
        assert!(serde_json::from_str::<AgentState>(naive).unwrap().is_idle());
        for bad in [r#"{"phase": "idle", "current_task": "../x"}"#, "{}", "[]", r#"{"phbse": "running"}"#] {
            assert!(serde_json::from_str::<AgentState>(bad).is_err(), "{bad}");
        }
    }
}
