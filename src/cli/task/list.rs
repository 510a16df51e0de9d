//! `scheduler task list`.

use crate::cli::{Context, table};
use crate::domain::task::{Task, TaskState};
use crate::domain::text::one_line;
use crate::store::queue::Queue;
use crate::store::state_dirs::{BadFile, InState};
use anyhow::Result;
use serde::Serialize;

#[derive(Serialize)]
struct Everything {
    tasks: Vec<InState<TaskState, Task>>,
    unreadable: Vec<InState<TaskState, BadFile>>,
}

/// Lists the tasks in all four states.
pub fn run(json: bool, context: &Context) -> Result<()> {
    let (project, _) = context.enter("task list")?;
    let queue = Queue::new(&project.paths);
    for state in TaskState::ALL {
        queue.list(state)?.strays.iter().for_each(|stray| context.warn(stray));
    }
    let (tasks, unreadable) = queue.everywhere()?;
    if json {
        return context.json(&Everything { tasks, unreadable });
    }
    if tasks.is_empty() && unreadable.is_empty() {
        return context.line("no tasks; add one with `scheduler task add`");
    }
    let mut rows = table::new(&["STATE", "TASK", "ROLE", "PRIO", "TITLE"]);
    for InState { state, what: task } in &tasks {
        let held = *state == TaskState::Incoming && task.held_by().is_some();
        let state = if held { "held" } else { state.word() };
        rows.add_row([state, task.id.as_str(), task.role.word(), task.priority.word(), &one_line(&task.title)]);
    }
    context.line(table::text(&rows))?;
    unreadable.iter().for_each(|bad| context.warn(&bad.what));
    Ok(())
}
