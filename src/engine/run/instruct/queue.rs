//! The queue as a product manager sees it.

use super::LATELY;
use crate::domain::prompt::{FailedTask, OpenPullRequest, QueueView, QueuedTask};
use crate::domain::task::{self, Task, TaskState};
use crate::engine::run::context::Run;
use crate::engine::snapshot::OpenPrs;
use crate::store::queue::Queue;
use anyhow::Result;

pub fn view(run: &Run<'_>) -> Result<QueueView> {
    let queue = Queue::new(run.paths());
    let open = OpenPrs::known(run.paths()).into_iter();
    let mut view = QueueView {
        pending: queue.pending()?,
        limit: run.assignment.max_incoming,
        tasks: Vec::new(),
        open_prs: open.map(|pr| OpenPullRequest { number: pr.number, title: pr.title, head: pr.head }).collect(),
        failed: Vec::new(),
    };
    for state in [TaskState::Incoming, TaskState::Claimed] {
        view.tasks.extend(queue.good(state)?.into_iter().map(|head| QueuedTask { head, state }));
    }
    let done = lately(&queue, TaskState::Done)?.into_iter();
    view.tasks.extend(done.map(|(head, _)| QueuedTask { head, state: TaskState::Done }));
    view.failed.extend(lately(&queue, TaskState::Failed)?.into_iter().map(|(task, text)| {
        let error = task::section(&text, "Error").and_then(|error| error.lines().next());
        FailedTask { id: task.id, title: task.title, reason: error.unwrap_or_default().to_owned() }
    }));
    Ok(view)
}

/// The newest tasks of a state with their texts, as far as they can be read.
fn lately(queue: &Queue<'_>, state: TaskState) -> Result<Vec<(Task, String)>> {
    let mut tasks = Vec::new();
    for id in queue.newest(state, LATELY)? {
        let Some(text) = queue.read(state, &id)? else { continue };
        tasks.extend(task::parse(&id, &text).ok().map(|task| (task, text)));
    }
    Ok(tasks)
}
