//! Why an agent is or isn't started.

use super::{Explanation, Preview, SOME};
use crate::{
    domain::{
        config::Agent,
        name::Name,
        role::TaskRole,
        schedule::{self, Decision, Reason},
        state::AgentState,
        task::{Task, TaskState},
        time::{self, Time},
    },
    engine::{overview, project::Project, snapshot::OpenPrs},
    store::{cache, queue::Queue},
};
use anyhow::Result;

/// The answer alone.
pub(super) fn in_one_line(preview: &Preview, position: usize) -> Explanation {
    let agent = &preview.config.agents[position];
    Explanation::new(&agent.name, answer(agent, &preview.decisions[position]))
}

fn answer(agent: &Agent, decision: &Decision) -> String {
    let (name, role) = (&agent.name, agent.role);
    match decision {
        Decision::Start(work) => match work.task() {
            Some(task) => format!("{name} ({role}) starts at the next tick, with {task}"),
            None => format!("{name} ({role}) starts at the next tick"),
        },
        Decision::Skip(Reason::Running { task: Some(task), .. }) => format!("{name} ({role}) is at work on {task}"),
        Decision::Skip(Reason::Running { .. }) => format!("{name} ({role}) is at work"),
        Decision::Skip(reason) => format!("{name} ({role}) is not started: {reason}"),
    }
}

/// The answer, what it rests on, and what would change it.
pub(super) fn explain(project: &Project, preview: &Preview, position: usize, now: Time) -> Result<Explanation> {
    let agent = &preview.config.agents[position];
    let state = &preview.snapshot.agents[position].state;
    let mut lines = in_one_line(preview, position);
    match &preview.decisions[position] {
        Decision::Start(_) => started(project, &mut lines, now),
        Decision::Skip(reason) => skipped(project, preview, agent, state, reason, &mut lines, now)?,
    }
    if preview.snapshot.requested.contains(&agent.name) {
        lines.add("a person has asked for a run: it waits for no interval");
    }
    Ok(lines)
}

fn started(project: &Project, lines: &mut Explanation, now: Time) {
    let pulse = overview::pulse(&project.paths, now);
    match pulse.last_tick {
        Some(last) if pulse.late => {
            let age = time::span((now - last).num_seconds());
            lines.add(format!("but the last tick was {age} ago: see `scheduler doctor`"));
        }
        None => lines.add("but there was no tick yet: `scheduler install cron` starts one every minute"),
        Some(_) => {}
    }
}

fn skipped(
    project: &Project,
    preview: &Preview,
    agent: &Agent,
    state: &AgentState,
    reason: &Reason,
    lines: &mut Explanation,
    now: Time,
) -> Result<()> {
    let name = &agent.name;
    match reason {
        Reason::Paused => lines.add(format!("`scheduler agent resume {name}` lets it start")),
        Reason::SystemPaused { by_marker: true } => lines.add("`scheduler resume` goes on"),
        Reason::SystemPaused { by_marker: false } => lines.add("`paused: false` in agents.yaml goes on"),
        Reason::NotInModel { needs } => {
            lines.add(format!("agents.yaml says model: {}; with model: {needs} it is started", preview.config.model));
        }
        Reason::Running { since, .. } => running(name, since.or(state.last_started), lines, now),
        Reason::Recovering => match &state.trouble {
            Some(trouble) => {
                lines.add(format!("its supervisor died; putting its run right failed, and is tried again: {trouble}"))
            }
            None => lines.add("its supervisor died; its work is being saved, its task put back"),
        },
        Reason::Unreadable => lines.add(format!("preview at {}", project.paths.agent(name).state().display())),
        Reason::NotDue { .. } => {
            if let Some(last) = state.last_started {
                let (ago, every) = (time::span((now - last).num_seconds()), time::span(agent.interval_seconds.into()));
                lines.add(format!("it was started {ago} ago and may start every {every} (interval_seconds)"));
            }
            lines.add(format!("`scheduler agent run {name}` starts it at the next tick"));
        }
        Reason::Backoff { .. } => {
            if let Some(outcome) = &state.last_outcome {
                lines.add(format!("the last run ended so: {}", outcome.replace('_', " ")));
            }
            lines.add(format!("`scheduler logs {name}` tells what happened; `scheduler agent run {name}` tries again"));
        }
        Reason::CoolingDown { first: Some(first), .. } => {
            lines.add(format!(
                "the others follow as soon as {first} gets through; `scheduler agent run {name}` waits for nobody"
            ));
        }
        Reason::CoolingDown { .. } => {
            lines.add("it would hit every run; then one goes first");
            lines.add(format!("once that is mended: `scheduler agent run {name}` tries at the next tick"));
        }
        Reason::QueueFull { .. } => lines.add("`scheduler limits set max_incoming=N` raises the limit"),
        Reason::NoTask { role, .. } => lines.some(waiting_tasks(project, preview, *role)?),
        Reason::ClaimsFull { .. } => {
            lines.some(claimed(&Queue::new(&project.paths), now)?);
            lines.add("`scheduler limits set max_claimed=N` raises the limit");
        }
        Reason::PrsFull { .. } => pull_requests(project, preview, lines),
        Reason::TooManyRunning { .. } => {
            lines.some(preview.views.occupied().keys().map(|name| format!("{name} is at work")).collect());
            lines.add("`scheduler limits set max_running=N` raises the limit");
        }
        Reason::BudgetSpent { .. } => {
            lines.add("it goes on at local midnight, or with `scheduler limits set max_cost_usd_per_day=N`");
        }
        // The answer says it all.
        _ => {}
    }
    Ok(())
}

fn running(name: &Name, since: Option<Time>, lines: &mut Explanation, now: Time) {
    if let Some(since) = since {
        lines.add(format!("since {}", time::span((now - since).num_seconds())));
    }
    lines.add(format!("`scheduler logs {name} -f` follows it, `scheduler agent stop {name}` ends it"));
}

/// The claimed tasks, the oldest claim first.
fn claimed(queue: &Queue<'_>, now: Time) -> Result<Vec<String>> {
    let mut tasks: Vec<Task> = queue.good(TaskState::Claimed)?.into_iter().collect();
    tasks.sort_by_key(|task| task.claimed_at);
    Ok(tasks.into_iter().map(|task| claim(&task, now)).collect())
}

/// `TASK-1, for 2 h, by impl-1`.
pub(super) fn claim(task: &Task, now: Time) -> String {
    let age = task.claimed_at.map_or(String::new(), |at| format!(", for {}", time::span((now - at).num_seconds())));
    format!("{}{age}, by {}", task.id, task.claimed_by.as_deref().unwrap_or("nobody"))
}

/// The incoming tasks of a role that can't be claimed, each with the reason.
fn waiting_tasks(project: &Project, preview: &Preview, role: TaskRole) -> Result<Vec<String>> {
    let queue = Queue::new(&project.paths);
    let claimed: Vec<Task> = queue.good(TaskState::Claimed)?.into_iter().collect();
    let is_in = |id: &Name, state| queue.exists(state, id);
    let mut lines = Vec::new();
    for head in queue.all(TaskState::Incoming)? {
        match head {
            Ok(task) if task.role == role => {
                let waits = schedule::waiting(&task, &is_in, &claimed, &preview.views.named());
                lines.extend(waits.map(|waiting| format!("{} {waiting}", task.id)));
            }
            Ok(_) => {}
            Err(bad) => lines.push(format!("{} is left alone: {}", bad.id, bad.problems.join("; "))),
        }
    }
    if lines.is_empty() {
        lines.push(format!("there is no other task with ROLE: {role} in incoming"));
    }
    Ok(lines)
}

fn pull_requests(project: &Project, preview: &Preview, lines: &mut Explanation) {
    let known: Option<OpenPrs> = cache::load(&project.paths.open_prs());
    let open = known.and_then(|prs| prs.open).unwrap_or_default();
    let count = open.len();
    for pr in open.into_iter().take(SOME) {
        lines.add(format!("#{} {}", pr.number, crate::domain::text::one_line(&pr.title)));
    }
    if count > SOME {
        lines.add(format!("... and {} more", count - SOME));
    }
    match preview.snapshot.claimed_opening {
        0 => {}
        opening => lines.add(format!("{opening} claimed tasks will open one each")),
    }
    lines.add("merge or close some, or `scheduler limits set max_open_prs=N`");
}
