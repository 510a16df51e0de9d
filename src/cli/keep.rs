//! `scheduler keep`: carries a run on another machine; what a runner starts there.

use super::Context;
use crate::domain::runner::files::{ALREADY_STARTED, REFUSED};
pub use crate::engine::keep::Ended;
use crate::engine::keep::{self, Keeper, NotKept};
use crate::exec::{detach, watch};
use anyhow::{Context as _, Result};
use std::path::PathBuf;

/// Arguments of `scheduler keep`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Carry it itself; started by a keeper, which sees to its end
    #[arg(long)]
    carry: bool,
    /// The folder of the run
    run: PathBuf,
}

/// Carries the run to its end.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    detach::become_keeper().context("the keeper can't be alone")?;
    let stop = watch::stop_on_signals()?;
    let clock = || context.clock();
    let program = context.program()?;
    let keeper = Keeper { clock: &clock, stop: &stop, environment: context.environment(), program: &program };
    if args.carry { keep::keep(&keeper, &args.run) } else { keep::guard(&keeper, &args.run) }
}

/// The exit code that tells why it started nothing.
pub fn exit_code(why: &NotKept) -> u8 {
    match why {
        NotKept::Refused { .. } => REFUSED,
        NotKept::AlreadyStarted => ALREADY_STARTED,
    }
}
