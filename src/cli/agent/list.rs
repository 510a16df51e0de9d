//! `scheduler agent list`.

use crate::cli::Context;
use crate::cli::status::screen;
use crate::engine::overview;
use anyhow::Result;

/// Lists every agent in one line each.
pub fn run(json: bool, context: &Context) -> Result<()> {
    let (project, _) = context.enter("agent list")?;
    let overview = overview::overview(&project, context.now)?;
    if json {
        return context.json(&serde_json::json!({ "agents": overview.agents }));
    }
    context.lines(&screen::agents(&overview, context.width(), usize::MAX))?;
    for problem in overview.problems {
        context.warn(problem);
    }
    Ok(())
}
