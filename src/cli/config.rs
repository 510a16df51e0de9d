//! agents.yaml for commands: read whole, or refused with the line to mend.

use super::tick::misconfigured;
use crate::{
    domain::config::{self, Config},
    engine::project::Project,
    store::read,
};
use anyhow::Result;

/// The configuration.
///
/// # Errors
/// The file can't be read, or something in it is wrong (exit code 2).
pub fn read(project: &Project) -> Result<Config> {
    let text = read::read_linked_text(&project.paths.config())?.unwrap_or_default();
    match config::read(&text) {
        Ok((config, _)) => Ok(config),
        Err(problems) => Err(misconfigured(project, &problems)),
    }
}
