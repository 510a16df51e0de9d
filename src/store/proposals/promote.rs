//! Promotion: a proposal becomes a task, in one step that can be cut off anywhere and is completed once.

use super::{Found, Proposals, Unfinished, judge::judgement};
use crate::{
    domain::{
        name::Name,
        proposal::{Busy, By, Judgement, ProposalState, Step, Verdict},
        role::TaskRole,
        task::{Priority, TaskState},
        time::Time,
    },
    store::{
        lock::Lock,
        queue::{AddError, Queue},
    },
};
use anyhow::{Result, bail};

/// What the task is to be, where it isn't as the proposal's category and complexity suggest.
#[derive(Clone, Debug, Default)]
pub struct TaskChoices {
    /// Who carries it out.
    pub role: Option<TaskRole>,
    /// How urgent it is.
    pub priority: Option<Priority>,
    /// The branch to start from and to merge into.
    pub branch: Option<String>,
}

/// What came of a promotion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promotion {
    /// The new task.
    pub task: Name,
    /// Who carries it out.
    pub role: TaskRole,
    /// How urgent it is.
    pub priority: Priority,
    /// What it waits for.
    pub blocked_by: Vec<Name>,
}

impl Proposals<'_> {
    /// Makes a task of a proposal, if there are fewer than `limit` incoming and claimed ones.
    ///
    /// # Errors
    /// The queue is full, it waits for another proposal, it is in no state for that, or not to be judged by an agent:
    /// nothing was changed. Or the system's.
    pub fn promote(
        &self,
        id: &Name,
        choices: &TaskChoices,
        limit: Option<u32>,
        by: &By,
        now: Time,
    ) -> Result<Promotion, AddError> {
        let lock = self.lock()?;
        if let Some(Unfinished::Judge { id: done, judgement, blocked_by, .. }) = self.complete_under(&lock, now)?
            && done == *id
            && let Some(promotion) = promotion(&judgement, &blocked_by)
        {
            return Ok(promotion);
        }
        let found = self.may(id, Step::Promote, by)?;
        let blocked_by = self.blockers(&found)?;
        let queue = Queue::new(self.paths);
        queue.room_under(&lock, limit)?;
        Ok(self.promote_under(&lock, found, choices, blocked_by, by, now)?)
    }

    fn promote_under(
        &self,
        lock: &Lock,
        found: Found,
        choices: &TaskChoices,
        blocked_by: Vec<Name>,
        by: &By,
        now: Time,
    ) -> Result<Promotion> {
        let Found { state: from, proposal, .. } = found;
        let task = Queue::new(self.paths).free_id_under(lock)?;
        let role = choices.role.unwrap_or_else(|| proposal.category.task_role());
        let priority = choices.priority.unwrap_or_else(|| proposal.complexity.priority());
        let verdict = Verdict::Promoted { task: task.clone(), role, priority, branch: choices.branch.clone() };
        let judgement = judgement(verdict, by, now);
        let what = Unfinished::Judge { id: proposal.id.clone(), from, judgement, blocked_by: blocked_by.clone() };
        self.perform(lock, &what, now)?;
        let queue = Queue::new(self.paths);
        if !TaskState::ALL.iter().any(|state| queue.exists(*state, &task)) {
            bail!("{} was moved meanwhile; look again", proposal.id);
        }
        Ok(Promotion { task, role, priority, blocked_by })
    }

    /// The tasks that must be done before: what it depends on, and unfinished ones that name its files.
    fn blockers(&self, found: &Found) -> Result<Vec<Name>> {
        let queue = Queue::new(self.paths);
        let mut blockers = Vec::new();
        for id in &found.proposal.depends_on {
            let task = match self.whereabouts(id) {
                Some(ProposalState::Promoted) => self.find(id)?.proposal.task().cloned(),
                Some(state) if state.is_open() => bail!(
                    "{} depends on {id}, which is {state} and no task yet: judge that one first, or take the line out of {}",
                    found.proposal.id,
                    self.path(found.state, &found.proposal.id).display()
                ),
                _ => Some(id.clone()),
            };
            let open = [TaskState::Incoming, TaskState::Claimed, TaskState::Failed];
            blockers.extend(task.filter(|task| open.iter().any(|state| queue.exists(*state, task))));
        }
        for (id, busy) in self.unfinished_tasks(&[TaskState::Incoming, TaskState::Claimed])? {
            if !blockers.contains(&id) && !busy.touches(&found.proposal.files).is_empty() {
                blockers.push(id);
            }
        }
        Ok(blockers)
    }

    /// The tasks in these states, with what they say of files.
    ///
    /// # Errors
    /// A directory cannot be read.
    pub fn unfinished_tasks(&self, states: &[TaskState]) -> Result<Vec<(Name, Busy)>> {
        let queue = Queue::new(self.paths);
        let mut tasks = Vec::new();
        for &state in states {
            for id in queue.list(state)?.ids {
                let Ok(Some(text)) = queue.read(state, &id) else { continue };
                tasks.push((id.clone(), Busy { label: format!("{id} ({state})"), files: Vec::new(), text }));
            }
        }
        Ok(tasks)
    }
}

fn promotion(judgement: &Judgement, blocked_by: &[Name]) -> Option<Promotion> {
    let Verdict::Promoted { task, role, priority, .. } = &judgement.verdict else { return None };
    Some(Promotion { task: task.clone(), role: *role, priority: *priority, blocked_by: blocked_by.to_vec() })
}
