//! The files of messages to the user.
//!
//! It gives them names that never collide; what a message says, and when one is due, is for others to know.

use super::listing::{self, Stray};
use super::paths::Paths;
use crate::domain::message::{self, Message, MessageType, Reply};
use crate::domain::time::Time;
use crate::sys::atomic::{self, Published, Rewritten};
use crate::sys::lock::Lock;
use crate::sys::read;
use anyhow::{Result, bail};
use std::path::PathBuf;

/// A message file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The file name without its ending.
    pub stem: String,
    /// The file.
    pub path: PathBuf,
    /// What it says.
    pub message: Message,
    /// When it was sent, if the file says so.
    pub time: Option<Time>,
    /// What the user answered.
    pub answer: Option<Reply>,
}

/// Writes a message. One with a key is not written again while a message with that key is there, and unanswered. Returns
/// its file, or that of the message that is there.
///
/// # Errors
/// A message above 1 MiB, the lock of the store for one with a key, or the system's.
pub fn send(paths: &Paths, message: &Message, now: Time) -> Result<PathBuf> {
    if message.key.is_none() {
        return publish(paths, message, now);
    }
    let lock = crate::store::lock(paths)?;
    send_under(&lock, paths, message, now)
}

/// As [`send`], for a change of the store that holds its lock already.
///
/// # Errors
/// As for [`send`].
pub fn send_under(_lock: &Lock, paths: &Paths, message: &Message, now: Time) -> Result<PathBuf> {
    let Some(key) = &message.key else { return publish(paths, message, now) };
    let (listed, _) = list(paths)?;
    match listed.into_iter().find(|listed| listed.message.key.as_ref() == Some(key) && listed.answer.is_none()) {
        Some(listed) => Ok(listed.path),
        None => publish(paths, message, now),
    }
}

/// Every message, newest first, and what stands among them and is none.
///
/// # Errors
/// The directory cannot be read.
pub fn list(paths: &Paths) -> Result<(Vec<Listed>, Vec<Stray>)> {
    let (stems, mut strays) = listing::markdown(&paths.messages())?;
    let mut messages = Vec::new();
    for stem in stems {
        match read_one(paths, stem) {
            Ok(listed) => messages.extend(listed),
            Err(stray) => strays.push(stray),
        }
    }
    newest_first(&mut messages);
    Ok((messages, strays))
}

/// Every question, answered or not, newest first. Only files that are named as questions are opened.
///
/// # Errors
/// The directory cannot be read.
pub fn questions(paths: &Paths) -> Result<Vec<Listed>> {
    let prefix = format!("{}-", MessageType::Question);
    let stems = stems(paths)?.into_iter().filter(|stem| stem.starts_with(&prefix));
    let mut questions: Vec<_> = stems.filter_map(|stem| read_one(paths, stem).ok().flatten()).collect();
    questions.retain(|listed| listed.message.kind == MessageType::Question);
    newest_first(&mut questions);
    Ok(questions)
}

/// The names of all message files, without ending: no file is opened.
///
/// # Errors
/// The directory cannot be read.
pub fn stems(paths: &Paths) -> Result<Vec<String>> {
    Ok(listing::markdown(&paths.messages())?.0)
}

/// The message of that stem, one that [`stems`] named; `None` if it is gone or is no message.
///
/// # Errors
/// The file cannot be read.
pub fn load(paths: &Paths, stem: String) -> Result<Option<Listed>> {
    read_one(paths, stem).map_err(|stray| anyhow::anyhow!("{}: {}", stray.path.display(), stray.reason))
}

/// Writes an answer into the file of a message; whether it was there.
///
/// # Errors
/// As for [`atomic::rewrite`].
pub fn answer(listed: &Listed, answer: &str, now: Time) -> Result<bool> {
    let rewritten = atomic::rewrite(&listed.path, |text| Some(message::with_reply(text, answer, now)))?;
    Ok(rewritten != Rewritten::Gone)
}

/// Removes the file of a message; whether it was there.
///
/// # Errors
/// The system's, with path and remedy.
pub fn remove(listed: &Listed) -> Result<bool> {
    atomic::remove(&listed.path)
}

fn newest_first(messages: &mut [Listed]) {
    messages.sort_by(|a, b| b.time.cmp(&a.time).then_with(|| b.stem.cmp(&a.stem)));
}

/// `None` if it is gone since it was listed.
fn read_one(paths: &Paths, stem: String) -> Result<Option<Listed>, Stray> {
    let path = paths.message(&stem);
    let text = match read::read_text(&path) {
        Ok(Some(text)) => text,
        Ok(None) => return Ok(None),
        Err(error) => return Err(Stray { path, reason: format!("{error:#}") }),
    };
    match message::parse(&text) {
        Some((message, time)) => Ok(Some(Listed { stem, path, message, time, answer: message::reply(&text) })),
        None => Err(Stray { path, reason: "is not a message: move it away".to_owned() }),
    }
}

fn publish(paths: &Paths, message: &Message, now: Time) -> Result<PathBuf> {
    let text = message.to_text(now);
    read::check_size("the message", text.as_bytes())?;
    let stem = message.stem(now);
    for n in 1..1_000 {
        let path = if n == 1 { paths.message(&stem) } else { paths.message(&format!("{stem}-{n}")) };
        if atomic::create_new(&path, text.as_bytes())? == Published::New {
            return Ok(path);
        }
    }
    bail!("{} messages with this title were sent in this second: give it another title", 999)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time;
    use std::collections::BTreeSet;
    use std::fs;

    fn message(title: &str, key: Option<&str>) -> Message {
        Message { key: key.map(str::to_owned), ..Message::warning(title, "body") }
    }

    #[test]
    fn none_replaces_another() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::new(dir.path());
        let now = time::parse("2024-01-15T14:30:00Z").unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..4).for_each(|_| drop(send(&paths, &message("Same title", None), now).unwrap())));
            }
        });
        let stems: BTreeSet<_> = list(&paths).unwrap().0.into_iter().map(|listed| listed.stem).collect();
        let base = "warning-20240115-143000-same-title".to_owned();
        let expected: BTreeSet<_> =
            std::iter::once(base.clone()).chain((2..=16).map(|n| format!("{base}-{n}"))).collect();
        assert_eq!(stems, expected);
    }

    #[test]
    fn an_event_is_said_once() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::new(dir.path());
        let now = time::parse("2024-01-15T14:30:00Z").unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| send(&paths, &message("Config", Some("config-1")), now).unwrap());
            }
        });
        assert_eq!(list(&paths).unwrap().0.len(), 1);
        let other = send(&paths, &message("Config", Some("config-2")), now).unwrap();
        let again = send(&paths, &message("Other", Some("config-1")), now).unwrap();
        assert!(again != other && list(&paths).unwrap().0.len() == 2, "{again:?}");
        fs::remove_file(&again).unwrap();
        assert_ne!(send(&paths, &message("Other", Some("config-1")), now).unwrap(), again);
    }

    #[test]
    fn bad_files_are_named_and_the_others_listed_newest_first() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::new(dir.path());
        for day in ["2024-01-15", "2024-01-17", "2024-01-16"] {
            let now = time::parse(&format!("{day}T14:30:00Z")).unwrap();
            send(&paths, &message(day, None), now).unwrap();
        }
        fs::write(paths.messages().join("x.md"), "hello").unwrap();
        fs::write(paths.messages().join("y.md"), vec![b'x'; 2 << 20]).unwrap();
        fs::write(paths.messages().join("z.txt"), "").unwrap();
        let (listed, strays) = list(&paths).unwrap();
        let titles: Vec<_> = listed.iter().map(|listed| listed.message.title.as_str()).collect();
        assert_eq!(titles, ["2024-01-17", "2024-01-16", "2024-01-15"]);
        assert_eq!(strays.len(), 3);
        let mut huge = message("x", None);
        huge.body = "x".repeat(2 << 20);
        assert!(send(&paths, &huge, time::parse("2024-01-15T14:30:00Z").unwrap()).is_err());
    }
}
