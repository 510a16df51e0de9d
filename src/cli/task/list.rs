//! `scheduler task list`.

use crate::cli::{Context, table};
use crate::domain::schedule::Waiting;
use crate::domain::task::{Task, TaskState};
use crate::domain::text::one_line;
use crate::engine::configuration;
use crate::engine::snapshot::{self, OpenPrs};
use crate::store::queue::Queue;
use crate::store::state_dirs::{BadFile, InState};
use anyhow::Result;
use serde::Serialize;

#[derive(Serialize)]
struct Everything {
    tasks: Vec<Row>,
    unreadable: Vec<InState<TaskState, BadFile>>,
}

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    task: InState<TaskState, Task>,
    /// Why an incoming one can't be claimed.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits: Option<Waiting>,
}

/// Lists the tasks in all four states.
pub fn run(json: bool, context: &Context) -> Result<()> {
    let (project, _) = context.enter("task list")?;
    let queue = Queue::new(&project.paths);
    for state in TaskState::ALL {
        queue.list(state)?.strays.iter().for_each(|stray| context.warn(stray));
    }
    let (tasks, unreadable) = queue.everywhere()?;
    let (claimed, open) = (queue.good(TaskState::Claimed)?, OpenPrs::known(&project.paths));
    let budget = configuration::task_budget(&project.paths);
    let row = |task: InState<TaskState, Task>| {
        let waits = (task.state == TaskState::Incoming)
            .then(|| snapshot::waiting(&queue, &task.what, &claimed, &[], &open, budget))
            .flatten();
        Row { task, waits }
    };
    let tasks: Vec<Row> = tasks.into_iter().map(row).collect();
    if json {
        return context.json(&Everything { tasks, unreadable });
    }
    if tasks.is_empty() && unreadable.is_empty() {
        return context.line("no tasks; add one with `scheduler task add`");
    }
    let mut rows = table::new(&["STATE", "TASK", "ROLE", "PRIO", "TITLE"]);
    for Row { task: InState { state, what: task }, waits } in &tasks {
        let state = match waits {
            Some(Waiting::For(_) | Waiting::OverBudget { .. }) => "held",
            Some(Waiting::Overlaps { .. }) => "overlaps",
            _ => state.word(),
        };
        rows.add_row([state, task.id.as_str(), task.role.word(), task.priority.word(), &one_line(&task.title)]);
    }
    context.line(table::text(&rows))?;
    unreadable.iter().for_each(|bad| context.warn(&bad.what));
    Ok(())
}
