//! `scheduler task show`.

use crate::cli::{Context, logs};
use crate::domain::name::Name;
use crate::domain::task::{self, TaskState};
use crate::domain::text::{cut, one_line};
use crate::domain::{shell, time, verify};
use crate::engine::configuration;
use crate::engine::history::{self, PastRun};
use crate::engine::snapshot::{self, OpenPrs};
use crate::store::paths::Paths;
use crate::store::queue::{FoundTask, Queue};
use anyhow::Result;

/// Shows one task: its file, where it is, and what it waits for.
pub fn run(id: &Name, context: &Context) -> Result<()> {
    let (project, _) = context.enter("task show")?;
    let queue = Queue::new(&project.paths);
    let found = queue.get(id)?;
    context.line(format!("{}, {}", found.state, project.paths.task(found.state, &found.id).display()))?;
    if let Some(note) = note(&project.paths, &queue, &found, context)? {
        context.line(note)?;
    }
    let runs = history::of_task(&project, &found.id)?;
    for run in &runs {
        context.line(past(run))?;
    }
    if let Some(run) = runs.iter().rev().find(|run| run.record.verified.is_some()) {
        context.lines(&logs::verified(&run.record))?;
    }
    context.line("")?;
    context.line(found.text.trim_end())?;
    let looks = looks(&found, &runs);
    if looks.is_empty() {
        return Ok(());
    }
    context.line("\nTo look at its work:")?;
    looks.iter().try_for_each(|command| context.line(format!("  {command}")))
}

/// The commands that show the work of a task, where it has any.
fn looks(found: &FoundTask, runs: &[PastRun]) -> Vec<String> {
    let Ok(task) = task::parse(&found.id, &found.text) else { return Vec::new() };
    let base = runs.iter().rev().find(|run| run.record.has_work()).and_then(|run| run.record.base.as_deref());
    let diff = base
        .zip(task.work_branch.as_ref())
        .map(|(base, branch)| format!("git diff {}...{}", verify::short(base), shell::word(branch)));
    let view = task.pull_request().map(|number| format!("gh pr view {number} --web"));
    diff.into_iter().chain(view).collect()
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
fn note(paths: &Paths, queue: &Queue<'_>, found: &FoundTask, context: &Context) -> Result<Option<String>> {
    let task = match task::parse(&found.id, &found.text) {
        Ok(task) => task,
        Err(problems) => return Ok(Some(format!("left alone: {}", problems.join("; ")))),
    };
    Ok(match found.state {
        TaskState::Incoming => {
            let claimed = queue.good(TaskState::Claimed)?;
            let (open, budget) = (OpenPrs::known(paths), configuration::task_budget(paths));
            snapshot::waiting(queue, &task, &claimed, &[], &open, budget).map(|waiting| waiting.to_string())
        }
        TaskState::Claimed => task.claimed_by.map(|agent| {
            let since = task.claimed_at.map(|at| time::between(at, context.now));
            format!("claimed by {agent}{}", since.map_or(String::new(), |since| format!(", {since} ago")))
        }),
        TaskState::Done | TaskState::Failed => None,
    })
}
