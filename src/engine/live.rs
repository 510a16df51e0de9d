//! What a screen that stays open shows beside the overview, and how often it may be read. It only reads, and takes no lock.

mod actions;

pub use actions::Actions;

use super::project::Project;
use crate::domain::schedule;
use crate::domain::task::{Task, TaskState};
use crate::store::queue::Queue;
use anyhow::Result;
use std::time::Duration;

/// The least time between two readings.
const PAUSE: Duration = Duration::from_secs(1);
/// How many times as long as a reading took is to pass before the next one: 2 % of the time at most.
const REST: u32 = 50;

/// How long after the beginning of a reading that took `took` the next one is due.
pub fn until_next(took: Duration) -> Duration {
    PAUSE.max(took * REST)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rests_in_proportion() {
        for (took, millis) in [(0, 1_000), (18, 1_000), (60, 3_000)] {
            assert_eq!(until_next(Duration::from_millis(took)), Duration::from_millis(millis));
        }
    }
}
