//! What is remembered of an agent between ticks: `state.json`.
//!
//! Only the holder of the agent's lock writes it; it is never opened here.

use super::explored::Explored;
use super::machine::Machine;
use super::name::Name;
use super::time::{self, Time};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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
    /// The process that the Python system's `state.json` calls running. It is read only.
    #[serde(skip)]
    pub python_pid: Option<u32>,
}

/// The contents of `state.json` as the Python system wrote it: times and totals are ours, `running` and `pid` stand for the
/// phase.
#[derive(Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub struct PythonState(pub AgentState);

impl TryFrom<Map<String, Value>> for PythonState {
    type Error = String;

    fn try_from(mut said: Map<String, Value>) -> Result<Self, String> {
        let running = said.remove("running").and_then(|running| running.as_bool());
        let running = running.filter(|_| !said.contains_key("phase")).ok_or("it has neither `phase` nor `running`")?;
        let pid = said.remove("pid").and_then(|pid| u32::try_from(pid.as_u64()?).ok());
        said.insert("phase".to_owned(), "idle".into());
        // It never named a task there.
        said.remove("current_task");
        let state: AgentState = serde_json::from_value(said.into()).map_err(|error| error.to_string())?;
        Ok(Self(AgentState { python_pid: pid.filter(|_| running), ..state }))
    }
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
    fn the_python_systems_state() {
        let text = |running: &str, pid: &str| {
            format!(
                r#"{{"running": {running}, "pid": {pid}, "last_started": "2026-01-29T14:34:14.557000", "last_finished": null, "last_exit_code": 1,
                "consecutive_failures": 1, "total_runs": 42, "total_successes": 40, "total_failures": 2, "current_task": "a1/../b", "extra": {{"x": 1}}}}"#
            )
        };
        let read = |text: &str| serde_json::from_str(text).map(|PythonState(state)| state);
        let idle = read(&text("false", "77")).unwrap();
        let expected = AgentState {
            last_started: time::parse("2026-01-29T14:34:14.557000"),
            last_exit_code: Some(1),
            consecutive_failures: 1,
            total_runs: 42,
            total_successes: 40,
            total_failures: 2,
            ..AgentState::default()
        };
        assert_eq!(idle, expected);
        assert_eq!(read(&text("true", "77")).unwrap(), AgentState { python_pid: Some(77), ..expected.clone() });
        assert_eq!(read(&text("true", "null")).unwrap(), expected);
        for bad in [
            r#"{"running": 1}"#,
            r#"{"running": true, "phase": "idle"}"#,
            "{}",
            "[]",
            r#"{"running": true, "total_runs": -1}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

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
