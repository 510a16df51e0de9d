//! What a tick changes before it looks at anything: tasks that no agent holds go back, requests for runs that were served
//! are withdrawn, interrupted judgements are completed, proposals come back or turn out to contradict each other.
//!
//! [`plan`] only reads. A tick applies the plan; a preview goes on as if that had been done.

use super::collect::{self, AgentViews};
use super::curation::{self, Summary, Upkeep};
use super::notes::Notes;
use crate::domain::config::Config;
use crate::domain::name::Name;
use crate::domain::outcome::Cooldown;
use crate::domain::role::Model;
use crate::domain::schedule::{self, Needs, Snapshot, Standing};
use crate::domain::task::{self, Edit, Task, TaskState, key};
use crate::domain::time::Time;
use crate::store::listing::in_two_places;
use crate::store::paths::Paths;
use crate::store::proposals::{Proposals, Unfinished};
use crate::store::queue::{Queue, Shift};
use crate::store::state_dirs::BadFile;
use crate::store::{cache, marker, run_requests, trusted};
use crate::sys::lock::Lock;
use anyhow::{Result, bail};

/// What is to be changed.
pub(super) struct Plan<'a> {
    paths: &'a Paths,
    config: &'a Config,
    now: Time,
    found: Reconciled,
    releases: Vec<Release>,
    served: Vec<Name>,
    unfinished: Result<Option<Unfinished>>,
    /// Only in the model that has proposals.
    upkeep: Option<Result<Upkeep>>,
}

/// A claimed task that goes back: its run never began, or the user put it there.
struct Release {
    id: Name,
    run: Option<String>,
    edit: Edit,
    /// As it will be found in incoming.
    task: Result<Task, BadFile>,
}

/// How everything stands once that is done, or is taken to be.
pub(super) struct Reconciled {
    /// Who could start at all; the rest of it is for [`super::snapshot`].
    pub(super) snapshot: Snapshot,
    pub(super) needs: Needs,
    pub(super) claimed: Vec<Name>,
    /// Tasks that are taken to be in incoming though they aren't yet.
    pub(super) incoming: Vec<Result<Task, BadFile>>,
    pub(super) proposals: Option<Result<Summary>>,
    pub(super) notes: Notes,
}

/// Finds out what is to be changed. It changes nothing itself.
pub(super) fn plan<'a>(
    paths: &'a Paths,
    config: &'a Config,
    views: &AgentViews,
    lacks_api_key: bool,
    now: Time,
) -> Result<Plan<'a>> {
    let is_served = |(name, at): &(Name, Time)| {
        views.views.get(name).and_then(|view| view.state.last_started).is_some_and(|started| *at <= started)
    };
    let (served, requested): (Vec<_>, Vec<_>) = run_requests::list(paths)?.into_iter().partition(is_served);
    let cooldown_of = |name: &Name| Some((name.clone(), cache::load(&paths.runner_cooldown(name))?));
    let snapshot = Snapshot {
        runner_cooldowns: config.runners.keys().filter_map(cooldown_of).collect(),
        untrusted: trusted::hold(paths).map(|hold| hold.since),
        paused: marker::is_set(&paths.paused_marker())?,
        cooldown: cache::load::<Cooldown>(&paths.cooldown()),
        requested: requested.into_iter().map(|(name, _)| name).collect(),
        lacks_api_key,
        agents: config.agents.iter().map(|agent| views.view(&agent.name)).collect(),
        ..Snapshot::default()
    };
    let needs = schedule::needs(config, &snapshot, now);
    let unfinished = Proposals::new(paths).unfinished();
    let interrupted = unfinished.as_ref().ok().and_then(Option::as_ref);
    let upkeep = (config.model == Model::Proposal).then(|| curation::plan(paths, interrupted, now, needs.proposals));
    let claimed = Queue::new(paths).list(TaskState::Claimed)?.ids;
    let mut notes = Notes::default();
    let releases = releases(paths, views, &claimed, &mut notes.problems);
    let found = Reconciled { snapshot, needs, claimed, incoming: Vec::new(), proposals: None, notes };
    let served = served.into_iter().map(|(name, _)| name).collect();
    Ok(Plan { paths, config, now, found, releases, served, unfinished, upkeep })
}

impl Plan<'_> {
    /// Carries it out. What can't be done is a failure, and all the rest is done.
    pub(super) fn apply(self) -> Reconciled {
        let Self { paths, config, now, mut found, .. } = self;
        for name in &self.served {
            found.notes.failure(run_requests::withdraw(paths, name));
        }
        for Release { id, run, edit, .. } in self.releases {
            match Queue::new(paths).release(&id, run.as_deref(), &edit) {
                Ok(Shift::Done { .. }) => found.release(&id),
                Ok(Shift::Exists(state)) => found.notes.problems.push(in_two_places(&id, TaskState::Claimed, state)),
                other => found.notes.failure(other),
            }
        }
        if !matches!(self.unfinished, Ok(None)) {
            let completed = Proposals::new(paths).complete(now);
            found.notes.changes.extend(completed.as_ref().ok().and_then(Option::as_ref).map(curation::describe));
            found.notes.failure(completed);
        }
        found.proposals(self.upkeep.map(|upkeep| upkeep?.apply(paths, config, now)))
    }

    /// Takes it to be carried out, and changes nothing.
    pub(super) fn assume(self) -> Reconciled {
        let mut found = self.found;
        for release in self.releases {
            found.release(&release.id);
            found.incoming.push(release.task);
        }
        if let Ok(Some(interrupted)) = &self.unfinished {
            found.notes.changes.push(curation::describe(interrupted));
            let task = Proposals::new(self.paths).task_to_come(interrupted, self.now);
            let parsed = |(id, text): (Name, String)| Queue::new(self.paths).parsed(TaskState::Incoming, &id, &text);
            found.incoming.extend(task.map(parsed));
        }
        found.notes.failure(self.unfinished);
        found.proposals(self.upkeep.map(|upkeep| Ok(upkeep?.assume())))
    }
}

impl Reconciled {
    fn release(&mut self, id: &Name) {
        self.claimed.retain(|claimed| claimed != id);
        self.notes.changes.push(format!("{id}: back in incoming, nobody holds it"));
    }

    fn proposals(mut self, reconciled: Option<Result<(Summary, Vec<String>)>>) -> Self {
        self.proposals = reconciled.map(|reconciled| {
            let (summary, changes) = reconciled?;
            self.notes.changes.extend(changes);
            Ok(summary)
        });
        self
    }
}

/// What goes back: the claimed tasks that no agent's state names, unless one can't be read and may name any of them.
fn releases(paths: &Paths, views: &AgentViews, claimed: &[Name], problems: &mut Vec<String>) -> Vec<Release> {
    if views.views.values().any(|view| view.standing == Standing::Unreadable) {
        return Vec::new();
    }
    let named = views.named();
    let mut releases = Vec::new();
    for id in claimed.iter().filter(|id| named.iter().all(|(_, task)| task != *id)) {
        match release(paths, views, id) {
            Ok(release) => releases.extend(release),
            Err(error) => problems.push(format!("{id}: {error:#}")),
        }
    }
    releases
}

/// How a task goes back, with the attempt that its run didn't come to; `None` if it was moved meanwhile.
fn release(paths: &Paths, views: &AgentViews, id: &Name) -> Result<Option<Release>> {
    let queue = Queue::new(paths);
    let Some(text) = queue.read(TaskState::Claimed, id)? else { return Ok(None) };
    if queue.exists(TaskState::Incoming, id) {
        bail!(in_two_places(id, TaskState::Claimed, TaskState::Incoming));
    }
    let mut edit = Edit::new();
    let mut run = None;
    if let Ok(task) = task::parse(id, &text) {
        let claimed_by = task.claimed_by.and_then(|agent| agent.parse::<Name>().ok());
        if claimed_by.as_ref().is_some_and(|agent| views.view(agent).standing == Standing::Python) {
            return Ok(None);
        }
        if let Some(files) = claimed_by.map(|agent| paths.agent(&agent))
            && (!Lock::is_free(&files.lock())? || !collect::supervisors_of(&files).is_empty())
        {
            bail!(
                "it stays claimed: the agent that it names is at work, though its state.json doesn't name the task; \
                 `scheduler agent stop` ends that run"
            );
        }
        if task.run.is_some() {
            edit = edit.count(key::ATTEMPTS, task.attempts.saturating_sub(1));
        }
        run = task.run;
    }
    let edit = edit.unclaim();
    let task = queue.parsed(TaskState::Incoming, id, &edit.apply(&text));
    Ok(Some(Release { id: id.clone(), run, edit, task }))
}
