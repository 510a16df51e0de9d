//! `scheduler agent list`.

use crate::cli::status::screen;
use crate::cli::{Context, table};
use crate::engine::overview;
use anyhow::Result;

/// Lists every agent in one line each.
pub fn run(json: bool, context: &Context) -> Result<()> {
    let (project, _) = context.enter("agent list")?;
    let overview = overview::overview(&project, context.now)?;
    if json {
        return context.json(&serde_json::json!({ "agents": overview.agents }));
    }
    let mut rows = table::new(&["AGENT", "ROLE", "LAST RUN", "NOW"]);
    for agent in &overview.agents {
        let role = agent.role.clone().unwrap_or_else(|| "-".to_owned());
        rows.add_row([agent.name.as_str(), &role, &agent.last_run(context.now), &screen::at_present(agent)]);
    }
    context.line(table::text(&rows, context.width()))?;
    for problem in overview.problems {
        context.warn(problem);
    }
    Ok(())
}
