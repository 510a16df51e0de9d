//! `scheduler completions`: the commands and options, for shells.

use super::{Context, definitions};
use anyhow::{Context as _, Result};
use clap_complete::{Shell, generate};

/// Arguments of `scheduler completions`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(["bash", "zsh", "fish"]))]
    shell: String,
}

/// Prints what makes a shell complete the commands of this program.
///
/// # Errors
/// Standard output can't be written.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let shell: Shell = args.shell.parse().map_err(anyhow::Error::msg).context("the shell")?;
    let mut script = Vec::new();
    generate(shell, &mut definitions(), "scheduler", &mut script);
    context.line(String::from_utf8(script)?.trim_end())
}
