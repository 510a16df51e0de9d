//! `scheduler confine`: becomes another program, confined to a profile. Its number, its files and its environment stay.

use crate::exec::confine::{NotStarted, become_confined};
use crate::sys::read;
use anyhow::Result;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

/// Arguments of `scheduler confine`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file that says what may be reached
    profile: PathBuf,
    /// The program and its arguments
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

/// Only comes back if it fails.
pub fn run(args: &Args) -> Result<()> {
    let not_started = |why: String| NotStarted(format!("the program is not started, for {why}"));
    let profile = read::read_json(&args.profile).map_err(|error| not_started(format!("{error:#}")))?;
    let profile = profile.ok_or_else(|| not_started(format!("{} is gone", args.profile.display())))?;
    let Some((program, arguments)) = args.command.split_first() else {
        return Err(not_started("none is named".to_owned()).into());
    };
    match become_confined(&profile, Command::new(program).args(arguments))? {}
}
