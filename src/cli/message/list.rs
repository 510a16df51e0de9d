//! `scheduler message list`.

use crate::cli::view::UNCUT;
use crate::cli::{Context, table};
use crate::domain::message::{Message, MessageType, Reply};
use crate::domain::text::one_line;
use crate::domain::time;
use crate::engine::mended::Mended;
use crate::store::messages::{self, Listed};
use anyhow::Result;
use serde::Serialize;
use std::collections::HashMap;

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
    /// What it complains of is over, as far as that can be told.
    mended: bool,
}

impl<'a> Shown<'a> {
    pub(super) fn new(listed: &'a Listed, mended: &Mended<'_>) -> Self {
        let Listed { stem, time, message, answer, .. } = listed;
        Self { id: stem, time: *time, message, answer: answer.as_ref(), mended: mended.is_mended(listed) }
    }
}

#[derive(Serialize)]
struct Messages<'a> {
    messages: Vec<Shown<'a>>,
}

/// Lists the messages, of one type or all.
pub fn run(kind: Option<MessageType>, json: bool, context: &Context) -> Result<()> {
    let (project, _) = context.enter("message list")?;
    let (mut listed, strays) = messages::list(&project.paths)?;
    listed.retain(|listed| kind.is_none_or(|kind| listed.message.kind == kind));
    let mended = Mended::new(&project);
    if json {
        let messages = listed.iter().map(|listed| Shown::new(listed, &mended)).collect();
        return context.json(&Messages { messages });
    }
    if listed.is_empty() {
        context.line("no messages")?;
    } else {
        let width = context.width();
        let mut rows = table::new(&["MESSAGE", "TIME", "FROM", "TITLE"]);
        let alike = alike(&listed);
        for one in &listed {
            let over = match () {
                () if one.answer.is_some() => "(answered) ",
                () if mended.is_mended(one) => "(mended) ",
                () => "",
            };
            let title = format!("{over}{}", one_line(&one.message.title));
            // On a terminal titles need the room; `message show` says when it was.
            let ago = |at| format!("{} ago", time::between(at, context.now));
            let time = one.time.map_or_else(String::new, |at| if width < UNCUT { ago(at) } else { time::local(at) });
            rows.add_row([short(one, &alike), &time, &table::cell(&one.message.from, 16, width), &title]);
        }
        context.line(table::text(&rows, width))?;
        context.line("\n`scheduler message show MESSAGE` shows one, `reply` answers a question.")?;
    }
    strays.iter().for_each(|stray| context.warn(stray));
    Ok(())
}

/// Type and time of a message.
fn stamp(listed: &Listed) -> Option<&str> {
    listed.stem.get(..listed.message.kind.word().len() + STAMP)
}

/// How many have the same type and time.
fn alike(all: &[Listed]) -> HashMap<&str, usize> {
    let mut counts = HashMap::new();
    all.iter().filter_map(stamp).for_each(|stamp| *counts.entry(stamp).or_default() += 1);
    counts
}

/// Type and time, which name a message unless another has both.
fn short<'a>(listed: &'a Listed, alike: &HashMap<&str, usize>) -> &'a str {
    stamp(listed).filter(|stamp| alike.get(stamp) == Some(&1)).unwrap_or(&listed.stem)
}
