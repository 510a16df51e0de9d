//! The programs that keep timers: crontab, systemctl, launchctl.
//!
//! What stands in a crontab or unit is decided elsewhere.

use super::command::{self, CommandError};
use crate::sys::{atomic, dir, read};
use anyhow::{Result, bail};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(30);
const MAX_OUTPUT: usize = 1 << 20;

/// This user's crontab; empty if there is none.
///
/// # Errors
/// There is no program crontab, or it refuses this user.
pub fn read_crontab() -> Result<String> {
    let mut crontab = Command::new("crontab");
    crontab.arg("-l").env("LC_ALL", "C");
    match command::run(&mut crontab, None, TIMEOUT, MAX_OUTPUT) {
        Ok(done) if done.status.success() => Ok(String::from_utf8(done.stdout)?),
        Ok(done) => {
            let said = String::from_utf8_lossy(&done.stderr).trim().to_owned();
            if said.contains("no crontab for") { Ok(String::new()) } else { bail!("crontab -l: {said}") }
        }
        Err(CommandError::NotFound { .. }) => bail!("there is no program crontab: install cron, or use systemd"),
        Err(error) => Err(error.into()),
    }
}

/// Replaces this user's crontab: from a file, for what stands behind a pipe ends early with whoever writes into it.
///
/// # Errors
/// crontab refuses it; the old one stays.
pub fn write_crontab(text: &str) -> Result<()> {
    let file = atomic::scratch(text.as_bytes())?;
    run("crontab", &[&file.path().to_string_lossy()])
}

/// Runs systemctl for this user.
///
/// # Errors
/// There is no systemd for users here, or it refuses.
pub fn systemctl(arguments: &[&str]) -> Result<()> {
    run("systemctl", &[&["--user"], arguments].concat())
}

/// Runs launchctl.
///
/// # Errors
/// It refuses.
pub fn launchctl(arguments: &[&str]) -> Result<()> {
    run("launchctl", arguments)
}

/// Whether a cron is at work here; `None` where that can't be seen.
pub fn cron_runs() -> Option<bool> {
    const CRONS: [&str; 5] = ["cron", "crond", "fcron", "anacron", "busybox"];
    let processes = dir::names(Path::new("/proc")).ok()?.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
    let mut names = processes.filter_map(|process| read::read_proc(&format!("/proc/{process}/comm"), 64)).peekable();
    names.peek()?;
    Some(names.any(|name| CRONS.contains(&String::from_utf8_lossy(&name).trim())))
}

/// The number of this user, which names launchd's domain.
pub fn user_id() -> u32 {
    rustix::process::getuid().as_raw()
}

fn run(program: &str, arguments: &[&str]) -> Result<()> {
    let mut program_call = Command::new(program);
    program_call.args(arguments);
    let done = match command::run(&mut program_call, None, TIMEOUT, MAX_OUTPUT) {
        Ok(done) => done,
        Err(CommandError::NotFound { .. }) => bail!("there is no program {program} here"),
        Err(error) => return Err(error.into()),
    };
    if done.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stderr).trim().to_owned();
    bail!("{program} {}: {said}", arguments.join(" "))
}
