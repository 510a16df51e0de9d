//! Carries out what files in `.orchestrator/inbox/` ask for: answers, tasks, a pause. Whoever writes them knows the token.
//!
//! Each is done once. It is known by its name, its time and its text, a task is named after that, and what was done is noted
//! before the file goes: killed in between, it is done again and does nothing. What is refused is moved aside and told.

use super::notes::Notes;
use super::project::Project;
use super::{Env, pause, reply};
use crate::domain::config::Config;
use crate::domain::inbox::{self, Order, SHORTEST_TOKEN};
use crate::domain::message::Message;
use crate::domain::name::Name;
use crate::domain::proposal;
use crate::domain::text::{cut, one_line};
use crate::domain::time::Time;
use crate::store::messages;
use crate::store::paths::Paths;
use crate::store::queue::{AddError, Queue};
use crate::sys::atomic::{self, Moved};
use crate::sys::{dir, read};
use anyhow::{Context as _, Result};
use rustix::fs::{FileType, Stat, lstat};
use serde::Deserialize;
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

/// The most files that one tick deals with.
const MAX_FILES: usize = 20;
/// The largest of them, in bytes.
const MAX_BYTES: i64 = 32 << 10;
/// A file that was written to so few seconds ago may not be whole.
const SETTLED: i64 = 5;
/// How many of the files that were dealt with are remembered, lest a folder that is kept the same elsewhere bring them back.
const REMEMBERED: usize = 1_000;
/// How files are called that somebody is still writing.
const UNFINISHED: [&str; 5] = ["~", ".tmp", ".part", ".partial", ".crdownload"];

/// `inbox.json`: what was dealt with, oldest first.
#[derive(Default, Deserialize)]
struct Dealt(VecDeque<String>);

/// One file that is ready.
struct Letter {
    path: PathBuf,
    /// For screens: it is somebody else's.
    name: String,
    key: String,
    /// What it says; else why it isn't read.
    text: Result<String, String>,
}

/// What all of them are dealt with by.
struct Inbox<'a> {
    project: &'a Project,
    token: &'a str,
    /// The most tasks that may wait.
    max_incoming: u32,
    now: Time,
}

/// Deals with what is there, the first files of all by their names.
pub(super) fn carry_out(project: &Project, config: &Config, env: Env<'_>, now: Time) -> Notes {
    let mut notes = Notes::default();
    let Some(inbox) = &config.inbox else { return notes };
    let found = atomic::ensure_dir(&project.paths.inbox()).and_then(|()| letters(&project.paths, now));
    match found {
        Ok(letters) if letters.is_empty() => {}
        Ok(letters) => match env(&inbox.token_env).filter(|token| token.len() >= SHORTEST_TOKEN) {
            Some(token) => {
                let inbox = Inbox { project, token, max_incoming: config.queue_limits.max_incoming.get(), now };
                let dealt = inbox.deal(&letters, &mut notes);
                notes.failure(dealt);
            }
            None => notes.problems.push(format!(
                "files in {} wait: {} isn't in the environment of ticks, or has fewer than {SHORTEST_TOKEN} characters",
                project.paths.inbox().display(),
                inbox.token_env
            )),
        },
        Err(error) => notes.failure::<()>(Err(error)),
    }
    notes
}

fn letters(paths: &Paths, now: Time) -> Result<Vec<Letter>> {
    let mut entries = dir::entries(&paths.inbox())?.flatten().map(|entry| entry.path()).collect::<Vec<_>>();
    entries.sort();
    Ok(entries.into_iter().filter_map(|path| letter(path, now)).take(MAX_FILES).collect())
}

/// A file that is whole, as far as can be told; folders and what is hidden are left alone.
fn letter(path: PathBuf, now: Time) -> Option<Letter> {
    let name = path.file_name()?.to_string_lossy().into_owned();
    let stat = lstat(&path).ok()?;
    let kind = FileType::from_raw_mode(stat.st_mode);
    let is_young = (now.timestamp() - stat.st_mtime).abs() < SETTLED;
    if name.starts_with('.')
        || UNFINISHED.iter().any(|end| name.ends_with(end))
        || kind == FileType::Directory
        || is_young
    {
        return None;
    }
    let text = match kind {
        FileType::RegularFile if stat.st_size > MAX_BYTES => Err(format!("it is larger than {} KiB", MAX_BYTES >> 10)),
        FileType::RegularFile => read::read_text(&path).map_err(|error| format!("{error:#}")).transpose()?,
        _ => Err("it is no regular file".to_owned()),
    };
    Some(Letter { key: key(&name, &stat, &text), name: cut(&one_line(&name), 80), path, text })
}

fn key(name: &str, stat: &Stat, text: &Result<String, String>) -> String {
    let mut hasher = DefaultHasher::new();
    (name, stat.st_mtime, stat.st_mtime_nsec, text).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

impl Inbox<'_> {
    /// Deals with each; what fails is tried again by the next tick.
    fn deal(&self, letters: &[Letter], notes: &mut Notes) -> Result<()> {
        let Dealt(mut dealt) = read::read_json(&self.project.paths.inbox_dealt())?.unwrap_or_default();
        for letter in letters {
            match self.deal_with(letter, &mut dealt).with_context(|| format!("inbox: {}", letter.name)) {
                Ok(what) => notes.changes.extend(what.map(|what| format!("inbox: {}: {what}", letter.name))),
                Err(error) => notes.failure::<()>(Err(error)),
            }
        }
        Ok(())
    }

    /// What was done with it; `None`: it was before.
    fn deal_with(&self, letter: &Letter, dealt: &mut VecDeque<String>) -> Result<Option<String>> {
        let paths = &self.project.paths;
        if dealt.contains(&letter.key) {
            return atomic::remove(&letter.path).map(|_| None);
        }
        let order = letter.text.clone().and_then(|text| inbox::parse(&text, self.token));
        let done = order.map_or_else(|why| Ok(Err(why)), |order| self.obey(order, letter))?;
        match done {
            Ok(what) => {
                dealt.push_back(letter.key.clone());
                dealt.drain(..dealt.len().saturating_sub(REMEMBERED));
                atomic::write(&paths.inbox_dealt(), &atomic::json(dealt)?)?;
                atomic::remove(&letter.path)?;
                Ok(Some(what))
            }
            Err(why) => refuse(paths, letter, &why, self.now).map(|()| Some(format!("refused: {why}"))),
        }
    }

    /// Does it, or says why it is refused. Done again for the same letter it does nothing.
    fn obey(&self, order: Order, letter: &Letter) -> Result<Result<String, String>> {
        let (paths, now) = (&self.project.paths, self.now);
        Ok(match order {
            Order::Pause { reason } => {
                pause::pause(paths, &reason, now).map(|_| Ok("everything is paused".to_owned()))?
            }
            Order::Resume => pause::resume(paths).map(|_| Ok("agents go on".to_owned()))?,
            Order::Reply { question, text } => answer(self.project, &question, &text, now)?,
            Order::Add(new) => {
                let id: Name = format!("TASK-{}", letter.key).parse().map_err(anyhow::Error::msg)?;
                match Queue::new(paths).add_once(&id, &new, self.max_incoming, now) {
                    Ok(()) => Ok(format!("{id} is added")),
                    Err(full @ AddError::Full { .. }) => Err(full.to_string()),
                    Err(AddError::Failed(error)) => return Err(error),
                }
            }
        })
    }
}

fn answer(project: &Project, id: &str, text: &str, now: Time) -> Result<Result<String, String>> {
    let questions = messages::questions(&project.paths)?;
    let Some(question) = questions.into_iter().find(|question| question.stem == id) else {
        return Ok(Err(format!("there is no question {}", cut(id, 80))));
    };
    if let Some([a, b]) = proposal::question_of(&question.message) {
        return Ok(Err(format!("{id} is decided by judging:\n{}", proposal::ways_to_decide([&a, &b]))));
    }
    if text.chars().count() > reply::MAX {
        return Ok(Err(format!("the answer is longer than {} characters", reply::MAX)));
    }
    if question.answer.as_ref().is_none_or(|answer| answer.text.trim() != text) {
        reply::reply(project, &question, text, now)?;
    }
    Ok(Ok(format!("{id} is answered")))
}

/// Tells the user, then moves it where no tick looks.
fn refuse(paths: &Paths, letter: &Letter, why: &str, now: Time) -> Result<()> {
    let aside = paths.inbox_refused().join(format!("{}.txt", letter.key));
    let body = format!("{why}\n\nNothing of it was done. It lies at {} now.", aside.display());
    let message = Message::warning(format!("A file in the inbox is refused: {}", letter.name), body);
    messages::send(paths, &message.key(format!("inbox {}", letter.key)), now)?;
    atomic::ensure_dir(&paths.inbox_refused())?;
    match atomic::move_no_replace(&letter.path, &aside)? {
        Moved::AlreadyExists => atomic::remove(&letter.path).map(drop),
        Moved::Done | Moved::NotFound => Ok(()),
    }
}
