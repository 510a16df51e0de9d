//! How far a pull request is on its way, and what keeps it.

use super::Explanation;
use crate::domain::gate::{Meta, title_of_pr};
use crate::domain::landing::Stage;
use crate::domain::name::Name;
use crate::domain::text::{cut, one_line};
use crate::domain::time::{self, Time};
use crate::engine::project::Project;
use crate::store::prs::Prs;
use crate::store::queue::Queue;
use anyhow::Result;

/// Explains the pull request that is called `PR-7`; `None` if none that is known is called so.
pub(super) fn explain(project: &Project, name: &Name, now: Time) -> Result<Option<Explanation>> {
    let number = name.as_str().to_ascii_uppercase().strip_prefix("PR-").and_then(|number| number.parse().ok());
    let Some(number) = number else { return Ok(None) };
    let Some(meta) = Prs::new(&project.paths).load(number)? else { return Ok(None) };
    let way = meta.landing.way.as_ref();
    let stands = way.map_or_else(|| meta.status.to_string(), ToString::to_string);
    let mut lines = Explanation::new(name, format!("{}: {stands}", title_of_pr(&meta)));
    let ago = |at: Time| format!("{} ago", time::between(at, now));
    for check in meta.checks() {
        let kind = if meta.required_checks.contains(check) { "required" } else { "optional" };
        lines.at(1, format!("{check}, {kind} of gatekeepers: {}", meta.word(check)));
    }
    for fix in meta.fix_tasks.iter().filter(|fix| !fix.withdrawn) {
        let state = Queue::new(&project.paths).whereabouts(&fix.task);
        let state = state.map_or("isn't there any more", |state| state.word());
        lines.at(1, format!("{} mends {}: {state}", fix.task, cut(&one_line(&fix.commit), 12)));
    }
    if let Some(updated) = &meta.landing.updated {
        lines.at(1, format!("{} was merged into it {}", one_line(&meta.base), ago(updated.at)));
    }
    if let Some(landed) = &meta.landing.landed {
        let base = one_line(&meta.base);
        lines.at(1, format!("{base} has it since {}, by {}", ago(landed.at), cut(&one_line(&landed.commit), 12)));
    }
    if let Some(failure) = &meta.failure {
        let (step, why) = (one_line(&failure.step), one_line(&failure.why));
        let again = time::local(failure.retry_at);
        lines.at(1, format!("GitHub refused something, at the step {step}: {why}; tried again after {again}"));
    }
    lines.at(1, remedy(&meta, way.map(|way| way.stage)));
    Ok(Some(lines))
}

fn remedy(meta: &Meta, stage: Option<Stage>) -> String {
    let number = meta.pr_number;
    match stage {
        Some(Stage::Landed) => "nothing to do".to_owned(),
        Some(Stage::Landing) => format!("`gh pr merge {number}` merges it now"),
        Some(Stage::Review) => format!("`gh pr review {number}` says what you think of it"),
        _ => format!("`scheduler pr show {number}` shows what its checks found"),
    }
}
