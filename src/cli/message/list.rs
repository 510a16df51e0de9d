//! `scheduler message list`.

use crate::cli::{Context, table};
use crate::domain::message::{Message, MessageType, Reply};
use crate::domain::text::{cut, one_line};
use crate::domain::time;
use crate::store::messages::{self, Listed};
use anyhow::Result;
use serde::Serialize;

/// How long a name is without its words: type and time.
const STAMP: usize = "-20260115-143000".len();

/// A message in JSON.
#[derive(Serialize)]
pub(super) struct Shown<'a> {
    id: &'a str,
    time: Option<time::Time>,
    #[serde(flatten)]
    message: &'a Message,
    answer: Option<&'a Reply>,
}

impl<'a> Shown<'a> {
    pub(super) fn new(listed: &'a Listed) -> Self {
        Self { id: &listed.stem, time: listed.time, message: &listed.message, answer: listed.answer.as_ref() }
    }
}

/// Lists the messages, of one type or all.
pub fn run(kind: Option<MessageType>, json: bool, context: &Context) -> Result<()> {
    let (project, _) = context.enter("message list")?;
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
            let answered = if one.answer.is_some() { "(answered) " } else { "" };
            let title = format!("{answered}{}", one_line(&one.message.title));
            rows.add_row([&short(one, &listed), &cut(&one_line(&one.message.from), 16), &title]);
        }
        context.line(table::text(&rows))?;
        context.line("\n`scheduler message show MESSAGE` shows one, `reply` answers a question.")?;
    }
    strays.iter().for_each(|stray| context.warn(stray));
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
