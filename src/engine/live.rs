//! An overview that is kept up to date for a screen that stays open, by a small share of the machine's time. It only
//! reads, and takes no lock.

mod actions;

pub use actions::Actions;

use super::{
    overview::{self, Overview},
    project::Project,
};
use crate::{
    domain::{
        schedule,
        task::{Task, TaskState},
        time::Time,
    },
    exec::clock,
    store::queue::Queue,
};
use anyhow::Result;
use std::time::{Duration, Instant};

/// The least time between two readings.
const PAUSE: Duration = Duration::from_millis(900);
/// How many times as long as a reading took is to pass before the next one: 2 % of the time at most.
const REST: u32 = 50;

/// A project under observation.
#[derive(Debug)]
pub struct Live<'a> {
    project: &'a Project,
    /// When the next reading is due.
    due: Instant,
}

impl<'a> Live<'a> {
    /// Begins; the first reading is due.
    pub fn new(project: &'a Project) -> Self {
        Self { project, due: clock::monotonic_now() }
    }

    /// What goes on, if a reading is due or something was `just_changed`.
    ///
    /// # Errors
    /// As [`overview::overview`].
    pub fn overview(&mut self, now: Time, just_changed: bool) -> Result<Option<Overview>> {
        let begun = clock::monotonic_now();
        if begun < self.due && !just_changed {
            return Ok(None);
        }
        let overview = overview::overview(self.project, now)?;
        self.due = begun + wait(begun.elapsed());
        Ok(Some(overview))
    }
}

/// The tasks that wait, those to be claimed first at the beginning. Files that can't be understood are left out: the
/// overview's problems name them.
///
/// # Errors
/// The queue can't be read.
pub fn waiting(project: &Project) -> Result<Vec<Task>> {
    let mut tasks = Queue::new(&project.paths).good(TaskState::Incoming)?;
    schedule::claim_order(&mut tasks);
    Ok(tasks)
}

/// How long after the beginning of a reading that took `took` the next one is due.
fn wait(took: Duration) -> Duration {
    PAUSE.max(took * REST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::time, engine::overview::Activity, store::paths::Paths};
    use std::fs;

    #[test]
    fn it_rests_in_proportion_and_reads_at_once_when_told() {
        for (took, millis) in [(0, 900), (18, 900), (60, 3_000)] {
            assert_eq!(wait(Duration::from_millis(took)), Duration::from_millis(millis));
        }
        let dir = tempfile::tempdir().unwrap();
        let project = Project { paths: Paths::new(dir.path()), common_dir: dir.path().join(".git") };
        fs::create_dir_all(project.paths.dot()).unwrap();
        fs::write(project.paths.config(), "agents: [{name: a, role: tester}]\n").unwrap();
        let now = time::parse("2026-03-01T10:00:00Z").unwrap();
        let mut live = Live::new(&project);
        let mut doing = |just_changed| {
            let overview = live.overview(now, just_changed).unwrap();
            overview.map(|overview| overview.agents[0].doing)
        };
        assert_eq!(doing(false), Some(Activity::Waiting));
        fs::write(project.paths.paused_marker(), "").unwrap();
        assert_eq!(doing(true), Some(Activity::Paused));
        live.due = clock::monotonic_now() + Duration::from_secs(3_600);
        assert!(live.overview(now, false).unwrap().is_none());
    }
}
