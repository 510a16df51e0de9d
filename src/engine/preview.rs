//! What a tick finds and decides: reconcile, look, decide. The tick and its preview take the same steps, the preview
//! without a lock, a write or a start.

use super::collect::{self, AgentViews};
use super::configuration::{self, Configuration};
use super::missing_program::{self, Look};
use super::notes::Notes;
use super::project::Project;
use super::reconcile::{self, Plan, Reconciled};
use super::snapshot::{self, Taken};
use crate::domain::config::{Config, Problem};
use crate::domain::schedule::{self, Decision, Snapshot};
use crate::domain::time::Time;
use crate::store::cache;
use anyhow::Result;
use serde::Deserialize;

/// What was found and decided.
#[derive(Debug)]
pub struct Preview {
    /// agents.yaml.
    pub config: Config,
    /// What is odd in it.
    pub warnings: Vec<Problem>,
    /// Every agent that has a folder.
    pub views: AgentViews,
    /// What the decision was made from.
    pub snapshot: Snapshot,
    /// What becomes of each agent, in the order of agents.yaml.
    pub decisions: Vec<Decision>,
    pub notes: Notes,
    /// The open pull requests should be asked for.
    pub(super) refresh: bool,
    /// What the ledgers say should be kept.
    pub(super) far_ledger: bool,
}

/// Why nothing starts: agents.yaml is wrong.
#[derive(Debug)]
pub struct Misconfigured {
    /// What is wrong in it.
    pub problems: Vec<Problem>,
    /// Every agent that has a folder.
    pub views: AgentViews,
}

/// Finds and decides as a tick at `now` would.
///
/// # Errors
/// agents.yaml, the queue or the folder of the agents can't be read.
pub fn preview(project: &Project, now: Time) -> Result<Result<Preview, Misconfigured>> {
    with_programs(project, now, Look::AsLastTick)
}

/// The same, looking for programs in another place than the last tick has.
///
/// # Errors
/// As for [`preview`].
pub(super) fn with_programs(project: &Project, now: Time, look: Look<'_>) -> Result<Result<Preview, Misconfigured>> {
    let paths = &project.paths;
    // What the last tick found: this environment needn't be that of the timer.
    let has_api_key = || cache::load::<Environment>(&paths.last_tick()).is_none_or(|tick| tick.api_key);
    let steps =
        Steps { has_api_key: &has_api_key, inbox: &|_| Notes::default(), look, reconcile: |plan| plan.assume() };
    decide(project, collect::collect(paths)?, &configuration::read(paths)?, &steps, now)
}

/// What a tick does on its way, and a preview takes to be done.
pub(super) struct Steps<'a> {
    /// Whether the environment of ticks has a key by which the API pays.
    pub(super) has_api_key: &'a dyn Fn() -> bool,
    /// What the inbox asks for, before anything is looked at.
    pub(super) inbox: &'a dyn Fn(&Config) -> Notes,
    /// Where programs are looked for.
    pub(super) look: Look<'a>,
    pub(super) reconcile: fn(Plan<'_>) -> Reconciled,
}

/// The part of `cache/last-tick.json` that says what the environment of ticks has.
#[derive(Deserialize)]
struct Environment {
    #[serde(default = "yes")]
    api_key: bool,
}

fn yes() -> bool {
    true
}

/// Finds and decides, by these steps.
pub(super) fn decide(
    project: &Project,
    views: AgentViews,
    configuration: &Configuration,
    steps: &Steps<'_>,
    now: Time,
) -> Result<Result<Preview, Misconfigured>> {
    let (config, warnings) = match configuration.understand() {
        Ok(understood) => understood,
        Err(problems) => return Ok(Err(Misconfigured { problems, views })),
    };
    let lacks_api_key = config.agents.iter().any(schedule::needs_api_key) && !(steps.has_api_key)();
    let before = (steps.inbox)(&config);
    let reconciled = (steps.reconcile)(reconcile::plan(&project.paths, &config, &views, lacks_api_key, now)?);
    let Taken { snapshot, mut notes, refresh, far_ledger } = snapshot::take(project, &config, &views, reconciled, now)?;
    notes.changes.splice(0..0, views.recoveries());
    notes.failures.splice(0..0, views.problems.iter().cloned());
    notes.follow(before);
    let mut decisions = schedule::decide(&config, &snapshot, now);
    missing_program::skip(&project.paths, &config, &mut decisions, steps.look);
    Ok(Ok(Preview { config, warnings, views, snapshot, decisions, notes, refresh, far_ledger }))
}
