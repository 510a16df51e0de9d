//! The tasks that mend pull requests: made once for a head commit, and taken back when nobody needs them any more.
//!
//! Only what nobody has claimed is taken back; a run under way finds out by itself where the branch stands.

use super::Prs;
use crate::domain::gate::{FixTask, Meta};
use crate::domain::name::Name;
use crate::domain::pull_request::{self, About, task_of};
use crate::domain::task::{self, NewTask, TaskState};
use crate::domain::text::{cut, one_line};
use crate::domain::time::Time;
use crate::store::queue::Queue;
use anyhow::Result;

impl Prs<'_> {
    /// Adds the task that mends the head commit, once for each kind: its name is made of the pull request, the commit and
    /// what it is `about`. One that was taken back is put into the queue again, for its commit is the head again.
    ///
    /// # Errors
    /// As for [`Prs::observe`].
    pub fn add_fix_task(&self, meta: &Meta, new: &NewTask, about: Option<&About>, now: Time) -> Result<(Name, Meta)> {
        let _lock = crate::store::lock(self.paths)?;
        let before = self.known(meta.pr_number)?;
        let mut after = before.clone();
        let commit = &meta.head_sha;
        let queue = Queue::new(self.paths);
        let kind = about.map(|about| about.kind);
        let is_same =
            |made: &&mut FixTask| made.commit == *commit && made.about.as_ref().map(|about| about.kind) == kind;
        if let Some(made) = after.fix_tasks.iter_mut().find(is_same) {
            let id = made.task.clone();
            if !made.withdrawn {
                return Ok((id, before));
            }
            queue.put_back(&id, now)?;
            made.withdrawn = false;
            made.about = about.cloned();
            return Ok((id, self.save(Some(&before), after)?));
        }
        let kind = kind.map_or_else(String::new, |kind| format!("-{kind}"));
        let id = format!("TASK-pr{}-{}{kind}", meta.pr_number, commit.chars().take(8).collect::<String>());
        let id: Name = id.parse()?;
        // Killed after this, the next call finds the task and only notes it.
        let resumed_by = worker(&queue, &meta.branch);
        queue.add_as(&id, &NewTask { resumed_by, ..new.clone() }, now)?;
        let more = serde_json::Map::new();
        after.fix_tasks.push(FixTask {
            task: id.clone(),
            commit: commit.clone(),
            withdrawn: false,
            about: about.cloned(),
            more,
        });
        Ok((id, self.save(Some(&before), after)?))
    }

    /// Adds the task that mends a branch, under a name of its own, unless there is or was one of that name. One that was taken
    /// back is put into the queue again.
    ///
    /// # Errors
    /// The store's lock, or the system's.
    pub fn add_base_task(&self, id: &Name, new: &NewTask, now: Time) -> Result<()> {
        let _lock = crate::store::lock(self.paths)?;
        let queue = Queue::new(self.paths);
        if queue.is_taken_back(id)? { queue.put_back(id, now).map(drop) } else { queue.add_as(id, new, now).map(drop) }
    }

    /// Takes back the tasks that nobody has claimed and that are to mend a branch whose checks pass, at `commit`. Returns which.
    ///
    /// # Errors
    /// The store's lock, or the system's.
    pub fn withdraw_base_tasks(&self, branch: &str, commit: &str, now: Time) -> Result<Vec<Name>> {
        let _lock = crate::store::lock(self.paths)?;
        let queue = Queue::new(self.paths);
        let why = format!("the checks of {} pass again, at {}", one_line(branch), cut(commit, 12));
        let mut withdrawn = Vec::new();
        for id in queue.list(TaskState::Incoming)?.ids {
            if pull_request::mends(id.as_str(), branch) && queue.take_back(&id, &why, now)? {
                withdrawn.push(id);
            }
        }
        Ok(withdrawn)
    }

    /// Takes back the tasks that nobody has claimed and that are to mend another commit than `head`; all of them if that
    /// is `None`, for a pull request that was merged or closed. Returns which.
    ///
    /// # Errors
    /// As for [`Prs::observe`].
    pub fn withdraw_fix_tasks(&self, number: u64, head: Option<&str>, now: Time) -> Result<Vec<Name>> {
        let _lock = crate::store::lock(self.paths)?;
        let before = self.known(number)?;
        let mut after = before.clone();
        let queue = Queue::new(self.paths);
        let mut withdrawn = Vec::new();
        for fix in after.fix_tasks.iter_mut().filter(|fix| !fix.withdrawn && head != Some(fix.commit.as_str())) {
            let why = match head {
                Some(head) => format!(
                    "pull request #{number} has moved on from {} to {}, which is checked by itself",
                    cut(&fix.commit, 12),
                    cut(head, 12)
                ),
                None => format!("pull request #{number} was merged or closed"),
            };
            if queue.take_back(&fix.task, &why, now)? {
                fix.withdrawn = true;
                withdrawn.push(fix.task.clone());
            } else {
                // Cut off before it was noted, or cancelled by the user.
                fix.withdrawn = is_cancelled(queue, &fix.task)?;
            }
        }
        self.save(Some(&before), after)?;
        Ok(withdrawn)
    }
}

fn is_cancelled(queue: Queue<'_>, id: &Name) -> Result<bool> {
    let text = queue.read(TaskState::Failed, id)?;
    let task = text.and_then(|text| task::parse(id, &text).ok());
    Ok(task.is_some_and(|task| task.cancelled_at.is_some()))
}

/// Who did the work of a branch, as the file of its task says.
fn worker(queue: &Queue<'_>, branch: &str) -> Option<String> {
    let id = task_of(branch)?;
    let text = queue.read(TaskState::Done, &id).ok()??;
    task::parse(&id, &text).ok()?.claimed_by
}
