//! `scheduler task`: add, list, show, retry, cancel.

mod add;
mod change;
mod look;

use super::Context;
use crate::domain::name::Name;
use anyhow::Result;

/// Arguments of `scheduler task`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Add a task to the queue
    #[command(
        after_help = "Example:\n  scheduler task add --title 'Validate input' --role implement --priority P1 \\\n    \
        --context 'The form accepts negative ages.' --criterion 'Negative ages are refused'"
    )]
    Add(add::Args),
    /// List the tasks
    #[command(after_help = "Example:\n  scheduler task list --json")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one task, where it is and what it waits for
    #[command(after_help = "Example:\n  scheduler task show TASK-a1b2c3d4")]
    Show {
        /// The task's id
        id: Name,
    },
    /// Give failed tasks, or one that is held, another try
    #[command(after_help = "Example:\n  scheduler task retry --all")]
    Retry {
        /// The task's id
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        id: Option<Name>,
        /// Every failed task that wasn't cancelled
        #[arg(long)]
        all: bool,
        /// Also beyond max_incoming
        #[arg(long)]
        force: bool,
    },
    /// Give up a task; a run that has it is stopped
    #[command(after_help = "Example:\n  scheduler task cancel TASK-a1b2c3d4 --reason 'Not needed any more'")]
    Cancel {
        /// The task's id
        id: Name,
        /// Why; stands in the task's file
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// Runs one of the commands.
pub fn run(command: &Command, context: &Context) -> Result<()> {
    match command {
        Command::Add(args) => add::run(args, context),
        Command::List { json } => look::list(*json, context),
        Command::Show { id } => look::show(id, context),
        Command::Retry { id, force, .. } => change::retry(id.as_ref(), *force, context),
        Command::Cancel { id, reason } => change::cancel(id, reason, context),
    }
}
