//! Reads what a decision needs, and no more than it needs, into values. It changes nothing.

use super::collect::AgentViews;
use super::curation::{self, Summary};
use super::notes::Notes;
use super::project::Project;
use super::reconcile::Reconciled;
use crate::domain::config::{Agent, Config, Usd};
use crate::domain::explored::is_unchanged;
use crate::domain::fetch::LastFetch;
use crate::domain::gate;
use crate::domain::name::Name;
use crate::domain::run::Assignment;
use crate::domain::schedule::{self, Needs, OpenPr, Snapshot, Waiting};
use crate::domain::state::AgentState;
use crate::domain::task::{Task, TaskState};
use crate::domain::time::{self, Time};
use crate::exec::repo;
use crate::store::listing::{Listing, in_two_places};
use crate::store::paths::Paths;
use crate::store::prs::Prs;
use crate::store::queue::Queue;
use crate::store::state_dirs::BadFile;
use crate::store::{cache, explored, ledger};
use crate::sys::read;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// `cache/open-prs.json`: what the last refresh found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenPrs {
    /// When it was asked.
    pub asked_at: Time,
    /// The open pull requests from `agent/*` branches; `None` if that was never found out.
    pub open: Option<Vec<OpenPr>>,
    /// Why the last refresh failed.
    pub error: Option<String>,
}

impl OpenPrs {
    /// The open pull requests, as far as they are known.
    pub fn known(paths: &Paths) -> Vec<OpenPr> {
        cache::load::<Self>(&paths.open_prs()).and_then(|prs| prs.open).unwrap_or_default()
    }
}

/// Why an incoming task can't be claimed now, all told; `None`: it can. As [`schedule::waiting`] and
/// [`schedule::collision`]; `budget` is `max_cost_usd_per_task`.
pub fn waiting(
    queue: &Queue<'_>,
    task: &Task,
    claimed: &[Task],
    named: &[(Name, Name)],
    open: &[OpenPr],
    budget: Option<f64>,
) -> Option<Waiting> {
    let is_in = |id: &Name, state| queue.exists(state, id);
    schedule::waiting(task, &is_in, claimed, named)
        .or_else(|| schedule::over_budget(task, budget))
        .or_else(|| collision(queue, task, open))
}

fn collision(queue: &Queue<'_>, task: &Task, open: &[OpenPr]) -> Option<Waiting> {
    if open.is_empty() {
        return None;
    }
    // One that can't be read any more can't be claimed either.
    let text = queue.read(TaskState::Incoming, &task.id).ok().flatten().unwrap_or_default();
    schedule::collision(task, &text, open)
}

/// What was read, and what there is to say about it.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) snapshot: Snapshot,
    pub(super) notes: Notes,
    /// The open pull requests should be asked for.
    pub(super) refresh: bool,
    /// What the ledgers say should be kept.
    pub(super) far_ledger: bool,
}

/// Takes the snapshot for one decision, on top of what was reconciled.
pub(super) fn take(
    project: &Project,
    config: &Config,
    views: &AgentViews,
    reconciled: Reconciled,
    now: Time,
) -> Result<Taken> {
    let paths = &project.paths;
    let Reconciled { snapshot, needs, claimed, incoming: expected, proposals, notes } = reconciled;
    let mut taken = Taken { snapshot, notes, ..Taken::default() };
    let queue = Queue::new(paths);
    let incoming = queue.list(TaskState::Incoming)?;
    let configured = |name: &Name| config.agents.iter().any(|agent| agent.name == *name);
    let snapshot = &mut taken.snapshot;
    snapshot.other_running = number(views.occupied().into_keys().filter(|name| !configured(name)).count());
    snapshot.running_of = schedule::running_of(views.occupied().into_values());
    snapshot.incoming = number(incoming.ids.len() + expected.len());
    snapshot.claimed = number(claimed.len());
    if needs.cost && config.quota.is_some() {
        snapshot.quota = cache::load(&paths.quota()).unwrap_or_default();
    }
    if needs.cost && (config.max_cost_usd_per_day.is_some() || config.max_cost_usd_per_week.is_some()) {
        taken.far_ledger = costs(paths, views, snapshot, now)?;
    }
    for agent in needs.explorers.iter().map(|index| &config.agents[*index]) {
        let last = unchanged(project, agent, &views.view(&agent.name).state, now);
        snapshot.unchanged.extend(last.map(|last| (agent.name.clone(), last)));
    }
    if needs.checks {
        checks(paths, config, views, &mut taken, now)?;
    }
    let expects: Vec<Name> = expected.iter().flatten().map(|task| task.id.clone()).collect();
    let known = cache::load::<OpenPrs>(&paths.open_prs()).filter(|_| needs.tasks() || needs.proposals);
    if needs.tasks() {
        let open = known.as_ref().and_then(|prs| prs.open.as_deref()).unwrap_or_default();
        let is_in = |id: &Name, state| match state {
            TaskState::Incoming | TaskState::Claimed if expects.contains(id) => state == TaskState::Incoming,
            _ => queue.exists(state, id),
        };
        let waits = |task: &Task, claimed: &[Task], named: &[(Name, Name)]| {
            let budget = config.max_cost_usd_per_task.map(Usd::get);
            schedule::waiting(task, &is_in, claimed, named).or_else(|| schedule::over_budget(task, budget))
        };
        let mut free = tasks(&queue, views, incoming, claimed, expected, &waits, &mut taken);
        unclaimed(config, &mut free, &mut taken);
        pick(&needs, free, &is_in, &|task| collision(&queue, task, open), &mut taken);
    }
    if let Some(proposals) = proposals {
        summarise(paths, config, proposals, &mut taken);
    }
    let snapshot = &mut taken.snapshot;
    if !snapshot.claimable.is_empty() {
        let remote = remote(paths);
        snapshot.prs_awaited = known.is_none() && repo::has_agent_branches(&project.common_dir, &remote);
        let branch = repo::branch_in_the_way(&project.common_dir, &remote);
        snapshot.branch_in_the_way = branch.map(|branch| (branch.to_string(), branch.remedy()));
    }
    let judges = needs.proposals && snapshot.to_judge > 0 && !snapshot.awaits_room(config);
    if needs.tasks() || judges {
        let is_fresh = known.as_ref().is_some_and(|prs| time::is_within(60, prs.asked_at, now));
        let wanted = !snapshot.claimable.is_empty() || !snapshot.overlapping.is_empty() || judges;
        taken.refresh = wanted && !is_fresh;
        snapshot.open_prs = known.and_then(|prs| prs.open).map(|open| number(open.len()));
    }
    Ok(taken)
}

/// When the last run of an agent that looks for work began, if nothing has changed since.
fn unchanged(project: &Project, agent: &Agent, state: &AgentState, now: Time) -> Option<Time> {
    let (then, last) = (state.explored.as_ref()?, state.last_started?);
    let files = || explored::files(&project.paths, &agent.name, agent.focus.as_ref()).ok();
    let commit = |branch: &str| repo::branch_commit(&project.common_dir, &remote(&project.paths), branch);
    is_unchanged(then, last, agent.settings.rescan_after, now, &files, &commit).then_some(last)
}

/// The name of the remote: the last fetch tells it at no cost.
pub(super) fn remote(paths: &Paths) -> String {
    cache::load(&paths.last_fetch()).map_or_else(|| "origin".to_owned(), |last: LastFetch| last.remote)
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Trouble with proposals is no trouble of other agents.
fn summarise(paths: &Paths, config: &Config, proposals: Result<Summary>, taken: &mut Taken) {
    let snapshot = &mut taken.snapshot;
    match proposals {
        Ok(summary) => {
            snapshot.to_judge = number(summary.to_judge.len());
            snapshot.judged_before =
                snapshot.to_judge > 0 && snapshot.is_full(config) && curation::were_seen(paths, &summary.to_judge);
            snapshot.proposals = summary.active;
            taken.notes.problems.extend(summary.problems);
        }
        Err(error) => {
            snapshot.proposals_unreadable = true;
            taken.notes.problems.push(format!("{error:#}"));
        }
    }
}

/// What today's runs and those of seven days cost. One under way counts with the limit that it was started with, be its agent configured or not.
/// Returns whether the ledgers should be kept.
fn costs(paths: &Paths, views: &AgentViews, snapshot: &mut Snapshot, now: Time) -> Result<bool> {
    let spent = ledger::spent(paths, now)?;
    snapshot.usual_cost_usd = spent.max_recent_usd;
    let mut under_way = 0.0;
    for (name, view) in views.occupied() {
        let run = view.state.run_id.as_deref().and_then(|run| paths.agent(name).run(run).ok());
        let assignment: Option<Assignment> = run.and_then(|run| read::read_json(&run.assignment()).ok().flatten());
        if assignment.as_ref().is_none_or(|assignment| assignment.role.uses_claude()) {
            let limit = assignment.and_then(|assignment| assignment.settings.max_cost_usd);
            under_way += limit.unwrap_or(snapshot.usual_cost_usd);
        }
    }
    (snapshot.spent_usd, snapshot.week_usd) = (spent.today_usd + under_way, spent.week_usd + under_way);
    Ok(spent.is_far)
}

/// The checks that are due. Pull requests that are closed aren't read as long as what GitHub said last is remembered.
fn checks(paths: &Paths, config: &Config, views: &AgentViews, taken: &mut Taken, now: Time) -> Result<()> {
    let prs = Prs::new(paths);
    let all = match cache::load::<Vec<u64>>(&paths.gated_prs()) {
        Some(numbers) => prs.these(&numbers),
        None => prs.all()?,
    };
    let under_way: Vec<&str> = views.views.values().filter_map(|view| view.state.run_id.as_deref()).collect();
    let is_live = |run: &str| under_way.contains(&run);
    taken.snapshot.due_checks = gate::due(&all.metas, &config.gatekeeper, &is_live, now);
    taken.notes.problems.extend(all.problems);
    Ok(())
}

/// Why a task can't be claimed beside these, which are, and those that agents' states name.
type Waits<'a> = &'a dyn Fn(&Task, &[Task], &[(Name, Name)]) -> Option<Waiting>;

/// The tasks that could be claimed, best first; `expected` ones are taken to be in
/// incoming.
fn tasks(
    queue: &Queue<'_>,
    views: &AgentViews,
    incoming: Listing,
    claimed: Vec<Name>,
    expected: Vec<Result<Task, BadFile>>,
    waits: Waits<'_>,
    taken: &mut Taken,
) -> Vec<Task> {
    let claimed: Vec<Task> = queue.these(TaskState::Claimed, claimed).into_iter().flatten().collect();
    taken.snapshot.claimed_opening = number(schedule::opening(&claimed));
    let named = views.named();
    let mut free = Vec::new();
    taken.notes.problems.extend(incoming.strays.iter().map(ToString::to_string));
    for head in queue.these(TaskState::Incoming, incoming.ids).into_iter().chain(expected) {
        match head {
            Ok(task) => match waits(&task, &claimed, &named) {
                None => free.push(task),
                Some(reason) => {
                    tracing::debug!(task = %task.id, %reason, "waits");
                    taken.snapshot.waiting[task.role as usize] += 1;
                }
            },
            Err(bad) => {
                taken.snapshot.unreadable += 1;
                taken.notes.problems.push(bad.to_string());
            }
        }
    }
    schedule::claim_order(&mut free);
    free
}

/// Takes out the tasks for a role that there is none of, and says so.
fn unclaimed(config: &Config, free: &mut Vec<Task>, taken: &mut Taken) {
    free.retain(|task| {
        let Err(why) = task.for_role.as_ref().map_or(Ok(()), |role| config.task_role(role.as_str()).map(drop)) else {
            return true;
        };
        taken.snapshot.waiting[task.role as usize] += 1;
        taken.notes.problems.push(format!("{}: ROLE: {why}", task.id));
        false
    });
}

/// Keeps the best tasks, as many of each kind as could be given away, and only those whose name is taken nowhere else and
/// that conflict with no open pull request: what that takes is only read of those.
fn pick(
    needs: &Needs,
    free: Vec<Task>,
    is_in: &dyn Fn(&Name, TaskState) -> bool,
    collision: &dyn Fn(&Task) -> Option<Waiting>,
    taken: &mut Taken,
) {
    let mut picked: HashMap<(String, bool), usize> = HashMap::new();
    for task in free {
        let count = picked.entry((task.role_name().to_lowercase(), task.pr.is_some())).or_default();
        if *count >= needs.claimers_of(&task) {
            continue;
        }
        let states = [TaskState::Claimed, TaskState::Done, TaskState::Failed];
        match states.into_iter().find(|state| is_in(&task.id, *state)) {
            None => match collision(&task) {
                Some(Waiting::Overlaps { pr, .. }) => {
                    taken.snapshot.waiting[task.role as usize] += 1;
                    taken.snapshot.overlapping.extend(task.role_name().parse().ok().map(|role| (role, pr)));
                }
                _ => {
                    *count += 1;
                    taken.snapshot.claimable.push(task);
                }
            },
            Some(state) => {
                taken.snapshot.waiting[task.role as usize] += 1;
                taken.notes.problems.push(in_two_places(&task.id, TaskState::Incoming, state));
            }
        }
    }
}
