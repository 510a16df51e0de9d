//! The course of the demo: ticks as soon as something has changed, until the goal of the play is reached.

use super::follow::{Follower, Page};
use super::play::NUMBER;
use super::show::Show;
use super::stage::Stage;
use crate::cli::view::Tone;
use crate::domain::gate::{Meta, Status};
use crate::domain::task::{self, TaskState};
use crate::domain::text::one_line;
use crate::domain::time;
use crate::engine::project::Project;
use crate::exec::clock::monotonic_now;
use crate::store::proposals::Proposals;
use crate::store::prs::Prs;
use crate::store::queue::Queue;
use anyhow::{Result, bail};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The longest that a play may take.
const DEADLINE: Duration = Duration::from_secs(120);
/// Between two looks at what the agents do.
const LOOK: Duration = Duration::from_millis(20);
/// Between two ticks while no agent runs; cron leaves a minute.
const TICK: Duration = Duration::from_millis(300);
/// The same while one does: the end of a run brings the next tick anyway.
const BUSY_TICK: Duration = Duration::from_secs(2);

/// What there is to say of a play that has come to its end.
#[derive(Debug, Default)]
pub(super) struct Sum {
    pub(super) ticks: u32,
    pub(super) runs: u32,
    pub(super) cost_usd: f64,
    pub(super) took: Duration,
}

/// Does ticks and shows what comes of them.
///
/// # Errors
/// An interruption; a task that fails; no end within the deadline.
pub(super) fn play(stage: &Stage, show: &Show<'_>, stop: &AtomicBool) -> Result<Sum> {
    let begun = monotonic_now();
    let mut sum = Sum::default();
    let project = Project::find(&stage.project())?;
    let mut followers: Vec<_> = stage.config()?.agents.into_iter().map(|agent| Follower::new(agent.name)).collect();
    let mut page = Page::default();
    let mut last_tick: Option<Instant> = None;
    let mut shown = 0;
    loop {
        let mut ended = false;
        for follower in &mut followers {
            if let Some(cost_usd) = follower.look(&project, stage, show)? {
                sum.runs += 1;
                sum.cost_usd += cost_usd;
                ended = true;
            }
        }
        page.look(stage, show)?;
        sum.took = begun.elapsed();
        if stop.load(Ordering::Relaxed) {
            bail!("interrupted; nothing is left of it");
        }
        if sum.took > DEADLINE {
            bail!("the play was not over after {} s", DEADLINE.as_secs());
        }
        let quiet = followers.iter().all(|follower| !follower.is_busy());
        if quiet && is_over(stage)? {
            return Ok(sum);
        }
        let pause = if quiet { TICK } else { BUSY_TICK };
        if (ended && (quiet || has_work(stage)?)) || last_tick.is_none_or(|last| last.elapsed() >= pause) {
            sum.ticks += 1;
            if tick(stage, show, &sum, shown)? {
                shown = sum.ticks;
            }
            last_tick = Some(monotonic_now());
        }
        thread::sleep(LOOK);
    }
}

/// One tick, shown if it started or changed something. `before` is the last that did.
fn tick(stage: &Stage, show: &Show<'_>, sum: &Sum, before: u32) -> Result<bool> {
    let said = stage.scheduler(&[])?;
    if said.trim().is_empty() {
        return Ok(false);
    }
    let number = sum.ticks;
    let idle = match number - before {
        1 => String::new(),
        2 => format!("tick {} had nothing to start, ", number - 1),
        _ => format!("ticks {} to {} had nothing to start, ", before + 1, number - 1),
    };
    show.heading(&format!("Tick {number}"), &format!("{idle}{:.1} s", sum.took.as_secs_f64()))?;
    for line in said.lines().map(time::without_local) {
        // What doesn't begin with an agent's name is said of something else.
        let (name, what) = line.split_once(": ").filter(|(name, _)| !name.contains(' ')).unwrap_or(("", line));
        show.says(name, Tone::Strong, &with_title(stage, what), 2)?;
    }
    Ok(true)
}

/// The words of the tick, with the title of the task beside its id.
fn with_title(stage: &Stage, words: &str) -> String {
    let paths = stage.paths();
    let heads = Queue::new(&paths).all(TaskState::Claimed).unwrap_or_default();
    let named = heads.into_iter().flatten().find(|task| words.ends_with(task.id.as_str()));
    named.map_or(words.to_owned(), |task| format!("{words}: {}", one_line(&task.title)))
}

/// Whether a task waits: then the end of a run may have made an agent free for it.
fn has_work(stage: &Stage) -> Result<bool> {
    Ok(Queue::new(&stage.paths()).count(TaskState::Incoming)? > 0)
}

/// Whether the goal is reached. A task that has failed ends the play.
fn is_over(stage: &Stage) -> Result<bool> {
    let paths = stage.paths();
    let queue = Queue::new(&paths);
    if let Some(id) = queue.newest(TaskState::Failed, 1)?.first() {
        let text = queue.read(TaskState::Failed, id)?.unwrap_or_default();
        bail!("{id} failed: {}", task::section(&text, "Error").unwrap_or("no reason is given"));
    }
    if queue.list(TaskState::Done)?.ids.len() < stage.play.done {
        return Ok(false);
    }
    for (state, count) in stage.play.proposals {
        if Proposals::new(&paths).list(*state)?.ids.len() < *count {
            return Ok(false);
        }
    }
    // Merged on GitHub is not enough: its base has to have it.
    let has_landed = |meta: Meta| meta.landing.landed.is_some() && meta.status == Status::Closed;
    Ok(stage.play.pull_request.is_none() || Prs::new(&paths).load(NUMBER)?.is_some_and(has_landed))
}
