//! The commands of a runner: started in the folder of a run, without the user's secrets in their environment, which an engine
//! may put on record.
//!
//! What they say is read elsewhere. Each but the start command has a limit.

use crate::domain::outcome::Exit;
use crate::domain::secrets;
use crate::domain::state::ProcessId;
use crate::exec::clock::monotonic_now;
use crate::exec::command::{self, Captured, CommandError};
use crate::exec::processes::{self, Family, Grace};
use crate::sys::atomic::open_log;
use anyhow::{Context, Result};
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::process::{Pid, Signal, kill_process_group};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a call of an engine may take. With its controller down, Slurm's take 9 to 18 seconds to say so.
pub const CALL: Duration = Duration::from_secs(25);
/// The most that is kept of what such a command prints.
const MAX_OUTPUT: usize = 64 << 10;
/// How long a start command may take to end in order.
const GRACE: Duration = Duration::from_secs(3);

/// How the commands of one run are called.
#[derive(Clone, Debug)]
pub struct Calls {
    /// The folder of the run.
    folder: PathBuf,
    /// Variables that they don't get.
    withheld: Vec<OsString>,
}

impl Calls {
    /// In this folder, with what isn't secret of the environment, which is this process's own.
    pub fn new(folder: &Path, environment: &BTreeMap<OsString, OsString>) -> Self {
        let names = environment.keys().filter(|name| secrets::is_secret(&name.to_string_lossy()));
        Self { folder: folder.to_owned(), withheld: names.cloned().collect() }
    }

    fn command(&self, words: &[String]) -> Option<Command> {
        let (program, arguments) = words.split_first()?;
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.folder);
        for name in &self.withheld {
            command.env_remove(name);
        }
        Some(command)
    }

    /// Starts a command, which goes on when this process ends.
    pub fn start(&self, words: &[String], log: &Path) -> Result<Start> {
        let mut command = self.command(words).context("the runner has no start command")?;
        let log = open_log(log)?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).process_group(0);
        let child = command.spawn().with_context(|| format!("`{}` can't be started", words[0]))?;
        let id = processes::identity(child.id());
        Ok(Start { child: Some(child), id, exit: None })
    }

    /// Runs a command to its end, and returns what it printed; `None` where there is none.
    pub fn run(&self, words: &[String], limit: Duration) -> Option<Result<Captured, CommandError>> {
        self.command(words).map(|mut command| command::run(&mut command, None, limit, MAX_OUTPUT))
    }

    /// The same without waiting for it; `None` where there is none, or it can't be started.
    pub fn in_background(&self, words: &[String], limit: Duration) -> Option<Background> {
        let mut command = self.command(words)?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
        let child = command.spawn().inspect_err(|error| tracing::debug!(%error, "{}", words[0])).ok()?;
        Some(Background { child, begun: monotonic_now(), limit })
    }
}

/// A command that runs in the background, and prints little.
#[derive(Debug)]
pub struct Background {
    child: Child,
    begun: Instant,
    limit: Duration,
}

impl Background {
    /// What it has printed, if it ended well; `None` as long as it runs.
    pub fn done(&mut self) -> Option<Option<String>> {
        match self.child.try_wait() {
            Ok(None) if self.begun.elapsed() < self.limit => None,
            Ok(Some(status)) if status.success() => Some(Some(self.printed())),
            _ => Some(None),
        }
    }

    /// What is in the pipe: whoever still holds its other end isn't waited for.
    fn printed(&mut self) -> String {
        let Some(mut stdout) = self.child.stdout.take() else { return String::new() };
        let mut printed = vec![0; MAX_OUTPUT];
        let read = fcntl_setfl(&stdout, OFlags::NONBLOCK).map_or(0, |()| stdout.read(&mut printed).unwrap_or(0));
        String::from_utf8_lossy(&printed[..read]).into_owned()
    }
}

impl Drop for Background {
    /// Nobody is interested in it any more.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

/// A start command, of this supervisor or of an earlier one.
#[derive(Debug)]
pub struct Start {
    child: Option<Child>,
    pub id: Option<ProcessId>,
    exit: Option<Exit>,
}

impl Start {
    /// That of an earlier supervisor, if it came to that.
    pub fn of_earlier(id: Option<ProcessId>) -> Self {
        Self { child: None, id, exit: None }
    }

    /// How it exited; `None` as long as it runs, and if nobody can tell any more.
    pub fn exit(&mut self) -> Option<Exit> {
        if let Some(Ok(Some(status))) = self.child.as_mut().map(Child::try_wait) {
            self.exit = Some(Exit { code: status.code(), signal: status.signal() });
            self.child = None;
        }
        self.exit
    }

    /// Whether it runs.
    pub fn is_running(&mut self) -> bool {
        self.exit().is_none() && (self.child.is_some() || self.id.as_ref().is_some_and(processes::is_alive))
    }

    /// Asks it to end.
    pub fn terminate(&mut self) {
        if self.is_running()
            && let Some(id) = &self.id
        {
            processes::terminate(id);
        }
    }

    /// Ends it, with what it has started here. Whatever it carries elsewhere, it may go on.
    pub fn end(&mut self) {
        if !self.is_running() {
            return;
        }
        let family = Family { leader: self.id.as_ref(), ..Family::default() };
        processes::end(&family, &Grace::new(GRACE));
        self.exit();
    }
}
