//! `scheduler agent`: who works here, and how that is changed.

mod list;

use super::Context;
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
}

/// Runs one of the commands.
pub fn run(command: &Command, context: &Context) -> Result<()> {
    match command {
        Command::List { json } => list::run(*json, context),
    }
}
