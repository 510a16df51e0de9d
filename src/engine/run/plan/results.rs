//! What came of a task in a few words, and what follows from a review that no pull request can carry.

use super::{Settling, Step};
use crate::domain::message::Message;
use crate::domain::name::Name;
use crate::domain::review::ReviewVerdict;
use crate::domain::role::TaskRole;
use crate::domain::settlement::TaskStep;
use crate::domain::task::{NewTask, TaskState};
use crate::domain::text::cut;
use crate::domain::verify::Verdict;

impl<'a> Settling<'a> {
    /// What came of a task, for lists.
    pub(super) fn in_short(&self, to: TaskState) -> Vec<String> {
        let record = self.record;
        let updated = self.task.and_then(|task| task.pr).map(|pr| format!("#{pr}"));
        let verdict = record.review.as_ref().filter(|_| self.reviews()).map(|review| review.verdict.word().to_owned());
        let verified = record.verified.as_ref().filter(|_| to == TaskState::Done);
        let verified = verified.map(|verified| match verified.verdict() {
            Verdict::Passed => "verify passed",
            Verdict::BaseFails => "verify fails without it, too",
            Verdict::Failed | Verdict::NotStarted => "verify failed",
        });
        let end = verdict.unwrap_or_else(|| record.in_short());
        updated.into_iter().chain([end]).chain(verified.map(str::to_owned)).collect()
    }

    pub(super) fn reviews(&self) -> bool {
        self.task.is_some_and(|task| task.role == TaskRole::Review)
    }

    /// What a reviewer wants changed that no pull request can carry: a task that goes on with the branch, and a word to the
    /// user.
    pub(super) fn follow_up(&self) -> Option<[Step<'a>; 2]> {
        let task = self.task.filter(|task| self.reviews() && task.pr.is_none())?;
        let review = self.record.review.as_ref().filter(|review| review.verdict == ReviewVerdict::RequestChanges)?;
        if self.record.settlement.task != Some(TaskStep::Done) {
            return None;
        }
        let id: Name = format!("TASK-review-{}", self.record.run_id.get(..8)?).parse().ok()?;
        let is_agents = task.branch.as_ref().is_some_and(|branch| branch.starts_with("agent/"));
        let (branch, work_branch) = if is_agents { (None, task.branch.clone()) } else { (task.branch.clone(), None) };
        let new = NewTask {
            title: format!("Mend what a review found: {}", cut(&task.title, 200)),
            priority: task.priority,
            branch,
            work_branch,
            context: format!("A reviewer ({}) wants this changed:\n\n{}", self.assignment.agent, review.to_text()),
            created_by: self.assignment.agent.to_string(),
            ..NewTask::default()
        };
        let text = format!(
            "There is no pull request to say it on, so {id} was added, which goes on with the same branch.\n\n{}",
            review.to_text()
        );
        let message = Message::warning(self.of_its_task("A review asks for changes"), text);
        let message = self.sent(message).key(format!("review {}", self.record.run_id));
        Some([Step::AddTask(id, Box::new(new)), Step::Send(message)])
    }
}
