//! Whether the decisions of a tick are right, found out again in the plainest way.

use super::world::World;
use chrono::{DateTime, Duration, Utc};
use scheduler::internals::domain::{
    config::Agent,
    job::Job,
    name::Name,
    role::TaskRole,
    schedule::{AgentView, Decision, Reason, Snapshot, Standing},
    task::TaskState,
};
use std::collections::BTreeSet;

/// What the tick has given away, beside what was there.
struct Totals {
    running: u32,
    claimed: u32,
    prs: u32,
}

/// Fails with what is wrong about the decisions.
pub fn decisions(world: &World, snapshot: &Snapshot, decisions: &[Decision]) -> Result<(), String> {
    let totals = starts(world, snapshot, decisions)?;
    for ((agent, view), decision) in world.config.agents.iter().zip(&world.agents).zip(decisions) {
        if let Decision::Skip(reason) = decision {
            let left = is_left(snapshot, decisions, agent);
            let holds = is_true(reason, world, agent, view, &totals, left);
            ensure(holds, || format!("{}: {reason:?}, at {}", agent.name, world.now))?;
        }
    }
    nobody_is_passed_over(world, decisions)
}

/// Every start is allowed, and together they exceed no limit that was kept before.
fn starts(world: &World, snapshot: &Snapshot, decisions: &[Decision]) -> Result<Totals, String> {
    let limits = world.config.queue_limits;
    let opens = |role: TaskRole| role != TaskRole::Review;
    let running = u32::try_from(world.agents.iter().filter(|view| view.standing != Standing::Free).count()).unwrap();
    let mut totals = Totals {
        running,
        claimed: world.count(TaskState::Claimed),
        prs: world.open_prs
            + u32::try_from(world.of(TaskState::Claimed).filter(|task| opens(task.role)).count()).unwrap(),
    };
    let mut given = BTreeSet::new();
    for ((agent, view), decision) in world.config.agents.iter().zip(&world.agents).zip(decisions) {
        let Decision::Start(job) = decision else { continue };
        let wrong = |why: &str| Err(format!("{} was started at {}: {why}", agent.name, world.now));
        if world.paused || world.config.paused || agent.paused {
            return wrong("it is paused");
        }
        if view.standing != Standing::Free {
            return wrong("it is not free");
        }
        if due(agent, view, world.now).is_some_and(|due| world.now < due) {
            return wrong("it is not due");
        }
        totals.running += 1;
        if world.config.max_running.is_some_and(|limit| totals.running > limit.get()) {
            return wrong("too many run");
        }
        let Job::Task { id, attempt } = job else { continue };
        let (task, state) = &world.tasks[id];
        let fits = agent.role.spec().claims == Some(task.role);
        let free = snapshot.claimable.iter().any(|free| free.id == *id);
        if !fits || !free || *state != TaskState::Incoming || *attempt != task.attempts + 1 || !given.insert(id) {
            return wrong("its task is not to be had");
        }
        totals.claimed += 1;
        totals.prs += u32::from(opens(task.role));
        if totals.claimed > limits.max_claimed.get() {
            return wrong("too many are claimed");
        }
        if opens(task.role) && totals.prs > limits.max_open_prs.get() {
            return wrong("too many pull requests would be open");
        }
    }
    Ok(totals)
}

/// Whether a task is left that this agent could have had.
fn is_left(snapshot: &Snapshot, decisions: &[Decision], agent: &Agent) -> bool {
    let is_given = |id: &Name| {
        decisions.iter().any(|decision| matches!(decision, Decision::Start(Job::Task { id: other, .. }) if other == id))
    };
    let role = agent.role.spec().claims;
    snapshot.claimable.iter().any(|task| role == Some(task.role) && !is_given(&task.id))
}

fn is_true(reason: &Reason, world: &World, agent: &Agent, view: &AgentView, totals: &Totals, left: bool) -> bool {
    let limits = world.config.queue_limits;
    match reason {
        Reason::Paused => agent.paused,
        Reason::SystemPaused { .. } => world.paused || world.config.paused,
        Reason::Running { .. } => view.standing == Standing::Running,
        Reason::Recovering => view.standing == Standing::Recovering,
        Reason::NotDue { .. } | Reason::Backoff { .. } => {
            due(agent, view, world.now).is_some_and(|due| world.now < due)
        }
        Reason::NoTask { .. } => !left,
        Reason::ClaimsFull { .. } => left && totals.claimed >= limits.max_claimed.get(),
        Reason::PrsFull { .. } => left && totals.prs >= limits.max_open_prs.get(),
        Reason::TooManyRunning { .. } => world.config.max_running.is_some_and(|limit| totals.running >= limit.get()),
        Reason::QueueFull { .. } => {
            world.count(TaskState::Incoming) + world.count(TaskState::Claimed) >= limits.max_incoming.get()
        }
        _ => false,
    }
}

/// When an agent may start again, by its interval and its failures.
fn due(agent: &Agent, view: &AgentView, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let interval = i64::from(agent.interval_seconds);
    let in_past = |time: Option<DateTime<Utc>>| time.filter(|time| *time <= now);
    let by_interval =
        in_past(view.state.last_started).map(|last| last + Duration::seconds(interval - (interval / 4).min(30)));
    let failures = view.state.consecutive_failures;
    let by_failures = in_past(view.state.last_finished).filter(|_| failures > 0).map(|last| {
        let doubled = (0..failures.min(20)).fold(interval, |wait, _| wait * 2);
        last + Duration::seconds(doubled.min(interval.max(3_600)))
    });
    by_interval.max(by_failures)
}

/// Who waited longer for the same thing has come first.
fn nobody_is_passed_over(world: &World, decisions: &[Decision]) -> Result<(), String> {
    let all = || world.config.agents.iter().zip(&world.agents).zip(decisions);
    let waits_since = |agent: &Agent, view: &AgentView| {
        let last = view.state.last_started.filter(|last| *last <= world.now);
        let interval = i64::from(agent.interval_seconds);
        last.map(|last| last + Duration::seconds(interval - (interval / 4).min(30)))
    };
    for ((late, late_view), decision) in all() {
        let Decision::Skip(reason) = decision else { continue };
        for ((early, early_view), other) in all() {
            let same_thing = match reason {
                Reason::TooManyRunning { .. } => true,
                Reason::NoTask { .. } | Reason::ClaimsFull { .. } => {
                    late.role == early.role && matches!(other, Decision::Start(Job::Task { .. }))
                }
                _ => false,
            };
            let started = matches!(other, Decision::Start(_));
            let passed_over = started && same_thing && waits_since(late, late_view) < waits_since(early, early_view);
            ensure(!passed_over, || format!("{} has waited longer than {}, which was started", late.name, early.name))?;
        }
    }
    Ok(())
}

fn ensure(holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why()) }
}
