//! What earlier runs of a task left in their folders. It only reads.

use super::project::Project;
use crate::domain::name::Name;
use crate::domain::run::{Assignment, Record};
use crate::store::runs;
use crate::sys::read;
use anyhow::Result;

/// A run of a task.
#[derive(Debug)]
pub struct PastRun {
    /// Who ran.
    pub agent: Name,
    /// What came of it.
    pub record: Record,
}

/// The runs of a task whose folders are still there and that have ended, oldest first. A folder that can't be read is
/// passed over.
///
/// # Errors
/// The folder of the agents, or of one's runs, can't be read.
pub fn of_task(project: &Project, task: &Name) -> Result<Vec<PastRun>> {
    let mut found = Vec::new();
    for agent in super::collect::folders(&project.paths)? {
        for run in runs::list(&project.paths.agent(&agent))? {
            let assignment: Option<Assignment> = read::read_json(&run.assignment()).ok().flatten();
            if assignment.is_none_or(|assignment| assignment.job.task() != Some(task)) {
                continue;
            }
            if let Ok(Some(record)) = read::read_json::<Record>(&run.record()) {
                found.push(PastRun { agent: agent.clone(), record });
            }
        }
    }
    found.sort_by_key(|run| run.record.started_at);
    Ok(found)
}
