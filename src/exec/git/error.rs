//! Why a git command did not do what it was asked, as something to branch on and as words for a person.

use std::fmt;
use std::io;
use std::time::Duration;

use super::{MAX_OUTPUT, MINIMUM};

/// Why a git command did not do what it was asked.
#[derive(Debug)]
pub enum GitError {
    /// There is no `git` on `PATH`.
    NotFound,
    /// The git on `PATH` is older than [`MINIMUM`].
    TooOld(String),
    /// It took too long and was killed.
    TimedOut {
        /// The command, without the options that every command gets.
        command: String,
        /// The limit that it passed.
        after: Duration,
    },
    /// It ended with an exit code other than 0.
    Failed {
        /// The command, without the options that every command gets.
        command: String,
        /// The exit code; `None` if a signal ended it.
        code: Option<i32>,
        /// What it said, without passwords in URLs.
        stderr: String,
    },
    /// It wrote more than can be kept.
    TooMuchOutput(String),
    /// It could not be started or waited for.
    Io(io::Error),
}

impl fmt::Display for GitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => write!(f, "git was not found on PATH: install it"),
            Self::TooOld(version) => {
                write!(f, "git {version} is too old, need ≥ {MINIMUM}: update it")
            }
            Self::TimedOut { command, after } => {
                write!(f, "`git {command}` took longer than {after:?} and was stopped")
            }
            Self::Failed { command, code, stderr } => {
                write!(f, "`git {command}` failed")?;
                match code {
                    Some(code) => write!(f, " with exit code {code}")?,
                    None => write!(f, ": a signal ended it")?,
                }
                if stderr.trim().is_empty() { Ok(()) } else { write!(f, ": {}", stderr.trim()) }
            }
            Self::TooMuchOutput(command) => {
                write!(f, "`git {command}` wrote more than {MAX_OUTPUT} bytes")
            }
            Self::Io(source) => write!(f, "git could not be run: {source}"),
        }
    }
}

impl std::error::Error for GitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(source) => Some(source),
            _ => None,
        }
    }
}
