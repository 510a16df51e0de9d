//! What the templates can say: plain values, named as the templates name them.

use super::skills::Skill;
use crate::domain::name::Name;
use crate::domain::ports::Ports;
use crate::domain::proposal::ProposalState;
use crate::domain::role::{CustomRole, Role};
use crate::domain::task::{Answer, Task, TaskState};
use serde::Serialize;

/// Everything that the instructions of one run are made of.
#[derive(Clone, Debug, Serialize)]
pub struct PromptInput {
    /// The agent's name.
    pub agent: Name,
    /// Its role: decides which template is rendered.
    pub role: Role,
    /// Its focus, if it has one.
    pub focus: Option<Name>,
    /// Its ports, if it has any.
    pub ports: Option<Ports>,
    /// Where it works.
    pub worktree: String,
    /// The branch that is checked out there; none for a detached HEAD.
    pub branch: Option<String>,
    /// What the branch was begun from.
    pub base: Option<String>,
    /// The task of this run.
    pub task: Option<TaskView>,
    /// What earlier attempts at the task left, oldest first.
    pub attempts: Vec<Attempt>,
    /// What runs on its work before that is published, and must pass.
    pub verify: Option<String>,
    /// How that failed on what the task has so far.
    pub failed_verify: Option<FailedVerify>,
    /// What the user answered to questions about the task, oldest first.
    pub answers: Vec<Answer>,
    /// The conversation goes on.
    pub resumed: Option<ResumedView>,
    /// The text of `global-instructions.md`.
    pub global_instructions: Option<String>,
    /// The text of `prompts/<agent>.md`, else `prompts/<focus>.md`.
    pub role_prompt: Option<String>,
    /// The built-in prompt of the focus, where the project has none of its own.
    pub focus_prompt: Option<String>,
    /// The skills that it can call.
    pub skills: Vec<Skill>,
    /// The project's own frame, if it has one.
    #[serde(skip)]
    pub frame: Option<String>,
    /// The role of the project's own that the agent has.
    pub custom: Option<CustomRole>,
    /// The globs that a tester may change.
    pub test_paths: Vec<String>,
    /// What a product manager must know to create no task twice.
    pub queue: Option<QueueView>,
    /// What a proposer must know to propose nothing twice.
    pub proposals: Option<ProposerView>,
    /// What a curator judges.
    pub curation: Option<CurationView>,
    /// Old contents of files are only at the remote.
    pub is_partial_clone: bool,
    /// Its branch brings files that direct claude, so that the project's own don't hold.
    pub brings_settings: bool,
    /// What a reviewer or gatekeeper looks at.
    pub review: Option<ReviewTarget>,
    /// What a gatekeeper is to find out of it.
    pub check: Option<CheckView>,
    /// Letters and digits that nobody can guess, at least 12; they mark where text of others begins and ends.
    pub delimiter: String,
}

/// The task of a run.
#[derive(Clone, Debug, Serialize)]
pub struct TaskView {
    #[serde(flatten)]
    pub head: Task,
    /// The number of this attempt, from 1.
    pub attempt: u32,
    /// After how many the task fails.
    pub max_attempts: u32,
    /// What its file says below the header, but for the issue that it came from.
    pub text: String,
    /// What that says.
    pub issue_text: Option<String>,
    /// What GitHub's CI and people say of the pull request that it mends.
    pub feedback: Option<String>,
}

/// How an earlier attempt ended.
#[derive(Clone, Debug, Serialize)]
pub struct Attempt {
    /// Its number, from 1.
    pub attempt: u32,
    /// Its outcome in words.
    pub outcome: String,
    /// What the agent said at its end; may be empty.
    pub summary: String,
}

/// The conversation of an earlier run.
#[derive(Clone, Debug, Serialize)]
pub struct ResumedView {
    /// How that run ended.
    pub ended: String,
    /// Its work is the pull request that is to be mended.
    pub is_feedback: bool,
}

/// A `verify` that failed.
#[derive(Clone, Debug, Serialize)]
pub struct FailedVerify {
    pub command: String,
    /// On which commit.
    pub commit: String,
    /// In words.
    pub how: String,
    /// The last lines that it printed.
    pub tail: String,
}

/// The queue as a product manager sees it.
#[derive(Clone, Debug, Serialize)]
pub struct QueueView {
    /// Tasks incoming and claimed.
    pub pending: u32,
    /// How many may be pending.
    pub limit: u32,
    /// The tasks that are pending or were done lately.
    pub tasks: Vec<QueuedTask>,
    /// The open pull requests.
    pub open_prs: Vec<OpenPullRequest>,
    /// The tasks that failed lately.
    pub failed: Vec<FailedTask>,
}

/// A task of the queue in one line.
#[derive(Clone, Debug, Serialize)]
pub struct QueuedTask {
    #[serde(flatten)]
    pub head: Task,
    /// Where it is.
    pub state: TaskState,
}

/// An open pull request in one line.
#[derive(Clone, Debug, Serialize)]
pub struct OpenPullRequest {
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Its branch.
    pub head: String,
}

/// A failed task in one line.
#[derive(Clone, Debug, Serialize)]
pub struct FailedTask {
    /// Its id.
    pub id: Name,
    /// Its title.
    pub title: String,
    /// Why it failed.
    pub reason: String,
}

/// The check of a gatekeeper.
#[derive(Clone, Debug, Serialize)]
pub struct CheckView {
    /// Its name.
    pub name: Name,
    /// It can block the pull request.
    pub required: bool,
}

/// The change under review.
#[derive(Clone, Debug, Serialize)]
pub struct ReviewTarget {
    /// The pull request, if it is one.
    pub pr: Option<u64>,
    /// The commit id under review.
    pub head: String,
    /// The commit id that it is compared with.
    pub base: String,
    /// What its author says of it; may be empty.
    pub description: String,
    /// The paths that it changes.
    pub changed_files: Vec<String>,
    /// Those of them that direct claude.
    pub claude_files: Vec<String>,
    /// The file with the diff of a change that isn't checked out.
    pub change_file: Option<String>,
    /// The diff of one that is; of a long one the beginning is shown.
    pub diff: String,
}

/// The proposals as their proposer sees them.
#[derive(Clone, Debug, Serialize)]
pub struct ProposerView {
    /// How many may be added in this run.
    pub room: u32,
    /// Those of its own that are active or deferred, or became a task lately.
    pub own: Vec<OwnProposal>,
    /// Those of its own that were rejected in the last 30 days.
    pub rejected: Vec<OwnProposal>,
}

/// A proposal in a line.
#[derive(Clone, Debug, Serialize)]
pub struct OwnProposal {
    /// Its id.
    pub id: Name,
    /// Where it is.
    pub state: ProposalState,
    /// Its title.
    pub title: String,
    /// The files that it names.
    pub files: String,
    /// Why it was rejected or deferred; may be empty.
    pub reason: String,
}

/// The proposals as a curator sees them.
#[derive(Clone, Debug, Serialize)]
pub struct CurationView {
    /// Tasks incoming and claimed.
    pub pending: u32,
    /// How many may be pending.
    pub limit: u32,
    /// What there is to say of the weights of the scores.
    pub note: Option<String>,
    /// What is to be judged, the highest score first.
    pub proposals: Vec<JudgedProposal>,
    /// What is to be judged beyond what fits, a line each.
    pub more: Vec<OwnProposal>,
    /// What waits for the user, or for its time, a line each.
    pub others: Vec<OwnProposal>,
}

/// A proposal with its score.
#[derive(Clone, Debug, Serialize)]
pub struct JudgedProposal {
    /// Its id.
    pub id: Name,
    /// Its score.
    pub score: String,
    /// The factors, a line each.
    pub factors: Vec<String>,
    /// Other proposals and tasks that name the same files, a line each.
    pub overlaps: Vec<String>,
    /// The whole file.
    pub text: String,
}
