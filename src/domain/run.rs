//! One run: what it was started for, and what came of it.
//!
//! Both are files of the run's folder, and all that recovery needs; agents.yaml may have changed since.

use super::config::{Gatekeeper, Intake, PullRequests, RunSettings, Worktrees};
use super::job::Job;
use super::ledger::Payer;
use super::name::Name;
use super::outcome::Outcome;
use super::ports::Ports;
use super::quota::Quota;
use super::review::Review;
use super::role::{CustomRole, MayChange, Role};
use super::runner::Runner;
use super::session;
use super::settlement::{self, Settlement};
use super::time::Time;
use super::verify::{Verified, Weakened};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The variable that only the processes of one run carry: its id.
pub const RUN_TAG: &str = "SCHEDULER_RUN";

/// The variable that a supervisor and all that it starts carry: the folder of its agent. By it they are found where the
/// agent's own files were deleted under them.
pub const SUPERVISOR_TAG: &str = "SCHEDULER_AGENT";

/// How long claude may linger after its result.
const AFTER_RESULT: Duration = Duration::from_secs(60);
/// How long claude has to end in order once it was asked to.
const GRACE: Duration = Duration::from_secs(10);

/// When a run is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// After this long in all. Time in which the machine sleeps doesn't count.
    pub timeout: Duration,
    /// After this long without output; never if `None`.
    pub stall: Option<Duration>,
    /// After this long without output since its result, if it doesn't end by itself.
    pub after_result: Duration,
    /// Between TERM and KILL; a run that somebody waits to see ended has less.
    pub grace: Duration,
}

impl Limits {
    /// Those of a run with these settings.
    pub fn of(settings: &RunSettings) -> Self {
        let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds));
        let stall = seconds(settings.stall_seconds);
        Self {
            timeout: seconds(settings.timeout_seconds),
            stall: Some(stall),
            // Not silence, however short a silence is allowed: it is judged by its result.
            after_result: AFTER_RESULT.min(stall),
            grace: GRACE,
        }
    }
}

/// `assignment.json`: everything a run is told when it is started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// Names the run; a UUID, which claude takes as its session id too.
    pub run_id: String,
    pub agent: Name,
    pub role: Role,
    /// The role of agents.yaml that is based on it, if the agent has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<CustomRole>,
    pub focus: Option<Name>,
    /// The agent's place in agents.yaml, from 0.
    #[serde(default)]
    pub position: usize,
    pub ports: Option<Ports>,
    #[serde(rename = "work")]
    pub job: Job,
    pub assigned_at: Time,
    pub settings: RunSettings,
    /// What starts it, if not this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner: Option<Runner>,
    /// Globs of the files that a tester, or a role of the project's own, may change.
    pub test_paths: Vec<String>,
    /// What the worktree gets, and where it is.
    #[serde(default)]
    pub worktrees: Worktrees,
    /// The remote that agents.yaml names.
    pub remote: Option<String>,
    /// What the runs of a task may cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_cost_usd_per_task: Option<f64>,
    /// How many tasks there may be, incoming and claimed.
    pub max_incoming: u32,
    /// Whether pull requests are opened as drafts, for gatekeepers to check first.
    pub draft_pull_requests: bool,
    /// How pull requests are checked.
    #[serde(default)]
    pub gatekeeper: Gatekeeper,
    /// What becomes of those that agents open.
    #[serde(default)]
    pub pull_requests: PullRequests,
    /// Which issues become tasks.
    #[serde(default)]
    pub intake: Option<Intake>,
    /// How the files stand that an agent which looks for work goes by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explored: Option<String>,
    /// Whether the tick was started with `--debug`.
    pub debug: bool,
}

impl Assignment {
    /// The name of the agent's role, as agents.yaml says it.
    pub fn role_name(&self) -> &str {
        self.custom.as_ref().map_or(self.role.word(), |custom| custom.name.as_str())
    }

    /// What the run may change: of a role of the project's own that says it, the files of `test_paths`.
    pub fn may_change(&self) -> MayChange {
        let says = self.custom.as_ref().is_some_and(|custom| custom.may_change.is_some());
        if says { MayChange::TestFiles } else { self.role.spec().may_change }
    }
}

/// `prepared.json`: where a run works, found out before claude is started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    /// The work branch; none for a run that may leave no commits.
    pub branch: Option<String>,
    /// The commit that the run began on.
    pub start: String,
    /// The commit that the first attempt began on: what counts as work is what came after it.
    pub base: String,
    /// The branch that the work is meant for, if it is known by name.
    pub target: Option<String>,
    /// The branch of an existing pull request, if the task updates one.
    pub pull_request_branch: Option<String>,
    /// The commit that a gatekeeper or a reviewer of a fork looks at.
    pub checked: Option<String>,
    /// That comes from a fork, or may: nothing of it is checked out or executed, and the worktree stands where it begins.
    #[serde(default)]
    pub fork: bool,
    /// Those of the files that direct claude in which the commit that the run works on or looks at differs from the branch
    /// that it is meant for.
    #[serde(default)]
    pub claude_files: Vec<String>,
}

/// What a run used up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Turns of the model.
    pub turns: Option<u64>,
    /// What it cost, in US dollars.
    pub cost_usd: Option<f64>,
    /// The cost is a guess: claude never said it.
    #[serde(default)]
    pub is_estimate: bool,
    /// Tokens read, cached ones included.
    pub input_tokens: Option<u64>,
    /// Tokens written.
    pub output_tokens: Option<u64>,
    /// Of those that were read, the ones from the cache.
    #[serde(default)]
    pub cache_read_tokens: Option<u64>,
    /// Of those that were read, the ones that were put into it.
    #[serde(default)]
    pub cache_write_tokens: Option<u64>,
    /// The model that claude named.
    #[serde(default)]
    pub model: Option<String>,
    /// What pays, as far as claude let it be known.
    #[serde(default)]
    pub payer: Option<Payer>,
    /// How much of the account's usage limits was used.
    #[serde(default, skip_serializing_if = "Quota::is_empty")]
    pub quota: Quota,
    /// From the start of claude to its end.
    pub duration_seconds: u64,
}

/// What is to be pushed, and the pull request that is to be there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Publication {
    pub branch: String,
    /// The branch on the remote.
    pub remote_branch: String,
    /// What the remote branch last was, as far as this program pushed it.
    pub pushed_before: Option<String>,
    /// The pull request to open, unless the branch belongs to one.
    pub pull_request: Option<NewPullRequest>,
}

/// A pull request to be opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewPullRequest {
    /// The branch to merge into.
    pub base: String,
    /// One line.
    pub title: String,
    pub body: String,
    /// Whether it waits for gatekeepers.
    pub draft: bool,
    /// The issue that it closes once it is merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes: Option<u64>,
}

/// `record.json`: what came of a run, written before anything of it is settled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub run_id: String,
    pub outcome: Outcome,
    /// The end in one sentence.
    pub detail: String,
    /// What is to happen.
    pub settlement: Settlement,
    /// What is to be pushed.
    pub publication: Option<Publication>,
    /// The verdict of a reviewer.
    pub review: Option<Review>,
    /// The branch that holds the work.
    pub branch: Option<String>,
    /// The commit that the first attempt began from.
    pub base: Option<String>,
    /// The newest commit of the work.
    pub tip: Option<String>,
    /// Refs that hold what belongs to no branch.
    pub salvage: Vec<String>,
    /// Files and repositories in the run's folder that no commit could hold, by their place in the worktree.
    #[serde(default)]
    pub set_aside: Vec<String>,
    /// Files that direct claude, which its work or the change that it looked at brings.
    #[serde(default)]
    pub claude_files: Vec<String>,
    /// What `verify` said of its work, if that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verified>,
    /// Test files from which its work takes something, if the work is published.
    #[serde(default)]
    pub weakened_tests: Vec<Weakened>,
    /// How many bytes of claude's output were too many to keep.
    #[serde(default)]
    pub output_dropped: u64,
    /// Which attempt it was, counted from 1; 0 without a task.
    pub attempt: u32,
    pub usage: Usage,
    /// The conversation that it leaves to be gone on with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<session::Left>,
    /// How claude exited; negative for a signal.
    pub exit_code: Option<i32>,
    /// When the run began.
    pub started_at: Time,
    /// When claude had ended.
    pub finished_at: Time,
    /// What the agent said at the end, cut.
    pub report: Option<String>,
}

impl Record {
    /// How it ended, in a few words.
    pub fn in_short(&self) -> String {
        settlement::in_short(&self.outcome, &self.settlement)
    }

    /// Whether the branch holds work of this run or of earlier ones.
    pub fn has_work(&self) -> bool {
        self.branch.is_some() && self.tip.is_some() && self.tip != self.base
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::domain::{config, time};

    /// What a run of an agent of this role gets from a configuration that says no more.
    pub fn assignment(role: Role, job: Job) -> Assignment {
        let (config, _) = config::read(&format!("agents:\n  - name: agent-1\n    role: {role}\n")).unwrap();
        let agent = config.agents[0].clone();
        Assignment {
            run_id: "0190d1c2-7f1a-4e5b-8c3d-1a2b3c4d5e6f".to_owned(),
            agent: agent.name,
            role,
            custom: None,
            focus: None,
            position: 0,
            ports: None,
            job,
            assigned_at: time::parse("2026-01-15T10:00:00Z").unwrap(),
            settings: agent.settings,
            runner: None,
            test_paths: Vec::new(),
            worktrees: config.worktrees(),
            remote: None,
            max_cost_usd_per_task: None,
            max_incoming: 20,
            draft_pull_requests: false,
            gatekeeper: config.gatekeeper,
            intake: None,
            pull_requests: config.pull_requests,
            explored: None,
            debug: false,
        }
    }
}
