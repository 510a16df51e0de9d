//! `scheduler task add`.

use crate::{
    cli::{
        Context,
        caller::{Access, authorize},
        config, input, usage,
    },
    domain::{
        name::Name,
        role::{Role, TaskRole},
        task::{NewTask, Priority},
        text::one_line,
    },
    engine::project::Project,
    exec::{git::Git, start_point},
    store::queue::{AddError, Queue},
};
use anyhow::{Result, bail};

/// The longest title, in characters.
const MAX_TITLE: usize = 1_000;

/// Arguments of `scheduler task add`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What is to be done, in one line
    #[arg(long, allow_hyphen_values = true)]
    title: String,
    /// Who carries it out: implement, test or review
    #[arg(long)]
    role: TaskRole,
    /// How urgent it is: P0, P1 or P2
    #[arg(long, default_value = "P2")]
    priority: Priority,
    /// The branch to start from and to merge into
    #[arg(long, allow_hyphen_values = true)]
    branch: Option<String>,
    /// Background and motivation, markdown
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, conflicts_with = "context_file")]
    context: Option<String>,
    /// The same from a file; - for standard input
    #[arg(long, value_name = "F")]
    context_file: Option<String>,
    /// What must hold when it is done; repeatable
    #[arg(long = "criterion", value_name = "TEXT", allow_hyphen_values = true)]
    criteria: Vec<String>,
    /// A task that must be done before; repeatable
    #[arg(long, value_name = "ID")]
    blocked_by: Vec<Name>,
    /// Add it also beyond max_incoming
    #[arg(long)]
    force: bool,
}

/// Adds a task, below the queue's limit.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let project = Project::find(&context.dir)?;
    let caller = authorize(context, &project, "task add", Access::Write)?;
    if args.force && caller.agent().is_some() {
        bail!("only a person may add a task beyond max_incoming");
    }
    let title = one_line(&args.title);
    if title.is_empty() || title.chars().count() > MAX_TITLE {
        return Err(usage(format!("--title must have 1 to {MAX_TITLE} characters")));
    }
    if let Some(branch) = &args.branch
        && !start_point::is_branch_name(&Git::in_repository(&project.common_dir), branch)?
    {
        return Err(usage(format!("--branch {branch:?} is not a branch name")));
    }
    let queue = Queue::new(&project.paths);
    for id in &args.blocked_by {
        if queue.find(id)?.is_none() {
            return Err(usage(format!("--blocked-by {id}: there is no such task; see `scheduler task list`")));
        }
    }
    let config = config::read(&project)?;
    let new = NewTask {
        title,
        role: args.role,
        priority: args.priority,
        branch: args.branch.clone(),
        context: input::text(args.context.as_deref(), args.context_file.as_deref())?.unwrap_or_default(),
        criteria: args.criteria.clone(),
        files: Vec::new(),
        blocked_by: args.blocked_by.clone(),
        created_by: caller.name(),
        pr: None,
        proposal: None,
    };
    let limit = (!args.force).then_some(config.queue_limits.max_incoming);
    let added = match queue.add(&new, limit, context.now) {
        Ok(added) => added,
        Err(full @ AddError::Full { .. }) => {
            bail!("{full}; wait until tasks are done, raise the limit in agents.yaml, or use --force")
        }
        Err(AddError::Failed(error)) => return Err(error),
    };
    context.line(format!("{}: {}", added.id, added.path.display()))?;
    let claims = |role: Role| role.spec().claims == Some(args.role);
    if !config.agents.iter().any(|agent| claims(agent.role) && !agent.paused) {
        context.warn(format!("no agent in agents.yaml claims {} tasks", args.role));
    }
    Ok(())
}
