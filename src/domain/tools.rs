//! Which of claude's tools a run has, and what watches over them.

use super::role::NOT_FOR_RUNS;
use super::run::Assignment;
use super::shell;
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

/// The tools of a run, which may be one on a change `of_fork`; `program` is this program.
pub fn of_run(assignment: &Assignment, of_fork: bool, program: &Path) -> Tools {
    let (spec, configured) = (assignment.role.spec(), assignment.settings.allowed_tools.as_deref());
    let owned = |tools: &[&str]| tools.iter().map(|tool| (*tool).to_owned()).collect::<Vec<_>>();
    let mut allowed = if of_fork {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::gate::DueCheck;
    use crate::domain::job::Job;
    use crate::domain::{config, time};

    fn of(role: &str, configured: Option<&[&str]>, fork: bool) -> Tools {
        let (config, _) = config::read(&format!("agents:\n  - name: a\n    role: {role}\n")).unwrap();
        let worktrees = config.worktrees();
        let mut agent = config.agents.into_iter().next().unwrap();
        agent.settings.allowed_tools = configured.map(|tools| tools.iter().map(|tool| (*tool).to_owned()).collect());
        let (commit, check) = ("c".to_owned(), "lint".parse().unwrap());
        let assignment = Assignment {
            run_id: "r".to_owned(),
            agent: agent.name,
            role: agent.role,
            focus: None,
            ports: None,
            job: Job::Check(DueCheck { pr: 1, commit, check, attempt: 1, fork }),
            assigned_at: time::parse("2026-01-15T10:00:00Z").unwrap(),
            settings: agent.settings,
            test_paths: Vec::new(),
            worktrees,
            remote: None,
            max_incoming: 20,
            draft_pull_requests: false,
            gatekeeper: config.gatekeeper,
            debug: false,
        };
        of_run(&assignment, fork, Path::new("/bin/my scheduler"))
    }

    #[test]
    fn a_fork_is_read_and_never_run_whatever_is_configured() {
        for (role, configured) in
            [("gatekeeper", None), ("gatekeeper", Some(["Bash", "Monitor"].as_slice())), ("reviewer", None)]
        {
            let tools = of(role, configured, true);
            assert_eq!(tools.allowed[..4], ["Read(./**)", "Glob", "Grep", "Skill"]);
            assert!(tools.allowed[4..].iter().all(|tool| tool.starts_with("Bash(scheduler ")), "{tools:?}");
        }
        assert!(of("gatekeeper", Some(&["Bash"]), false).allowed.contains(&"Bash".to_owned()));
    }

    #[test]
    fn a_confined_role_has_a_guard_until_its_tools_are_configured() {
        for (role, configured, confined) in
            [("curator", None, true), ("curator", Some(["Bash"].as_slice()), false), ("implementer", None, false)]
        {
            let tools = of(role, configured, false);
            assert_eq!((tools.only.is_empty(), tools.settings.is_none()), (!confined, !confined), "{role}");
            let settings = tools.settings.unwrap_or_default();
            assert!(!confined || settings.contains("'/bin/my scheduler' guard curator || exit 2"), "{settings}");
        }
    }

    #[test]
    fn what_does_not_go_with_a_run_must_be_named() {
        assert_eq!(of("implementer", None, false).disallowed, NOT_FOR_RUNS);
        assert!(!of("implementer", Some(&["Monitor"]), false).disallowed.contains(&"Monitor".to_owned()));
    }
}
