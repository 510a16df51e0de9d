//! Puts together what is going on. It only reads, takes no lock and asks nobody.

use super::{
    preview::{self, Misconfigured, Preview},
    project::Project,
    snapshot::OpenPrs,
};
use crate::{
    domain::{
        config::{Config, Problem, Usd},
        name::Name,
        outcome::Cooldown,
        overview::{
            Activity, AgentLine, ClaimedLine, FailedLine, Overview, PauseStatus, ProposalsLine, PullRequestLine,
            PullRequestsLine, QuestionLine, QueueLine, TickHealth, doing, in_short,
        },
        proposal::ProposalState,
        schedule::{self, AgentView, Decision},
        settlement::A_PERSON,
        task::{self, TaskState},
        time::{self, Time},
    },
    store::{cache, events, marker, messages, paths::Paths, proposals::Proposals, queue::Queue},
};
use anyhow::Result;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// A tick older than this is late: they come every minute.
const LATE_SECONDS: i64 = 180;
/// How many failed tasks are told of.
const FAILED: usize = 20;

/// The part of `cache/last-tick.json` that is told.
#[derive(Deserialize)]
struct LastTick {
    #[serde(with = "time::required")]
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
    let agents = agents(&preview, now);
    let in_config = |problems: Vec<Problem>| problems.into_iter().map(|problem| format!("agents.yaml, {problem}"));
    let (config, mut problems) = match preview {
        Ok(Preview { config, warnings, problems, failures, .. }) => {
            (Some(config), in_config(warnings).chain(failures).chain(problems).collect::<Vec<_>>())
        }
        Err(Misconfigured { problems, views }) => (None, in_config(problems).chain(views.problems).collect()),
    };
    let config = config.as_ref();
    Ok(Overview {
        time: now,
        project: project.root().display().to_string(),
        pulse: pulse(paths, now),
        holds: holds(paths, config, now)?,
        cost_today_usd: events::cost_of_day(paths, &time::local_day(now))?,
        cost_limit_usd: config.and_then(|config| config.max_cost_usd_per_day).map(Usd::get),
        agents,
        queue: queue(paths, config)?,
        proposals: proposals(paths, &mut problems)?,
        pull_requests: pull_requests(paths, config),
        questions: questions(paths)?,
        problems,
    })
}

/// How the tick fares.
pub fn pulse(paths: &Paths, now: Time) -> TickHealth {
    let last: Option<LastTick> = cache::load(&paths.last_tick());
    let late = last.as_ref().is_none_or(|last| (now - last.time).num_seconds() > LATE_SECONDS);
    TickHealth {
        last_tick: last.as_ref().map(|last| last.time),
        duration_ms: last.and_then(|last| last.duration_ms),
        late,
    }
}

fn holds(paths: &Paths, config: Option<&Config>, now: Time) -> Result<PauseStatus> {
    let cooldown: Option<Cooldown> = cache::load(&paths.cooldown()).filter(|cooldown: &Cooldown| cooldown.holds(now));
    // `<time> <reason>`; what a person wrote there by hand is all reason.
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

fn agents(preview: &Result<Preview, Misconfigured>, now: Time) -> Vec<AgentLine> {
    let (preview, views) = match preview {
        Ok(preview) => (Some(preview), &preview.views),
        Err(wrong) => (None, &wrong.views),
    };
    let mut lines = Vec::new();
    for (agent, decision) in preview.iter().flat_map(|preview| preview.config.agents.iter().zip(&preview.decisions)) {
        let state = views.view(&agent.name).state.clone();
        let (doing, brief) = doing(decision, &state, now);
        lines.push(AgentLine {
            name: agent.name.clone(),
            role: Some(agent.role),
            doing,
            brief,
            reason: match decision {
                Decision::Skip(reason) => Some(reason.clone()),
                Decision::Start(_) => None,
            },
            due_at: schedule::due_at(agent, &state, now).filter(|due| now < *due),
            paused: agent.paused,
            run_requested: preview.is_some_and(|preview| preview.snapshot.requested.contains(&agent.name)),
            state,
        });
    }
    let configured: BTreeSet<&Name> =
        preview.iter().flat_map(|preview| preview.config.agents.iter().map(|agent| &agent.name)).collect();
    // An agent that was taken out of agents.yaml is only told of while it still does something.
    let others: BTreeMap<_, _> = (views.views.iter())
        .filter(|(name, view)| !configured.contains(name) && (preview.is_none() || !is_over(view)))
        .collect();
    lines.extend(others.into_iter().map(|(name, view)| stranger(name, view)));
    lines
}

fn is_over(view: &AgentView) -> bool {
    view.state.is_idle() && view.standing == schedule::Standing::Free
}

fn stranger(name: &Name, view: &AgentView) -> AgentLine {
    let brief = match view.standing {
        schedule::Standing::Free => "not configured",
        schedule::Standing::Running => "running, not configured",
        schedule::Standing::Recovering => "being put right, not configured",
        schedule::Standing::Unreadable => "state can't be read",
    };
    AgentLine {
        name: name.clone(),
        role: None,
        doing: Activity::NotConfigured,
        brief: brief.to_owned(),
        reason: None,
        due_at: None,
        paused: false,
        run_requested: false,
        state: view.state.clone(),
    }
}

fn queue(paths: &Paths, config: Option<&Config>) -> Result<QueueLine> {
    let queue = Queue::new(paths);
    let mut claimed: Vec<_> = queue.good(TaskState::Claimed)?.into_iter().collect();
    claimed.sort_by(|a, b| a.claimed_at.cmp(&b.claimed_at).then_with(|| a.id.as_str().cmp(b.id.as_str())));
    let claimed_tasks = claimed.into_iter().map(|task| ClaimedLine {
        id: task.id,
        title: task.title,
        role: task.role,
        claimed_by: task.claimed_by,
        claimed_at: task.claimed_at,
        attempt: task.attempts,
    });
    let mut failed_tasks = Vec::new();
    for id in queue.newest(TaskState::Failed, FAILED)? {
        let Some(text) = queue.read(TaskState::Failed, &id)? else { continue };
        failed_tasks.push(failed(id, &text));
    }
    let incoming: Vec<_> = queue.good(TaskState::Incoming)?.into_iter().collect();
    let held = incoming.iter().filter(|task| task.held_by() == Some(A_PERSON)).count();
    let blocked = schedule::blocked(&incoming, &|id, state| queue.exists(state, id));
    Ok(QueueLine {
        held: u32::try_from(held).unwrap_or(u32::MAX),
        blocked: u32::try_from(blocked).unwrap_or(u32::MAX),
        incoming: queue.count(TaskState::Incoming)?,
        claimed: queue.count(TaskState::Claimed)?,
        done: queue.count(TaskState::Done)?,
        failed: queue.count(TaskState::Failed)?,
        limits: config.map(|config| config.queue_limits),
        claimed_tasks: claimed_tasks.collect(),
        failed_tasks,
    })
}

fn failed(id: Name, text: &str) -> FailedLine {
    let reason = task::section(text, "Error").map(in_short).filter(|reason| !reason.is_empty());
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

/// Counts the proposals, and names those open ones that can't be read, unless they are named already. Of the others,
/// which may be many, no file is opened.
fn proposals(paths: &Paths, problems: &mut Vec<String>) -> Result<ProposalsLine> {
    let proposals = Proposals::new(paths);
    let mut count = |state: ProposalState| -> Result<u32> {
        if !state.is_open() {
            return Ok(u32::try_from(proposals.list(state)?.ids.len()).unwrap_or(u32::MAX));
        }
        let (good, bad): (Vec<_>, Vec<_>) = proposals.all(state)?.into_iter().partition(Result::is_ok);
        for bad in bad.into_iter().filter_map(Result::err).map(|bad| bad.to_string()) {
            if !problems.contains(&bad) {
                problems.push(bad);
            }
        }
        Ok(u32::try_from(good.len()).unwrap_or(u32::MAX))
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
    let line = |pr: super::snapshot::OpenPr| PullRequestLine { number: pr.number, title: pr.title, branch: pr.head };
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
