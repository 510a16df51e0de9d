//! `scheduler message show`.

use super::find;
use super::list::Shown;
use crate::cli::Context;
use crate::domain::message::MessageType;
use crate::domain::proposal;
use crate::domain::text::one_line;
use crate::domain::time::{self, Time};
use crate::engine::mended::Mended;
use anyhow::Result;

/// Shows one message with its answer.
pub fn run(id: &str, json: bool, context: &Context) -> Result<()> {
    let (project, _) = context.enter("message show")?;
    let listed = find(&project.paths, id)?;
    if json {
        return context.json(&Shown::new(&listed, &Mended::new(&project)));
    }
    let message = &listed.message;
    let ago = |time: Time| format!(", {}, {} ago", time::local(time), time::between(time, context.now));
    let time = listed.time.map(ago).unwrap_or_default();
    context.line(format!("{}: {}", message.kind, one_line(&message.title)))?;
    context.line(format!("from {}{time}, {}", one_line(&message.from), listed.path.display()))?;
    if let Some(task) = &message.task {
        context.line(format!("about {}", one_line(task)))?;
    }
    if !message.body.trim().is_empty() {
        context.line(format!("\n{}", message.body.trim()))?;
    }
    match &listed.answer {
        Some(answer) => context.line(format!("\nAnswered:\n\n{}", answer.text)),
        None if proposal::question_of(message).is_some() => {
            context.line("\nNot decided yet: the commands above decide it")
        }
        None if message.kind == MessageType::Question => {
            context.line(format!("\nNot answered yet: scheduler message reply {} --body 'TEXT'", listed.stem))
        }
        None => Ok(()),
    }
}
