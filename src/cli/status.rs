//! `scheduler status`: is it alive, who does what, how full is the queue, what waits for the user.

pub mod screen;
mod section;

use super::{Context, config};
use crate::domain::time;
use crate::engine::overview;
use crate::store::marker;
use anyhow::{Result, bail};

/// Arguments of `scheduler status`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Take finished work off the list: you have seen it
    #[arg(long)]
    seen: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints the state of everything. With agents.yaml wrong it prints what can be known, then fails.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let (project, caller) = context.enter("status")?;
    if args.seen && caller.agent().is_some() {
        bail!("only the user can say what they have seen");
    }
    let overview = overview::overview(&project, context.now)?;
    if args.json {
        context.json(&overview)?;
    } else {
        context.lines(&screen::lines(&overview, context.width()))?;
    }
    if args.seen {
        marker::replace(&project.paths.seen(), &format!("{}\n", time::to_text(context.now)))?;
    }
    if args.json { Ok(()) } else { config::read(&project).map(drop) }
}
