//! The commands: their arguments, and the only place that prints.

mod context;
mod init;

pub use context::{Context, NOW_VARIABLE, Usage, usage};

use clap::{Parser, Subcommand};
use std::{io, path::PathBuf, process::ExitCode};

/// Lets several Claude Code agents work on one git repository.
///
/// Without a command it does one tick: collect what has finished, start the agents that are due, exit.
#[derive(Debug, Parser)]
#[command(
    version,
    max_term_width = 100,
    after_help = "Exit codes: 0 done or nothing to do, 1 failed, 2 usage or configuration."
)]
pub struct Cli {
    /// Write what is decided, and why, to .orchestrator/logs/
    #[arg(long, global = true)]
    debug: bool,
    /// Print what this tick would do, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Find the project from DIR instead of the working directory
    #[arg(short = 'C', value_name = "DIR", global = true)]
    dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Args),
}

/// Runs the command line; the result is the exit code of the process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error),
    }
}

fn run(cli: &Cli) -> anyhow::Result<()> {
    let context = Context::new(cli.dir.as_deref(), cli.debug)?;
    match &cli.command {
        Some(Command::Init(args)) => init::run(args, &context),
        None => Ok(()),
    }
}

/// The one place that maps errors to words and exit codes.
fn report(error: &anyhow::Error) -> ExitCode {
    let broken_pipe = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(broken_pipe) {
        return ExitCode::SUCCESS;
    }
    #[expect(clippy::print_stderr, reason = "errors are told on stderr")]
    {
        eprintln!("scheduler: {error:#}");
    }
    ExitCode::from(if error.is::<Usage>() { 2 } else { 1 })
}
