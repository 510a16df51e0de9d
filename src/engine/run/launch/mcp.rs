//! The MCP servers that the user gives an agent, where the agent's claude can read of them.

use crate::domain::mcp;
use crate::domain::run::Prepared;
use crate::domain::sandbox::expanded;
use crate::engine::run::context::{Run, RunError};
use crate::sys::{atomic, read};
use std::ffi::OsStr;
use std::path::Path;

/// Puts the user's file into the folder of the run; the rules that allow what its servers offer. None for a change from a
/// fork.
pub fn lay_out(run: &Run<'_>, prepared: &Prepared) -> Result<Option<Vec<String>>, RunError> {
    let Some(named) = run.assignment.settings.mcp_config.as_deref().filter(|_| !prepared.fork) else { return Ok(None) };
    let wrong = |why: String| RunError::launch(format!("mcp_config in agents.yaml, {named}: {why}"));
    let home = run.supervisor.environment.get(OsStr::new("HOME")).map(Path::new);
    let place = expanded(named, home).ok_or_else(|| wrong("there is no HOME".to_owned()))?;
    let text =
        read::read_linked_text(&run.project().root().join(place)).map_err(|error| wrong(format!("{error:#}")))?;
    let text = text.ok_or_else(|| wrong("there is no such file".to_owned()))?;
    let rules = mcp::rules(&text).map_err(wrong)?;
    atomic::write(&run.files.mcp(), text.as_bytes())?;
    Ok(Some(rules))
}
