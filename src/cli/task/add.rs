//! `scheduler task add`.

use crate::cli::completions::Source;
use crate::cli::input::Given;
use crate::cli::{Context, config, enqueue, input, usage};
use crate::domain::name::Name;
use crate::domain::task::{NewTask, Priority, TaskState};
use crate::store::queue::Queue;
use anyhow::{Result, bail};

/// The longest title, in characters.
const MAX_TITLE: usize = 1_000;

/// Arguments of `scheduler task add`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What is to be done, in one line
    #[arg(value_name = "TITLE", required_unless_present = "title_option")]
    title: Option<String>,
    /// The same as an option, for titles that begin with a hyphen
    #[arg(
        long = "title",
        id = "title_option",
        value_name = "TITLE",
        allow_hyphen_values = true,
        conflicts_with = "title"
    )]
    title_option: Option<String>,
    /// Who carries it out: implement, test, review, or what a role in agents.yaml claims
    #[arg(long, default_value = "implement", add = Source::TaskRole)]
    role: String,
    /// How urgent it is
    #[arg(long, default_value = "P2", ignore_case = true)]
    priority: Priority,
    /// The branch to start from and to merge into
    #[arg(long, allow_hyphen_values = true)]
    branch: Option<String>,
    /// The pull request that it goes on with, by its number
    #[arg(long, value_name = "NUMBER", conflicts_with = "branch", value_parser = clap::value_parser!(u64).range(1..), add = Source::PullRequest)]
    pr: Option<u64>,
    /// Background and motivation, markdown
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, conflicts_with = "context_file")]
    context: Option<String>,
    /// The same from a file; - for standard input
    #[arg(long, value_name = "F", value_parser = Given::file, add = Source::File)]
    context_file: Option<Given>,
    /// An acceptance criterion; repeatable
    #[arg(long = "criterion", value_name = "TEXT", allow_hyphen_values = true)]
    criteria: Vec<String>,
    /// A task that must be done before; repeatable
    #[arg(long, value_name = "ID", add = Source::Task(&[TaskState::Incoming, TaskState::Claimed]))]
    blocked_by: Vec<Name>,
    /// Add it also beyond max_incoming
    #[arg(long)]
    force: bool,
}

/// Adds a task, below the queue's limit.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let (project, caller) = context.enter("task add")?;
    if args.force && caller.agent().is_some() {
        bail!("only the user may add a task beyond max_incoming");
    }
    let title = args.title.as_ref().or(args.title_option.as_ref());
    let title = input::line("--title", title.map_or("", String::as_str), MAX_TITLE)?;
    enqueue::check_branch(&project, args.branch.as_deref())?;
    let queue = Queue::new(&project.paths);
    let mut blocked_by = Vec::new();
    for id in &args.blocked_by {
        let unknown = || usage(format!("--blocked-by {id}: there is no such task; see `scheduler task list`"));
        blocked_by.push(queue.called(id)?.ok_or_else(unknown)?.id);
    }
    let background = match &args.context_file {
        Some(file) => file.strict(context)?,
        None => args.context.clone().unwrap_or_default(),
    };
    let config = config::read(&project)?;
    let (role, for_role) = config.task_role(&args.role).map_err(|why| usage(format!("--role: {why}")))?;
    let new = NewTask {
        title,
        role,
        for_role,
        priority: args.priority,
        branch: args.branch.clone(),
        context: background,
        criteria: args.criteria.clone(),
        blocked_by,
        pr: args.pr,
        created_by: caller.name(),
        ..NewTask::default()
    };
    let limit = (!args.force).then_some(config.queue_limits.max_incoming.get());
    let added = queue.add(&new, limit, context.now).map_err(enqueue::refusal)?;
    context.line(format!("{}: {}", added.id, added.path.display()))?;
    enqueue::warn_if_unclaimed(context, &config, &args.role);
    Ok(())
}
