//! `scheduler pause` and `scheduler resume`: the marker file while which nothing starts. Runs under way go on to their end.

use super::Context;
use crate::domain::text::one_line;
use crate::domain::time;
use crate::store::marker;
use anyhow::Result;

/// Sets the marker; what is under way goes on, and is still collected.
pub fn pause(reason: Option<&str>, context: &Context) -> Result<()> {
    let (project, _) = context.enter("pause")?;
    let path = project.paths.paused_marker();
    let reason = one_line(reason.unwrap_or_default());
    let text = format!("{} {reason}", time::to_text(context.now)).trim_end().to_owned() + "\n";
    if marker::set(&path, &text)? {
        return context.line("paused: nothing starts until `scheduler resume`; runs under way continue to their end");
    }
    if !reason.is_empty() {
        marker::replace(&path, &text)?;
        return context.line("was paused already; the reason was replaced");
    }
    context.line("was paused already")
}

/// Takes the marker away.
pub fn resume(context: &Context) -> Result<()> {
    let (project, _) = context.enter("resume")?;
    let said = if marker::clear(&project.paths.paused_marker())? {
        "resumed: the next tick starts what is due"
    } else {
        "was not paused"
    };
    context.line(said)?;
    match super::config::read(&project) {
        Ok(config) if config.paused => {
            context.line("but agents.yaml says `paused: true`: nothing starts until that is gone")
        }
        _ => Ok(()),
    }
}
