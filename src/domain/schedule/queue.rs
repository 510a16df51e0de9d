//! Which tasks can be claimed, and in which order.

use crate::domain::name::Name;
use crate::domain::role::TaskRole;
use crate::domain::task::{Task, TaskState};
use crate::domain::text::one_line;
use crate::domain::time::Time;
use serde::Serialize;
use std::fmt;

/// How many files are named that a task and a pull request both change.
const SOME_FILES: usize = 3;

/// Why a task in incoming can't be claimed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Waiting {
    /// Tasks before it aren't done.
    Blocked(Vec<Name>),
    /// A question isn't answered, or the user has to let it go on.
    For(String),
    /// A run under way works on the same branch.
    SameBranch(Name),
    /// An agent's state still names it.
    Named(Name),
    /// Its runs have cost what they may.
    OverBudget {
        cost_usd: f64,
        /// `max_cost_usd_per_task`.
        limit_usd: f64,
    },
    /// It would conflict with an open pull request.
    Overlaps {
        /// Which.
        pr: u64,
        /// The files that both change; none if it is its earlier work that conflicts.
        files: Vec<String>,
    },
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blocked(ids) => {
                let ids: Vec<_> = ids.iter().map(Name::as_str).collect();
                write!(f, "waits for {}", ids.join(", "))
            }
            Self::For(what) => write!(f, "waits for {what}"),
            Self::SameBranch(other) => write!(f, "waits for {other}, which works on the same branch"),
            Self::Named(agent) => write!(f, "is still named by {agent}"),
            Self::OverBudget { cost_usd, limit_usd } => {
                write!(f, "has cost ${cost_usd:.2} of ${limit_usd:.2} (max_cost_usd_per_task)")
            }
            Self::Overlaps { pr, files } if files.is_empty() => {
                write!(f, "waits for pull request #{pr}, with which its earlier work conflicts")
            }
            Self::Overlaps { pr, files } => {
                let more = files.len().saturating_sub(SOME_FILES);
                let more = if more == 0 { String::new() } else { format!(" and {more} more") };
                let files = files.iter().take(SOME_FILES).map(|file| one_line(file));
                let files = files.collect::<Vec<_>>().join(", ");
                write!(f, "waits for pull request #{pr}, which changes {files}{more} too")
            }
        }
    }
}

/// Why a task can't be claimed now; `None`: it can.
///
/// `is_in` tells whether a task is in a state; `claimed` are the tasks in claimed; `named` are the tasks that agents'
/// states name.
pub fn waiting(
    task: &Task,
    is_in: &dyn Fn(&Name, TaskState) -> bool,
    claimed: &[Task],
    named: &[(Name, Name)],
) -> Option<Waiting> {
    if let Some(what) = task.held_by() {
        return Some(Waiting::For(what.to_owned()));
    }
    let open = blockers(task, is_in);
    if !open.is_empty() {
        return Some(Waiting::Blocked(open));
    }
    if let Some((agent, _)) = named.iter().find(|(_, id)| *id == task.id) {
        return Some(Waiting::Named(agent.clone()));
    }
    claimed.iter().find(|other| same_branch(task, other)).map(|other| Waiting::SameBranch(other.id.clone()))
}

/// Whether a task has cost what it may; `limit` is `max_cost_usd_per_task`.
pub fn over_budget(task: &Task, limit: Option<f64>) -> Option<Waiting> {
    let limit_usd = limit.filter(|limit| task.cost_usd > 0.0 && task.cost_usd >= *limit)?;
    Some(Waiting::OverBudget { cost_usd: task.cost_usd, limit_usd })
}

/// The tasks before this one that aren't done; those that only change the same files count while they are under way.
fn blockers(task: &Task, is_in: &dyn Fn(&Name, TaskState) -> bool) -> Vec<Name> {
    // One that is put back meanwhile goes from claimed to incoming: looked for in this order it is never missed.
    let under_way = |id: &Name| [TaskState::Claimed, TaskState::Incoming].into_iter().any(|state| is_in(id, state));
    let blocks = |id: &&Name| !is_in(id, TaskState::Done) && (!task.overlaps.contains(id) || under_way(id));
    task.blocked_by.iter().filter(blocks).cloned().collect()
}

/// How many of these tasks wait for another one, whatever else they wait for.
pub fn blocked<'a>(tasks: impl IntoIterator<Item = &'a Task>, is_in: &dyn Fn(&Name, TaskState) -> bool) -> usize {
    tasks.into_iter().filter(|task| !blockers(task, is_in).is_empty()).count()
}

/// Sorts tasks by who is to be served first: P0 before P1 before P2, then the oldest.
pub fn claim_order(tasks: &mut [Task]) {
    tasks.sort_by(|a, b| order_key(a).cmp(&order_key(b)));
}

fn order_key(task: &Task) -> (crate::domain::task::Priority, Option<Time>, &Name) {
    (task.priority, task.created, &task.id)
}

/// Whether carrying out a task ends in a new pull request.
pub(super) fn opens_pull_request(task: &Task) -> bool {
    task.role != TaskRole::Review && task.pr.is_none()
}

/// Whether two tasks would change the same branch.
pub(super) fn same_branch(a: &Task, b: &Task) -> bool {
    let writes = |task: &Task| task.role != TaskRole::Review;
    let same = |a: &Option<String>, b: &Option<String>| a.is_some() && a == b;
    writes(a) && writes(b) && ((a.pr.is_some() && a.pr == b.pr) || same(&a.work_branch, &b.work_branch))
}

/// How many of these tasks will open a pull request.
pub fn opening(tasks: &[Task]) -> usize {
    tasks.iter().filter(|task| opens_pull_request(task)).count()
}
