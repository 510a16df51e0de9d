//! What a tick says: at once to who watches, with the time to others; and what lasts isn't repeated in a log every minute.

use super::Context;
use crate::domain::text::printable;
use crate::domain::time::{self, Time};
use crate::engine::project::Project;
use crate::store::cache;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use std::io::{self, Write};

/// A complaint that comes again within so many seconds has lasted all the time.
const LASTS: i64 = 600;

/// All that there was to say is said: only the exit code is left.
#[derive(Debug, thiserror::Error)]
#[error("exit code {0}")]
pub struct Silent(pub u8);

/// `cache/complaints.json`: what the last tick that complained has complained of.
#[derive(Serialize, Deserialize)]
struct Complaints {
    time: Time,
    lines: Vec<String>,
}

/// What is said, and what is still to be complained of.
pub struct Said<'a> {
    pub context: &'a Context,
    /// Somebody watches.
    is_watched: bool,
    complaints: Vec<String>,
}

impl<'a> Said<'a> {
    pub fn new(context: &'a Context, is_watched: bool) -> Self {
        Self { context, is_watched, complaints: Vec::new() }
    }

    /// Prints a line.
    ///
    /// # Errors
    /// As for [`Context::line`].
    pub fn line(&self, text: impl Display) -> Result<()> {
        if self.is_watched { self.context.line(text) } else { self.context.line(format!("{} {text}", self.time())) }
    }

    /// Notes what is to be printed at the end, to stderr.
    pub fn complain(&mut self, text: impl Display) {
        self.complaints.push(text.to_string());
    }

    /// Prints the complaints, to a log that grows those that are new, and ends with the exit code.
    ///
    /// # Errors
    /// There is an exit code.
    pub fn end(self, project: &Project, code: Option<u8>) -> Result<()> {
        if self.is_watched {
            self.complaints.iter().for_each(|text| self.context.warn(text));
        } else if !self.complaints.is_empty() {
            self.log(project);
        }
        code.map_or(Ok(()), |code| Err(Silent(code).into()))
    }

    fn log(&self, project: &Project) {
        let (now, path) = (self.context.now, project.paths.complaints());
        let known: Option<Complaints> = cache::load(&path).filter(|_| Context::stderr_grows());
        let known = known.filter(|known| time::is_within(LASTS, known.time, now));
        let lasts = |text: &&String| known.as_ref().is_some_and(|known| known.lines.contains(text));
        for text in self.complaints.iter().filter(|text| !lasts(text)) {
            // That it can't be said is no reason to fail.
            let _ = writeln!(io::stderr().lock(), "{} scheduler: {}", self.time(), printable(text));
        }
        let lines = self.complaints.clone();
        // Said twice is better than not at all.
        let _ = cache::save(&path, &Complaints { time: now, lines });
    }

    fn time(&self) -> String {
        time::local(self.context.now)
    }
}
