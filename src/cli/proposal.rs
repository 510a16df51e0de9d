//! `scheduler proposal`: add, list, show, and the judgements.

mod add;
mod judge;
mod list;
mod show;

use super::Context;
use super::completions::Source;
use super::input::Given;
use crate::domain::name::Name;
use crate::domain::proposal::ProposalState;
use anyhow::Result;

/// The states of what may still become a task.
const OPEN: &[ProposalState] = &[ProposalState::Active, ProposalState::Deferred];

/// Arguments of `scheduler proposal`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Propose work
    #[command(
        override_usage = "scheduler proposal add --title T --category C --complexity S --summary T\n         \
                          --rationale T --criterion T [OPTIONS]",
        after_help = "Example:\n  scheduler proposal add --title 'Split the parser' \\\n    --category refactor --complexity M \\\n    \
        --summary 'It does three things' \\\n    --rationale 'Every change touches all of it.' \\\n    \
        --criterion 'Three modules' --file src/parse.rs"
    )]
    Add(Box<add::Args>),
    /// List the proposals, the best active one first
    #[command(after_help = "Example:\n  scheduler proposal list --state rejected --mine")]
    List(list::Args),
    /// Show one proposal, its score, and what it overlaps with
    #[command(after_help = "Example:\n  scheduler proposal show PROP-a1b2c3d4")]
    Show {
        /// The proposal's id
        #[arg(add = Source::Proposal(&ProposalState::ALL))]
        id: Name,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a task of a proposal
    #[command(after_help = "Example:\n  scheduler proposal promote PROP-a1b2c3d4 --priority P0")]
    Promote(judge::PromoteArgs),
    /// Reject a proposal; its proposer is told why
    #[command(after_help = "Example:\n  scheduler proposal reject PROP-a1b2c3d4 --reason 'No second caller is shown'")]
    Reject {
        /// The proposal's id
        #[arg(add = Source::Proposal(OPEN))]
        id: Name,
        /// What is wrong, and what would have to be different; - for standard input
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = Given::text)]
        reason: Given,
    },
    /// Defer a proposal
    #[command(after_help = "Example:\n  scheduler proposal defer PROP-a1b2c3d4 --reason 'After the release' --for 14d")]
    Defer {
        /// The proposal's id
        #[arg(add = Source::Proposal(OPEN))]
        id: Name,
        /// What to wait for
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = Given::text)]
        reason: Given,
        /// How long, such as 12h, 7d or 3w; then it comes back by itself
        #[arg(long = "for", value_name = "TIME", default_value = "7d")]
        time: judge::Span,
    },
    /// Bring a deferred proposal back to be judged; you can also bring back a rejected one
    #[command(after_help = "Example:\n  scheduler proposal reactivate PROP-a1b2c3d4")]
    Reactivate {
        /// The proposal's id
        #[arg(add = Source::Proposal(&[ProposalState::Deferred, ProposalState::Rejected]))]
        id: Name,
    },
    /// Mark two proposals that contradict each other: both wait until you decide
    #[command(after_help = "Example:\n  scheduler proposal conflict PROP-a1b2c3d4 PROP-e5f6a7b8 \\\n    \
        --reason 'One removes the cache, the other builds on it'")]
    Conflict {
        /// One proposal's id
        #[arg(add = Source::Proposal(OPEN))]
        first: Name,
        /// The other one's
        #[arg(add = Source::Proposal(OPEN))]
        second: Name,
        /// How they contradict each other
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = Given::text)]
        reason: Given,
    },
}

/// Runs one of the commands.
pub fn run(command: &Command, context: &Context) -> Result<()> {
    match command {
        Command::Add(args) => add::run(args, context),
        Command::List(args) => list::run(args, context),
        Command::Show { id, json } => show::run(id, *json, context),
        Command::Promote(args) => judge::promote(args, context),
        Command::Reject { id, reason } => judge::reject(id, reason, context),
        Command::Defer { id, reason, time } => judge::defer(id, reason, time, context),
        Command::Reactivate { id } => judge::reactivate(id, context),
        Command::Conflict { first, second, reason } => judge::conflict([first, second], reason, context),
    }
}
