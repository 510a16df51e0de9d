//! Confines a process, and all that it starts, to a profile: by Landlock on Linux, by `sandbox-exec` on macOS.
//!
//! What the profile says is decided elsewhere. A process that is confined stays so; there is no way back.

mod crates;
mod places;
#[cfg(target_os = "linux")]
#[path = "confine/linux.rs"]
mod system;
#[cfg(not(target_os = "linux"))]
#[path = "confine/other.rs"]
mod system;

pub use crates::share_crates;
pub use places::{alternates, let_go, make_ready, reachable};
pub use system::{become_confined, support};

use crate::domain::sandbox::Mode;
use crate::domain::sandbox::profile::Profile;
use crate::sys::atomic;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

/// The exit code of `scheduler confine` that couldn't confine itself or couldn't start the program: claude has none like it.
pub const NOT_STARTED: u8 = 125;

/// How much of a profile this system holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Support {
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "no other system holds all of it"))]
    Full,
    /// All but this.
    Partial(&'static str),
    /// Nothing, for this reason.
    Unavailable(String),
}

impl Support {
    /// Why nothing is held.
    pub fn missing(&self) -> Option<&str> {
        match self {
            Self::Unavailable(why) => Some(why),
            _ => None,
        }
    }
}

/// Why runs in this mode can't be confined; `None` if they can. On macOS nobody has tried it yet, so that has to be asked for.
pub fn missing(mode: Mode) -> Option<String> {
    if cfg!(target_os = "macos") && mode == Mode::Auto {
        return Some("on macOS it is tried only where sandbox.mode is required".to_owned());
    }
    support().missing().map(str::to_owned)
}

/// What confines a run's processes.
#[derive(Clone, Debug)]
pub struct Confiner {
    /// This very program.
    pub program: PathBuf,
    /// The file of the profile.
    pub profile: PathBuf,
}

/// The command that becomes `program`: at once, or once it is confined. The process stays the same, and with it its number.
pub fn command(confinement: Option<&Confiner>, program: impl AsRef<OsStr>) -> Command {
    let Some(Confiner { program: own, profile }) = confinement else { return Command::new(program) };
    let mut command = Command::new(own);
    command.arg("confine").arg(profile).arg("--").arg(program);
    command
}

/// Tries whether what is allowed can be done, and what isn't can't.
pub fn trial() -> Result<(), String> {
    let folders = || -> std::io::Result<_> { Ok((tempfile::tempdir()?, tempfile::tempdir()?)) };
    let (open, closed) = folders().map_err(|error| error.to_string())?;
    let profile = Profile { write: vec![open.path().to_owned()], ..Profile::default() };
    let write = |folder: &TempDir| atomic::write(&folder.path().join("trial"), b"");
    match system::in_thread(&profile, || (write(&open), write(&closed)))? {
        (Err(error), _) => Err(format!("a write that is allowed is refused: {error:#}")),
        (_, Ok(())) => Err(format!("a write to {} was not refused", closed.path().display())),
        (Ok(()), Err(_)) => Ok(()),
    }
}

/// Why a process was neither confined nor started.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotStarted(pub String);

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
