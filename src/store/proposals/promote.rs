//! Promotion: a proposal becomes a task, in one step that can be cut off anywhere and is completed once.

use super::{FoundProposal, Proposals, Unfinished, judge::judgement};
use crate::{
    domain::{
        name::Name,
        proposal::{Busy, By, Judgement, ProposalState, ProposalVerdict, Transition},
        role::TaskRole,
        task::{Priority, TaskState},
        time::Time,
    },
    store::queue::{AddError, Queue},
    sys::lock::Lock,
};
use anyhow::{Result, bail};

/// What the task is to be, where it isn't as the proposal's category and complexity suggest.
#[derive(Clone, Debug, Default)]
pub struct TaskChoices {
    pub role: Option<TaskRole>,
    pub priority: Option<Priority>,
    /// The branch to start from and to merge into.
    pub branch: Option<String>,
}

/// What came of a promotion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promotion {
    pub task: Name,
    pub role: TaskRole,
    pub priority: Priority,
    /// What it waits for.
    pub blocked_by: Vec<Name>,
    /// What it depends on and what nobody will do: rejected, or not there any more.
    pub missing: Vec<Name>,
}

/// What has to come before a task.
#[derive(Debug, Default)]
struct Before {
    blocked_by: Vec<Name>,
    overlaps: Vec<Name>,
    missing: Vec<Name>,
}

impl Proposals<'_> {
    /// Makes a task of a proposal, if there are fewer than `limit` incoming and claimed ones.
    ///
    /// # Errors
    /// The queue is full, it waits for another proposal, it is a task already, it is in no state for that, or not to be
    /// judged by an agent: nothing was changed. Or the system's.
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
            && let Some(promotion) = promotion(&judgement, blocked_by)
        {
            return Ok(promotion);
        }
        let found = self.may(id, Transition::Promote, by)?;
        self.is_no_task(&found)?;
        let before = self.before(&found)?;
        if let Some(missing) = before.missing.first().filter(|_| by.is_agent()) {
            return Err(anyhow::anyhow!(
                "{} depends on {missing}, which was rejected or isn't there any more: reject it, or leave it to the user",
                found.proposal.id
            )
            .into());
        }
        Queue::new(self.paths).room_under(&lock, limit)?;
        Ok(self.promote_under(&lock, found, choices, before, by, now)?)
    }

    /// Refuses what became a task before, and was moved back by hand since.
    fn is_no_task(&self, found: &FoundProposal) -> Result<()> {
        let Some(task) = found.proposal.task() else { return Ok(()) };
        if Queue::new(self.paths).whereabouts(task).is_some() {
            let id = &found.proposal.id;
            bail!(
                "{id} became {task} already: move its file back to {}, or take the lines below its last `---` out of it",
                self.path(ProposalState::Promoted, id).display()
            );
        }
        Ok(())
    }

    fn promote_under(
        &self,
        lock: &Lock,
        found: FoundProposal,
        choices: &TaskChoices,
        before: Before,
        by: &By,
        now: Time,
    ) -> Result<Promotion> {
        let FoundProposal { state: from, proposal, .. } = found;
        let queue = Queue::new(self.paths);
        let task = queue.free_id()?;
        let role = choices.role.unwrap_or_else(|| proposal.idea.category.task_role());
        let priority = choices.priority.unwrap_or_else(|| proposal.idea.complexity.priority());
        let verdict = ProposalVerdict::Promoted { task: task.clone(), role, priority, branch: choices.branch.clone() };
        let judgement = judgement(verdict, by, now);
        let Before { blocked_by, overlaps, missing } = before;
        let id = proposal.id.clone();
        let what = Unfinished::Judge { id, from, judgement, blocked_by: blocked_by.clone(), overlaps };
        self.perform(lock, &what, now)?;
        if queue.whereabouts(&task).is_none() {
            bail!("{} was moved meanwhile; look again", proposal.id);
        }
        Ok(Promotion { task, role, priority, blocked_by, missing })
    }

    /// The tasks that must be done before: what it depends on, and unfinished ones that name its files.
    fn before(&self, found: &FoundProposal) -> Result<Before> {
        let queue = Queue::new(self.paths);
        let mut before = Before::default();
        for id in &found.proposal.idea.depends_on {
            if let Some(state) = self.whereabouts(id).filter(|state| state.is_open()) {
                bail!(
                    "{} depends on {id}, which is {state} and no task yet: judge that one first, or take the line out of {}",
                    found.proposal.id,
                    self.path(found.state, &found.proposal.id).display()
                );
            }
            match self.task_of(id)?.filter(|task| queue.whereabouts(task).is_some()) {
                Some(task) if queue.exists(TaskState::Done, &task) => {}
                Some(task) => before.blocked_by.push(task),
                None => before.missing.push(id.clone()),
            }
        }
        for (id, busy) in self.unfinished_tasks(&[TaskState::Incoming, TaskState::Claimed])? {
            if !before.blocked_by.contains(&id) && !busy.touches(&found.proposal.idea.files).is_empty() {
                before.blocked_by.push(id.clone());
                before.overlaps.push(id);
            }
        }
        Ok(before)
    }

    /// The task that a proposal depends on by this id: its own, or that of a promoted proposal.
    ///
    /// # Errors
    /// The proposal's file can't be read or understood.
    pub fn task_of(&self, id: &Name) -> Result<Option<Name>> {
        match self.whereabouts(id) {
            Some(ProposalState::Promoted) => Ok(self.get(id)?.proposal.task().cloned()),
            Some(_) => Ok(None),
            None => Ok(Some(id.clone())),
        }
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
                let busy = Busy::of_task(format!("{id} ({state})"), &text);
                tasks.push((id, busy));
            }
        }
        Ok(tasks)
    }
}

fn promotion(judgement: &Judgement, blocked_by: Vec<Name>) -> Option<Promotion> {
    let ProposalVerdict::Promoted { task, role, priority, .. } = &judgement.verdict else { return None };
    let missing = Vec::new();
    Some(Promotion { task: task.clone(), role: *role, priority: *priority, blocked_by, missing })
}
