//! `scheduler answer`: carries out one request of an agent, in its name; started by its supervisor.
//!
//! Who can start it so that it does anything holds the agent's lock: it is the standard input, as that of a supervisor is.

use super::request::leaf;
use super::{Cli, Context, usage};
use crate::domain::name::Name;
use crate::domain::role::Role;
use crate::engine::authorization::AgentCaller;
use crate::engine::project::Project;
use crate::exec::detach;
use crate::store::requests;
use crate::sys::lock::Lock;
use anyhow::Result;
use clap::{CommandFactory, FromArgMatches};

/// Arguments of `scheduler answer`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run
    #[arg(long)]
    run: String,
    /// The role that it was started in
    #[arg(long)]
    role: Role,
    /// The request
    #[arg(long)]
    request: Name,
    /// The agent; its lock is the standard input
    agent: Name,
}

/// Does what the request asks for, if the agent's role may call it.
pub fn run(args: &Args, context: Context) -> Result<()> {
    let lock = detach::take_over_stdin()?;
    let project = Project::find(&context.dir)?;
    let _lock = Lock::adopt(lock, &project.paths.agent(&args.agent).lock())
        .map_err(|error| usage(format!("answer is started by supervisors, not by hand: {error:#}")))?;
    let caller = AgentCaller::of(&project, &args.agent, &args.run, args.role)?;
    let request = requests::taken(&caller.files, &args.request)?;
    let words = ["scheduler"].into_iter().chain(request.arguments.iter().map(String::as_str));
    let matches = Cli::command().try_get_matches_from(words).map_err(|error| usage(error.render().to_string()))?;
    caller.authorize(&leaf(&matches).0)?;
    let cli = Cli::from_arg_matches(&matches).map_err(|error| usage(error.render().to_string()))?;
    super::run(&cli, context.answering(caller, request))
}
