//! `scheduler install` and `scheduler uninstall`: the timer that runs a tick every minute.

use super::{Context, usage};
use crate::engine::timer::{Keeper, Place};
use crate::exec::programs;
use anyhow::Result;

/// Arguments of `scheduler install` and `scheduler uninstall`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What runs the ticks: your crontab, a launch agent (macOS), or a user timer (Linux)
    #[arg(value_name = "cron|launchd|systemd", hide_possible_values = true)]
    keeper: Keeper,
    /// Show what would be written or removed, and change nothing
    #[arg(long)]
    print: bool,
}

/// Installs the timer, or brings it up to date.
pub fn install(args: &Args, context: &Context) -> Result<()> {
    let project = context.project_of_user("install")?;
    let env = |name: &str| context.env(name);
    let place = Place::new(&project, &context.program()?, &env).map_err(usage)?;
    if args.print {
        return context.line(place.text(args.keeper)?.trim_end());
    }
    for (name, remedy) in programs::missing(context.env("PATH").unwrap_or_default()) {
        context.warn(format!("{name} is not on your PATH: {remedy}"));
    }
    place.install(args.keeper, &mut |done| context.line(done))
}

/// Takes the timer away.
pub fn uninstall(args: &Args, context: &Context) -> Result<()> {
    let project = context.project_of_user("uninstall")?;
    let env = |name: &str| context.env(name);
    let place = Place::new(&project, &context.program()?, &env).map_err(usage)?;
    if args.print {
        return place.going(args.keeper)?.iter().try_for_each(|line| context.line(line));
    }
    place.uninstall(args.keeper, &mut |done| context.line(done))
}
