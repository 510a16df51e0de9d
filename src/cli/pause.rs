//! `scheduler pause` and `scheduler resume`: the marker file while which nothing starts. Runs under way go on to their end.

use super::Context;
use crate::engine::pause::{self, Paused};
use anyhow::Result;

/// Sets the marker; what is under way goes on, and is still collected.
pub fn pause(reason: Option<&str>, context: &Context) -> Result<()> {
    let (project, _) = context.enter("pause")?;
    context.line(match pause::pause(&project.paths, reason.unwrap_or_default(), context.now)? {
        Paused::Now => "paused: nothing starts until `scheduler resume`; runs under way continue to their end",
        Paused::Replaced => "was paused already; the reason was replaced",
        Paused::Already => "was paused already",
    })
}

/// Takes the marker away.
pub fn resume(context: &Context) -> Result<()> {
    let (project, _) = context.enter("resume")?;
    let said =
        if pause::resume(&project.paths)? { "resumed: the next tick starts what is due" } else { "was not paused" };
    context.line(said)?;
    match super::config::read(&project) {
        Ok(config) if config.paused => {
            context.line("but agents.yaml says `paused: true`: nothing starts until that is gone")
        }
        _ => Ok(()),
    }
}
