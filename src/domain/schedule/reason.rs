//! Why an agent doesn't start: each reason with the data that explains it, and all that is said of it. No other place
//! words a reason.

mod money;
mod words;

pub use words::Words;
use words::{awaits_room, no_check_pending, no_task, overlaps, raise, running, untrusted, words};

use crate::domain::name::Name;
use crate::domain::role::Model;
use crate::domain::state::AgentState;
use crate::domain::text::counted;
use crate::domain::time::{self, Time};
use serde::Serialize;

/// Why an agent was skipped.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum Reason {
    /// What makes git run or send something is not as the user accepted it.
    Untrusted {
        /// Since when that is known.
        since: Option<Time>,
    },
    /// The agent is paused in agents.yaml.
    Paused,
    /// Everything is paused.
    SystemPaused {
        /// By the marker file rather than by agents.yaml.
        by_marker: bool,
    },
    /// Its role belongs to the other model.
    NotInModel {
        /// The model that would schedule it.
        needs: Model,
    },
    /// Only a key of the API may pay for it, and there is none.
    NoApiKey,
    /// A run of it is under way.
    Running {
        /// Since when.
        since: Option<Time>,
        /// With which task.
        task: Option<Name>,
        /// The agent is done, and its work is being verified.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        verifying: bool,
    },
    /// A process of the Python system is at work for it.
    Python {
        /// Its number.
        pid: u32,
        /// Since when.
        since: Option<Time>,
    },
    /// Its last run was interrupted and is being recovered.
    Recovering,
    /// Its state can't be read.
    Unreadable,
    /// Its interval isn't over.
    NotDue {
        /// When it is.
        due_at: Time,
    },
    /// It may start only at other hours, or on other days.
    OutsideHours {
        /// When it may again.
        until: Time,
    },
    /// It failed the last times.
    Backoff {
        /// How often in a row.
        failures: u32,
        /// When it may try again.
        until: Time,
    },
    /// Something would make every run fail.
    CoolingDown {
        /// When one agent may try.
        until: Time,
        /// What it is.
        cause: String,
        /// The agent that tries first, once it does.
        first: Option<Name>,
    },
    /// No task may be added.
    QueueFull {
        /// Tasks in incoming and claimed.
        pending: u32,
        /// `max_incoming`.
        limit: u32,
    },
    /// There is nothing for its role.
    NoTask {
        /// The role of the tasks that it claims.
        role: Name,
        /// Tasks of that role that have to wait.
        waiting: u32,
        /// Files of tasks that can't be read, whoever they are for.
        #[serde(default, skip_serializing_if = "words::is_zero")]
        unreadable: u32,
    },
    /// All tasks for its role that could be claimed would conflict with open pull requests.
    Overlaps {
        /// The role of the tasks that it claims.
        role: Name,
        /// How many tasks.
        tasks: u32,
        /// The pull requests that they wait for.
        prs: Vec<u64>,
    },
    /// As many tasks are claimed as may be.
    ClaimsFull {
        /// How many are.
        claimed: u32,
        /// `max_claimed`.
        limit: u32,
    },
    /// As many pull requests are open, or about to be, as may be.
    PrsFull {
        /// How many are.
        open: u32,
        /// `max_open_prs`.
        limit: u32,
    },
    /// Nobody has asked yet which pull requests are open, and there may be some.
    PrsUnknown,
    /// A branch that is there leaves no place for the branch of its work.
    BranchInTheWay {
        /// Which, in words.
        branch: String,
        /// What the user does about it.
        remedy: String,
    },
    /// As many of its proposals wait to be judged as may.
    ProposalsFull {
        /// How many do.
        active: u32,
        /// `max_active`, or 0 if `max_per_run` is.
        limit: u32,
    },
    /// Nothing has changed since its last run, which created nothing.
    Unchanged {
        /// When that began.
        last: Time,
        /// When it looks again all the same.
        until: Time,
    },
    /// There is no proposal that an agent may judge.
    NothingToCurate,
    /// What waits to be judged was seen before, and a task has no room.
    AwaitsRoom {
        /// How many proposals wait.
        waiting: u32,
        /// Tasks in incoming and claimed.
        pending: u32,
        /// `max_incoming`.
        limit: u32,
    },
    /// The proposals can't be read.
    ProposalsUnreadable,
    /// As many runs are under way as may be.
    TooManyRunning {
        /// How many are.
        running: u32,
        /// `max_running`.
        limit: u32,
    },
    /// As many runs of its runner are under way as may be.
    RunnerFull {
        /// Which.
        runner: Name,
        /// How many are.
        running: u32,
        /// `max_running` of the runner.
        limit: u32,
    },
    /// The money of the day, or of the last seven, is spent.
    BudgetSpent {
        /// What their runs cost, those under way counted with their limit.
        spent_usd: f64,
        /// `max_cost_usd_per_day` or `max_cost_usd_per_week`.
        limit_usd: f64,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        of_week: bool,
    },
    /// So much of the account's usage limit is used that the rest is the user's.
    QuotaKept {
        /// Of which time, as claude calls it.
        window: String,
        used_percent: u32,
        /// `quota.stop_at`.
        limit_percent: u32,
        /// When that begins anew.
        until: Time,
    },
    /// No pull request needs its check.
    NoCheckPending {
        /// Its focus; without one there is nothing that it could check.
        check: Option<Name>,
        /// Pull requests whose check ended too often without a record.
        given_up: u32,
    },
    /// Gatekeepers are switched off.
    Disabled,
    /// So is all that a coordinator does.
    NothingSwitchedOn,
    /// What does its work isn't there.
    ProgramMissing {
        /// As `command` names it.
        program: String,
    },
}

impl Reason {
    /// Of an agent for which a process of the Python system is at work.
    pub(super) fn python(state: &AgentState) -> Self {
        Self::Python { pid: state.python_pid.unwrap_or_default(), since: state.last_started }
    }

    /// What there is to say of this reason for `agent` not to start.
    pub fn words(&self, agent: &Name, now: Time) -> Words {
        let at = |time: &Time| time::local(*time);
        let span = |time: &Time| time::between(now, *time);
        match self {
            Self::Untrusted { since } => untrusted(since.as_ref().map(at)),
            Self::Paused => {
                words("paused", "paused in agents.yaml", format!("`scheduler agent resume {agent}` lets it start"))
            }
            Self::SystemPaused { by_marker } => {
                let (by, remedy) = match by_marker {
                    true => (".orchestrator/paused", "`scheduler resume` goes on"),
                    false => ("paused: true in agents.yaml", "`paused: false` in agents.yaml goes on"),
                };
                words("everything is paused", format!("everything is paused ({by})"), remedy)
            }
            Self::NotInModel { needs } => words(
                format!("only with model: {needs}"),
                format!("its role belongs to model: {needs}"),
                format!("`model: {needs}` in agents.yaml has it started, and the roles of the other model not"),
            ),
            Self::NoApiKey => words(
                "no API key",
                "only the API may pay for it (billing: api), and ticks have no ANTHROPIC_API_KEY",
                format!(
                    "put ANTHROPIC_API_KEY=... into the cron line, before the program; or `scheduler agent set {agent} billing=any`"
                ),
            ),
            Self::Running { since, task, verifying } => {
                running(agent, task.as_ref(), *verifying, since.as_ref().map(span))
            }
            Self::Python { pid, since } => words(
                since.map_or("running".to_owned(), |since| format!("running {}", span(&since))) + ", Python system",
                format!("at work for the Python system (process {pid})"),
                format!("nothing to do: it is started once that process has ended; `kill {pid}` ends it"),
            ),
            Self::Recovering => words(
                "recovering",
                "its last run was interrupted and is being recovered",
                "nothing to do: its work is saved and its task put back",
            ),
            Self::Unreadable => words(
                "state can't be read",
                "its state can't be read",
                format!("look at .orchestrator/agents/{agent}/state.json, and at the message about it"),
            ),
            Self::NotDue { due_at } => words(
                format!("due in {}", span(due_at)),
                format!("not due before {}", at(due_at)),
                format!("`scheduler agent run {agent}` starts it at the next tick"),
            ),
            Self::OutsideHours { until } => words(
                format!("off hours, {}", span(until)),
                format!("may not start before {} (hours, days)", at(until)),
                format!("`scheduler agent run {agent}` starts it at the next tick all the same"),
            ),
            Self::Backoff { failures, until } => {
                let times = if *failures == 1 { String::new() } else { format!(" {failures} times in a row") };
                words(
                    format!("{}, again in {}", counted(*failures as usize, "failure"), span(until)),
                    format!("failed{times}, waits until {}", at(until)),
                    format!(
                        "`scheduler logs {agent}` shows what happened; `scheduler agent run {agent}` tries again at the next tick"
                    ),
                )
            }
            Self::CoolingDown { first: Some(first), cause, .. } => words(
                format!("{first} tries first"),
                format!("waits for {first}, which tries first: {cause}"),
                format!(
                    "it follows as soon as {first} gets through; `scheduler agent run {agent}` starts it at the next tick"
                ),
            ),
            Self::CoolingDown { until, cause, first: None } => words(
                format!("cooldown, {}", span(until)),
                format!("waits until {}: {cause}", at(until)),
                format!("once that is fixed, `scheduler agent run {agent}` tries at the next tick"),
            ),
            Self::QueueFull { pending, limit } => words(
                format!("queue full, {pending} of {limit}"),
                format!("the queue is full: {pending} of {limit} tasks (max_incoming)"),
                raise("max_incoming"),
            ),
            Self::NoTask { role, waiting, unreadable } => no_task(role, *waiting, *unreadable),
            Self::Overlaps { role, tasks, prs } => overlaps(role, *tasks, prs),
            Self::ClaimsFull { claimed, limit } => words(
                format!("{claimed} of {limit} tasks claimed"),
                format!("{claimed} of {limit} tasks are claimed (max_claimed)"),
                raise("max_claimed"),
            ),
            Self::PrsFull { open, limit } => words(
                format!("{open} of {limit} PRs open"),
                format!("{open} of {limit} pull requests are open or about to be (max_open_prs)"),
                format!("merge or close some; {}", raise("max_open_prs")),
            ),
            Self::PrsUnknown => words(
                "asks for open PRs first",
                "GitHub is asked first which pull requests are open: there are branches of agents already",
                "the next tick knows the answer",
            ),
            Self::BranchInTheWay { branch, remedy } => words("a branch is called agent", branch, remedy),
            Self::ProposalsFull { active, limit } => words(
                format!("{active} of {limit} proposals wait"),
                format!("{active} of {limit} of its proposals wait to be judged (proposal_limits)"),
                "promote, reject or defer some (`scheduler proposal list`), or raise its proposal_limits in agents.yaml",
            ),
            Self::Unchanged { last, until } => words(
                format!("nothing new, {}", span(until)),
                format!(
                    "nothing has changed since its run {} ago, which created nothing: looks again at {} at the latest",
                    span(last),
                    at(until)
                ),
                format!(
                    "`scheduler agent run {agent}` has it look now; rescan_after in agents.yaml says how long it waits"
                ),
            ),
            Self::NothingToCurate => words(
                "nothing to judge",
                "no proposal waits to be judged by an agent",
                "nothing to do: it starts once there is one",
            ),
            Self::AwaitsRoom { waiting, pending, limit } => {
                awaits_room(*waiting, &format!("{pending} of {limit}"), agent, &raise("max_incoming"))
            }
            Self::ProposalsUnreadable => {
                words("proposals can't be read", "the proposals can't be read", "`scheduler status` says why")
            }
            Self::TooManyRunning { running, limit } => words(
                format!("{running} of {limit} runs under way"),
                format!("{running} of {limit} runs are under way (max_running)"),
                raise("max_running"),
            ),
            Self::RunnerFull { runner, running, limit } => words(
                format!("{runner}: {running} of {limit} running"),
                format!(
                    "{running} of {limit} runs of the runner {runner} are under way (runners.{runner}.max_running)"
                ),
                format!("raise max_running of {runner} in agents.yaml, or give it another runner"),
            ),
            Self::BudgetSpent { spent_usd, limit_usd, of_week } => {
                money::budget_spent(*spent_usd, *limit_usd, *of_week)
            }
            Self::QuotaKept { window, used_percent, limit_percent, until } => {
                let until = (at(until), span(until));
                money::quota_kept(agent, window, (*used_percent, *limit_percent), until)
            }
            Self::NoCheckPending { check, given_up } => no_check_pending(agent, check.as_ref(), *given_up),
            Self::ProgramMissing { program } => words(
                format!("{program} is missing"),
                format!("{program} is not on PATH"),
                format!(
                    "install it, or add its folder to the PATH of the timer (`scheduler doctor --cron` looks there): \
                     {agent} starts at the first tick that finds it"
                ),
            ),
            Self::Disabled => words(
                "gatekeepers are off",
                "gatekeepers are off",
                "`gatekeeper: {enabled: true}` in agents.yaml switches them on",
            ),
            Self::NothingSwitchedOn => words(
                "nothing is switched on for it",
                "gatekeepers, feedback, landing and intake are all off",
                "`pull_requests: {feedback: true}` in agents.yaml switches feedback on, `gatekeeper: {enabled: true}` gatekeepers, \
                 `pull_requests: {merge: when_green}` landing, `intake: {}` intake",
            ),
        }
    }
}

#[cfg(test)]
mod tests;
