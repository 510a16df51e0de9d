//! What a command knows of the world: the time, the environment, where it was started; and how it speaks.
//!
//! The clock and the environment are read here, once, and nowhere else.

use super::view::{Line, UNCUT};
use crate::domain::request::{REQUESTS, Request};
use crate::domain::run::RUN_TAG;
use crate::domain::text::printable;
use crate::domain::time::{self, Time};
use crate::engine::authorization::{self, AgentCaller, Caller};
use crate::engine::project::Project;
use anyhow::{Context as _, Result};
use chrono::SubsecRound;
use ratatui::crossterm::terminal;
use rustix::fs::{FileType, OFlags};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// Overrides the clock, for tests and dry runs: a time as RFC 3339.
pub const NOW_VARIABLE: &str = "SCHEDULER_NOW";

/// What was wrong with the call or the configuration: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);

/// An error with exit code 2.
pub fn usage(message: impl Into<String>) -> anyhow::Error {
    Usage(message.into()).into()
}

/// The world as one command sees it.
#[derive(Debug)]
pub struct Context {
    /// When the command was started.
    pub now: Time,
    /// Where it looks for the project: `-C`, else the working directory.
    pub dir: PathBuf,
    /// `--debug`.
    pub debug: bool,
    environment: BTreeMap<OsString, OsString>,
    /// The agent in whose name the command is carried out, and what it asked for; none for the user's own.
    asked: Option<(AgentCaller, Request)>,
}

impl Context {
    /// Reads the clock, the environment and the working directory.
    ///
    /// # Errors
    /// A `SCHEDULER_NOW` that is no time; a working directory or `-C` that isn't there.
    #[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
    pub fn new(dir: Option<&Path>, debug: bool) -> Result<Self> {
        let environment: BTreeMap<_, _> = std::env::vars_os().collect();
        let now = match environment.get(&OsString::from(NOW_VARIABLE)) {
            Some(text) => time::parse(&text.to_string_lossy())
                .ok_or_else(|| usage(format!("{NOW_VARIABLE} is no time: write 2024-01-15T10:30:00Z")))?,
            None => utc_now(),
        };
        let dir = match dir {
            Some(dir) => std::path::absolute(dir)
                .ok()
                .filter(|dir| dir.is_dir())
                .ok_or_else(|| usage(format!("-C {}: there is no such directory", dir.display())))?,
            None => std::env::current_dir()
                .context("the working directory can't be read (was it deleted?): change to another, or use -C DIR")?,
        };
        Ok(Self { now, dir, debug, environment, asked: None })
    }

    /// The same for what an agent has asked for.
    #[must_use]
    pub fn answering(self, caller: AgentCaller, request: Request) -> Self {
        Self { asked: Some((caller, request)), ..self }
    }

    /// The request that is being answered.
    pub fn request(&self) -> Option<&Request> {
        self.asked.as_ref().map(|(_, request)| request)
    }

    /// The time now, for what takes longer than a moment; fixed if `SCHEDULER_NOW` is set.
    pub fn clock(&self) -> Time {
        match self.env(NOW_VARIABLE) {
            Some(_) => self.now,
            None => utc_now(),
        }
    }

    /// The time that `--since` says.
    ///
    /// # Errors
    /// It says none.
    pub fn since(&self, text: &str) -> Result<Time> {
        let remedy =
            || usage(format!("--since: {text:?} is no time: write 7d, 12h, 2026-03-01 or 2026-03-01T10:30:00Z"));
        time::parse_since(text, self.now).ok_or_else(remedy)
    }

    /// The program itself.
    ///
    /// # Errors
    /// The system doesn't tell where it is.
    pub fn program(&self) -> Result<PathBuf> {
        std::env::current_exe().context("the program can't find itself")
    }

    /// A variable of the environment; `None` if it is unset, empty, or not UTF-8.
    pub fn env(&self, name: &str) -> Option<&str> {
        self.environment.get(&OsString::from(name))?.to_str().filter(|value| !value.is_empty())
    }

    /// The project of a command, given as its words after `scheduler`, and who calls it.
    ///
    /// # Errors
    /// There is no project here; the caller may not call it.
    pub fn enter(&self, command: &str) -> Result<(Project, Caller)> {
        let found = || Project::find(&self.dir);
        let Some((agent, _)) = &self.asked else { return Ok((authorization::for_user(found)?, Caller::User)) };
        agent.authorize(command)?;
        Ok((found()?, Caller::Agent(Box::new(agent.clone()))))
    }

    /// The project of a command that only the user calls, and that asks for no role.
    ///
    /// # Errors
    /// There is no project here; the call comes from a run.
    pub fn project_of_user(&self, what: &str) -> Result<Project> {
        self.refuse_inside_run(what)?;
        authorization::for_user(|| Project::find(&self.dir))
    }

    /// Refuses what makes no sense inside a run.
    ///
    /// # Errors
    /// The variables of a run are in the environment.
    pub fn refuse_inside_run(&self, what: &str) -> Result<()> {
        match [RUN_TAG, REQUESTS].into_iter().find(|name| self.env(name).is_some()) {
            Some(name) => Err(usage(format!("{what} can't be done inside a run ({name} is set)"))),
            None => Ok(()),
        }
    }

    /// The whole environment.
    pub fn environment(&self) -> &BTreeMap<OsString, OsString> {
        &self.environment
    }

    /// Whether the user can be asked: input and output are a terminal.
    pub fn interactive(&self) -> bool {
        io::stdin().is_terminal() && io::stdout().is_terminal()
    }

    /// Whether the user sees what is printed, as it happens. Under cron no terminal is named, and nothing has to be asked.
    pub fn on_terminal(&self) -> bool {
        self.env("TERM").is_some() && io::stdout().is_terminal()
    }

    /// Whether errors are appended to a file, as timers have it. A script that looks at them has a pipe or a file of its own.
    pub fn stderr_grows() -> bool {
        let stderr = io::stderr();
        let is_file = rustix::fs::fstat(&stderr).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode).is_file());
        is_file && rustix::fs::fcntl_getfl(&stderr).is_ok_and(|flags| flags.contains(OFlags::APPEND))
    }

    /// Whether what is printed may be coloured: on a terminal that can, unless `NO_COLOR` is set.
    pub fn colours(&self) -> bool {
        io::stdout().is_terminal()
            && self.env("NO_COLOR").is_none()
            && self.env("TERM").is_some_and(|term| term != "dumb")
    }

    /// How many columns a line has: those of the terminal, or what `COLUMNS` says; elsewhere it has no end.
    pub fn width(&self) -> usize {
        let said = self.env("COLUMNS").and_then(|columns| columns.parse().ok());
        let seen = || io::stdout().is_terminal().then(|| terminal::size().map_or(80, |(columns, _)| columns.into()));
        said.or_else(seen).map_or(UNCUT, |columns: usize| columns.max(40))
    }

    /// Prints a text to stdout, without what would steer the terminal: part of it may be of others.
    ///
    /// # Errors
    /// A reader that has gone, a full disk.
    pub fn line(&self, text: impl Display) -> Result<()> {
        self.styled(&printable(&text.to_string()))
    }

    /// As [`Context::line`], of a text that is the program's own and has colours.
    ///
    /// # Errors
    /// As [`Context::line`].
    pub fn styled(&self, text: &str) -> Result<()> {
        writeln!(io::stdout().lock(), "{text}").context("stdout")
    }

    /// Prints one line to stderr. That it can't is no reason to fail.
    pub fn warn(&self, text: impl Display) {
        let _ = writeln!(io::stderr().lock(), "scheduler: {}", printable(&text.to_string()));
    }

    /// Prints lines to stdout, in colour where that is wanted.
    ///
    /// # Errors
    /// As [`Context::line`].
    pub fn lines(&self, lines: &[Line]) -> Result<()> {
        let colours = self.colours();
        let mut text = String::new();
        for line in lines {
            text.push_str(&line.render(colours));
            text.push('\n');
        }
        io::stdout().lock().write_all(text.as_bytes()).context("stdout")
    }

    /// Prints a value as JSON, indented.
    ///
    /// # Errors
    /// As [`Context::line`].
    pub fn json(&self, value: &impl serde::Serialize) -> Result<()> {
        let mut text = String::new();
        for c in serde_json::to_string_pretty(value)?.chars() {
            // Those that JSON allows as they are, but a terminal obeys.
            match c {
                '\u{7f}'..='\u{9f}' => text.push_str(&format!("\\u{:04x}", u32::from(c))),
                c => text.push(c),
            }
        }
        self.styled(&text)
    }

    /// Asks a yes-or-no question on the terminal; an empty answer is the `usual` one.
    ///
    /// # Errors
    /// A terminal that is gone.
    pub fn ask(&self, question: &str, usual: bool) -> Result<bool> {
        let choice = if usual { "[Y/n]" } else { "[y/N]" };
        let read = |answer: &str| match answer {
            "y" | "yes" => Ok(true),
            "n" | "no" => Ok(false),
            _ => Err("Please answer y or n.".to_owned()),
        };
        ask(&format!("{question} {choice}"), usual, &read)
    }

    /// Has one of several words chosen on the terminal; an empty answer is the `usual` one.
    ///
    /// # Errors
    /// A terminal that is gone.
    pub fn choose<T: clap::ValueEnum + Display>(&self, question: &str, usual: T) -> Result<T> {
        let words: Vec<_> = T::value_variants().iter().filter_map(|value| value.to_possible_value()).collect();
        let words: Vec<_> = words.iter().map(|word| word.get_name()).collect();
        let read = |answer: &str| T::from_str(answer, true);
        ask(&format!("{question} {} [{usual}]", words.join(", ")), usual, &read)
    }
}

fn ask<T>(question: &str, usual: T, read: &dyn Fn(&str) -> Result<T, String>) -> Result<T> {
    let mut out = io::stdout().lock();
    loop {
        write!(out, "{question} ")?;
        out.flush()?;
        let mut answer = String::new();
        let is_over = io::stdin().read_line(&mut answer)? == 0;
        match answer.trim().to_lowercase().as_str() {
            answer if is_over || answer.is_empty() => return Ok(usual),
            answer => match read(answer) {
                Ok(chosen) => return Ok(chosen),
                Err(why) => writeln!(out, "{why}")?,
            },
        }
    }
}

/// The time now, in whole seconds: no file holds more.
#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
fn utc_now() -> Time {
    chrono::Utc::now().trunc_subsecs(0)
}
