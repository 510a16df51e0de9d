//! A run that has come to its end, with all that judging it needs of the time before.
//!
//! It judges nothing.

use crate::domain::outcome::{Exit, Interruption, Outcome, Stopped};
use crate::domain::run::Prepared;
use crate::domain::state::{AgentState, Phase};
use crate::domain::stream::StreamFacts;
use crate::domain::system_trouble::tells_of_system;
use crate::exec::stream;
use crate::store::paths::RunPaths;
use crate::sys::read;
use anyhow::Result;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// How a run ended.
#[derive(Debug, Default)]
pub struct Ended {
    /// Where it worked, if its worktree was made ready.
    pub prepared: Option<Prepared>,
    /// Its outcome, where that isn't for claude's exit and last words to say.
    pub outcome: Option<Outcome>,
    pub exit: Exit,
    /// Why claude was stopped, if it was.
    pub stopped: Option<Stopped>,
    pub facts: StreamFacts,
    /// How long claude ran.
    pub duration: Duration,
    /// What its engine says of an end that is from outside.
    pub engine: Option<Outcome>,
    /// Its worktree is out of reach: somebody may still be at work there.
    pub is_abandoned: bool,
}

impl Ended {
    /// A run that claude had no part in, or not to its end.
    pub fn without_claude(files: &RunPaths, outcome: Outcome) -> Result<Self> {
        let (prepared, facts) = (read::read_json(&files.prepared())?, stream::read_facts(&files.output())?);
        Ok(Self { prepared, outcome: Some(outcome), facts, ..Self::default() })
    }

    /// A run whose supervisor died: there is no more of it than what it left on disk.
    pub fn lost(files: &RunPaths, state: &AgentState) -> Result<Self> {
        let facts = stream::read_facts(&files.output())?;
        // If it had said how it ended, it is no matter that the supervisor then died.
        let spoke = state.phase != Phase::Launching && facts.has_ended();
        // What an earlier recovery met may have been what ended the supervisor, too.
        let of_system = state.trouble.as_deref().is_some_and(tells_of_system);
        let by = if of_system { Interruption::System } else { Interruption::Loss };
        Ok(Self {
            prepared: read::read_json(&files.prepared())?,
            outcome: (!spoke).then_some(Outcome::Interrupted { by }),
            stopped: spoke.then_some(Stopped::Lingered),
            facts,
            duration: last_sign_of_life(files),
            ..Self::default()
        })
    }
}

/// How long claude ran at least: from its prompt to its last word.
pub fn last_sign_of_life(files: &RunPaths) -> Duration {
    let changed = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
    let times = changed(&files.prompt()).zip(changed(&files.output()));
    times.and_then(|(begun, last)| last.duration_since(begun).ok()).unwrap_or_default()
}
