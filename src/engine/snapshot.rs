//! Reads what a decision needs, and no more than it needs, into values.
//!
//! It changes nothing, except that a claimed task that nobody holds goes back.

use super::{
    collect::{self, AgentViews},
    curation,
};
use crate::{
    domain::{
        config::Config,
        gate,
        name::Name,
        outcome::Cooldown,
        role::{Model, TaskRole},
        run::Assignment,
        schedule::{self, Needs, Snapshot, Standing},
        task::{self, Edit, Task, TaskState, key},
        time::{self, Time},
    },
    store::{
        cache, events,
        listing::Listing,
        marker,
        paths::Paths,
        prs::Prs,
        queue::{Queue, Shift},
        requests,
    },
    sys::{lock::Lock, read},
};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};

/// `cache/open-prs.json`: what the last refresh found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenPrs {
    /// When it was asked.
    #[serde(with = "time::required")]
    pub asked_at: Time,
    /// The open pull requests from `agent/*` branches; `None` if that was never found out.
    pub open: Option<Vec<OpenPr>>,
    /// Why the last refresh failed.
    pub error: Option<String>,
}

/// One open pull request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenPr {
    /// Its number.
    pub number: u64,
    /// Its title: text of others.
    pub title: String,
    /// Its branch.
    pub head: String,
    /// When a run of ours opened it, until a refresh has found it.
    #[serde(default, with = "time::option", skip_serializing_if = "Option::is_none")]
    pub noted_at: Option<Time>,
    /// The files that it changes, as far as the repository knows its branch.
    #[serde(default)]
    pub files: Vec<String>,
}

/// What was read, and what there is to say about it.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) snapshot: Snapshot,
    /// The open pull requests should be asked for.
    pub(super) refresh: bool,
    /// Files that are left alone, and why.
    pub(super) problems: Vec<String>,
    /// Tasks that were put back.
    pub(super) released: Vec<Name>,
    /// What was done to proposals, a line each.
    pub(super) changes: Vec<String>,
}

/// Takes the snapshot for one decision. With `release`, tasks that nobody holds are put back before.
pub(super) fn take(paths: &Paths, config: &Config, crew: &AgentViews, now: Time, release: bool) -> Result<Taken> {
    let mut taken = Taken::default();
    let queue = Queue::new(paths);
    let configured = |name: &Name| config.agents.iter().any(|agent| agent.name == *name);
    let others = crew.occupied().into_keys().filter(|name| !configured(name)).count();
    let mut claimed = queue.list(TaskState::Claimed)?.ids;
    if release {
        release_unheld(paths, &queue, crew, &claimed, &mut taken);
        if !taken.released.is_empty() {
            claimed = queue.list(TaskState::Claimed)?.ids;
        }
    }
    let incoming = queue.list(TaskState::Incoming)?;
    taken.snapshot = Snapshot {
        paused: marker::is_set(&paths.paused_marker())?,
        cooldown: cache::load::<Cooldown>(&paths.cooldown()),
        requested: requested(paths, crew, release)?,
        agents: config.agents.iter().map(|agent| crew.view(&agent.name)).collect(),
        other_running: u32::try_from(others).unwrap_or(u32::MAX),
        incoming: u32::try_from(incoming.ids.len()).unwrap_or(u32::MAX),
        claimed: u32::try_from(claimed.len()).unwrap_or(u32::MAX),
        ..Snapshot::default()
    };
    let needs = schedule::needs(config, &taken.snapshot, now);
    if needs.cost && config.max_cost_usd_per_day.is_some() {
        costs(paths, crew, &mut taken.snapshot, now)?;
    }
    if needs.checks {
        checks(paths, config, crew, &mut taken)?;
    }
    if needs.tasks() {
        tasks(&queue, crew, &needs, incoming, claimed, &mut taken);
    }
    if config.model == Model::Proposal {
        proposals(paths, config, now, release.then_some(needs.proposals), &mut taken);
    }
    let judges = needs.proposals && taken.snapshot.to_judge > 0 && !taken.snapshot.awaits_room(config);
    if needs.tasks() || judges {
        let known = cache::load::<OpenPrs>(&paths.open_prs());
        let age = known.as_ref().map(|prs| (now - prs.asked_at).num_seconds());
        let wanted = !taken.snapshot.claimable.is_empty() || judges;
        taken.refresh = wanted && !age.is_some_and(|age| (0..60).contains(&age));
        let open = known.and_then(|prs| prs.open);
        taken.snapshot.open_prs = open.map(|open| u32::try_from(open.len()).unwrap_or(u32::MAX));
    }
    Ok(taken)
}

/// The agents whose run a person has asked for since it was started last. With `tidy`, requests that were served go.
fn requested(paths: &Paths, crew: &AgentViews, tidy: bool) -> Result<BTreeSet<Name>> {
    let mut requested = BTreeSet::new();
    for (name, at) in requests::list(paths)? {
        let started = crew.views.get(&name).and_then(|view| view.state.last_started);
        if started.is_some_and(|started| at <= started) {
            if tidy {
                requests::withdraw(paths, &name)?;
            }
        } else {
            requested.insert(name);
        }
    }
    Ok(requested)
}

/// Keeps the proposals, or with `keep` `None` only looks at them. Trouble with them is no trouble of other agents.
fn proposals(paths: &Paths, config: &Config, now: Time, keep: Option<bool>, taken: &mut Taken) {
    let kept = match keep {
        Some(edits) => curation::reconcile(paths, config, now, edits),
        None => curation::preview(paths, now),
    };
    match kept {
        Ok(kept) => {
            let snapshot = &mut taken.snapshot;
            snapshot.to_judge = u32::try_from(kept.to_judge.len()).unwrap_or(u32::MAX);
            snapshot.judged_before =
                snapshot.to_judge > 0 && snapshot.is_full(config) && curation::were_seen(paths, &kept.to_judge);
            snapshot.proposals = kept.active;
            taken.changes.extend(kept.changes);
            taken.problems.extend(kept.problems);
        }
        Err(error) => {
            taken.snapshot.proposals_unreadable = true;
            taken.problems.push(format!("{error:#}"));
        }
    }
}

/// Puts back what is claimed and named by no agent's state: its run never began, or a person put it there.
fn release_unheld(paths: &Paths, queue: &Queue<'_>, crew: &AgentViews, claimed: &[Name], taken: &mut Taken) {
    let named = crew.named();
    let unsure = crew.views.values().any(|view| view.standing == Standing::Unreadable);
    for id in claimed {
        if unsure || named.iter().any(|(_, task)| task == id) {
            continue;
        }
        match release(paths, queue, id) {
            Ok(Some(Shift::Done { .. })) => taken.released.push(id.clone()),
            Ok(Some(Shift::Exists(state))) => {
                taken.problems.push(format!("{id} is in claimed and in {state}: remove one of the two files"));
            }
            Ok(Some(_)) => {}
            Ok(None) => taken.problems.push(format!(
                "{id} stays claimed: the agent that it names is at work, though its state.json doesn't name the task; \
                 `scheduler agent stop` ends that run"
            )),
            Err(error) => taken.problems.push(format!("{id}: {error:#}")),
        }
    }
}

/// Puts one task back, with the attempt that its run didn't come to. `None` if the agent that claimed it is at work.
fn release(paths: &Paths, queue: &Queue<'_>, id: &Name) -> Result<Option<Shift>> {
    let Some(text) = queue.read(TaskState::Claimed, id)? else { return Ok(Some(Shift::Gone)) };
    let task = task::parse(id, &text).ok();
    let claimed_by = task.as_ref().and_then(|task| task.claimed_by.as_ref()?.parse::<Name>().ok());
    if let Some(agent) = claimed_by
        && (!Lock::is_free(&paths.agent(&agent).lock())? || !collect::crew_of(&paths.agent(&agent)).is_empty())
    {
        return Ok(None);
    }
    let run = task.as_ref().and_then(|task| task.run.as_deref());
    let back = match &task {
        Some(task) if task.run.is_some() && task.attempts > 1 => Edit::new().set(key::ATTEMPTS, task.attempts - 1),
        Some(task) if task.run.is_some() => Edit::new().clear(&[key::ATTEMPTS]),
        _ => Edit::new(),
    };
    queue.release(id, run, &back.unclaim()).map(Some)
}

/// What today's runs cost. One under way counts with the limit that it was started with, be its agent configured or not.
fn costs(paths: &Paths, crew: &AgentViews, snapshot: &mut Snapshot, now: Time) -> Result<()> {
    let day = time::local_day(now);
    (snapshot.spent_usd, snapshot.usual_cost_usd) = events::cost_and_dearest(paths, &day, 20)?;
    for (name, view) in crew.occupied() {
        let run = view.state.run_id.as_deref().and_then(|run| paths.agent(name).run(run).ok());
        let assignment: Option<Assignment> = run.and_then(|run| read::read_json(&run.assignment()).ok().flatten());
        if assignment.as_ref().is_none_or(|assignment| assignment.role.uses_claude()) {
            let limit = assignment.and_then(|assignment| assignment.settings.max_cost_usd);
            snapshot.spent_usd += limit.unwrap_or(snapshot.usual_cost_usd);
        }
    }
    Ok(())
}

/// The checks that are due. Pull requests that are closed aren't read as long as the last look at GitHub is remembered.
fn checks(paths: &Paths, config: &Config, crew: &AgentViews, taken: &mut Taken) -> Result<()> {
    let prs = Prs::new(paths);
    let all = match cache::load::<Vec<u64>>(&paths.gated_prs()) {
        Some(numbers) => prs.these(&numbers),
        None => prs.all()?,
    };
    let under_way: Vec<&str> = crew.views.values().filter_map(|view| view.state.run_id.as_deref()).collect();
    let is_live = |run: &str| under_way.contains(&run);
    taken.snapshot.due_checks = gate::due(&all.metas, &config.gatekeeper, &is_live);
    taken.problems.extend(all.problems);
    Ok(())
}

fn tasks(
    queue: &Queue<'_>,
    crew: &AgentViews,
    needs: &Needs,
    incoming: Listing,
    claimed: Vec<Name>,
    taken: &mut Taken,
) {
    let claimed: Vec<Task> = queue.these(TaskState::Claimed, claimed).into_iter().flatten().collect();
    taken.snapshot.claimed_opening = u32::try_from(schedule::opening(&claimed)).unwrap_or(u32::MAX);
    let named = crew.named();
    let is_in = |id: &Name, state| queue.exists(state, id);
    let mut free = Vec::new();
    taken.problems.extend(incoming.strays.iter().map(ToString::to_string));
    for head in queue.these(TaskState::Incoming, incoming.ids) {
        match head {
            Ok(task) => match schedule::waiting(&task, &is_in, &claimed, &named) {
                None => free.push(task),
                Some(reason) => {
                    tracing::debug!(task = %task.id, %reason, "waits");
                    taken.snapshot.waiting += 1;
                }
            },
            Err(bad) => {
                taken.snapshot.waiting += 1;
                taken.problems.push(format!("{}: {}", bad.path.display(), bad.problems.join("; ")));
            }
        }
    }
    schedule::claim_order(&mut free);
    pick(queue, needs, free, taken);
}

/// Keeps the best tasks, as many of each kind as could be given away, and only those whose name is taken nowhere else.
fn pick(queue: &Queue<'_>, needs: &Needs, free: Vec<Task>, taken: &mut Taken) {
    let mut kept: HashMap<(TaskRole, bool), usize> = HashMap::new();
    for task in free {
        let count = kept.entry((task.role, task.pr.is_some())).or_default();
        if *count >= needs.claimers_of(task.role) {
            continue;
        }
        let states = [TaskState::Claimed, TaskState::Done, TaskState::Failed];
        match states.into_iter().find(|state| queue.exists(*state, &task.id)) {
            None => {
                *count += 1;
                taken.snapshot.claimable.push(task);
            }
            Some(state) => {
                taken.snapshot.waiting += 1;
                taken.problems.push(format!("{} is in incoming and in {state}: remove one of the two files", task.id));
            }
        }
    }
}
