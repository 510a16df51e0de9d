//! The tasks that mend pull requests: made once for a head commit, and taken back when nobody needs them any more.
//!
//! Only what nobody has claimed is taken back; a run under way finds out by itself where the branch stands.

use super::Prs;
use crate::domain::gate::{FixTask, Meta};
use crate::domain::name::Name;
use crate::domain::pull_request::About;
use crate::domain::task::{self, Edit, NewTask, TaskState, key};
use crate::domain::text::cut;
use crate::domain::time::{self, Time};
use crate::store::queue::{Queue, Shift};
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
            let edit = Edit::new().clear(&[key::ATTEMPTS, key::RETURNS, key::CANCELLED_AT]).without_section("Error");
            let edit = edit.set(key::RETRIED_AT, time::to_text(now));
            queue.shift(&id, TaskState::Failed, TaskState::Incoming, &edit, |_| true)?;
            made.withdrawn = false;
            made.about = about.cloned();
            return Ok((id, self.save(Some(&before), after)?));
        }
        let kind = kind.map_or_else(String::new, |kind| format!("-{kind}"));
        let id = format!("TASK-pr{}-{}{kind}", meta.pr_number, commit.chars().take(8).collect::<String>());
        let id: Name = id.parse()?;
        // Killed after this, the next call finds the task and only notes it.
        queue.add_as(&id, new, now)?;
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

    /// Adds the task that mends a branch, under a name of its own, unless there is or was one of that name.
    ///
    /// # Errors
    /// The store's lock, or the system's.
    pub fn add_base_task(&self, id: &Name, new: &NewTask, now: Time) -> Result<()> {
        let _lock = crate::store::lock(self.paths)?;
        Queue::new(self.paths).add_as(id, new, now).map(drop)
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
            let edit = Edit::new().set(key::CANCELLED_AT, time::to_text(now));
            let edit = edit.section("Error", &format!("Taken back: {why}"));
            match queue.shift(&fix.task, TaskState::Incoming, TaskState::Failed, &edit, |_| true)? {
                Shift::Done { .. } => {
                    fix.withdrawn = true;
                    withdrawn.push(fix.task.clone());
                }
                // Cut off before it was noted, or cancelled by the user.
                _ => fix.withdrawn = is_cancelled(queue, &fix.task)?,
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
