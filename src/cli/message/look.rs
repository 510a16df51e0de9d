//! `scheduler message list` and `scheduler message show`. They only look.

use super::find;
use crate::{
    cli::{Context, table},
    domain::{
        message::{Message, MessageType, Reply},
        proposal,
        text::{cut, one_line, printable},
        time,
    },
    store::messages::{self, Listed},
};
use anyhow::Result;
use serde::Serialize;

/// How long a name is without its words: type and time.
const STAMP: usize = "-20260115-143000".len();

#[derive(Serialize)]
struct Shown<'a> {
    id: &'a str,
    #[serde(with = "time::option")]
    time: Option<time::Time>,
    #[serde(flatten)]
    message: &'a Message,
    answer: Option<&'a Reply>,
}

impl<'a> Shown<'a> {
    fn new(listed: &'a Listed) -> Self {
        Self { id: &listed.stem, time: listed.time, message: &listed.message, answer: listed.answer.as_ref() }
    }
}

/// Lists the messages, of one type or all.
pub fn list(kind: Option<MessageType>, json: bool, context: &Context) -> Result<()> {
    let (project, _) = context.reading("message list")?;
    let (mut listed, strays) = messages::list(&project.paths)?;
    listed.retain(|listed| kind.is_none_or(|kind| listed.message.kind == kind));
    if json {
        let all: Vec<_> = listed.iter().map(Shown::new).collect();
        return context.json(&all);
    }
    if listed.is_empty() {
        context.line("no messages")?;
    } else {
        let mut rows = table::new(&["MESSAGE", "FROM", "TITLE"]);
        for one in &listed {
            let title = match (&one.answer, one.message.kind) {
                (Some(_), _) => format!("(answered) {}", one.message.title),
                _ => one.message.title.clone(),
            };
            rows.add_row([&short(one, &listed), &cut(&one_line(&one.message.from), 16), &one_line(&title)]);
        }
        context.line(table::text(&rows))?;
        context.line("\n`scheduler message show MESSAGE` shows one, `reply` answers a question.")?;
    }
    for stray in strays {
        context.warn(stray);
    }
    Ok(())
}

/// Type and time of a message, which name it unless another has both.
fn short(listed: &Listed, all: &[Listed]) -> String {
    let end = listed.message.kind.word().len() + STAMP;
    match listed.stem.get(..end) {
        Some(short) if all.iter().filter(|other| other.stem.starts_with(short)).count() == 1 => short.to_owned(),
        _ => listed.stem.clone(),
    }
}

/// Shows one message with its answer.
pub fn show(id: &str, json: bool, context: &Context) -> Result<()> {
    let (project, _) = context.reading("message show")?;
    let listed = find(&project.paths, id)?;
    if json {
        return context.json(&Shown::new(&listed));
    }
    let message = &listed.message;
    let time = listed
        .time
        .map_or_else(String::new, |time| format!(", {} ago", time::span((context.now - time).num_seconds())));
    context.line(format!("{}: {}", message.kind, one_line(&message.title)))?;
    context.line(format!("from {}{time}, {}", one_line(&message.from), listed.path.display()))?;
    if let Some(task) = &message.task {
        context.line(format!("about {}", one_line(task)))?;
    }
    if !message.body.trim().is_empty() {
        context.line(format!("\n{}", printable(&message.body).trim()))?;
    }
    match &listed.answer {
        Some(answer) => context.line(format!("\nAnswered:\n\n{}", printable(&answer.text))),
        None if proposal::question_of(message).is_some() => {
            context.line("\nNot decided yet: the commands above decide it")
        }
        None if message.kind == MessageType::Question => {
            context.line(format!("\nNot answered yet: scheduler message reply {} --body 'TEXT'", listed.stem))
        }
        None => Ok(()),
    }
}
