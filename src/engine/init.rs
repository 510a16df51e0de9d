//! What `scheduler init` makes of a git repository: found out first, checked as a whole, then made.
//!
//! What the user wrote is never changed, `.gitignore` only added to; what an earlier version installed, or the Python system,
//! and nobody has changed since, is brought up to date.

pub mod claude_md;
mod gitignore;
mod place;
mod plan;
mod python;
mod skills;

pub use gitignore::hides_configuration;
pub use place::find;
pub use plan::{Choices, Plan};
pub use python::PythonSystem;
#[cfg(test)]
pub use skills::SKILLS;

use super::configuration;
use crate::domain::config::{Agent, Config};
use crate::domain::remote::Chosen;
use crate::domain::schedule::{AgentView, Decision, Snapshot, Standing, decide};
use crate::domain::state::AgentState;
use crate::domain::time::Time;
use crate::exec::git::Git;
use crate::exec::remote::Remotes;
use crate::store::paths::Paths;
use anyhow::Result;
use std::path::Path;

/// Why agents neither fetch nor push though there are remotes, and what to do.
///
/// # Errors
/// agents.yaml can't be read, or git can't be asked.
pub fn unclear_remote(root: &Path) -> Result<Option<(String, &'static str)>> {
    let config = configuration::read(&Paths::new(root))?.understand().ok();
    let wanted = config.as_ref().and_then(|(config, _)| config.remote.as_deref());
    let chosen = Remotes::read(&Git::at(root), wanted)?.chosen;
    Ok(chosen.problem().filter(|_| chosen != Chosen::None))
}

/// The agents that a tick starts in a project without tasks.
pub fn first_starts(config: &Config, now: Time) -> Vec<&Agent> {
    let fresh = AgentView { standing: Standing::Free, state: AgentState::default() };
    let snapshot = Snapshot { agents: vec![fresh.into(); config.agents.len()], ..Snapshot::default() };
    let decisions = decide(config, &snapshot, now);
    let starting = decisions.iter().zip(&config.agents).filter(|(decision, _)| matches!(decision, Decision::Start(_)));
    starting.map(|(_, agent)| agent).collect()
}
