//! Tells the user of new messages through the program that `notify` in agents.yaml names.
//!
//! A tick only looks whether there are new ones; a detached process runs the program, once for each message. It is
//! noted as told before the program is started: rather not at all than twice.

use super::Clock;
use super::project::Project;
use super::summary;
use crate::domain::config::{self, Notify};
use crate::domain::message::{Message, MessageType};
use crate::domain::proposal;
use crate::domain::text::cut;
use crate::domain::time::Time;
use crate::exec::command;
use crate::store::cache;
use crate::store::messages::{self, Listed};
use crate::store::paths::Paths;
use crate::sys::read;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

/// How long the program may take for one message.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Where nothing is noted yet, messages older than this many minutes are old ones.
const OLD_MINUTES: i64 = 10;
/// The most of the program's output that is kept, in bytes.
const MAX_OUTPUT: usize = 2_000;

/// The most of a title and of a body that the environment carries, in characters.
const MAX_TITLE: usize = 300;
const MAX_BODY: usize = 4_000;

/// `cache/notified.json`.
#[derive(Default, Serialize, Deserialize)]
struct Notified {
    messages: BTreeSet<String>,
}

/// A message as the program reads it from its standard input.
#[derive(Serialize)]
struct Notification<'a> {
    id: &'a str,
    time: Option<Time>,
    path: String,
    project: String,
    /// What a file in the inbox says below its token to answer this; empty: nobody would read an answer.
    reply: String,
    /// The ways to decide it, where words don't.
    options: Vec<String>,
    #[serde(flatten)]
    message: &'a Message,
}

/// Whether there are messages that the user was not notified of. Opens no message.
///
/// # Errors
/// The directory of messages can't be read.
pub(super) fn has_new(paths: &Paths) -> Result<bool> {
    let stems = messages::stems(paths)?;
    if stems.is_empty() {
        return Ok(false);
    }
    let known: Notified = cache::load(&paths.notified()).unwrap_or_default();
    Ok(stems.iter().any(|stem| !known.messages.contains(stem)))
}

/// Runs the program once for each new message, oldest first; returns what went wrong, in sentences.
///
/// # Errors
/// The messages can't be read, or what was told can't be noted: then nothing more is told.
pub fn notify(project: &Project, clock: Clock<'_>) -> Result<Vec<String>> {
    let paths = &project.paths;
    let text = read::read_linked_text(&paths.config())?;
    let Some(notify) = text.as_deref().and_then(config::notify) else { return Ok(Vec::new()) };
    let now = clock();
    if let Some(due) = summary::due_now(paths, &notify, now)? {
        summary::send(project, due, now)?;
    }
    let (mut listed, strays) = messages::list(paths)?;
    listed.reverse();
    let noted: Option<Notified> = cache::load(&paths.notified());
    let old = |listed: &Listed| listed.time.is_none_or(|time| (clock() - time).num_minutes() >= OLD_MINUTES);
    let is_known = |listed: &Listed| match &noted {
        Some(noted) => noted.messages.contains(&listed.stem),
        None => old(listed),
    };
    let (known, new): (Vec<_>, Vec<_>) = listed.into_iter().partition(is_known);
    // What is no message and never will be is noted too, so that ticks find nothing new in it.
    let no_messages = strays.into_iter().filter_map(|stray| Some(stray.path.file_stem()?.to_str()?.to_owned()));
    let mut noted = Notified { messages: known.into_iter().map(|listed| listed.stem).chain(no_messages).collect() };
    cache::save(&paths.notified(), &noted)?;
    let mut failures = Vec::new();
    for listed in new {
        noted.messages.insert(listed.stem.clone());
        cache::save(&paths.notified(), &noted)?;
        if !notify.tells(&listed.message) {
            continue;
        }
        failures
            .extend(run_program(project, &notify, &listed).err().map(|error| format!("{}: {error:#}", listed.stem)));
    }
    Ok(failures)
}

fn run_program(project: &Project, notify: &Notify, listed: &Listed) -> Result<()> {
    let Some((program, arguments)) = notify.command.split_first() else { return Ok(()) };
    let is_question = listed.message.kind == MessageType::Question && listed.answer.is_none();
    let ways = proposal::question_of(&listed.message).map(|[a, b]| proposal::ways_to_decide([&a, &b]));
    let options = ways
        .iter()
        .flat_map(|ways| ways.lines())
        .map(|way| way.trim_start_matches("- ").to_owned())
        .collect::<Vec<_>>();
    let notification = Notification {
        id: &listed.stem,
        time: listed.time,
        path: listed.path.display().to_string(),
        project: project.root().display().to_string(),
        reply: if is_question && options.is_empty() { format!("reply {}", listed.stem) } else { String::new() },
        options,
        message: &listed.message,
    };
    let mut command = Command::new(program);
    command.args(arguments).current_dir(project.root());
    let message = &listed.message;
    // One variable can't hold what a file can; the whole message is on the standard input.
    let (title, body) = (cut(&message.title, MAX_TITLE), cut(&message.body, MAX_BODY));
    for (name, value) in [
        ("MESSAGE_ID", listed.stem.as_str()),
        ("MESSAGE_TYPE", message.kind.word()),
        ("MESSAGE_TITLE", &title),
        ("MESSAGE_BODY", &body),
        ("MESSAGE_FROM", &message.from),
        ("MESSAGE_TASK", message.task.as_deref().unwrap_or_default()),
    ] {
        // A NUL can't stand in the environment.
        command.env(name, value.replace('\0', ""));
    }
    let ended = command::run(&mut command, Some(&serde_json::to_vec(&notification)?), TIMEOUT, MAX_OUTPUT)?;
    if ended.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ended.stderr);
    anyhow::bail!("`{program}` ended with {}: {}", command::describe(ended.status), said.trim());
}
