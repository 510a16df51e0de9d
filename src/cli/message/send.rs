//! `scheduler message send`.

use crate::cli::completions::Source;
use crate::cli::input::Given;
use crate::cli::{Context, input, usage};
use crate::domain::message::{Message, MessageType};
use crate::domain::name::Name;
use crate::domain::task::{self, Edit, TaskState, key};
use crate::engine::project::Project;
use crate::store::messages;
use crate::store::queue::Queue;
use anyhow::Result;

/// The longest title, in characters.
const MAX_TITLE: usize = 300;

/// Arguments of `scheduler message send`.
#[derive(Debug, clap::Args)]
#[command(override_usage = "scheduler message send --type TYPE --title TITLE --body TEXT [OPTIONS]")]
pub struct Args {
    /// What kind of message it is
    #[arg(long = "type", value_name = "TYPE", ignore_case = true)]
    kind: MessageType,
    /// One line
    #[arg(long, allow_hyphen_values = true)]
    title: String,
    /// The text, markdown; - for standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = Given::text)]
    body: Given,
    /// The task that it is about; a question holds it until it is answered
    #[arg(long, value_name = "ID", add = Source::Task(&TaskState::ALL))]
    task: Option<Name>,
}

/// Sends a message to the user.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let (project, caller) = context.enter("message send")?;
    let title = input::line("--title", &args.title, MAX_TITLE)?;
    let known = |id: &Name| {
        let unknown = || usage(format!("--task {id}: there is no such task; see `scheduler task list`"));
        Ok::<_, anyhow::Error>(Queue::new(&project.paths).called(id)?.ok_or_else(unknown)?.id)
    };
    let task = args.task.as_ref().map(known).transpose()?;
    // An agent speaks of its own task unless it names another.
    let own_task = caller.agent().and_then(|agent| agent.assignment.job.task());
    let mut message =
        Message::new(args.kind, title, args.body.strict(context)?).from(caller.name()).task(task.as_ref().or(own_task));
    if let Some(agent) = caller.agent() {
        message = message.run(&agent.assignment.run_id);
    }
    let path = messages::send(&project.paths, &message, context.now)?;
    if let (MessageType::Question, Some(id), Some(stem)) = (args.kind, &task, path.file_stem()) {
        hold(&project, id, &stem.to_string_lossy())?;
    }
    context.line(path.display())
}

/// Keeps a task that nobody works on from being claimed before the question is answered. A task that is being worked on
/// is held at the end of its run.
fn hold(project: &Project, id: &Name, question: &str) -> Result<()> {
    let queue = Queue::new(&project.paths);
    let Some(found) = queue.find(id)?.filter(|found| found.state == TaskState::Incoming) else { return Ok(()) };
    let is_held = task::parse(&found.id, &found.text).is_ok_and(|task| task.held_by().is_some());
    if !is_held {
        queue.amend(TaskState::Incoming, &found.id, &Edit::new().set(key::WAITS_FOR, question))?;
    }
    Ok(())
}
