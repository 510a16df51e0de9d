//! `scheduler probe`: answers whether a run would find here what it needs; what `doctor --runner` has a runner start.

use super::Context;
use crate::engine::doctor::runner::answer;
use anyhow::Result;
use std::path::PathBuf;

/// Arguments of `scheduler probe`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder of the question
    folder: PathBuf,
}

/// Answers.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    answer::give(&args.folder, context.env("PATH"), context.env("HOME"))
}
