//! Starts claude and puts its process on record.

use super::context::{Run, RunError};
use super::environment;
use crate::domain::outcome::Outcome;
use crate::domain::role::MayChange;
use crate::domain::run::{Prepared, RUN_TAG};
use crate::domain::state::AgentState;
use crate::domain::tools;
use crate::exec::claude::{self, Launch, Process, StartError};
use crate::exec::processes::{self, Family, Grace};

/// A run whose claude is at work.
#[derive(Debug)]
pub struct Launched {
    /// Where it works.
    pub prepared: Prepared,
    pub claude: Process,
}

pub fn launch(run: &Run<'_>, prepared: Prepared, state: &mut AgentState) -> Result<Launched, RunError> {
    run.unless_stopped()?;
    let claude = claude::start(&command(run, &prepared)?).map_err(cannot_start)?;
    state.process = Some(claude.id.clone());
    if let Err(error) = run.save(state) {
        let tag = Some((RUN_TAG, run.id()));
        let family = Family { leader: Some(&claude.id), tag, own_descendants: processes::is_subreaper() };
        processes::end(&family, &Grace::on_demand());
        return Err(error.into());
    }
    Ok(Launched { prepared, claude })
}

fn command(run: &Run<'_>, prepared: &Prepared) -> Result<Launch, RunError> {
    let (assignment, settings) = (&run.assignment, &run.assignment.settings);
    let environment = environment::of(run, prepared.fork)?;
    let mut tools = tools::of_run(assignment, prepared, run.supervisor.program);
    if environment.confinement.is_some() {
        // What claude would confine its shell with needs what is refused here.
        tools.settings.insert("sandbox".to_owned(), serde_json::json!({ "enabled": false }));
    }
    let writes = assignment.role.spec().may_change != MayChange::Nothing;
    Ok(Launch {
        command: settings.command.clone(),
        worktree: run.worktree.path().to_owned(),
        prompt_file: run.files.prompt(),
        output_file: run.files.output(),
        stderr_file: run.files.stderr(),
        session_id: run.id().to_owned(),
        model: settings.claude_model.clone(),
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
