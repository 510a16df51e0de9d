//! The commands: their arguments, and the only place that prints.

mod adopt;
mod agent;
mod answer;
mod check;
mod completions;
mod config;
mod configure;
mod confine;
mod context;
mod cost;
mod demo;
mod doctor;
mod enqueue;
mod guard;
mod init;
mod input;
mod install;
mod internal;
mod keep;
mod limits;
mod logs;
mod man;
mod message;
mod pause;
mod pr;
mod probe;
mod prompt;
mod proposal;
mod report;
mod request;
mod review;
mod said;
mod schema;
mod status;
mod supervise;
mod table;
mod task;
mod tick;
mod top;
mod trust;
mod view;
mod why;

pub use context::{Context, NOW_VARIABLE, Usage, usage};

use crate::domain::text::printable;
use crate::exec::confine::{NOT_STARTED, NotStarted};
use anyhow::Result;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use completions::Source;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

/// Lets several Claude Code agents work on one git repository.
///
/// Without a command it runs one tick: collect what has finished, start the agents that are due, exit.
#[derive(Debug, Parser)]
#[command(
    version,
    max_term_width = 100,
    after_help = "Exit codes: 0 done or nothing to do, 1 failed, 2 usage or configuration.\n\n\
        Examples:\n  scheduler init\n  scheduler --dry-run\n  scheduler"
)]
pub struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What stands before a command, or alone for a tick.
#[derive(Debug, clap::Args)]
struct Options {
    /// Write what is decided, and why, to .orchestrator/logs/
    #[arg(long, global = true, help_heading = "Global options")]
    debug: bool,
    /// Print what this tick would do, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Find the project from DIR instead of the working directory
    #[arg(short = 'C', value_name = "DIR", global = true, help_heading = "Global options", add = Source::Folder)]
    dir: Option<PathBuf>,
}

/// A tick, as cron starts it every minute: defining all the commands would take longer than the tick itself.
#[derive(Debug, Parser)]
#[command(disable_help_flag = true)]
struct Tick {
    #[command(flatten)]
    options: Options,
}

/// What the program calls itself: a supervisor would hold the definitions of all the commands for as long as its run takes.
#[derive(Debug, Parser)]
#[command(disable_help_flag = true, disable_help_subcommand = true)]
struct Internal {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: internal::Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Args),
    Demo(demo::Args),
    /// Show what is going on
    #[command(after_help = "Example:\n  scheduler status --json")]
    Status(status::Args),
    /// Explain why an agent, a task, a proposal or a pull request is as it is
    #[command(after_help = "Examples:\n  scheduler why impl-agent-1\n  scheduler why TASK-a1b2c3d4")]
    Why(why::Args),
    /// Show what happened in a run: what the agent said and did, what it cost
    #[command(after_help = "Examples:\n  scheduler logs impl-agent-1 -f\n  scheduler logs impl-agent-1 --run 0190d1c2")]
    Logs(logs::Args),
    /// Watch agents, queue and runs on the whole screen; pause or stop them with a key
    #[command(
        after_help = "Keys: arrows choose an agent, Enter opens its log, w says why it waits, p pauses or resumes it, \
        P everything, s stops its run, r starts it at the next tick, f shows only agents at work, Tab shows the queue, \
        ? all keys, q quits.\n\nExample:\n  scheduler top"
    )]
    Top,
    /// Show and configure the agents
    #[command(subcommand)]
    Agent(agent::Command),
    /// Show or set concurrency and cost limits
    #[command(subcommand)]
    Limits(limits::Command),
    /// Show what runs have cost
    #[command(
        after_help = "Examples:\n  scheduler cost --since 7d\n  scheduler cost --by task --since 2026-03-01 --json"
    )]
    Cost(cost::Args),
    /// Write a page about what happened and what waits: one file, for any browser
    #[command(after_help = "Examples:\n  scheduler report --open\n  scheduler report --since 30d -o status.html")]
    Report(report::Args),
    /// Add, show, retry and cancel tasks
    #[command(subcommand)]
    Task(task::Command),
    /// Propose work and judge proposals
    #[command(subcommand)]
    Proposal(proposal::Command),
    /// Show the built-in prompts and make them your own
    #[command(subcommand)]
    Prompt(prompt::Command),
    /// Send and read messages
    #[command(subcommand)]
    Message(message::Command),
    /// Record the verdict of a review
    #[command(subcommand)]
    Review(review::Command),
    /// Start nothing until `scheduler resume`; runs under way continue to their end
    #[command(after_help = "Example:\n  scheduler pause --reason 'Release on Friday'")]
    Pause {
        /// Why; `scheduler status` shows it
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Let ticks start agents again
    #[command(after_help = "Example:\n  scheduler resume")]
    Resume,
    /// Show what makes git run or send something and has changed, and accept it
    Trust(trust::Args),
    /// Run a tick every minute
    #[command(after_help = "Examples:\n  scheduler install cron\n  scheduler install systemd --print")]
    Install(install::Args),
    /// Move the ticks to this machine
    Adopt(adopt::Args),
    /// Diagnose problems
    #[command(after_help = "Examples:\n  scheduler doctor\n  scheduler doctor --cron")]
    Doctor(doctor::Args),
    /// Stop running ticks
    #[command(after_help = "Example:\n  scheduler uninstall cron")]
    Uninstall(install::Args),
    /// Record the result of a check
    #[command(subcommand)]
    Check(check::Command),
    /// Show the pull requests and their checks
    #[command(subcommand)]
    Pr(pr::Command),
    /// Print the JSON Schema of agents.yaml, for completion and validation in editors
    #[command(after_help = "Example:\n  scheduler schema > agents.schema.json")]
    Schema,
    /// Generate shell completions
    #[command(after_help = "Examples:\n  \
        scheduler completions bash \\\n    > ~/.local/share/bash-completion/completions/scheduler\n  \
        scheduler completions zsh > \"${fpath[1]}/_scheduler\"\n  \
        scheduler completions fish > ~/.config/fish/completions/scheduler.fish")]
    Completions(completions::Args),
    /// Answer what the scripts of `completions` ask
    #[command(hide = true)]
    Complete(completions::Words),
    /// Print a manual page, or write all of them
    #[command(
        hide = true,
        after_help = "Examples:\n  scheduler man task add | man -l -\n  \
        scheduler man --dir ~/.local/share/man/man1"
    )]
    Man(man::Args),
    #[command(flatten)]
    Internal(internal::Command),
}

impl Cli {
    /// The command line, if it is one of those that are used again and again and cost little to define.
    fn frequent() -> Option<Self> {
        if let Ok(Tick { options }) = Tick::try_parse() {
            return Some(Self { options, command: None });
        }
        let Internal { options, command } = Internal::try_parse().ok()?;
        Some(Self { options, command: Some(Command::Internal(command)) })
    }

    fn context(&self) -> Result<Context> {
        Context::new(self.options.dir.as_deref(), self.options.debug)
    }

    /// Whether it needs no project, or refuses by itself to be called inside a run.
    fn is_of_any_place(&self) -> bool {
        use Command::{Complete, Completions, Demo, Init, Install, Internal, Man, Schema, Uninstall};
        matches!(
            self.command,
            None | Some(
                Init(_)
                    | Demo(_)
                    | Install(_)
                    | Uninstall(_)
                    | Schema
                    | Completions(_)
                    | Complete(_)
                    | Man(_)
                    | Internal(_)
            )
        )
    }
}

/// Runs the command line; the result is the exit code of the process.
pub fn main() -> ExitCode {
    let done = match Cli::frequent() {
        Some(cli) => cli.context().and_then(|context| run(&cli, context)).map(|()| ExitCode::SUCCESS),
        None => run_or_ask(),
    };
    done.unwrap_or_else(|error| report(&error))
}

/// Runs the command line, or has the supervisor do so that the caller is below.
fn run_or_ask() -> Result<ExitCode> {
    let matches = Cli::command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let context = cli.context()?;
    let folder = if cli.is_of_any_place() { None } else { request::folder(&context)? };
    match folder {
        None => run(&cli, context).map(|()| ExitCode::SUCCESS),
        Some(_) if cli.options.dir.is_some() => {
            Err(usage("-C: inside a run the run's supervisor is asked; leave it out"))
        }
        Some(folder) => request::ask(&folder, &matches, &context),
    }
}

fn run(cli: &Cli, owned: Context) -> Result<()> {
    let context = &owned;
    match &cli.command {
        Some(Command::Init(args)) => init::run(args, context),
        Some(Command::Demo(args)) => demo::run(args, context),
        Some(Command::Status(args)) => status::run(args, context),
        Some(Command::Why(args)) => why::run(args, context),
        Some(Command::Logs(args)) => logs::run(args, context),
        Some(Command::Top) => top::run(context),
        Some(Command::Agent(command)) => agent::run(command, context),
        Some(Command::Limits(command)) => limits::run(command, context),
        Some(Command::Cost(args)) => cost::run(args, context),
        Some(Command::Report(args)) => report::run(args, context),
        Some(Command::Task(command)) => task::run(command, context),
        Some(Command::Proposal(command)) => proposal::run(command, context),
        Some(Command::Prompt(command)) => prompt::run(command, context),
        Some(Command::Message(command)) => message::run(command, context),
        Some(Command::Review(command)) => review::run(command, context),
        Some(Command::Pause { reason }) => pause::pause(reason.as_deref(), context),
        Some(Command::Resume) => pause::resume(context),
        Some(Command::Trust(args)) => trust::run(args, context),
        Some(Command::Install(args)) => install::install(args, context),
        Some(Command::Adopt(args)) => adopt::run(args, context),
        Some(Command::Doctor(args)) => doctor::run(args, context),
        Some(Command::Uninstall(args)) => install::uninstall(args, context),
        Some(Command::Check(command)) => check::run(command, context),
        Some(Command::Pr(command)) => pr::run(command, context),
        Some(Command::Schema) => schema::run(context),
        Some(Command::Completions(args)) => completions::run(args, context),
        Some(Command::Complete(words)) => completions::answer(words, owned),
        Some(Command::Man(args)) => man::run(args, context),
        Some(Command::Internal(command)) => internal::run(command, owned),
        None => tick::run(cli.options.dry_run, context),
    }
}

/// The definition of the command line without the commands that only the program itself calls.
fn definitions() -> clap::Command {
    let whole = Cli::command();
    let shown = whole.get_subcommands().filter(|command| !command.is_hide_set()).cloned();
    clap::Command::new("scheduler")
        .version(env!("CARGO_PKG_VERSION"))
        .about(whole.get_about().cloned().unwrap_or_default())
        .long_about(whole.get_long_about().cloned().unwrap_or_default())
        .after_help(whole.get_after_help().cloned().unwrap_or_default())
        .args(whole.get_arguments().cloned())
        .subcommands(shown)
}

/// The one place that maps errors to words and exit codes.
fn report(error: &anyhow::Error) -> ExitCode {
    let broken_pipe = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(broken_pipe) {
        return ExitCode::SUCCESS;
    }
    if let Some(keep::Ended(code)) = error.downcast_ref() {
        return ExitCode::from(*code);
    }
    if let Some(said::Silent(code)) = error.downcast_ref() {
        return ExitCode::from(*code);
    }
    #[expect(clippy::print_stderr, reason = "errors are told on stderr")]
    {
        eprintln!("scheduler: {}", printable(&format!("{error:#}")));
    }
    ExitCode::from(match () {
        () if error.is::<Usage>() => 2,
        () if error.is::<NotStarted>() => NOT_STARTED,
        () if let Some(why) = error.downcast_ref() => keep::exit_code(why),
        () => 1,
    })
}

#[cfg(test)]
mod tests;
