//! What a run's processes find in their environment: who and where they are, and what is configured.

use super::confinement;
use super::context::{Run, RunError};
use crate::domain::request::REQUESTS;
use crate::domain::run::RUN_TAG;
use crate::domain::sandbox::profile;
use crate::domain::{secrets, shell};
use crate::exec::confine::Confiner;
use crate::exec::environment::RunEnvironment;
use crate::sys::atomic;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::Path;

/// The environment of everything that a run starts in its worktree; the user's credentials are for no change `of_fork`.
pub fn of(run: &Run<'_>, of_fork: bool) -> Result<RunEnvironment, RunError> {
    confined(run, of_fork, confinement::of(run)?)
}

/// The same of what it starts on another machine.
pub fn elsewhere(run: &Run<'_>, of_fork: bool) -> Result<RunEnvironment, RunError> {
    confined(run, of_fork, confinement::elsewhere(run)?)
}

fn confined(run: &Run<'_>, of_fork: bool, confinement: Option<Confiner>) -> Result<RunEnvironment, RunError> {
    let (settings, inherited) = (&run.assignment.settings, &run.supervisor.environment);
    let gh = run.agent.gh_config();
    atomic::ensure_dir(&gh)?;
    let allow_network_git = settings.allow_network_git && !of_fork;
    let names: Vec<_> = inherited.keys().map(|name| name.to_string_lossy()).collect();
    let places = confinement.iter().flat_map(|_| profile::variables(&run.agent.tmp(), &run.agent.cache()));
    let own = run.supervisor.program.parent().unwrap_or(Path::new("/")).to_owned();
    let mut path_first = vec![own];
    if confinement.is_some() {
        let search_path = inherited.get(OsStr::new("PATH")).map(|path| path.to_string_lossy()).unwrap_or_default();
        path_first.insert(0, confinement::programs(run, &search_path)?);
    }
    // Last: what is configured can't lead the agent elsewhere.
    let requests = (REQUESTS.to_owned(), run.files.requests().display().to_string());
    Ok(RunEnvironment {
        env: places.chain(variables(run)).chain([requests]).collect(),
        withheld: secrets::withheld(&names, &settings.pass_env, allow_network_git)
            .chain(names.iter().map(AsRef::as_ref).filter(|name| settings.billing.withholds(name)))
            .map(Into::into)
            .collect(),
        path: inherited.get(OsStr::new("PATH")).cloned(),
        path_first,
        tag: (RUN_TAG.to_owned(), run.id().to_owned()),
        allow_network_git,
        empty_gh_config: gh,
        excludes_file: run.worktree.excludes_file(),
        identity: run.worktree.git().fallback_identity()?,
        ceiling: confinement.as_ref().map(|_| run.agent.dir().to_owned()),
        confinement,
    })
}

/// The variables of a run, in the order in which they are set.
pub fn variables(run: &Run<'_>) -> Vec<(String, String)> {
    let (paths, assignment) = (run.paths(), &run.assignment);
    let text = |path: &Path| path.display().to_string();
    let checked = assignment.job.check().map(|due| due.pr);
    let number = checked.or(run.task().and_then(|task| task.pr));
    let port =
        |port: fn(&crate::domain::ports::Ports) -> u16| assignment.ports.as_ref().map(|ports| port(ports).to_string());
    let all = [
        ("AGENT_NAME", Some(assignment.agent.to_string())),
        ("AGENT_ID", Some(assignment.position.to_string())),
        ("AGENT_ROLE", Some(assignment.role_name().to_owned())),
        ("RUN_ID", Some(assignment.run_id.clone())),
        ("PARENT_PROJECT", Some(text(paths.root()))),
        ("WORKTREE", Some(text(run.worktree.path()))),
        ("SHARED_DIR", Some(text(&paths.shared()))),
        ("ORCHESTRATOR_DIR", Some(text(paths.dot()))),
        ("AGENT_FOCUS", assignment.focus.as_ref().map(ToString::to_string)),
        ("TASK_ID", assignment.job.task().map(ToString::to_string)),
        ("PR_NUMBER", number.map(|number| number.to_string())),
        ("AGENT_DEV_PORT", port(|ports| ports.dev)),
        ("AGENT_MCP_PORT", port(|ports| ports.mcp)),
        ("AGENT_PW_WS_PORT", port(|ports| ports.playwright)),
        ("ORCHESTRATOR_DEBUG", assignment.debug.then(|| "1".to_owned())),
    ];
    let own = all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let settings = &assignment.settings;
    own.chain(settings.env.clone().into_iter().filter(|(name, _)| !settings.billing.withholds(name))).collect()
}

/// The same for the user to source. What marks the run's own processes is left out.
pub fn env_sh(run: &Run<'_>) -> String {
    let mut text = "# The environment of this agent's last run, to be sourced in a shell.\n".to_owned();
    for (name, value) in variables(run) {
        if name != "RUN_ID" {
            let _ = writeln!(text, "export {name}={}", shell::word(&value));
        }
    }
    text
}
