//! Puts together what is going on. It only reads, takes no lock and asks nobody.

#[cfg(test)]
pub mod sample;
mod view;

pub use view::{
    Activity, AgentLine, ClaimedLine, DoneLine, FailedLine, Overview, PauseStatus, ProposalsLine, PullRequestLine,
    PullRequestsLine, QuestionLine, QueueLine, QuotaLine, RunnerLine, TickHealth,
};

use super::machine;
use super::preview::{self, Misconfigured, Preview};
use super::project::Project;
use super::snapshot::{self, OpenPrs};
use super::whereabouts::Whereabouts;
use crate::domain::config::{Agent, Config, Problem, Usd};
use crate::domain::name::Name;
use crate::domain::outcome::Cooldown;
use crate::domain::proposal::ProposalState;
use crate::domain::quota::{Quota, Window};
use crate::domain::runner::Runner;
use crate::domain::sandbox::Mode;
use crate::domain::schedule::{self, AgentView, Decision, Reason, Standing, Waiting};
use crate::domain::settlement::A_PERSON;
use crate::domain::state::AgentState;
use crate::domain::task::{self, TaskState};
use crate::domain::text::{cut, one_line};
use crate::domain::time::{self, Time};
use crate::exec::confine;
use crate::store::paths::Paths;
use crate::store::proposals::Proposals;
use crate::store::prs::Prs;
use crate::store::queue::Queue;
use crate::store::{cache, ledger, marker, messages};
use anyhow::Result;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A tick older than this is late: they come every minute.
const LATE_SECONDS: i64 = 180;
/// How many failed tasks are named, and how many that are done.
const NEWEST: usize = 20;
/// The most of the reason of a failure, in characters.
const MAX_REASON: usize = 200;

/// The part of `cache/last-tick.json` that is shown.
#[derive(Deserialize)]
struct LastTick {
    time: Time,
    duration_ms: Option<u64>,
}

/// What is going on.
///
/// # Errors
/// agents.yaml, the queue, the messages or the folder of the agents can't be read.
pub fn overview(project: &Project, now: Time) -> Result<Overview> {
    let paths = &project.paths;
    let preview = preview::preview(project, now)?;
    let agents = agents(paths, &preview, now);
    let runners = preview.as_ref().map_or_else(|_| Vec::new(), |preview| runners(preview, &agents, now));
    let in_config = |problems: Vec<Problem>| problems.into_iter().map(|problem| format!("agents.yaml, {problem}"));
    let (config, mut problems) = match preview {
        Ok(Preview { config, warnings, notes, .. }) => {
            (Some(config), in_config(warnings).chain(notes.failures).chain(notes.problems).collect::<Vec<_>>())
        }
        Err(Misconfigured { problems, views }) => (None, in_config(problems).chain(views.problems).collect()),
    };
    let config = config.as_ref();
    let spent = ledger::spent(paths, now)?;
    Ok(Overview {
        time: now,
        project: project.root().display().to_string(),
        tick: tick_health(paths, now),
        pause: pause(paths, config, now)?,
        cost_today_usd: spent.today_usd,
        cost_week_usd: spent.week_usd,
        cost_limit_usd: config.and_then(|config| config.max_cost_usd_per_day).map(Usd::get),
        cost_week_limit_usd: config.and_then(|config| config.max_cost_usd_per_week).map(Usd::get),
        quota: quota(paths, config, now),
        agents,
        runners,
        queue: queue(paths, config)?,
        proposals: proposals(paths, &mut problems)?,
        pull_requests: pull_requests(paths, config),
        unconfined: config.and_then(unconfined),
        last_fetch: cache::load(&paths.last_fetch()),
        questions: questions(paths)?,
        problems,
    })
}

fn quota(paths: &Paths, config: Option<&Config>, now: Time) -> Vec<QuotaLine> {
    let known: Quota = cache::load(&paths.quota()).unwrap_or_default();
    let stop_at = config.and_then(|config| config.quota).map(|quota| quota.stop_at.get());
    let line = |(window, state): (&str, Window)| QuotaLine { window: window.to_owned(), state, stop_at };
    known.current(now).into_iter().map(line).collect()
}

fn unconfined(config: &Config) -> Option<String> {
    let wanted = config.agents.iter().any(|agent| agent.settings.sandbox.mode == Mode::Auto);
    wanted.then(|| confine::missing(Mode::Auto)).flatten()
}

/// How the tick fares.
pub fn tick_health(paths: &Paths, now: Time) -> TickHealth {
    let last: Option<LastTick> = cache::load(&paths.last_tick());
    let late = last.as_ref().is_none_or(|last| (now - last.time).num_seconds() > LATE_SECONDS);
    TickHealth {
        last_tick: last.as_ref().map(|last| last.time),
        duration_ms: last.and_then(|last| last.duration_ms),
        late,
        ticks_on: machine::elsewhere(paths),
    }
}

fn pause(paths: &Paths, config: Option<&Config>, now: Time) -> Result<PauseStatus> {
    let cooldown: Option<Cooldown> = cache::load(&paths.cooldown()).filter(|cooldown: &Cooldown| cooldown.holds(now));
    // `<time> <reason>`; what the user wrote there by hand is all reason.
    let note = marker::text(&paths.paused_marker()).unwrap_or_default();
    let (first, rest) = note.split_once(' ').unwrap_or((note.as_str(), ""));
    let since = time::parse(first);
    let reason = if since.is_some() { rest } else { note.as_str() };
    Ok(PauseStatus {
        paused_by_marker: marker::is_set(&paths.paused_marker())?,
        paused_since: since,
        paused_reason: Some(reason.trim().to_owned()).filter(|reason| !reason.is_empty()),
        paused_in_config: config.is_some_and(|config| config.paused),
        cooldown_until: cooldown.as_ref().map(|cooldown| cooldown.until),
        cooldown_reason: cooldown.map(|cooldown| cooldown.reason),
    })
}

/// The configured agents, then the others that still do something; of a wrong agents.yaml nobody knows who is one.
fn agents(paths: &Paths, preview: &Result<Preview, Misconfigured>, now: Time) -> Vec<AgentLine> {
    let (mut lines, views) = match preview {
        Ok(preview) => {
            let decided = preview.config.agents.iter().zip(&preview.decisions);
            (
                decided.map(|(agent, decision)| configured(paths, preview, agent, decision, now)).collect(),
                &preview.views,
            )
        }
        Err(misconfigured) => (Vec::new(), &misconfigured.views),
    };
    let is_told = |name: &Name, view: &AgentView| match preview {
        Ok(preview) => !is_over(view) && preview.config.agent(name).is_none(),
        Err(_) => true,
    };
    let others: BTreeMap<_, _> = views.views.iter().filter(|(name, view)| is_told(name, view)).collect();
    lines.extend(others.into_iter().map(|(name, view)| not_configured(paths, name, view, now)));
    lines
}

fn configured(paths: &Paths, preview: &Preview, agent: &Agent, decision: &Decision, now: Time) -> AgentLine {
    let state = preview.views.view(&agent.name).state.clone();
    let (doing, brief) = activity(&agent.name, decision, now);
    let elsewhere = Whereabouts::of(&paths.agent(&agent.name), &state);
    AgentLine {
        name: agent.name.clone(),
        role: Some(agent.role_name().to_owned()),
        doing,
        brief: with_place(brief, doing, &state, elsewhere.as_ref(), now),
        elsewhere,
        reason: match decision {
            Decision::Skip(reason) => Some(reason.clone()),
            Decision::Start(_) => None,
        },
        due_at: schedule::due_at(agent, &state, now).filter(|due| now < *due),
        paused: agent.paused,
        run_requested: preview.snapshot.requested.contains(&agent.name),
        state,
    }
}

/// What an agent does, and that or the reason for it in a few words.
pub(super) fn activity(agent: &Name, decision: &Decision, now: Time) -> (Activity, String) {
    match decision {
        Decision::Start(job) => {
            let with = job.task().map_or(String::new(), |task| format!(" with {task}"));
            (Activity::Ready, format!("starts at the next tick{with}"))
        }
        Decision::Skip(reason) => {
            let activity = match reason {
                Reason::Running { .. } | Reason::Python { .. } => Activity::Running,
                Reason::Recovering => Activity::Recovering,
                Reason::Paused | Reason::SystemPaused { .. } => Activity::Paused,
                _ => Activity::Waiting,
            };
            (activity, reason.words(agent, now).summary)
        }
    }
}

/// What an agent does in a few words, with where its run is in place of how long it takes.
fn with_place(brief: String, doing: Activity, state: &AgentState, place: Option<&Whereabouts>, now: Time) -> String {
    let Some(place) = place.map(|place| place.words(now)) else { return brief };
    match (doing, &state.current_task) {
        (Activity::Running, Some(task)) => format!("{place}, {task}"),
        (Activity::Running, None) => place,
        _ => format!("{brief}, {place}"),
    }
}

fn runners(preview: &Preview, agents: &[AgentLine], now: Time) -> Vec<RunnerLine> {
    let snapshot = &preview.snapshot;
    let line = |(name, runner): (&Name, &Runner)| {
        let waits = |place: &&Whereabouts| place.runner == *name && place.is_waiting();
        let waiting = agents.iter().filter_map(|agent| agent.elsewhere.as_ref()).filter(waits).count();
        let cooldown = snapshot.runner_cooldowns.get(name).filter(|cooldown| cooldown.holds(now));
        RunnerLine {
            name: name.clone(),
            running: snapshot.running_of.get(name).copied().unwrap_or(0),
            waiting: u32::try_from(waiting).unwrap_or(u32::MAX),
            limit: runner.max_running,
            cooldown_until: cooldown.map(|cooldown| cooldown.until),
            cooldown_reason: cooldown.map(|cooldown| cooldown.reason.clone()),
        }
    };
    preview.config.runners.iter().map(line).collect()
}

fn is_over(view: &AgentView) -> bool {
    view.state.is_idle() && view.standing == Standing::Free
}

fn not_configured(paths: &Paths, name: &Name, view: &AgentView, now: Time) -> AgentLine {
    let brief = match view.standing {
        Standing::Free => "not configured",
        Standing::Running | Standing::Python => "running, not configured",
        Standing::Recovering => "recovering, not configured",
        Standing::Unreadable => "state can't be read",
    };
    let elsewhere = Whereabouts::of(&paths.agent(name), &view.state);
    let brief = with_place(brief.to_owned(), Activity::NotConfigured, &view.state, elsewhere.as_ref(), now);
    AgentLine {
        name: name.clone(),
        role: None,
        doing: Activity::NotConfigured,
        brief,
        elsewhere,
        reason: None,
        due_at: None,
        paused: false,
        run_requested: false,
        state: view.state.clone(),
    }
}

fn queue(paths: &Paths, config: Option<&Config>) -> Result<QueueLine> {
    let queue = Queue::new(paths);
    let mut claimed = queue.good(TaskState::Claimed)?;
    claimed.sort_by(|a, b| a.claimed_at.cmp(&b.claimed_at).then_with(|| a.id.as_str().cmp(b.id.as_str())));
    let claimed_tasks = claimed.into_iter().map(|task| ClaimedLine {
        role: task.role_name().to_owned(),
        id: task.id,
        title: task.title,
        claimed_by: task.claimed_by,
        claimed_at: task.claimed_at,
        attempt: task.attempts,
    });
    let mut failed_tasks = Vec::new();
    for id in queue.newest(TaskState::Failed, NEWEST)? {
        let Some(text) = queue.read(TaskState::Failed, &id)? else { continue };
        failed_tasks.push(failed(id, &text));
    }
    let seen_at = marker::text(&paths.seen()).and_then(|text| time::parse(&text));
    let incoming = queue.good(TaskState::Incoming)?;
    let open = OpenPrs::known(paths);
    let budget = config.and_then(|config| config.max_cost_usd_per_task).map(Usd::get);
    let waits = incoming.iter().filter_map(|task| snapshot::waiting(&queue, task, &[], &[], &open, budget));
    let waits: Vec<_> = waits.collect();
    Ok(QueueLine {
        overlapping: waits.iter().filter(|waiting| matches!(waiting, Waiting::Overlaps { .. })).count(),
        over_budget: waits.iter().filter(|waiting| matches!(waiting, Waiting::OverBudget { .. })).count(),
        held: incoming.iter().filter(|task| task.held_by() == Some(A_PERSON)).count(),
        blocked: schedule::blocked(&incoming, &|id, state| queue.exists(state, id)),
        incoming: queue.count(TaskState::Incoming)?,
        claimed: queue.count(TaskState::Claimed)?,
        done: queue.count(TaskState::Done)?,
        failed: queue.count(TaskState::Failed)?,
        limits: config.map(|config| config.queue_limits),
        claimed_tasks: claimed_tasks.collect(),
        done_tasks: done(queue, seen_at)?,
        seen_at,
        failed_tasks,
    })
}

/// The tasks that were done after the user has said to have seen all.
fn done(queue: Queue<'_>, seen_at: Option<Time>) -> Result<Vec<DoneLine>> {
    let mut tasks = Vec::new();
    for id in queue.newest(TaskState::Done, NEWEST)? {
        let Some(text) = queue.read(TaskState::Done, &id)? else { continue };
        let Ok(task) = task::parse(&id, &text) else { continue };
        if seen_at.is_some_and(|seen| task.completed_at.is_none_or(|done| done <= seen)) {
            continue;
        }
        tasks.push(DoneLine {
            role: task.role_name().to_owned(),
            pull_request: task.pull_request(),
            id,
            title: task.title,
            completed_at: task.completed_at,
            branch: task.work_branch,
            result: task.result,
        });
    }
    Ok(tasks)
}

fn failed(id: Name, text: &str) -> FailedLine {
    let reason = task::section(text, "Error").map(first_line).filter(|reason| !reason.is_empty());
    match task::parse(&id, text) {
        Ok(head) => FailedLine {
            id,
            title: head.title,
            failed_at: head.failed_at.or(head.cancelled_at),
            reason: reason.unwrap_or_else(|| "moved there by hand".to_owned()),
        },
        Err(problems) => FailedLine { id, title: String::new(), failed_at: None, reason: problems.join("; ") },
    }
}

/// The first line of a text, short enough for a list.
pub(super) fn first_line(text: &str) -> String {
    cut(&one_line(text.trim().lines().next().unwrap_or_default()), MAX_REASON)
}

/// Counts the proposals, and names those open ones that can't be read, unless they are named already. Of the others,
/// which may be many, no file is opened.
fn proposals(paths: &Paths, problems: &mut Vec<String>) -> Result<ProposalsLine> {
    let proposals = Proposals::new(paths);
    let mut count = |state: ProposalState| -> Result<usize> {
        if !state.is_open() {
            return Ok(proposals.list(state)?.ids.len());
        }
        let all = proposals.all(state)?;
        let bad: Vec<_> = all.iter().filter_map(|one| one.as_ref().err()).map(ToString::to_string).collect();
        let good = all.len() - bad.len();
        let new: Vec<_> = bad.into_iter().filter(|bad| !problems.contains(bad)).collect();
        problems.extend(new);
        Ok(good)
    };
    Ok(ProposalsLine {
        active: count(ProposalState::Active)?,
        promoted: count(ProposalState::Promoted)?,
        deferred: count(ProposalState::Deferred)?,
        rejected: count(ProposalState::Rejected)?,
    })
}

fn pull_requests(paths: &Paths, config: Option<&Config>) -> PullRequestsLine {
    let known: Option<OpenPrs> = cache::load(&paths.open_prs());
    let prs = Prs::new(paths);
    let way = |number| prs.load(number).ok().flatten().and_then(|meta| meta.landing.way);
    let line = |pr: schedule::OpenPr| PullRequestLine {
        way: way(pr.number),
        number: pr.number,
        title: pr.title,
        branch: pr.head,
    };
    PullRequestsLine {
        asked_at: known.as_ref().map(|prs| prs.asked_at),
        limit: config.map(|config| config.queue_limits.max_open_prs.get()),
        error: known.as_ref().and_then(|prs| prs.error.clone()),
        open: known.and_then(|prs| prs.open).map(|open| open.into_iter().map(line).collect()),
    }
}

fn questions(paths: &Paths) -> Result<Vec<QuestionLine>> {
    let open = messages::questions(paths)?.into_iter().filter(|listed| listed.answer.is_none());
    Ok(open
        .map(|listed| QuestionLine {
            id: listed.stem,
            time: listed.time,
            from: listed.message.from,
            title: listed.message.title,
            task: listed.message.task,
        })
        .collect())
}
