//! Sends the user a message a day at a time of choice: what happened since the last one, and what waits.

use super::overview::overview;
use super::project::Project;
use crate::domain::config::Notify;
use crate::domain::summary::{Day, due};
use crate::domain::task::TaskState;
use crate::domain::time::Time;
use crate::store::paths::Paths;
use crate::store::queue::Queue;
use crate::store::{cache, messages};
use anyhow::Result;
use chrono::Local;

/// When the one that is to be sent now was due. Where none was ever sent the day begins now.
///
/// # Errors
/// The time can't be noted.
pub(super) fn due_now(paths: &Paths, notify: &Notify, now: Time) -> Result<Option<Time>> {
    let due = notify.summary_at.and_then(|at| due(at.minute(), now, &Local));
    let Some(due) = due else { return Ok(None) };
    match cache::last_time(&paths.last_summary()) {
        // One of the future is of a clock that was wrong.
        Some(at) => Ok((at < due || at > now).then_some(due)),
        None => cache::save_time(&paths.last_summary(), now).map(|()| None),
    }
}

/// Sends it, and notes that it was.
///
/// # Errors
/// The queue or the messages can't be read or written.
pub(super) fn send(project: &Project, due: Time, now: Time) -> Result<()> {
    let paths = &project.paths;
    let since = cache::last_time(&paths.last_summary()).map_or(due, |last| last.min(due));
    let overview = overview(project, now)?;
    let queue = Queue::new(paths);
    let ended = |state| {
        let tasks = queue
            .good(state)?
            .into_iter()
            .filter(|task| task.completed_at.or(task.failed_at).is_some_and(|at| at >= since && at <= now));
        Ok::<_, anyhow::Error>(tasks.map(|task| (task.id, task.title)).collect::<Vec<_>>())
    };
    let day = Day {
        done: ended(TaskState::Done)?,
        failed: ended(TaskState::Failed)?,
        pending: overview.queue.incoming + overview.queue.claimed,
        open_prs: overview.pull_requests.open.as_ref().map(Vec::len),
        questions: overview.questions.into_iter().map(|question| (question.id, question.title)).collect(),
        cost_usd: overview.cost_today_usd,
    };
    messages::send(paths, &day.message(due), now)?;
    cache::save_time(&paths.last_summary(), now)
}
