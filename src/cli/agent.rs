//! `scheduler agent`: who works here, and how that is changed.

mod change;
mod list;
mod show;
mod stop;

pub(super) use change::{find, settable_keys};

use super::Context;
use super::completions::Source;
use super::configure::Setting;
use crate::domain::config;
use crate::domain::name::Name;
use anyhow::Result;

/// Arguments of `scheduler agent`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the agents with what each does now, or why it doesn't start
    #[command(after_help = "Example:\n  scheduler agent list --json")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one agent: settings, totals, what it does, its last runs with their cost
    #[command(after_help = "Example:\n  scheduler agent show impl-agent-1")]
    Show {
        /// The agent
        #[arg(add = Source::Agent)]
        name: Name,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Add an agent to agents.yaml
    #[command(after_help = "Example:\n  scheduler agent add impl-agent-2 --role implementer --interval 3m")]
    Add(change::AddArgs),
    /// Take an agent out of agents.yaml; what it has done stays
    #[command(after_help = "Example:\n  scheduler agent remove impl-agent-2")]
    Remove {
        /// The agent
        #[arg(add = Source::Agent)]
        name: Name,
    },
    /// Give an agent another name; what it has done goes with it
    #[command(after_help = "Example:\n  scheduler agent rename impl-agent-2 backend")]
    Rename {
        /// The agent
        #[arg(add = Source::Agent)]
        name: Name,
        /// Its new name: letters, digits, '.', '_', '-'
        new: Name,
    },
    /// Keep an agent from starting; a run under way goes on
    #[command(after_help = "Example:\n  scheduler agent pause pm-agent")]
    Pause {
        /// The agent
        #[arg(add = Source::Agent)]
        name: Name,
    },
    /// Let a paused agent start again
    #[command(after_help = "Example:\n  scheduler agent resume pm-agent")]
    Resume {
        /// The agent
        #[arg(add = Source::Agent)]
        name: Name,
    },
    /// Change an agent in agents.yaml; `KEY=` takes a key back to its default
    #[command(
        after_help = format!("Keys: {}. A variable of env: env.NAME. Spans may be written 10m or 2h, lists [a, b].\n\n\
            Examples:\n  scheduler agent set impl-agent-1 interval_seconds=10m max_turns=80\n  \
            scheduler agent set impl-agent-1 claude_model=", config::AGENT_KEYS)
    )]
    Set {
        /// The agent
        #[arg(add = Source::Agent)]
        name: Name,
        /// What is to be changed
        #[arg(value_name = "KEY=VALUE", required = true, add = Source::AgentKey)]
        settings: Vec<Setting>,
    },
    /// Start an agent at the next tick, whatever its interval; limits still count
    #[command(after_help = "Example:\n  scheduler agent run impl-agent-1")]
    Run {
        /// The agent
        #[arg(add = Source::Agent)]
        name: Name,
    },
    /// End the run of an agent: its work is saved, its task goes back, the attempt doesn't count
    #[command(after_help = "Example:\n  scheduler agent stop impl-1")]
    Stop {
        /// The agent
        #[arg(add = Source::Agent)]
        name: Name,
    },
}

/// Runs one of the commands.
pub fn run(command: &Command, context: &Context) -> Result<()> {
    match command {
        Command::List { json } => list::run(*json, context),
        Command::Show { name, json } => show::run(name, *json, context),
        Command::Add(args) => change::add(args, context),
        Command::Remove { name } => change::remove(name, context),
        Command::Rename { name, new } => change::rename(name, new, context),
        Command::Pause { name } => change::pause(name, true, context),
        Command::Resume { name } => change::pause(name, false, context),
        Command::Set { name, settings } => change::set(name, settings, context),
        Command::Run { name } => change::run(name, context),
        Command::Stop { name } => stop::run(name, context),
    }
}
