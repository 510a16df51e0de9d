//! Starts the program itself, detached: supervisors and the refresh of the count of pull requests.
//!
//! Nothing waits for what is started here.

use super::project::Project;
use crate::{
    domain::{name::Name, run::SUPERVISOR_TAG, time},
    exec::detach,
    sys::{atomic, lock::Lock},
};
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
    pub fn supervisor(&self, agent: &Name, lock: Lock, recover: bool) -> Result<u32> {
        let log = self.project.paths.agent_log(agent, &time::local_day(self.now));
        let mut arguments = vec!["supervise"];
        arguments.extend(recover.then_some("--recover"));
        let folder = self.project.paths.agent(agent).dir().display().to_string();
        let environment = [(SUPERVISOR_TAG.to_owned(), folder)];
        self.start_in(&environment, &[&arguments[..], &["--", agent.as_str()]].concat(), lock, &log)
            .with_context(|| format!("the supervisor of {agent} can't be started"))
    }

    /// Starts the refresh of the open pull requests; `lock` sees to it that only one is under way.
    pub fn refresh(&self, lock: Lock) -> Result<u32> {
        let log = self.project.paths.scheduler_log(&time::local_day(self.now));
        self.start(&["refresh"], lock, &log).context("the refresh of the open pull requests can't be started")
    }

    /// Has the human told of new messages; `lock` sees to it that only one does so.
    pub fn notify(&self, lock: Lock) -> Result<u32> {
        let log = self.project.paths.scheduler_log(&time::local_day(self.now));
        self.start(&["notify"], lock, &log).context("notifying of messages can't be started")
    }

    /// Starts the tidying up; `lock` sees to it that only one is under way.
    pub fn housekeeping(&self, lock: Lock) -> Result<u32> {
        let log = self.project.paths.scheduler_log(&time::local_day(self.now));
        self.start(&["housekeeping"], lock, &log).context("the tidying up can't be started")
    }

    fn start(&self, arguments: &[&str], lock: Lock, log: &Path) -> Result<u32> {
        self.start_in(&[], arguments, lock, log)
    }

    fn start_in(&self, environment: &[(String, String)], arguments: &[&str], lock: Lock, log: &Path) -> Result<u32> {
        let log = atomic::open_log(log)?;
        let root = self.project.root();
        Ok(detach::spawn_detached(self.program, arguments, environment, root, lock.into_file().into(), log)?)
    }
}
