//! `scheduler guard`: asked by claude before each line for the shell, in runs of roles that have no shell.
//!
//! Exit code 2 tells claude not to run it, with the reason on stderr. It reads nothing but what it is given.

use super::usage;
use crate::domain::one_command;
use crate::domain::role::Role;
use anyhow::Result;
use serde::Deserialize;
use std::io::{self, Read};

/// The most that claude may say about one call.
const MAX: u64 = 4 << 20;

/// Arguments of `scheduler guard`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The role of the run
    role: Role,
}

#[derive(Deserialize)]
struct Call {
    tool_input: Input,
}

#[derive(Deserialize)]
struct Input {
    command: String,
}

/// Lets one call of the role's own commands pass; anything else, understood or not, is refused.
///
/// # Errors
/// Why it is refused; always with exit code 2.
pub fn run(args: &Args) -> Result<()> {
    let mut text = String::new();
    let read = io::stdin().lock().take(MAX).read_to_string(&mut text);
    let call: Call = match read.map_err(|error| error.to_string()) {
        Ok(_) => {
            serde_json::from_str(&text).map_err(|error| usage(format!("what was asked is not understood: {error}")))?
        }
        Err(error) => return Err(usage(format!("what was asked can't be read: {error}"))),
    };
    one_command::allowed(args.role, &call.tool_input.command).map_err(usage)
}
