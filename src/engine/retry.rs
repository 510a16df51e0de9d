//! Gives failed tasks, and those that are held, another try. Who asks for that says what became of each.

use crate::domain::name::Name;
use crate::domain::schedule;
use crate::domain::settlement::A_PERSON;
use crate::domain::task::{self, Edit, TaskState, key};
use crate::domain::time::{self, Time};
use crate::store::queue::{Queue, Shift};
use anyhow::{Result, bail};

/// What became of one task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retried {
    BackInIncoming,
    /// It is incoming and nothing holds it any more.
    Released,
    /// It was cancelled, which only its id undoes.
    LeftAlone,
}

/// Is told what became of a task, or why nothing was done.
pub type Say<'a> = &'a mut dyn FnMut(&Name, Result<Retried, String>) -> Result<()>;

/// Tries tasks again, as long as fewer than `limit` are incoming and claimed.
#[derive(Debug)]
pub struct Retry<'a> {
    pub queue: Queue<'a>,
    pub limit: Option<u32>,
    /// `max_cost_usd_per_task`.
    pub budget: Option<f64>,
    pub now: Time,
}

impl Retry<'_> {
    /// One task, failed or held, cancelled or not.
    ///
    /// # Errors
    /// There is no such task, or nothing to be done for it; the queue is full; the system's.
    pub fn one(&self, id: &Name) -> Result<(Name, Retried)> {
        let found = self.queue.get(id)?;
        match found.state {
            TaskState::Failed => match self.queue.retry(&found.id, &self.fresh(), self.limit)? {
                Shift::Done { .. } => Ok((found.id, Retried::BackInIncoming)),
                other => bail!("{}", refusal(&found.id, &other)),
            },
            TaskState::Incoming => {
                let held = task::parse(&found.id, &found.text)
                    .is_ok_and(|task| task.waits_for.is_some() || schedule::over_budget(&task, self.budget).is_some());
                if !held || !self.release(&found.id)? {
                    bail!("{} is in incoming and waits for nothing that retry could lift", found.id);
                }
                Ok((found.id, Retried::Released))
            }
            state => bail!("{} is in {state}: only failed tasks, and held ones in incoming, can be retried", found.id),
        }
    }

    /// Every failed task that wasn't cancelled, and every task that the user holds. `say` is told of each as it happens,
    /// or why it couldn't be done. Returns how many.
    ///
    /// # Errors
    /// The queue is full; the system's; those of `say`.
    pub fn all(&self, say: Say<'_>) -> Result<u32> {
        let mut count = 0;
        for id in self.queue.list(TaskState::Failed)?.ids {
            let Some(text) = self.queue.read(TaskState::Failed, &id)? else { continue };
            if task::parse(&id, &text).is_ok_and(|task| task.cancelled_at.is_some()) {
                say(&id, Ok(Retried::LeftAlone))?;
                continue;
            }
            match self.queue.retry(&id, &self.fresh(), self.limit)? {
                Shift::Done { .. } => {
                    count += 1;
                    say(&id, Ok(Retried::BackInIncoming))?;
                }
                full @ Shift::Full { .. } => bail!("{}; {count} tasks were put back before", refusal(&id, &full)),
                other => say(&id, Err(refusal(&id, &other)))?,
            }
        }
        for head in self.queue.good(TaskState::Incoming)? {
            // Those that wait for an answer still wait for it.
            let is_held = head.held_by() == Some(A_PERSON) || schedule::over_budget(&head, self.budget).is_some();
            if is_held && self.release(&head.id)? {
                count += 1;
                say(&head.id, Ok(Retried::Released))?;
            }
        }
        Ok(count)
    }

    fn release(&self, id: &Name) -> Result<bool> {
        self.queue.amend(TaskState::Incoming, id, &self.fresh())
    }

    /// The header of a task that begins anew; its branch and what went wrong stay for the next attempt.
    fn fresh(&self) -> Edit {
        let keys = [
            key::ATTEMPTS,
            key::RETURNS,
            key::COST_USD,
            key::WAITS_FOR,
            key::FAILED_AT,
            key::CANCELLED_AT,
            key::RESULT,
        ];
        Edit::new().clear(&keys).unclaim().set(key::RETRIED_AT, time::to_text(self.now))
    }
}

/// Why a task was not moved.
pub(super) fn refusal(id: &Name, shift: &Shift) -> String {
    match shift {
        Shift::Full { pending, limit } => format!(
            "{id}: the queue is full, {pending} of {limit} (max_incoming); wait, raise the limit in agents.yaml, or use --force"
        ),
        Shift::Exists(state) => format!("{id} is in {state} too: remove one of the two files"),
        Shift::Gone | Shift::NotOurs | Shift::Done { .. } => format!("{id} was moved meanwhile; look again"),
    }
}
