//! `scheduler adopt`: the ticks run on this machine from now on.

use super::Context;
use crate::engine::machine;
use anyhow::Result;

/// Arguments of `scheduler adopt`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  scheduler adopt --here")]
pub struct Args {
    /// On this machine
    #[arg(long, required = true)]
    here: bool,
    /// Also take runs of the other machine for dead: only if it is off
    #[arg(long)]
    force: bool,
}

/// Moves the ticks here.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let project = context.project_of_user("adopt")?;
    let adopted = machine::adopt(&project.paths, args.force)?;
    match adopted.from {
        Some(host) => context.line(format!(
            "the ticks of this project run here from now on, no longer on {host}: take its timer away there (`scheduler uninstall …`)"
        ))?,
        None => context.line("the ticks of this project run here (unchanged)")?,
    }
    adopted.carried.iter().try_for_each(|agent| context.line(format!("{agent}: its run goes on where it is carried")))
}
