//! Starts the program itself, detached: supervisors and what else goes on beside the ticks.
//!
//! Nothing waits for what is started here.

use super::project::Project;
use crate::domain::name::Name;
use crate::domain::run::SUPERVISOR_TAG;
use crate::domain::time;
use crate::exec::detach;
use crate::sys::atomic;
use crate::sys::lock::Lock;
use anyhow::{Context, Result};
use std::path::Path;

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
        let mut arguments = vec!["supervise"];
        arguments.extend(recover.then_some("--recover"));
        let folder = self.project.paths.agent(agent).dir().display().to_string();
        let environment = [(SUPERVISOR_TAG.to_owned(), folder)];
        self.start(&environment, &[&arguments[..], &["--", agent.as_str()]].concat(), lock, &log)
            .with_context(|| format!("the supervisor of {agent} can't be started"))
    }

    /// Starts one of the program's hidden commands, unless it is under way: `lock` sees to that.
    pub fn once(&self, command: &str, lock: &Path) -> Result<()> {
        let log = self.project.paths.scheduler_log(&time::local_day(self.now));
        match Lock::try_take(lock)? {
            Some(lock) => self.start(&[], &[command], lock, &log),
            None => Ok(()),
        }
        .with_context(|| format!("`scheduler {command}` can't be started"))
    }

    fn start(&self, environment: &[(String, String)], arguments: &[&str], lock: Lock, log: &Path) -> Result<()> {
        let log = atomic::open_log(log)?;
        let root = self.project.root();
        detach::spawn_detached(self.program, arguments, environment, root, lock.into_file().into(), log)?;
        Ok(())
    }
}
