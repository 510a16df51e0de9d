//! What the page of `scheduler report` tells, from the files of the project; when ticks have it written anew; and where it is.
//!
//! How it looks is for others to know. A tick only looks whether it is time; a detached process writes.

use super::overview::{self, Overview, first_line};
use super::project::Project;
use super::snapshot::{self, OpenPrs};
use super::{configuration, preview};
use crate::domain::config::{self, Report, Usd};
use crate::domain::ledger::{By, Entry, Group, Sum, Sums};
use crate::domain::message::MessageType;
use crate::domain::name::Name;
use crate::domain::proposal;
use crate::domain::report::{End, Life};
use crate::domain::schedule::Waiting;
use crate::domain::task::{self, Task, TaskState};
use crate::domain::time::Time;
use crate::exec::command;
use crate::store::paths::Paths;
use crate::store::prs::Prs;
use crate::store::queue::Queue;
use crate::store::{cache, ledger, messages};
use crate::sys::atomic;
use anyhow::{Context as _, Result, bail};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How long the part of a question's name is that says when it was asked.
const STAMP: usize = "question-20260115-143000".len();
/// How long the program that shows the page may take to find a browser.
const TIMEOUT: Duration = Duration::from_secs(20);
#[cfg(target_os = "macos")]
const OPENER: &str = "open";
#[cfg(not(target_os = "macos"))]
const OPENER: &str = "xdg-open";

/// All there is to tell.
#[derive(Debug)]
pub struct Facts {
    pub overview: Overview,
    /// Since when.
    pub since: Time,
    /// The runs that ended since then, or in the last day.
    pub runs: Vec<Entry>,
    /// What those since then have cost in all, for each role and for each agent.
    pub cost: Sum,
    pub by_role: Vec<Group>,
    pub by_agent: Vec<Group>,
    /// The tasks that wait, are worked on, or ended since then.
    pub lives: Vec<Life>,
    /// Those that wait, with what for.
    pub waiting: Vec<(Task, Option<Waiting>)>,
    pub questions: Vec<Asked>,
    /// How often ticks have the page written, in seconds.
    pub every: Option<u32>,
}

/// A question that isn't answered.
#[derive(Debug)]
pub struct Asked {
    pub id: String,
    /// As much of it as names it.
    pub short: String,
    pub from: String,
    pub title: String,
    pub task: Option<String>,
    /// How it is decided, where words don't do that.
    pub ways: Vec<String>,
}

/// Gathers what there is to tell.
///
/// # Errors
/// As for [`overview::overview`], or a ledger can't be read.
pub fn facts(project: &Project, since: Time, now: Time) -> Result<Facts> {
    let paths = &project.paths;
    let day_ago = now - chrono::Duration::days(1);
    // A ledger is read once: it may be long.
    let mut sums = [By::Role, By::Agent].map(|by| Sums::new(by, Some(since)));
    let runs = ledger::entries(paths, since.min(day_ago), &mut sums)?;
    let [(by_role, cost), (by_agent, _)] = sums.map(|sums| sums.told());
    Ok(Facts {
        overview: overview::overview(project, now)?,
        since,
        runs,
        cost,
        by_role,
        by_agent,
        lives: lives(paths, since)?,
        waiting: waiting(project, now)?,
        questions: questions(paths)?,
        every: wanted(paths).map(|report| report.every.get()),
    })
}

fn lives(paths: &Paths, since: Time) -> Result<Vec<Life>> {
    let queue = Queue::new(paths);
    let merged = Prs::new(paths).all()?.metas.into_iter();
    let merged: HashMap<_, _> = merged.filter_map(|meta| Some((meta.pr_number, meta.landing.landed?.at))).collect();
    let life = |task: Task, end| Life { id: task.id, title: task.title, created: task.created, end };
    let mut lives = Vec::new();
    for state in [TaskState::Incoming, TaskState::Claimed] {
        lives.extend(queue.good(state)?.into_iter().map(|task| life(task, None)));
    }
    for state in [TaskState::Done, TaskState::Failed] {
        for id in queue.changed_since(state, since)? {
            let Some(text) = queue.read(state, &id).ok().flatten() else { continue };
            let Ok(task) = task::parse(&id, &text) else { continue };
            let is_done = state == TaskState::Done;
            let at = if is_done { task.completed_at } else { task.failed_at.or(task.cancelled_at) };
            let Some(at) = at.filter(|at| *at >= since) else { continue };
            let words = match is_done {
                true => task.result.clone(),
                false => task::section(&text, "Error").map(first_line).filter(|words| !words.is_empty()),
            };
            let pull_request = task.pull_request();
            let merged_at = pull_request.and_then(|number| merged.get(&number).copied());
            let end = End { at, is_done, words: words.unwrap_or_default(), pull_request, merged_at };
            lives.push(life(task, Some(end)));
        }
    }
    Ok(lives)
}

/// The tasks in incoming, the next ones first.
fn waiting(project: &Project, now: Time) -> Result<Vec<(Task, Option<Waiting>)>> {
    let (paths, queue) = (&project.paths, Queue::new(&project.paths));
    let preview = preview::preview(project, now)?.ok();
    let named = preview.as_ref().map(|preview| preview.views.named()).unwrap_or_default();
    let budget = preview.and_then(|preview| preview.config.max_cost_usd_per_task).map(Usd::get);
    let (claimed, open) = (queue.good(TaskState::Claimed)?, OpenPrs::known(paths));
    let mut tasks = queue.good(TaskState::Incoming)?;
    tasks.sort_by(|one, other| (one.priority, one.created, &one.id).cmp(&(other.priority, other.created, &other.id)));
    let what = |task: &Task| snapshot::waiting(&queue, task, &claimed, &named, &open, budget);
    Ok(tasks.into_iter().map(|task| (what(&task), task)).map(|(what, task)| (task, what)).collect())
}

fn questions(paths: &Paths) -> Result<Vec<Asked>> {
    let open: Vec<_> = messages::questions(paths)?.into_iter().filter(|listed| listed.answer.is_none()).collect();
    let stems: Vec<_> = open.iter().map(|listed| listed.stem.clone()).collect();
    Ok(open
        .into_iter()
        .map(|listed| Asked {
            ways: proposal::question_of(&listed.message)
                .map(|[one, other]| proposal::ways_to_decide([&one, &other]))
                .iter()
                .flat_map(|ways| ways.lines())
                .map(|way| way.trim_start_matches("- ").to_owned())
                .collect(),
            short: short(&listed.stem, &stems),
            id: listed.stem,
            from: listed.message.from,
            title: listed.message.title,
            task: listed.message.task,
        })
        .collect())
}

/// A question's type and time, if no other one has the same; else its whole name.
fn short(stem: &str, stems: &[String]) -> String {
    let short = stem.get(..STAMP).unwrap_or(stem);
    let is_shared = stems.iter().filter(|other| other.starts_with(short)).count() > 1;
    if is_shared { stem.to_owned() } else { short.to_owned() }
}

/// What only the user can let go on, and the command for it; `None`: it goes on by itself.
pub fn for_user(task: &Name, waiting: &Waiting) -> Option<String> {
    match waiting {
        Waiting::For(what) if is_question(what) => Some(format!("`scheduler message reply {what} --body 'TEXT'`")),
        Waiting::For(_) | Waiting::OverBudget { .. } => Some(format!("`scheduler task retry {task}`")),
        _ => None,
    }
}

/// Whether what a task waits for is a question that was asked.
pub fn is_question(what: &str) -> bool {
    what.strip_prefix(MessageType::Question.word()).is_some_and(|rest| rest.starts_with('-'))
}

/// `report` of agents.yaml, whatever else is wrong there.
fn wanted(paths: &Paths) -> Option<Report> {
    configuration::read(paths).ok()?.text().and_then(config::report)
}

/// Where the page is unless the user says otherwise.
pub fn place(project: &Project) -> PathBuf {
    project.root().join(wanted(&project.paths).unwrap_or_default().path)
}

/// Whether ticks should have it written now.
pub(super) fn is_due(paths: &Paths, report: &Report, now: Time) -> bool {
    cache::is_due(&paths.last_report(), report.every.get(), now)
}

/// Writes the page, for the user's eyes only unless the one before was for others too.
///
/// # Errors
/// The system's, with path and remedy.
pub fn write(path: &Path, page: &str) -> Result<()> {
    atomic::write(path, page.as_bytes())
}

/// Has ticks' page written, and notes the time before.
///
/// # Errors
/// The time can't be noted, or as for `page` and [`write`].
pub fn refresh(project: &Project, now: Time, page: impl FnOnce() -> Result<String>) -> Result<()> {
    if wanted(&project.paths).is_none() {
        return Ok(());
    }
    cache::save_time(&project.paths.last_report(), now)?;
    write(&place(project), &page()?)
}

/// Has the page shown by a browser.
///
/// # Errors
/// There is no program for that, or it fails.
pub fn open(path: &Path) -> Result<()> {
    let mut command = Command::new(OPENER);
    let told = || format!("{} is written, but can't be shown: open it in a browser", path.display());
    let ended = command::run(command.arg(path), None, TIMEOUT, 1_000).with_context(told)?;
    if !ended.status.success() {
        bail!("{}: `{OPENER}` ended with {}", told(), command::describe(ended.status));
    }
    Ok(())
}
