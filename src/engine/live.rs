//! Looks at a project again and again, for a screen that stays open.
//!
//! It asks the file system first what has changed, and takes no more of the machine than a small share of the time. It
//! only reads, and takes no lock.

mod action;
mod marks;

pub use action::Actions;

use super::{overview, project::Project};
use crate::{
    domain::{
        overview::Overview,
        schedule,
        task::{Task, TaskState},
        time::{self, Time},
    },
    exec::clock,
    store::queue::Queue,
};
use anyhow::Result;
use std::time::{Duration, Instant};

/// The least time between two looks.
const PAUSE: Duration = Duration::from_millis(900);
/// How many times as long as it took is to pass after a look, if something has changed: 2 % of the time at most.
const CHANGED: u32 = 50;
/// The same if nothing has: what is due changes with the time alone, and so does a run whose supervisor was killed.
const UNCHANGED: u32 = 300;

/// A project under observation.
#[derive(Debug)]
pub struct Live<'a> {
    project: &'a Project,
    last: Option<Last>,
    hurried: bool,
}

/// What is remembered of the last look.
#[derive(Debug)]
struct Last {
    marks: u64,
    looked: Instant,
    took: Duration,
    overview: Overview,
}

impl<'a> Live<'a> {
    /// Begins without having looked.
    pub fn new(project: &'a Project) -> Self {
        Self { project, last: None, hurried: false }
    }

    /// What goes on, as far as it is known.
    pub fn overview(&self) -> Option<&Overview> {
        self.last.as_ref().map(|last| &last.overview)
    }

    /// Looks again if there is a reason to; whether it did.
    ///
    /// # Errors
    /// As [`overview::overview`]; what was known stays.
    pub fn look(&mut self, now: Time) -> Result<bool> {
        let begun = clock::monotonic_now();
        let marks = marks::of(&self.project.paths, &time::local_day(now), self.overview());
        if let Some(last) = &mut self.last {
            last.overview.time = now;
            if !self.hurried && begun.duration_since(last.looked) < wait(last.took, marks != last.marks) {
                return Ok(false);
            }
        }
        let overview = overview::overview(self.project, now)?;
        self.hurried = false;
        // Taken before the look: what changed during it is looked at once more.
        self.last = Some(Last { marks, looked: begun, took: begun.elapsed(), overview });
        Ok(true)
    }

    /// Has the next look look in any case: something was just changed.
    pub fn hurry(&mut self) {
        self.hurried = true;
    }
}

/// The tasks that wait, those to be claimed first at the beginning. Files that can't be understood are left out: the
/// overview's problems name them.
///
/// # Errors
/// The queue can't be read.
pub fn waiting(project: &Project) -> Result<Vec<Task>> {
    let mut tasks: Vec<_> = Queue::new(&project.paths).good(TaskState::Incoming)?.into_iter().collect();
    schedule::claim_order(&mut tasks);
    Ok(tasks)
}

/// How long after the beginning of a look that took `took` the next one is due.
fn wait(took: Duration, changed: bool) -> Duration {
    PAUSE.max(took * if changed { CHANGED } else { UNCHANGED })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::overview::Activity, store::paths::Paths};
    use std::fs;

    #[test]
    fn it_looks_again_when_something_changed_and_rests_in_proportion() {
        for (took, changed, millis) in [(0, true, 900), (0, false, 900), (60, true, 3_000), (60, false, 18_000)] {
            assert_eq!(wait(Duration::from_millis(took), changed), Duration::from_millis(millis));
        }
        let dir = tempfile::tempdir().unwrap();
        let project = Project { paths: Paths::new(dir.path()), common_dir: dir.path().join(".git") };
        fs::create_dir_all(project.paths.dot()).unwrap();
        fs::write(project.paths.config(), "agents: [{name: a, role: tester}]\n").unwrap();
        let now = time::parse("2026-03-01T10:00:00Z").unwrap();
        let mut live = Live::new(&project);
        assert!(live.overview().is_none() && live.look(now).unwrap() && !live.look(now).unwrap());
        assert_eq!(live.overview().unwrap().agents[0].doing, Activity::Waiting);
        fs::write(project.paths.paused_marker(), "").unwrap();
        let rests = live.last.as_ref().unwrap();
        assert_ne!(rests.marks, marks::of(&project.paths, "2026-03-01", live.overview()), "nothing was noticed");
        live.hurry();
        assert!(live.look(now).unwrap());
        assert_eq!(live.overview().unwrap().agents[0].doing, Activity::Paused);
    }
}
