//! `scheduler task list` and `scheduler task show`. They only look.

use crate::{
    cli::{Context, table},
    domain::{
        name::Name,
        schedule,
        task::{self, Task, TaskState},
        text::{cut, one_line, printable},
        time,
    },
    engine::history::{self, PastRun},
    store::{
        queue::{FoundTask, Queue},
        state_dirs::BadFile,
    },
};
use anyhow::{Result, bail};
use serde::Serialize;

#[derive(Serialize)]
struct Listed {
    state: TaskState,
    #[serde(flatten)]
    task: Task,
}

#[derive(Serialize)]
struct Unreadable {
    state: TaskState,
    id: Name,
    path: String,
    problems: Vec<String>,
}

#[derive(Serialize)]
struct Everything {
    tasks: Vec<Listed>,
    unreadable: Vec<Unreadable>,
}

/// Lists the tasks in all four states.
pub fn list(json: bool, context: &Context) -> Result<()> {
    let (project, _) = context.reading("task list")?;
    let queue = Queue::new(&project.paths);
    let mut all = Everything { tasks: Vec::new(), unreadable: Vec::new() };
    let mut strays = Vec::new();
    for state in TaskState::ALL {
        strays.extend(queue.list(state)?.strays);
        for head in queue.all(state)? {
            match head {
                Ok(task) => all.tasks.push(Listed { state, task }),
                Err(BadFile { id, path, problems }) => {
                    all.unreadable.push(Unreadable { state, id, path: path.display().to_string(), problems });
                }
            }
        }
    }
    for stray in strays {
        context.warn(stray);
    }
    if json {
        return context.json(&all);
    }
    if all.tasks.is_empty() && all.unreadable.is_empty() {
        return context.line("no tasks; add one with `scheduler task add`");
    }
    let mut rows = table::new(&["STATE", "TASK", "ROLE", "PRIO", "TITLE"]);
    for Listed { state, task } in &all.tasks {
        let title = one_line(&task.title);
        let held = *state == TaskState::Incoming && task.held_by().is_some();
        let state = if held { "held".to_owned() } else { state.to_string() };
        rows.add_row([&state, task.id.as_str(), task.role.word(), &task.priority.to_string(), &title]);
    }
    context.line(table::text(&rows))?;
    for bad in &all.unreadable {
        context.warn(format!("{}: {}", bad.path, bad.problems.join("; ")));
    }
    Ok(())
}

/// Shows one task: its file, where it is, and what it waits for.
pub fn show(id: &Name, context: &Context) -> Result<()> {
    let (project, _) = context.reading("task show")?;
    let queue = Queue::new(&project.paths);
    let Some(found) = queue.find(id)? else {
        bail!("there is no task {id}; `scheduler task list` lists them");
    };
    context.line(format!("{}, {}", found.state, project.paths.task(found.state, &found.id).display()))?;
    if let Some(note) = note(&queue, &found, context)? {
        context.line(note)?;
    }
    for run in history::of_task(&project, &found.id)? {
        context.line(past(&run))?;
    }
    context.line("")?;
    context.line(printable(&found.text).trim_end())
}

/// One line for a run that has ended: who, how, and where its work is.
fn past(run: &PastRun) -> String {
    let record = &run.record;
    let mut line =
        format!("run {} of {}: {}", record.run_id, run.agent, cut(&one_line(&record.settlement.reason), 120));
    if let (Some(branch), true) = (&record.branch, record.has_work()) {
        line.push_str(&format!("; work on {branch}"));
    }
    if !record.salvage.is_empty() {
        line.push_str(&format!("; set aside in {}", record.salvage.join(", ")));
    }
    line
}

/// What there is to say of a task beside its text.
fn note(queue: &Queue<'_>, found: &FoundTask, context: &Context) -> Result<Option<String>> {
    let task = match task::parse(&found.id, &found.text) {
        Ok(task) => task,
        Err(problems) => return Ok(Some(format!("left alone: {}", problems.join("; ")))),
    };
    Ok(match found.state {
        TaskState::Incoming => {
            let claimed: Vec<Task> = queue.good(TaskState::Claimed)?.into_iter().collect();
            let is_in = |id: &Name, state| queue.exists(state, id);
            schedule::waiting(&task, &is_in, &claimed, &[]).map(|waiting| waiting.to_string())
        }
        TaskState::Claimed => task.claimed_by.map(|agent| {
            let since = task.claimed_at.map(|at| time::span((context.now - at).num_seconds()));
            format!("claimed by {agent}{}", since.map_or(String::new(), |since| format!(", {since} ago")))
        }),
        TaskState::Done | TaskState::Failed => None,
    })
}
