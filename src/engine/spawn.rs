//! Starts the program itself, detached: supervisors and what else goes on beside the ticks.
//!
//! Nothing waits for what is started here.

use super::project::Project;
use crate::domain::name::Name;
use crate::domain::run::SUPERVISOR_TAG;
use crate::domain::time;
use crate::exec::detach;
use crate::store::paths::Paths;
use crate::sys::atomic;
use crate::sys::lock::Lock;
use anyhow::{Context, Result};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// What every start needs to know.
#[derive(Clone, Copy, Debug)]
pub struct Spawner<'a> {
    /// The project.
    pub project: &'a Project,
    /// The program itself.
    pub program: &'a Path,
    /// When the tick began.
    pub now: time::Time,
}

impl Spawner<'_> {
    /// Starts the supervisor of an agent, which takes over its lock. With `recover` it puts a lost run right.
    pub fn supervisor(&self, agent: &Name, lock: Lock, recover: bool) -> Result<()> {
        let log = self.project.paths.agent_log(agent, &time::local_day(self.now));
        let folder = self.project.paths.agent(agent).dir().display().to_string();
        let environment = [(SUPERVISOR_TAG.to_owned(), folder)];
        self.start(&environment, &supervise(self.project.root(), agent, recover), lock, &log)
            .with_context(|| format!("the supervisor of {agent} can't be started"))
    }

    /// Starts one of the program's hidden commands, unless it is under way: `lock` sees to that.
    pub fn once(&self, command: &str, lock: &Path) -> Result<()> {
        let log = self.project.paths.scheduler_log(&time::local_day(self.now));
        match Lock::try_take(lock)? {
            Some(lock) => self.start(&[], &[command.as_ref()], lock, &log),
            None => Ok(()),
        }
        .with_context(|| format!("`scheduler {command}` can't be started"))
    }

    fn start(&self, environment: &[(String, String)], arguments: &[&OsStr], lock: Lock, log: &Path) -> Result<()> {
        let log = atomic::open_log(log)?;
        let root = self.project.root();
        detach::spawn_detached(self.program, arguments, environment, root, lock.into_file().into(), log)?;
        Ok(())
    }
}

/// The command line of a supervisor: whoever is below one can read there whose it is.
fn supervise<'a>(root: &'a Path, agent: &'a Name, recover: bool) -> Vec<&'a OsStr> {
    let recover = recover.then_some("--recover");
    let words = ["supervise"].into_iter().chain(recover).chain(["--", agent.as_str()]);
    ["-C".as_ref(), root.as_os_str()].into_iter().chain(words.map(OsStr::new)).collect()
}

/// The folder of the agent whose supervisor has this command line, if it is one.
pub fn supervised(words: &[String]) -> Option<PathBuf> {
    match words {
        [_, c, root, supervise, .., name] if c == "-C" && supervise == "supervise" => {
            Some(Paths::new(Path::new(root)).agent(&name.parse().ok()?).dir().to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_supervisor_is_known_by_its_command_line() {
        let name: Name = "impl-1".parse().unwrap();
        for recover in [false, true] {
            let words = supervise(Path::new("/my project"), &name, recover);
            let words: Vec<_> = ["scheduler".as_ref()].into_iter().chain(words).collect();
            let words: Vec<_> = words.iter().map(|word: &&OsStr| word.to_str().unwrap().to_owned()).collect();
            assert_eq!(supervised(&words), Some("/my project/.orchestrator/agents/impl-1".into()));
        }
        for other in ["scheduler status", "vi -C x supervise", "sh -c x supervise y", "scheduler -C x supervise -- .."]
        {
            let words: Vec<_> = other.split(' ').map(str::to_owned).collect();
            assert_eq!(supervised(&words), None, "{other}");
        }
    }
}
