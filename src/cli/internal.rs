//! The commands that only the program itself calls, and claude for it; none of them is for users.

use super::{Context, answer, confine, guard, keep, probe, supervise};
use anyhow::Result;

/// Hidden from the help.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Carry one run; started by ticks
    #[command(hide = true)]
    Supervise(supervise::Args),
    /// Become another program, confined to what a file says; started by supervisors
    #[command(hide = true)]
    Confine(confine::Args),
    /// Carry a run on another machine than its supervisor's; started there by a runner
    #[command(hide = true)]
    Keep(keep::Args),
    /// Answer whether a run would find here what it needs; started by `doctor --runner`
    #[command(hide = true)]
    Probe(probe::Args),
    /// Carry out a request of an agent; started by its supervisor
    #[command(hide = true)]
    Answer(answer::Args),
    /// Say whether a run without a shell may run a line; asked by claude
    #[command(hide = true)]
    Guard(guard::Args),
    /// Ask for the open pull requests; started by ticks
    #[command(hide = true)]
    Refresh,
    /// Notify the user of new messages; started by ticks
    #[command(hide = true)]
    Notify,
    /// Tell a watchdog elsewhere that ticks go on; started by ticks
    #[command(hide = true)]
    Heartbeat,
    /// Write the page of `scheduler report` anew; started by ticks
    #[command(hide = true)]
    WriteReport,
    /// Cancel runs of other machines that have ended once more; started by ticks
    #[command(hide = true)]
    LetGo,
    /// Tidy up; started by ticks
    #[command(hide = true)]
    Housekeeping,
}

/// Carries one out.
pub fn run(command: &Command, context: Context) -> Result<()> {
    match command {
        Command::Supervise(args) => supervise::run(args, &context),
        Command::Confine(args) => confine::run(args),
        Command::Keep(args) => keep::run(args, &context),
        Command::Probe(args) => probe::run(args, &context),
        Command::Answer(args) => answer::run(args, context),
        Command::Guard(args) => guard::run(args),
        Command::Refresh => supervise::refresh(&context),
        Command::Notify => supervise::notify(&context),
        Command::Heartbeat => supervise::heartbeat(&context),
        Command::WriteReport => supervise::write_report(&context),
        Command::LetGo => supervise::let_go(&context),
        Command::Housekeeping => supervise::housekeeping(&context),
    }
}
