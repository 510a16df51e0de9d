//! `scheduler agent list`.

use crate::{
    cli::{
        Context,
        caller::{Access, authorize},
        table,
    },
    domain::text::cut,
    engine::{overview, project::Project},
};
use anyhow::Result;

/// Lists every agent in one line each.
pub fn run(json: bool, context: &Context) -> Result<()> {
    let project = Project::find(&context.dir)?;
    authorize(context, &project, "agent list", Access::Read)?;
    let overview = overview::overview(&project, context.now)?;
    if json {
        return context.json(&overview.agents);
    }
    let mut rows = table::new(&["AGENT", "ROLE", "LAST RUN", "NOW"]);
    for agent in &overview.agents {
        let role = agent.role.map_or_else(|| "-".to_owned(), |role| role.to_string());
        rows.add_row([&cut(agent.name.as_str(), 24), &role, &agent.last_run(context.now), &cut(&agent.brief, 40)]);
    }
    context.line(rows)?;
    for problem in overview.problems {
        context.warn(problem);
    }
    Ok(())
}
