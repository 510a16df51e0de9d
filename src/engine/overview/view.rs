//! What is going on, as values: what `status` prints and `--json` documents.
//!
//! It is put together elsewhere; nothing here reads anything.

use crate::domain::config::QueueLimits;
use crate::domain::fetch::LastFetch;
use crate::domain::landing::Way;
use crate::domain::name::Name;
use crate::domain::quota::Window;
use crate::domain::schedule::Reason;
use crate::domain::state::AgentState;
use crate::domain::time::{self, Time};
use crate::engine::whereabouts::Whereabouts;
use serde::Serialize;

/// What an agent does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// A run is under way.
    Running,
    /// An interrupted run is being recovered.
    Recovering,
    /// It or everything is paused.
    Paused,
    /// It starts at the next tick.
    Ready,
    /// It doesn't start, for the reason that is given.
    Waiting,
    /// agents.yaml no longer has it, or can't be read.
    NotConfigured,
}

/// One agent.
#[derive(Clone, Debug, Serialize)]
pub struct AgentLine {
    /// Its name.
    pub name: Name,
    /// Its role; none if agents.yaml doesn't say.
    pub role: Option<String>,
    /// What it does.
    pub doing: Activity,
    /// The same in a few words.
    pub brief: String,
    /// Where its run is, if another machine carries it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<Whereabouts>,
    /// Why it doesn't start now, with the data of the reason.
    pub reason: Option<Reason>,
    /// When its interval is over; none if it is now.
    pub due_at: Option<Time>,
    /// Whether agents.yaml pauses it, whatever else holds it back.
    pub paused: bool,
    /// Whether the user asked for a run at the next tick.
    pub run_requested: bool,
    /// What is remembered of it.
    #[serde(flatten)]
    pub state: AgentState,
}

impl AgentLine {
    /// How its last run ended, and how long ago.
    pub fn last_run(&self, now: Time) -> String {
        let Some(finished) = self.state.last_finished else { return "never".to_owned() };
        let end = self.state.last_end().unwrap_or_else(|| "ended".to_owned());
        format!("{end} {} ago", time::between(finished, now))
    }
}

/// One of `runners`.
#[derive(Clone, Debug, Serialize)]
pub struct RunnerLine {
    pub name: Name,
    /// Runs under way, those that wait to be begun included.
    pub running: u32,
    /// Of these, those that wait.
    pub waiting: u32,
    /// `max_running`.
    pub limit: Option<u32>,
    /// Until when its agents wait because it couldn't start a run, and why.
    pub cooldown_until: Option<Time>,
    pub cooldown_reason: Option<String>,
}

/// How the tick fares.
#[derive(Clone, Debug, Serialize)]
pub struct TickHealth {
    /// When the last tick was; none if there was none yet.
    pub last_tick: Option<Time>,
    /// How long it took.
    pub duration_ms: Option<u64>,
    /// Whether it is longer ago than ticks every minute would leave it.
    pub late: bool,
    /// The machine that ticks run on, if it isn't this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticks_on: Option<String>,
}

/// Everything that keeps everybody from starting.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PauseStatus {
    /// By the marker file.
    pub paused_by_marker: bool,
    /// Since when, as the marker says.
    pub paused_since: Option<Time>,
    /// Why, as the marker says.
    pub paused_reason: Option<String>,
    /// By `paused: true` in agents.yaml.
    pub paused_in_config: bool,
    /// Until when everybody waits.
    pub cooldown_until: Option<Time>,
    /// Why.
    pub cooldown_reason: Option<String>,
}

/// A claimed task.
#[derive(Clone, Debug, Serialize)]
pub struct ClaimedLine {
    /// Its id.
    pub id: Name,
    /// Its title.
    pub title: String,
    /// Who carries it out.
    pub role: String,
    /// Who has it.
    pub claimed_by: Option<String>,
    /// Since when.
    pub claimed_at: Option<Time>,
    /// Which attempt it is.
    pub attempt: u32,
}

/// A task that is done, for the user to look at.
#[derive(Clone, Debug, Serialize)]
pub struct DoneLine {
    /// Its id.
    pub id: Name,
    /// Its title.
    pub title: String,
    /// Who carried it out.
    pub role: String,
    /// Since when it is done.
    pub completed_at: Option<Time>,
    /// The branch with its work.
    pub branch: Option<String>,
    /// The pull request with its work.
    pub pull_request: Option<u64>,
    /// What came of it, with what `verify` said.
    pub result: Option<String>,
}

impl DoneLine {
    /// Where its work is, and what came of it.
    pub fn outcome(&self) -> String {
        let result = self.result.iter().map(String::as_str);
        result.chain(self.branch.as_deref()).collect::<Vec<_>>().join(", ")
    }
}

/// A failed task.
#[derive(Clone, Debug, Serialize)]
pub struct FailedLine {
    /// Its id.
    pub id: Name,
    /// Its title.
    pub title: String,
    /// When it failed or was cancelled.
    pub failed_at: Option<Time>,
    /// Why, in one line.
    pub reason: String,
}

/// The queue.
#[derive(Clone, Debug, Default, Serialize)]
pub struct QueueLine {
    /// Tasks in incoming.
    pub incoming: u32,
    /// Of these, tasks that came back too often and wait for the user.
    pub held: usize,
    /// Of those in incoming, tasks that wait for another one.
    pub blocked: usize,
    /// Of those in incoming, tasks that wait for a pull request that they would conflict with.
    pub overlapping: usize,
    /// Of those in incoming, tasks whose runs have cost what they may.
    pub over_budget: usize,
    /// Tasks in claimed.
    pub claimed: u32,
    /// Tasks in done.
    pub done: u32,
    /// Tasks in failed.
    pub failed: u32,
    /// The limits; none if agents.yaml can't be read.
    pub limits: Option<QueueLimits>,
    /// The claimed tasks, the oldest claim first.
    pub claimed_tasks: Vec<ClaimedLine>,
    /// When the user last said to have seen all that was done until then.
    pub seen_at: Option<Time>,
    /// The tasks that are done since, newest first, at most 20.
    pub done_tasks: Vec<DoneLine>,
    /// The tasks that failed last, newest first, at most 20.
    pub failed_tasks: Vec<FailedLine>,
}

/// How much of a usage limit is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QuotaLine {
    /// As claude calls it.
    pub window: String,
    #[serde(flatten)]
    pub state: Window,
    /// `quota.stop_at`.
    pub stop_at: Option<u32>,
}

/// Counts of proposals; of the open ones only those that can be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ProposalsLine {
    /// Waiting for a judgement.
    pub active: usize,
    /// Made tasks.
    pub promoted: usize,
    /// Put off.
    pub deferred: usize,
    /// Turned down.
    pub rejected: usize,
}

impl ProposalsLine {
    /// How many there are.
    pub fn total(&self) -> usize {
        self.active + self.promoted + self.deferred + self.rejected
    }
}

/// One open pull request.
#[derive(Clone, Debug, Serialize)]
pub struct PullRequestLine {
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Its branch.
    pub branch: String,
    /// How far it is, and what it waits for, as far as a coordinator looks after it.
    pub way: Option<Way>,
}

/// The open pull requests from `agent/*` branches, as far as they are known.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PullRequestsLine {
    /// When GitHub was asked; none if never.
    pub asked_at: Option<Time>,
    /// They; none if that was never found out.
    pub open: Option<Vec<PullRequestLine>>,
    /// How many there may be.
    pub limit: Option<u32>,
    /// Why the last time asking failed.
    pub error: Option<String>,
}

/// A question that the user hasn't answered.
#[derive(Clone, Debug, Serialize)]
pub struct QuestionLine {
    /// The message.
    pub id: String,
    /// When it was asked.
    pub time: Option<Time>,
    /// Who asks.
    pub from: String,
    /// What, in one line.
    pub title: String,
    /// The task that waits for it.
    pub task: Option<String>,
}

/// Everything.
#[derive(Clone, Debug, Serialize)]
pub struct Overview {
    /// When it was so.
    pub time: Time,
    /// The main checkout.
    pub project: String,
    /// How the tick fares.
    #[serde(flatten)]
    pub tick: TickHealth,
    /// What keeps everybody from starting.
    #[serde(flatten)]
    pub pause: PauseStatus,
    /// What the runs that ended today cost, in US dollars.
    pub cost_today_usd: f64,
    /// The same of the last seven local days, today among them.
    pub cost_week_usd: f64,
    /// What a day may cost.
    pub cost_limit_usd: Option<f64>,
    /// What seven may cost.
    pub cost_week_limit_usd: Option<f64>,
    /// How much of the account's usage limits is used, as far as it was told; the first to begin anew before the others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub quota: Vec<QuotaLine>,
    /// The agents, in the order of agents.yaml, then those that are no longer in it.
    pub agents: Vec<AgentLine>,
    /// The runners, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub runners: Vec<RunnerLine>,
    /// The queue.
    pub queue: QueueLine,
    /// The proposals.
    pub proposals: ProposalsLine,
    /// The pull requests.
    pub pull_requests: PullRequestsLine,
    /// Why agents work unconfined although they should be confined where that can be; none if all is as it should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unconfined: Option<String>,
    /// How the last fetch from the remote went; none if there was none.
    pub last_fetch: Option<LastFetch>,
    /// The unanswered questions, newest first.
    pub questions: Vec<QuestionLine>,
    /// What is wrong in agents.yaml, and the files that are left alone.
    pub problems: Vec<String>,
}
