//! The file of a task that is being created.

use super::section::{FEEDBACK, ISSUE};
use super::{Priority, key};
use crate::domain::markdown::checklist;
use crate::domain::name::Name;
use crate::domain::proposal::files;
use crate::domain::role::TaskRole;
use crate::domain::text::{joined, one_line, printable, quoted};
use crate::domain::time::{self, Time};

/// What a new task says; [`NewTask::to_text`] is its file.
#[derive(Clone, Debug, Default)]
pub struct NewTask {
    /// One line.
    pub title: String,
    /// Who carries it out.
    pub role: TaskRole,
    /// The word of the role in agents.yaml that alone claims it, if not a built-in one.
    pub for_role: Option<Name>,
    /// How urgent it is.
    pub priority: Priority,
    /// The branch to start from and to merge into.
    pub branch: Option<String>,
    /// Background, markdown.
    pub context: String,
    /// One line each.
    pub criteria: Vec<String>,
    /// The files that it is about.
    pub files: Vec<String>,
    /// Tasks that must be done before.
    pub blocked_by: Vec<Name>,
    /// Of these, the ones that only have to be out of its way, since they change the same files.
    pub overlaps: Vec<Name>,
    /// An agent's name, or `human`.
    pub created_by: String,
    /// The pull request that it updates.
    pub pr: Option<u64>,
    /// The branch that it goes on with.
    pub work_branch: Option<String>,
    /// Whose work that is.
    pub resumed_by: Option<String>,
    /// The proposal that it came from.
    pub proposal: Option<Name>,
    /// The issue that it came from.
    pub issue: Option<u64>,
    /// What GitHub's CI and people say: text of others.
    pub feedback: String,
    /// What the issue says: text of others.
    pub issue_text: String,
}

impl NewTask {
    /// The file of the task.
    pub fn to_text(&self, id: &Name, now: Time) -> String {
        let header = [
            (key::ROLE, self.role.to_string()),
            (key::FOR_ROLE, joined(&self.for_role)),
            (key::PRIORITY, self.priority.to_string()),
            (key::BRANCH, joined(&self.branch)),
            (key::CREATED, time::to_exact_text(now)),
            (key::CREATED_BY, self.created_by.clone()),
            (key::BLOCKED_BY, joined(&self.blocked_by)),
            (key::OVERLAPS, joined(&self.overlaps)),
            (key::PR, joined(self.pr)),
            (key::RESUMED_BY, joined(&self.resumed_by)),
            (key::ISSUE, joined(self.issue)),
            (key::PROPOSAL, joined(&self.proposal)),
            (key::WORK_BRANCH, joined(&self.work_branch)),
        ];
        let mut text = format!("# [{id}] {}\n\n", one_line(&self.title));
        for (key, value) in header.iter().filter(|(_, value)| !value.is_empty()) {
            text += &format!("{key}: {}\n", one_line(value));
        }
        let context = printable(&self.context);
        text += &format!("\n## Context\n\n{}\n\n", context.trim());
        if !self.issue_text.is_empty() {
            text += &format!("## {ISSUE}\n\n{}\n\n", quoted(&self.issue_text));
        }
        if !self.feedback.trim().is_empty() {
            text += &format!("## {FEEDBACK}\n\n{}\n\n", quoted(&self.feedback));
        }
        text += "## Acceptance Criteria\n\n";
        if !self.criteria.is_empty() {
            text += &(checklist(&self.criteria) + "\n");
        }
        if !self.files.is_empty() {
            let files: Vec<_> = self.files.iter().map(|file| files::to_line(&one_line(file))).collect();
            text += &format!("\n## Relevant Files\n\n{}\n", files.join("\n"));
        }
        text
    }
}
