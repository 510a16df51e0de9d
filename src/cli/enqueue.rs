//! What every command that makes a task checks and says, wherever the task comes from. It adds none itself.

use super::{Context, usage};
use crate::domain::config::{Agent, Config};
use crate::engine::project::Project;
use crate::exec::git::Git;
use crate::exec::start_point;
use crate::store::queue::AddError;
use anyhow::{Error, Result, anyhow};

/// Refuses a `--branch` that can't name a branch; the branch itself may still be to come.
///
/// # Errors
/// It is no branch name; git fails.
pub fn check_branch(project: &Project, branch: Option<&str>) -> Result<()> {
    let Some(branch) = branch else { return Ok(()) };
    if !start_point::is_branch_name(&Git::in_repository(&project.common_dir), branch)? {
        return Err(usage(format!("--branch {branch:?} is not a branch name")));
    }
    Ok(())
}

/// The error for a task that was not added, with what the user can do.
pub fn refusal(error: AddError) -> Error {
    match error {
        full @ AddError::Full { .. } => {
            anyhow!("{full}; wait until tasks are done, raise the limit in agents.yaml, or use --force")
        }
        AddError::Failed(error) => error,
    }
}

/// Warns of a task that no agent will claim.
pub fn warn_if_unclaimed(context: &Context, config: &Config, role: &str) {
    let claims = |agent: &Agent| agent.claims().is_some_and(|claims| claims.as_str().eq_ignore_ascii_case(role));
    if !config.agents.iter().any(|agent| claims(agent) && !agent.paused) {
        context.warn(format!("no agent in agents.yaml claims {role} tasks"));
    }
}
