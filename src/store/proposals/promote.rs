//! Promotion: a proposal becomes a task, in one step that can be cut off anywhere and is completed once.

use super::judge::judgement;
use super::{FoundProposal, Proposals, Unfinished};
use crate::domain::name::Name;
use crate::domain::proposal::{Busy, By, Proposal, ProposalState, ProposalVerdict};
use crate::domain::role::TaskRole;
use crate::domain::task::{Priority, TaskState};
use crate::domain::time::Time;
use crate::store::queue::{AddError, Queue};
use anyhow::{Result, anyhow, bail};

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
            && let ProposalVerdict::Promoted { task, role, priority, .. } = judgement.verdict
        {
            return Ok(Promotion { task, role, priority, blocked_by, missing: Vec::new() });
        }
        let FoundProposal { state: from, proposal, .. } = self.may(id, ProposalState::Promoted, by)?;
        let Proposal { id, idea, .. } = &proposal;
        self.is_no_task(&proposal)?;
        let (mut blocked_by, missing) = self.dependencies(&proposal, from)?;
        if let Some(missing) = missing.first().filter(|_| by.is_agent()) {
            return Err(AddError::Failed(anyhow!(
                "{id} depends on {missing}, which was rejected or isn't there any more: reject it, or leave it to the user"
            )));
        }
        let overlaps = self.overlapping_tasks(&idea.files, &blocked_by)?;
        blocked_by.extend_from_slice(&overlaps);
        let queue = Queue::new(self.paths);
        queue.room_under(&lock, limit)?;
        let task = queue.free_id()?;
        let role = choices.role.unwrap_or_else(|| idea.category.task_role());
        let priority = choices.priority.unwrap_or_else(|| idea.complexity.priority());
        let verdict = ProposalVerdict::Promoted { task: task.clone(), role, priority, branch: choices.branch.clone() };
        let (judgement, waits_for) = (judgement(verdict, by, now), blocked_by.clone());
        let what = Unfinished::Judge { id: id.clone(), from, judgement, blocked_by: waits_for, overlaps };
        self.perform(&lock, &what, now)?;
        if queue.whereabouts(&task).is_none() {
            return Err(AddError::Failed(anyhow!("{id} was moved meanwhile; look again")));
        }
        Ok(Promotion { task, role, priority, blocked_by, missing })
    }

    /// Refuses what became a task before, and was moved back by hand since.
    fn is_no_task(&self, proposal: &Proposal) -> Result<()> {
        match proposal.task() {
            Some(task) if Queue::new(self.paths).whereabouts(task).is_some() => bail!(
                "{id} became {task} already: move its file back to {}, or take the lines below its last `---` out of it",
                self.path(ProposalState::Promoted, &proposal.id).display(),
                id = proposal.id,
            ),
            _ => Ok(()),
        }
    }

    /// The tasks that must be done before, and the ids of what nobody will do.
    fn dependencies(&self, proposal: &Proposal, state: ProposalState) -> Result<(Vec<Name>, Vec<Name>)> {
        let queue = Queue::new(self.paths);
        let (mut tasks, mut missing) = (Vec::new(), Vec::new());
        for id in &proposal.idea.depends_on {
            if let Some(state_of_it) = self.whereabouts(id).filter(|state| state.is_open()) {
                bail!(
                    "{} depends on {id}, which is {state_of_it} and no task yet: judge that one first, or take the line out \
                     of {}",
                    proposal.id,
                    self.path(state, &proposal.id).display()
                );
            }
            match self.task_of(id)?.filter(|task| queue.whereabouts(task).is_some()) {
                Some(task) if queue.exists(TaskState::Done, &task) => {}
                Some(task) => tasks.push(task),
                None => missing.push(id.clone()),
            }
        }
        Ok((tasks, missing))
    }

    /// The unfinished tasks that name one of these files, but for known ones.
    fn overlapping_tasks(&self, files: &[String], known: &[Name]) -> Result<Vec<Name>> {
        let tasks = self.unfinished_tasks(&[TaskState::Incoming, TaskState::Claimed])?.into_iter();
        let overlapping = tasks.filter(|(id, busy)| !known.contains(id) && !busy.touches(files).is_empty());
        Ok(overlapping.map(|(id, _)| id).collect())
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
