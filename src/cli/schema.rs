//! `scheduler schema`: what agents.yaml may hold, for editors.

use super::Context;
use crate::domain::config;
use anyhow::Result;

/// Prints the JSON Schema of agents.yaml.
///
/// # Errors
/// Standard output can't be written.
pub fn run(context: &Context) -> Result<()> {
    context.line(config::SCHEMA.trim_end())
}
