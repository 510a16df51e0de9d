//! `scheduler status`: is it alive, who does what, how full is the queue, what waits for the user.

pub mod screen;

use super::{Context, config};
use crate::engine::overview;
use anyhow::Result;

/// The columns of the screen.
pub const WIDTH: usize = 80;

/// Prints the state of everything. With agents.yaml wrong it prints what can be known, then fails.
pub fn run(json: bool, context: &Context) -> Result<()> {
    let (project, _) = context.enter("status")?;
    let overview = overview::overview(&project, context.now)?;
    if json {
        return context.json(&overview);
    }
    context.lines(&screen::lines(&overview, WIDTH))?;
    config::read(&project).map(drop)
}
