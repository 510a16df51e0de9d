//! `state.json` of an agent, on disk.
//!
//! Anybody may read it; only the holder of the agent's lock calls what writes here.

use super::paths::{AgentPaths, STATE};
use crate::domain::name::Name;
use crate::domain::state::{AgentState, PythonState};
use crate::domain::time::{self, Time};
use crate::sys::atomic::{self, Moved};
use crate::sys::read::{self, Refused};
use anyhow::{Result, bail};
use std::os::fd::BorrowedFd;
use std::path::PathBuf;

/// What `state.json` says.
#[expect(clippy::large_enum_variant, reason = "one lives at a time, on the stack, and nearly all are states")]
#[derive(Clone, Debug, PartialEq)]
pub enum Loaded {
    /// This. An agent that has none yet is idle and has never run.
    State(AgentState),
    /// Nothing that could be understood, and why: whether a run is under way is not known.
    Corrupt(String),
}

/// Reads the state of an agent.
///
/// # Errors
/// The system does not let it be read: then nothing is known, not even that it is corrupt.
pub fn load(agent: &AgentPaths) -> Result<Loaded> {
    match read::read_json::<AgentState>(&agent.state()) {
        Ok(Some(state)) if !state.is_idle() && state.run_id.is_none() => {
            Ok(Loaded::Corrupt(format!("{} names no run though one is under way", agent.state().display())))
        }
        Ok(state) => Ok(Loaded::State(state.unwrap_or_default())),
        Err(error) if error.is::<Refused>() || error.is::<serde_json::Error>() => {
            Ok(load_python(agent).map_or_else(|| Loaded::Corrupt(format!("{error:#}")), Loaded::State))
        }
        Err(error) => Err(error),
    }
}

/// The state of an agent, if the Python system wrote it.
pub fn load_python(agent: &AgentPaths) -> Option<AgentState> {
    read::read_json(&agent.state()).ok().flatten().map(|PythonState(state)| state)
}

/// The state of the agent `name`, whose folder is in the open folder `agents`, if it has run and is at rest; `None` for
/// everything that is worth a closer look.
pub fn at_rest(agents: BorrowedFd<'_>, name: &Name) -> Option<AgentState> {
    let state: AgentState = read::read_small_json(agents, &[name.as_str(), "/", STATE].concat())?;
    (state.is_idle() && state != AgentState::default()).then_some(state)
}

/// Writes the state of an agent.
///
/// # Errors
/// As for [`atomic::write()`].
pub fn save(agent: &AgentPaths, state: &AgentState) -> Result<()> {
    atomic::write(&agent.state(), &atomic::json(state)?)
}

/// Moves a corrupt `state.json` to `state.json.corrupt-<time>`; returns that path, or `None` if it is gone.
///
/// # Errors
/// As for [`atomic::move_no_replace`].
pub fn set_aside(agent: &AgentPaths, now: Time) -> Result<Option<PathBuf>> {
    let path = agent.state();
    for n in 1..100 {
        let suffix = if n == 1 { String::new() } else { format!("-{n}") };
        let aside = path.with_file_name(format!("state.json.corrupt-{}{suffix}", time::compact(now)));
        match atomic::move_no_replace(&path, &aside)? {
            Moved::Done => return Ok(Some(aside)),
            Moved::NotFound => return Ok(None),
            Moved::AlreadyExists => {}
        }
    }
    bail!("{} was set aside too often within a second: remove the files beside it", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::state::Phase;
    use crate::store::paths::Paths;
    use std::fs;

    #[test]
    fn reads_what_it_writes_and_sets_aside_what_it_cannot_read() {
        let dir = tempfile::tempdir().unwrap();
        let agent = Paths::new(dir.path()).agent(&"a".parse().unwrap());
        assert_eq!(load(&agent).unwrap(), Loaded::State(AgentState::default()));
        let state =
            AgentState { phase: Phase::Running, run_id: Some("r".to_owned()), total_runs: 3, ..AgentState::default() };
        save(&agent, &state).unwrap();
        assert_eq!(load(&agent).unwrap(), Loaded::State(state));
        let now = time::parse("2024-01-15T10:30:00Z").unwrap();
        let mut aside = Vec::new();
        for broken in ["", "{\"phase\": \"ru", "7", "{\"total_runs\": 1}", "{\"phase\": \"running\"}", "\0\0\0"] {
            fs::write(agent.state(), broken).unwrap();
            assert!(matches!(load(&agent).unwrap(), Loaded::Corrupt(_)), "{broken:?}");
            aside.push(set_aside(&agent, now).unwrap().unwrap());
            assert_eq!(fs::read_to_string(aside.last().unwrap()).unwrap(), broken);
        }
        assert!(aside[0].ends_with("state.json.corrupt-20240115-103000"));
        assert!(aside[1].ends_with("state.json.corrupt-20240115-103000-2"));
        assert_eq!(set_aside(&agent, now).unwrap(), None);
        fs::create_dir(agent.state()).unwrap();
        assert!(matches!(load(&agent).unwrap(), Loaded::Corrupt(_)));
        assert!(set_aside(&agent, now).unwrap().unwrap().is_dir());
    }
}
