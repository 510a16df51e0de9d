//! Which of claude's tools a run has, and what watches over them.

use crate::domain::{role::NOT_FOR_RUNS, run::Assignment, shell};
use std::path::Path;

/// The tools of one run.
#[derive(Debug, PartialEq)]
pub struct Tools {
    /// Those that need no permission: Read, Skill, the role's or the configured ones, and the role's commands.
    pub allowed: Vec<String>,
    /// All that there are, for a role that is confined to them; empty: claude's usual ones.
    pub only: Vec<String>,
    /// Those that don't go with a run, unless the configuration allows one by name.
    pub disallowed: Vec<String>,
    /// Settings that have every line for the shell checked first. Whatever goes wrong with that, the line doesn't run.
    pub settings: Option<String>,
}

/// The tools of a run; `program` is this program.
pub fn tools(assignment: &Assignment, program: &Path) -> Tools {
    let (spec, configured) = (assignment.role.spec(), assignment.settings.allowed_tools.as_deref());
    let owned = |tools: &[&str]| tools.iter().map(|tool| (*tool).to_owned()).collect::<Vec<_>>();
    let mut allowed = if is_of_fork(assignment) {
        // What reads inside the worktree and runs nothing, whatever is configured.
        owned(&["Read(./**)", "Glob", "Grep", "Skill"])
    } else {
        let tools = configured.map_or_else(|| owned(spec.tools), <[String]>::to_vec);
        owned(&["Read", "Skill"]).into_iter().chain(tools).collect()
    };
    allowed.extend(spec.commands.iter().map(|command| format!("Bash(scheduler {command}:*)")));
    // Who has widened the tools of a role has lifted its confinement.
    let confined = spec.confined && configured.is_none();
    let unwanted = |tool: &&str| !configured.unwrap_or_default().iter().any(|own| own == tool);
    Tools {
        allowed,
        only: if confined { owned(&["Read", "Skill", "Bash"]) } else { Vec::new() },
        disallowed: NOT_FOR_RUNS.into_iter().filter(unwanted).map(str::to_owned).collect(),
        settings: confined.then(|| {
            let program = shell::word(&program.display().to_string());
            let command = format!("{program} guard {} || exit 2", assignment.role);
            let hook = serde_json::json!({"type": "command", "command": command, "timeout": 30});
            serde_json::json!({"hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": [hook]}]}}).to_string()
        }),
    }
}

/// Whether the run checks a pull request from a fork.
pub fn is_of_fork(assignment: &Assignment) -> bool {
    assignment.job.check().is_some_and(|due| due.fork)
}
