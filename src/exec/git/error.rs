//! Why a git command did not do what it was asked, as something to branch on and as words for the user.

use std::io;
use std::time::Duration;

use thiserror::Error;

use super::{MAX_OUTPUT, MINIMUM};
use crate::domain::system_trouble::tells_of_system;

/// Why a git command did not do what it was asked. The command is told without the options that every command gets.
#[derive(Debug, Error)]
pub enum GitError {
    #[error("git was not found on PATH: install it")]
    NotFound,
    #[error("git {0} is too old, need ≥ {MINIMUM}: update it")]
    TooOld(String),
    #[error("`git {command}` took longer than {after:?} and was stopped")]
    TimedOut { command: String, after: Duration },
    /// It ended with an exit code other than 0, or by a signal. What it said is without passwords in URLs.
    #[error("`git {command}` failed{}", told(*code, stderr))]
    Failed { command: String, code: Option<i32>, stderr: String },
    #[error("`git {0}` wrote more than {MAX_OUTPUT} bytes")]
    TooMuchOutput(String),
    #[error("git could not be run: {0}")]
    Io(#[from] io::Error),
}

impl GitError {
    /// Whether git itself refused, and not for want of room, open files or the like.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Failed { .. }) && !tells_of_system(&self.to_string())
    }
}

fn told(code: Option<i32>, stderr: &str) -> String {
    let end = code.map_or_else(|| ": a signal ended it".to_owned(), |code| format!(" with exit code {code}"));
    match stderr.trim() {
        "" => end,
        stderr => format!("{end}: {stderr}"),
    }
}
