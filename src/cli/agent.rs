//! `scheduler agent`: who works here, and how that is changed.

mod list;
mod stop;

use super::Context;
use crate::domain::name::Name;
use anyhow::Result;

/// Arguments of `scheduler agent`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the agents with what each does now, or why it doesn't start
    #[command(after_help = "Example:\n  scheduler agent list --json")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// End the run of an agent: its work is saved, its task goes back, the attempt doesn't count
    #[command(after_help = "Example:\n  scheduler agent stop impl-1")]
    Stop {
        /// The agent
        name: Name,
    },
}

/// Runs one of the commands.
pub fn run(command: &Command, context: &Context) -> Result<()> {
    match command {
        Command::List { json } => list::run(*json, context),
        Command::Stop { name } => stop::run(name, context),
    }
}
