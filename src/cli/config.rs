//! agents.yaml for commands: read whole, or refused with the line to mend.

use super::tick::misconfigured;
use crate::domain::config::Config;
use crate::engine::configuration;
use crate::engine::project::Project;
use anyhow::Result;

/// The configuration.
///
/// # Errors
/// The file can't be read, or something in it is wrong (exit code 2).
pub fn read(project: &Project) -> Result<Config> {
    match configuration::read(&project.paths)?.understand() {
        Ok((config, _)) => Ok(config),
        Err(problems) => Err(misconfigured(project, &problems)),
    }
}
