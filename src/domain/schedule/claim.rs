//! Which task an agent claims.

use super::{Capacity, Decision, Reason, Snapshot, queue};
use crate::domain::config::{Agent, Config};
use crate::domain::job::Job;
use crate::domain::name::Name;
use crate::domain::role::TaskRole;
use crate::domain::task::Task;
use crate::domain::time::Time;
use chrono::Duration;
use std::collections::BTreeMap;

/// How many minutes a task is kept for the agent that goes on with its conversation: to begin anew costs more than to wait that long.
const KEPT_FOR: i64 = 10;

/// The agents that could claim a task now or soon, and of which `ROLE:`.
pub(super) fn soon(config: &Config, decisions: &[Option<Decision>], now: Time) -> BTreeMap<Name, Name> {
    let is_soon = |decision: &Option<Decision>| match decision {
        None => true,
        Some(Decision::Skip(Reason::NotDue { due_at })) => *due_at - now <= Duration::minutes(KEPT_FOR),
        Some(_) => false,
    };
    let agents = config.agents.iter().zip(decisions).filter(|(_, decision)| is_soon(decision));
    agents.filter_map(|(agent, _)| Some((agent.name.clone(), agent.claims()?))).collect()
}

impl Capacity<'_> {
    pub(super) fn task(
        &mut self,
        config: &Config,
        snapshot: &Snapshot,
        agent: &Agent,
        kind: TaskRole,
    ) -> Result<Job, Reason> {
        let limits = config.queue_limits;
        let Some(role) = agent.claims() else {
            return Err(Reason::Disabled);
        };
        let is_kept = |task: &Task| task.resumed_by.as_ref().is_some_and(|other| self.soon.get(other) == Some(&role));
        let fits = |task: &Task| task.is_for(&role) && !is_kept(task);
        if !self.claimable.iter().flatten().any(|task| fits(task)) {
            let mut prs: Vec<u64> =
                snapshot.overlapping.iter().filter(|(of, _)| *of == role).map(|(_, pr)| *pr).collect();
            prs.sort_unstable();
            let kept = self.claimable.iter().flatten().filter(|task| task.is_for(&role)).count();
            let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
            let (tasks, waiting) = (count(prs.len()), snapshot.waiting[kind as usize] + count(kept));
            prs.dedup();
            return Err(if tasks == 0 {
                Reason::NoTask { role, waiting, unreadable: snapshot.unreadable }
            } else {
                Reason::Overlaps { role, tasks, prs }
            });
        }
        if let Some((branch, remedy)) = snapshot.branch_in_the_way.clone().filter(|_| kind != TaskRole::Review) {
            return Err(Reason::BranchInTheWay { branch, remedy });
        }
        let limit = limits.max_claimed.get();
        if self.claimed >= limit {
            return Err(Reason::ClaimsFull { claimed: self.claimed, limit });
        }
        let open = snapshot.open_prs.unwrap_or(0) + self.opening;
        let limit = limits.max_open_prs.get();
        let prs_full = open >= limit || snapshot.prs_awaited;
        let possible = |task: &&Task| fits(task) && !(prs_full && queue::opens_pull_request(task));
        let Some(first) = self.claimable.iter().flatten().copied().find(possible) else {
            return Err(if snapshot.prs_awaited { Reason::PrsUnknown } else { Reason::PrsFull { open, limit } });
        };
        // What it goes on with comes before what is no more urgent.
        let own = |task: &&Task| task.priority == first.priority && task.resumed_by.as_ref() == Some(&agent.name);
        let task = self.claimable.iter().flatten().copied().filter(possible).find(own).unwrap_or(first);
        self.claimed += 1;
        self.opening += u32::from(queue::opens_pull_request(task));
        self.drop_rivals(task);
        Ok(Job::Task { id: task.id.clone(), attempt: task.attempts + 1 })
    }

    /// Takes out this task, and those that may not run beside it.
    fn drop_rivals(&mut self, taken: &Task) {
        for slot in &mut self.claimable {
            if slot.is_some_and(|task| task.id == taken.id || queue::same_branch(task, taken)) {
                *slot = None;
            }
        }
    }
}
