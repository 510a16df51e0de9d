//! `scheduler demo`: the whole cycle in a scratch project, shown as it happens.
//!
//! The ticks, the supervisors and git are the real ones, each started as cron or the user would start it; only the
//! agent is a stand-in, and gh. Nothing outside the scratch folder is written, and nothing of the user's settings is read.

mod course;
mod ending;
mod follow;
mod play;
mod show;
mod stage;

use super::Context;
use crate::exec::watch;
use anyhow::{Result, anyhow};
use show::Show;
use stage::Stage;
use std::sync::atomic::{AtomicBool, Ordering};

/// Show the whole cycle in a scratch project
///
/// Makes a repository with an origin in a temporary folder, sets it up, and does ticks until a task that the product
/// manager created is implemented, tested and reviewed. The agent is a stand-in: no account, no network, no cost.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  scheduler demo\n  scheduler demo --proposals\n  scheduler demo --gatekeepers --keep"
)]
pub struct Args {
    /// Show the proposal model: propose, judge, carry out, heed a rejection, leave a contradiction to you
    #[arg(long)]
    proposals: bool,
    /// Show gatekeepers: a pull request fails its check, is mended on its own branch, passes and is merged
    #[arg(long, conflicts_with = "proposals")]
    gatekeepers: bool,
    /// Leave the folder for you to look at
    #[arg(long)]
    keep: bool,
}

/// Plays it, and takes everything away again.
///
/// # Errors
/// Inside a run; no usable git; an interruption; a play that doesn't come to its end (then the folder is left).
pub fn run(args: &Args, context: &Context) -> Result<()> {
    context.refuse_inside_run("a demo")?;
    let stop = watch::stop_on_signals()?;
    let play = match (args.proposals, args.gatekeepers) {
        (true, _) => &play::PROPOSALS,
        (_, true) => &play::GATEKEEPERS,
        _ => &play::TASKS,
    };
    let show = Show::new(context);
    let stage = Stage::new(context, play)?;
    let played = perform(&stage, &show, &stop);
    let cleared = stage.end_all();
    let interrupted = stop.load(Ordering::Relaxed);
    match played.and(cleared) {
        Ok(()) if args.keep => {
            let program = stage.program.clone();
            ending::what_to_look_at(play, &stage.keep(), &program, context)
        }
        Ok(()) => {
            stage.remove()?;
            context.line("\nThe folder is removed again; `--keep` leaves it for you to look at.")
        }
        Err(error) if interrupted || gone(&error) => {
            stage.remove()?;
            Err(error)
        }
        Err(error) => {
            let dot = stage.keep().join("project/.orchestrator");
            let dot = dot.display();
            Err(anyhow!("the demo failed: {error:#}\nLeft for you to look at: {dot}/logs/ and {dot}/agents/*/runs/"))
        }
    }
}

fn perform(stage: &Stage, show: &Show<'_>, stop: &AtomicBool) -> Result<()> {
    show.title(stage.play)?;
    stage.set_up(show)?;
    let sum = course::play(stage, show, stop)?;
    ending::show(stage, show, &sum)
}

/// Whether nobody reads any more.
fn gone(error: &anyhow::Error) -> bool {
    let io = error.chain().find_map(|cause| cause.downcast_ref::<std::io::Error>());
    io.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
