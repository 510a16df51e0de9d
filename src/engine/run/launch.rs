//! Starts claude and puts its process on record.

mod flags;
mod mcp;

use super::context::{Run, RunError};
use super::{environment, instruct, session};
use crate::domain::last_answer;
use crate::domain::outcome::Outcome;
use crate::domain::role::MayChange;
use crate::domain::run::{Limits, Prepared, RUN_TAG};
use crate::domain::runner::files::{LaunchOrder, start_script};
use crate::domain::state::AgentState;
use crate::domain::tools;
use crate::exec::claude::{self, Launch, Process, StartError};
use crate::exec::environment::RunEnvironment;
use crate::exec::processes::{self, Family, Grace};
use crate::store::runs;
use crate::sys::atomic;
use std::path::PathBuf;

/// A run whose claude is at work.
#[derive(Debug)]
pub struct Launched {
    /// Where it works.
    pub prepared: Prepared,
    pub claude: Process,
}

pub fn launch(run: &Run<'_>, prepared: Prepared, state: &mut AgentState) -> Result<Launched, RunError> {
    run.unless_stopped()?;
    let launch = command(run, &prepared, environment::of(run, prepared.fork)?)?;
    let claude = claude::start(&launch).map_err(cannot_start)?;
    state.process = Some(claude.id.clone());
    if let Err(error) = run.save(state) {
        let tag = Some((RUN_TAG, run.id()));
        let family = Family { leader: Some(&claude.id), tag, own_descendants: processes::is_subreaper() };
        processes::end(&family, &Grace::on_demand());
        return Err(error.into());
    }
    Ok(Launched { prepared, claude })
}

/// Writes down what a keeper on another machine is to start; returns the script that starts the keeper there.
pub fn order(run: &Run<'_>, prepared: &Prepared, lease_seconds: u32) -> Result<PathBuf, RunError> {
    let launch = command(run, prepared, environment::elsewhere(run, prepared.fork)?)?;
    let settings = &run.assignment.settings;
    let order = LaunchOrder {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        run_id: run.id().to_owned(),
        agent: run.assignment.agent.clone(),
        root: run.project().root().to_owned(),
        state: run.agent.state(),
        git_dir: run.worktree.verify()?,
        argv: claude::command_line(&launch),
        argv_anew: launch.resumes.then(|| {
            let anew = Launch { session_id: run.id().to_owned(), resumes: false, ..launch.clone() };
            claude::command_line(&anew)
        }),
        environment: launch.environment.for_elsewhere(run.supervisor.environment, settings)?,
        worktree: launch.worktree,
        prompt: launch.prompt_file,
        output: launch.output_file,
        stderr: launch.stderr_file,
        limits: Limits::of(settings),
        lease_seconds,
        sandbox: settings.sandbox.mode,
    };
    runs::write_json(&run.files.launch(), &order)?;
    let script = start_script(run.supervisor.program, run.files.dir());
    atomic::write_program(&run.files.start(), script.as_bytes())?;
    Ok(run.files.start())
}

fn command(run: &Run<'_>, prepared: &Prepared, environment: RunEnvironment) -> Result<Launch, RunError> {
    let (assignment, settings) = (&run.assignment, &run.assignment.settings);
    let own_skills = instruct::has_own_skills(run);
    let mut tools = tools::of_run(assignment, prepared, own_skills, run.supervisor.program);
    if let Some(rules) = mcp::lay_out(run, prepared)? {
        tools.allowed.extend(rules);
        tools.mcp_config = Some(run.files.mcp());
        tools.mcp_servers = false;
    }
    if environment.confinement.is_some() {
        // What claude would confine its shell with needs what is refused here.
        tools.settings.insert("sandbox".to_owned(), serde_json::json!({ "enabled": false }));
    }
    let session = session::of(run);
    let known = flags::known(run, &settings.command, &environment);
    flags::tell_of_missing(run, &known)?;
    let writes = assignment.role.spec().may_change != MayChange::Nothing;
    Ok(Launch {
        form: last_answer::form(assignment.role),
        flags: known,
        command: settings.command.clone(),
        worktree: run.worktree.path().to_owned(),
        prompt_file: run.files.prompt(),
        output_file: run.files.output(),
        stderr_file: run.files.stderr(),
        resumes: session.goes_on(),
        session_id: session.id,
        model: settings.claude_model.clone(),
        fallback_model: settings.fallback_model.clone(),
        effort: settings.effort.clone(),
        claude_args: settings.claude_args.clone(),
        max_turns: settings.max_turns,
        max_budget_usd: settings.max_cost_usd,
        permission_mode: if writes { "acceptEdits" } else { "dontAsk" }.to_owned(),
        tools,
        environment,
    })
}

fn cannot_start(error: StartError) -> RunError {
    let everybody = !matches!(error, StartError::Other { .. });
    let message = match &error {
        StartError::NotFound { program } => format!(
            "{program} is not on PATH: install Claude Code, or add its folder to the PATH of the cron line, or name it \
             with `command` in agents.yaml"
        ),
        _ => error.to_string(),
    };
    RunError::Outcome(Outcome::launch_failed(message, everybody))
}
