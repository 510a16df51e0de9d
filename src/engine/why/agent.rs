//! Why an agent is or isn't started.

use super::{Explanation, Preview, left_alone};
use crate::domain::config::Usd;
use crate::domain::name::Name;
use crate::domain::schedule::{AgentView, Decision, Reason};
use crate::domain::task::{Task, TaskState};
use crate::domain::text::one_line;
use crate::domain::time::{self, Time};
use crate::engine::overview;
use crate::engine::project::Project;
use crate::engine::snapshot::{self, OpenPrs};
use crate::engine::whereabouts::Whereabouts;
use crate::store::queue::Queue;
use anyhow::Result;

/// The answer alone.
pub(super) fn in_one_line(project: &Project, preview: &Preview, position: usize, now: Time) -> Explanation {
    let (agent, decision) = (&preview.config.agents[position], &preview.decisions[position]);
    let answer = match decision {
        Decision::Start(_) => overview::activity(&agent.name, decision, now).1,
        Decision::Skip(reason @ (Reason::Running { .. } | Reason::Recovering)) => {
            let said = reason.words(&agent.name, now).explanation;
            let is = if *reason == Reason::Recovering { "is not started: " } else { "is " };
            let place = whereabouts(project, preview, position).map(|place| format!("; {}", place.words(now)));
            format!("{is}{said}{}", place.unwrap_or_default())
        }
        Decision::Skip(reason) => format!("is not started: {}", reason.words(&agent.name, now).explanation),
    };
    Explanation::new(&agent.name, format!("{} ({}) {answer}", agent.name, agent.role_name()))
}

/// The answer, what it rests on, and what would change it.
pub(super) fn explain(project: &Project, preview: &Preview, position: usize, now: Time) -> Result<Explanation> {
    let name = &preview.config.agents[position].name;
    let mut lines = in_one_line(project, preview, position, now);
    match &preview.decisions[position] {
        Decision::Start(_) => lines.some(late(project, now).into_iter().collect()),
        Decision::Skip(reason) => {
            lines.some(evidence(project, preview, position, reason, now)?);
            lines.at(1, reason.words(name, now).remedy);
        }
    }
    if preview.snapshot.requested.contains(name) {
        lines.at(1, "you have asked for a run: it waits for no interval");
    }
    Ok(lines)
}

fn whereabouts(project: &Project, preview: &Preview, position: usize) -> Option<Whereabouts> {
    let agent = project.paths.agent(&preview.config.agents[position].name);
    Whereabouts::of(&agent, &preview.snapshot.agents[position].state)
}

/// What there is to say if there may be no next tick.
fn late(project: &Project, now: Time) -> Option<String> {
    let health = overview::tick_health(&project.paths, now);
    match health.last_tick {
        Some(last) => health
            .late
            .then(|| format!("but the last tick was {} ago: see `scheduler doctor`", time::between(last, now))),
        None => Some("but there was no tick yet: `scheduler install cron` starts one every minute".to_owned()),
    }
}

/// What the reason rests on.
fn evidence(project: &Project, preview: &Preview, position: usize, reason: &Reason, now: Time) -> Result<Vec<String>> {
    let agent = &preview.config.agents[position];
    let state = &preview.snapshot.agents[position].state;
    Ok(match reason {
        Reason::Recovering => {
            let failed = state.trouble.iter();
            failed.map(|trouble| format!("that failed and is tried again: {trouble}")).collect()
        }
        Reason::NotDue { .. } => {
            let every = time::span(agent.interval_seconds.into());
            let started = state.last_started.map(|last| time::between(last, now)).into_iter();
            started
                .map(|ago| format!("it was started {ago} ago and may start every {every} (interval_seconds)"))
                .collect()
        }
        Reason::Backoff { .. } => state.last_end().map(|end| format!("the last run: {end}")).into_iter().collect(),
        Reason::NoTask { role, .. } | Reason::Overlaps { role, .. } => waiting_tasks(project, preview, role)?,
        Reason::ClaimsFull { .. } => {
            let mut tasks = Queue::new(&project.paths).good(TaskState::Claimed)?;
            tasks.sort_by_key(|task| task.claimed_at);
            tasks.iter().map(|task| claim(task, now)).collect()
        }
        Reason::PrsFull { .. } => pull_requests(project, preview),
        Reason::TooManyRunning { .. } => {
            preview.views.occupied().keys().map(|name| format!("{name} is at work")).collect()
        }
        Reason::Running { .. } if whereabouts(project, preview, position).is_some_and(|place| place.is_silent()) => {
            vec![
                "it ends itself there if it hears nothing of this machine either; no other run begins in its worktree, and no \
                 attempt is charged"
                    .to_owned(),
            ]
        }
        Reason::RunnerFull { runner, .. } => {
            let carried = |(name, view): (&Name, &AgentView)| {
                (view.state.runner.as_ref() == Some(runner)).then(|| format!("{name} is at work there"))
            };
            preview.views.occupied().into_iter().filter_map(carried).collect()
        }
        // The answer says it all.
        _ => Vec::new(),
    })
}

/// `TASK-1, for 2 h, by impl-1`.
pub(super) fn claim(task: &Task, now: Time) -> String {
    let age = task.claimed_at.map_or(String::new(), |at| format!(", for {}", time::between(at, now)));
    format!("{}{age}, by {}", task.id, task.claimed_by.as_deref().unwrap_or("nobody"))
}

/// The incoming tasks of a role that can't be claimed, each with the reason.
fn waiting_tasks(project: &Project, preview: &Preview, role: &Name) -> Result<Vec<String>> {
    let queue = Queue::new(&project.paths);
    let claimed = queue.good(TaskState::Claimed)?;
    let named = preview.views.named();
    let open = OpenPrs::known(&project.paths);
    let budget = preview.config.max_cost_usd_per_task.map(Usd::get);
    let waits = |task: Task| {
        let waiting =
            snapshot::waiting(&queue, &task, &claimed, &named, &open, budget).filter(|_| task.is_for(role))?;
        Some(format!("{} {waiting}", task.id))
    };
    let incoming = queue.all(TaskState::Incoming)?.into_iter();
    let lines: Vec<_> =
        incoming.filter_map(|read| read.map_or_else(|bad| Some(left_alone(&bad.id, &bad.problems)), waits)).collect();
    Ok(if lines.is_empty() { vec![format!("there is no other task with ROLE: {role} in incoming")] } else { lines })
}

fn pull_requests(project: &Project, preview: &Preview) -> Vec<String> {
    let opening = match preview.snapshot.claimed_opening {
        0 => None,
        1 => Some("1 claimed task will open one".to_owned()),
        opening => Some(format!("{opening} claimed tasks will open one each")),
    };
    let open = OpenPrs::known(&project.paths).into_iter();
    opening.into_iter().chain(open.map(|pr| format!("#{} {}", pr.number, one_line(&pr.title)))).collect()
}
