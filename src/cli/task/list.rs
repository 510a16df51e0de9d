//! `scheduler task list`.

use crate::cli::completions::Source;
use crate::cli::{Context, table};
use crate::domain::name::Name;
use crate::domain::schedule::Waiting;
use crate::domain::task::{Task, TaskState};
use crate::domain::text::one_line;
use crate::domain::time::{self, Time};
use crate::engine::configuration;
use crate::engine::snapshot::{self, OpenPrs};
use crate::store::queue::Queue;
use crate::store::state_dirs::{BadFile, InState};
use anyhow::Result;
use serde::Serialize;

/// The most columns of what came of a task.
const RESULT: usize = 28;

/// Arguments of `scheduler task list`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only tasks in this state
    #[arg(long, value_name = "STATE", ignore_case = true)]
    state: Option<TaskState>,
    /// Only tasks of this role
    #[arg(long, value_name = "ROLE", ignore_case = true, add = Source::TaskRole)]
    role: Option<String>,
    /// Only tasks that this agent has, or had last
    #[arg(long, value_name = "AGENT", add = Source::Agent)]
    agent: Option<Name>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Args {
    fn wants(&self, state: TaskState, task: &Task) -> bool {
        let is_its = |agent: &Name| task.claimed_by.as_deref() == Some(agent.as_str());
        self.state.is_none_or(|wanted| wanted == state)
            && self.role.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(task.role_name()))
            && self.agent.as_ref().is_none_or(is_its)
    }
}

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

impl Row {
    fn state(&self) -> &'static str {
        match self.waits {
            Some(Waiting::For(_) | Waiting::OverBudget { .. }) => "held",
            Some(Waiting::Overlaps { .. }) => "overlaps",
            _ => self.task.state.word(),
        }
    }

    /// What came of it, or how far it is.
    fn result(&self, now: Time) -> String {
        let InState { state, what: task } = &self.task;
        let by = |agent: &String| {
            let since = task.claimed_at.map_or(String::new(), |at| format!(", {}", time::between(at, now)));
            format!("{agent}{since}")
        };
        match state {
            TaskState::Incoming => self.waits.as_ref().map_or(String::new(), |waits| one_line(&waits.to_string())),
            TaskState::Claimed => task.claimed_by.as_ref().map_or(String::new(), by),
            TaskState::Failed if task.cancelled_at.is_some() => "cancelled".to_owned(),
            TaskState::Done | TaskState::Failed => task.result.clone().unwrap_or_default(),
        }
    }
}

/// Lists the tasks in all four states, or those that are asked for.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let (project, _) = context.enter("task list")?;
    let queue = Queue::new(&project.paths);
    for state in TaskState::ALL {
        queue.list(state)?.strays.iter().for_each(|stray| context.warn(stray));
    }
    let (tasks, mut unreadable) = queue.everywhere()?;
    let (claimed, open) = (queue.good(TaskState::Claimed)?, OpenPrs::known(&project.paths));
    let budget = configuration::task_budget(&project.paths);
    let row = |task: InState<TaskState, Task>| {
        let waits = (task.state == TaskState::Incoming)
            .then(|| snapshot::waiting(&queue, &task.what, &claimed, &[], &open, budget))
            .flatten();
        Row { task, waits }
    };
    let tasks = tasks.into_iter().filter(|task| args.wants(task.state, &task.what));
    let tasks: Vec<Row> = tasks.map(row).collect();
    unreadable.retain(|bad| args.state.is_none_or(|wanted| wanted == bad.state));
    if args.json {
        return context.json(&Everything { tasks, unreadable });
    }
    if tasks.is_empty() && unreadable.is_empty() {
        return context.line(match args {
            Args { state: None, role: None, agent: None, .. } => "no tasks; add one with `scheduler task add`",
            _ => "no such tasks; `scheduler task list` lists all",
        });
    }
    let mut rows = table::new(&["STATE", "TASK", "ROLE", "PRIO", "RESULT", "TITLE"]);
    for row in &tasks {
        let (task, result) = (&row.task.what, table::cell(&row.result(context.now), RESULT, context.width()));
        let title = one_line(&task.title);
        rows.add_row([row.state(), task.id.as_str(), task.role_name(), task.priority.word(), &result, &title]);
    }
    context.line(table::text(&rows, context.width()))?;
    unreadable.iter().for_each(|bad| context.warn(&bad.what));
    Ok(())
}
