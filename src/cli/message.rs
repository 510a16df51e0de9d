//! `scheduler message`: send, list, show, reply, clear.

mod clear;
mod list;
mod reply;
mod send;
mod show;

use super::completions::Source;
use super::input::Given;
use super::{Context, usage};
use crate::domain::message::MessageType;
use crate::store::messages::{self, Listed};
use crate::store::paths::Paths;
use anyhow::{Result, bail};

/// Arguments of `scheduler message`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Send a message to the user
    #[command(after_help = "Example:\n  scheduler message send --type question --title 'Case Z?' \\\n    \
        --body 'Should the parser accept it?' --task TASK-a1b2c3d4")]
    Send(send::Args),
    /// List the messages, newest first
    #[command(after_help = "Example:\n  scheduler message list --type question")]
    List {
        /// Only those of this type
        #[arg(long = "type", value_name = "TYPE", ignore_case = true)]
        kind: Option<MessageType>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one message whole
    #[command(after_help = "Example:\n  scheduler message show question-20260115-143000")]
    Show {
        /// The message, or the beginning of its name
        #[arg(add = Source::Message)]
        id: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Answer a question; the task that waits for it goes on, and its next run reads the answer first
    #[command(after_help = "Example:\n  scheduler message reply question-20260115-143000 --body 'Yes, as a warning.'")]
    Reply {
        /// The question, or the beginning of its name
        #[arg(add = Source::Question)]
        id: String,
        /// The answer, markdown; - for standard input
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = Given::text)]
        body: Given,
    },
    /// Remove old messages; unanswered questions stay, unless --all
    #[command(
        after_help = "Examples:\n  scheduler message clear\n  scheduler message clear --type info --older-than 1h\n  \
        scheduler message clear --all"
    )]
    Clear(clear::Args),
}

/// Runs one of the commands.
pub fn run(command: &Command, context: &Context) -> Result<()> {
    match command {
        Command::Send(args) => send::run(args, context),
        Command::List { kind, json } => list::run(*kind, *json, context),
        Command::Show { id, json } => show::run(id, *json, context),
        Command::Reply { id, body } => reply::run(id, body, context),
        Command::Clear(args) => clear::run(args, context),
    }
}

/// The one message of that name, or whose name begins so. The word is compared, never made a path.
fn find(paths: &Paths, word: &str) -> Result<Listed> {
    let word = word.strip_suffix(".md").unwrap_or(word);
    let stems = messages::stems(paths)?;
    let exact = stems.iter().find(|stem| *stem == word);
    let mut beginning = stems.iter().filter(|stem| !word.is_empty() && stem.starts_with(word));
    let stem = match (exact, beginning.next(), beginning.next()) {
        (Some(stem), _, _) | (None, Some(stem), None) => stem,
        (None, Some(one), Some(other)) => {
            return Err(usage(format!(
                "{word:?} begins more than one name, such as {one} and {other}: write more of it"
            )));
        }
        (None, None, _) => bail!("there is no message {word:?}; `scheduler message list` lists them"),
    };
    match messages::load(paths, stem.clone())? {
        Some(listed) => Ok(listed),
        None => bail!("{stem} was removed just now"),
    }
}
