//! `scheduler task`: add, list, show, retry, cancel.

mod add;
mod list;
mod show;

use super::completions::Source;
use super::{Context, config, usage};
use crate::domain::name::Name;
use crate::domain::task::TaskState;
use crate::domain::text::one_line;
use crate::engine::retry::{Retried, Retry};
use crate::engine::{cancel, configuration, machine};
use crate::store::queue::Queue;
use anyhow::Result;

/// Arguments of `scheduler task`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Add a task to the queue
    #[command(after_help = "Examples:\n  scheduler task add 'Validate input'\n  \
        scheduler task add 'Validate input' --priority P1 \\\n    \
        --context 'The form accepts negative ages.' \\\n    --criterion 'Negative ages are refused'")]
    Add(add::Args),
    /// List the tasks
    #[command(after_help = "Examples:\n  scheduler task list --state failed\n  scheduler task list --json")]
    List(list::Args),
    /// Show one task, where it is and what it waits for
    #[command(after_help = "Example:\n  scheduler task show TASK-a1b2c3d4")]
    Show {
        /// The task's id
        #[arg(add = Source::Task(&TaskState::ALL))]
        id: Name,
    },
    /// Retry failed or held tasks
    #[command(after_help = "Example:\n  scheduler task retry --all")]
    Retry {
        /// The task's id
        #[arg(required_unless_present = "all", conflicts_with = "all", add = Source::TaskToRetry)]
        id: Option<Name>,
        /// Every failed task that wasn't cancelled
        #[arg(long)]
        all: bool,
        /// Also beyond max_incoming
        #[arg(long)]
        force: bool,
    },
    /// Cancel a task and stop its run
    #[command(after_help = "Example:\n  scheduler task cancel TASK-a1b2c3d4 --reason 'Not needed any more'")]
    Cancel {
        /// The task's id
        #[arg(add = Source::Task(&[TaskState::Incoming, TaskState::Claimed]))]
        id: Name,
        /// Why; it is written into the task's file
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// Runs one of the commands.
pub fn run(command: &Command, context: &Context) -> Result<()> {
    match command {
        Command::Add(args) => add::run(args, context),
        Command::List(args) => list::run(args, context),
        Command::Show { id } => show::run(id, context),
        Command::Retry { id, force, .. } => retry(id.as_ref(), *force, context),
        Command::Cancel { id, reason } => cancel(id, reason, context),
    }
}

fn retry(id: Option<&Name>, force: bool, context: &Context) -> Result<()> {
    let (project, _) = context.enter("task retry")?;
    machine::refuse_elsewhere(&project.paths)?;
    let limit = if force { None } else { Some(config::read(&project)?.queue_limits.max_incoming.get()) };
    let budget = configuration::task_budget(&project.paths);
    let retry = Retry { queue: Queue::new(&project.paths), limit, budget, now: context.now };
    let done = |id: &Name, what: Retried| {
        let what = match what {
            Retried::BackInIncoming => "back in incoming",
            Retried::Released => "waits for nothing any more",
            Retried::LeftAlone => "was cancelled, left alone",
        };
        context.line(format!("{id}: {what}"))
    };
    if let Some(id) = id {
        let (id, what) = retry.one(id)?;
        return done(&id, what);
    }
    let count = retry.all(&mut |id, what| match what {
        Ok(what) => done(id, what),
        Err(why) => {
            context.warn(why);
            Ok(())
        }
    })?;
    if count == 0 { context.line("no failed or held task to retry") } else { Ok(()) }
}

fn cancel(id: &Name, reason: &str, context: &Context) -> Result<()> {
    let (project, _) = context.enter("task cancel")?;
    let reason = one_line(reason);
    if reason.is_empty() {
        return Err(usage("--reason must say why"));
    }
    let cancelled = cancel::cancel(&project, id, &reason, context.now)?;
    context.line(format!("{}: cancelled", cancelled.id))?;
    cancelled.stopping.iter().try_for_each(|agent| context.line(format!("{agent}: its run is being stopped")))
}
