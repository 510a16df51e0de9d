//! Where there is no Landlock: `sandbox-exec` of macOS. It is used only where it is required, for nobody has tried it yet.

use super::{NotStarted, Support};
use crate::domain::sandbox::profile::Profile;
use crate::domain::sandbox::seatbelt;
use std::convert::Infallible;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

const PROGRAM: &str = "/usr/bin/sandbox-exec";

pub fn support() -> Support {
    if cfg!(target_os = "macos") && Path::new(PROGRAM).exists() {
        Support::Partial("abstract sockets")
    } else {
        Support::Unavailable("this system has nothing by which a program can confine itself".to_owned())
    }
}

/// Here only whole processes are confined.
pub fn in_thread<T: Send>(_: &Profile, _: impl FnOnce() -> T + Send) -> Result<T, String> {
    Err("it can't be tried on this system".to_owned())
}

/// Turns this process into the program, confined. It only comes back if it fails.
pub fn become_confined(profile: &Profile, command: &mut Command) -> Result<Infallible, NotStarted> {
    let mut confined = Command::new(PROGRAM);
    confined.arg("-p").arg(seatbelt::text(profile)).arg(command.get_program()).args(command.get_args());
    Err(NotStarted(format!("{PROGRAM} cannot be started: {}", confined.exec())))
}
