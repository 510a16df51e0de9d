//! `scheduler message`: send, list.

use super::{
    Context,
    caller::{Access, authorize},
    input, table, usage,
};
use crate::{
    domain::{
        message::{Message, MessageType},
        name::Name,
        text::{cut, one_line},
        time,
    },
    engine::project::Project,
    store::{
        messages::{self, Sent},
        queue::Queue,
    },
};
use anyhow::Result;
use serde::Serialize;

/// Arguments of `scheduler message`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Send a message to the human
    #[command(after_help = "Example:\n  scheduler message send --type question --title 'Case Z?' \\\n    \
        --body 'Should the parser accept it?' --task TASK-a1b2c3d4")]
    Send(SendArgs),
    /// List the messages, newest first
    #[command(after_help = "Example:\n  scheduler message list --json")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Arguments of `scheduler message send`.
#[derive(Debug, clap::Args)]
pub struct SendArgs {
    /// info, warning, error or question
    #[arg(long = "type", value_name = "TYPE")]
    kind: MessageType,
    /// One line
    #[arg(long, allow_hyphen_values = true)]
    title: String,
    /// The text, markdown; - for standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    body: String,
    /// The task that it is about (an agent's own unless it says otherwise); a question holds it until it is answered
    #[arg(long, value_name = "ID")]
    task: Option<Name>,
}

/// Runs one of the commands.
pub fn run(command: &Command, context: &Context) -> Result<()> {
    match command {
        Command::Send(args) => send(args, context),
        Command::List { json } => list(*json, context),
    }
}

fn send(args: &SendArgs, context: &Context) -> Result<()> {
    let project = Project::find(&context.dir)?;
    let caller = authorize(context, &project, "message send", Access::Write)?;
    let title = one_line(&args.title);
    if title.is_empty() || title.chars().count() > 300 {
        return Err(usage("--title must have 1 to 300 characters"));
    }
    if let Some(id) = &args.task
        && Queue::new(&project.paths).find(id)?.is_none()
    {
        return Err(usage(format!("--task {id}: there is no such task; see `scheduler task list`")));
    }
    // An agent speaks of its own task unless it names another.
    let own_task = caller.agent().and_then(|agent| agent.assignment.work.task());
    let message = Message {
        kind: args.kind,
        title,
        body: input::text_or_stdin(&args.body)?,
        from: caller.name(),
        task: args.task.as_ref().or(own_task).map(ToString::to_string),
        run: caller.agent().map(|agent| agent.assignment.run_id.clone()),
        key: None,
    };
    let (Sent::New(path) | Sent::SaidBefore(path)) = messages::send(&project.paths, &message, context.now)?;
    context.line(path.display())
}

#[derive(Serialize)]
struct Listed<'a> {
    id: &'a str,
    #[serde(with = "time::option")]
    time: Option<time::Time>,
    #[serde(flatten)]
    message: &'a Message,
}

fn list(json: bool, context: &Context) -> Result<()> {
    let project = Project::find(&context.dir)?;
    authorize(context, &project, "message list", Access::Read)?;
    let (listed, strays) = messages::list(&project.paths)?;
    if json {
        let all: Vec<_> = listed
            .iter()
            .map(|listed| Listed { id: &listed.stem, time: listed.time, message: &listed.message })
            .collect();
        return context.json(&all);
    }
    if listed.is_empty() {
        context.line("no messages")?;
    } else {
        let mut rows = table::new(&["TIME", "TYPE", "FROM", "TITLE"]);
        for listed in &listed {
            let time = listed.time.map(time::to_text).unwrap_or_default();
            let title = cut(&one_line(&listed.message.title), 40);
            rows.add_row([&time, listed.message.kind.word(), &cut(&one_line(&listed.message.from), 20), &title]);
        }
        context.line(rows)?;
        context.line(format!("\nThey are files in {}", project.paths.messages().display()))?;
    }
    for stray in strays {
        context.warn(stray);
    }
    Ok(())
}
