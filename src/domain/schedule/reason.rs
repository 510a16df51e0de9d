//! Why an agent doesn't start: each reason with the data that explains it.

use crate::domain::{
    name::Name,
    role::{Model, TaskRole},
    time::{self, Time},
};
use serde::Serialize;
use std::fmt;

/// Why an agent was skipped.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum Reason {
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
    /// A run of it is under way.
    Running {
        /// Since when.
        #[serde(with = "time::option")]
        since: Option<Time>,
        /// With which task.
        task: Option<Name>,
    },
    /// Its last supervisor died; what it left is being put right.
    Recovering,
    /// Its state can't be read.
    Unreadable,
    /// Its interval isn't over.
    NotDue {
        /// When it is.
        #[serde(with = "time::required")]
        due_at: Time,
    },
    /// It failed the last times.
    Backoff {
        /// How often in a row.
        failures: u32,
        /// When it may try again.
        #[serde(with = "time::required")]
        until: Time,
    },
    /// Something would make every run fail.
    CoolingDown {
        /// When one agent may try.
        #[serde(with = "time::required")]
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
        role: TaskRole,
        /// Tasks of any role that have to wait.
        waiting: u32,
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
    /// As many of its proposals wait to be judged as may.
    ProposalsFull {
        /// How many do.
        active: u32,
        /// `max_active`, or 0 if `max_per_run` is.
        limit: u32,
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
    /// The day's money is spent.
    BudgetSpent {
        /// What today's runs cost, those under way counted with their limit.
        spent_usd: f64,
        /// `max_cost_usd_per_day`.
        limit_usd: f64,
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
}

impl Reason {
    /// The reason in a few words, for a column of a table. Times are told as spans from `now`.
    pub fn brief(&self, now: Time) -> String {
        let span = |until: &Time| time::span((*until - now).num_seconds().max(0));
        match self {
            Self::Paused => "paused".to_owned(),
            Self::SystemPaused { .. } => "everything is paused".to_owned(),
            Self::NotInModel { needs } => format!("only with model: {needs}"),
            Self::Recovering => "being put right".to_owned(),
            Self::Unreadable => "state can't be read".to_owned(),
            Self::NotDue { due_at } => format!("due in {}", span(due_at)),
            Self::Backoff { failures, until } => format!("{failures} failures, again in {}", span(until)),
            Self::CoolingDown { first: Some(first), .. } => format!("{first} tries first"),
            Self::CoolingDown { until, .. } => format!("cooldown, {}", span(until)),
            Self::QueueFull { pending, limit } => format!("queue full, {pending} of {limit}"),
            Self::NoTask { role, waiting: 0 } => format!("no {role} task"),
            Self::NoTask { role, waiting } => format!("no {role} task, {waiting} wait"),
            Self::ClaimsFull { claimed, limit } => format!("{claimed} of {limit} tasks claimed"),
            Self::PrsFull { open, limit } => format!("{open} of {limit} PRs open"),
            Self::ProposalsFull { active, limit } => format!("{active} of {limit} proposals wait"),
            Self::NothingToCurate => "nothing to judge".to_owned(),
            Self::AwaitsRoom { pending, limit, .. } => format!("queue full, {pending} of {limit}"),
            Self::ProposalsUnreadable => "proposals can't be read".to_owned(),
            Self::TooManyRunning { running, limit } => format!("{running} of {limit} runs under way"),
            Self::BudgetSpent { spent_usd, limit_usd } => format!("${spent_usd:.2} of ${limit_usd:.2} spent"),
            Self::NoCheckPending { check: None, .. } => "has no focus".to_owned(),
            Self::NoCheckPending { given_up: 0, .. } => "nothing to check".to_owned(),
            Self::NoCheckPending { given_up, .. } => format!("nothing to check, {given_up} given up"),
            Self::Disabled => "gatekeepers are off".to_owned(),
            Self::Running { .. } => self.to_string(),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paused => f.write_str("paused in agents.yaml"),
            Self::SystemPaused { by_marker: true } => f.write_str("everything is paused (.orchestrator/paused)"),
            Self::SystemPaused { by_marker: false } => {
                f.write_str("everything is paused (paused: true in agents.yaml)")
            }
            Self::NotInModel { needs } => write!(f, "its role belongs to model: {needs}"),
            Self::Running { since, task } => {
                f.write_str("running")?;
                if let Some(since) = since {
                    write!(f, " since {}", time::to_text(*since))?;
                }
                task.as_ref().map_or(Ok(()), |task| write!(f, ", {task}"))
            }
            Self::Recovering => f.write_str("its last run was cut off and is being put right"),
            Self::Unreadable => f.write_str("its state can't be read; see the message about it"),
            Self::NotDue { due_at } => write!(f, "not due before {}", time::to_text(*due_at)),
            Self::Backoff { failures, until } => {
                let times =
                    if *failures == 1 { "failed".to_owned() } else { format!("failed {failures} times in a row") };
                write!(f, "{times}, waits until {}", time::to_text(*until))
            }
            Self::CoolingDown { first: Some(first), cause, .. } => {
                write!(f, "waits for {first}, which tries first: {cause}")
            }
            Self::CoolingDown { until, cause, first: None } => {
                write!(f, "waits until {}: {cause}", time::to_text(*until))
            }
            Self::QueueFull { pending, limit } => {
                write!(f, "the queue is full: {pending} of {limit} tasks (max_incoming)")
            }
            Self::NoTask { role, waiting: 0 } => write!(f, "no {role} task"),
            Self::NoTask { role, waiting } => write!(f, "no {role} task can be claimed; {waiting} of any role wait"),
            Self::ClaimsFull { claimed, limit } => write!(f, "{claimed} of {limit} tasks are claimed (max_claimed)"),
            Self::PrsFull { open, limit } => {
                write!(f, "{open} of {limit} pull requests are open or about to be (max_open_prs)")
            }
            Self::ProposalsFull { active, limit } => {
                write!(f, "{active} of {limit} of its proposals wait to be judged (proposal_limits)")
            }
            Self::NothingToCurate => f.write_str("no proposal waits to be judged by an agent"),
            Self::AwaitsRoom { waiting, pending, limit } => {
                let ones =
                    if *waiting == 1 { "1 proposal waits".to_owned() } else { format!("{waiting} proposals wait") };
                write!(f, "{ones} for room in the queue: {pending} of {limit} tasks (max_incoming); none is new")
            }
            Self::ProposalsUnreadable => f.write_str("the proposals can't be read; `scheduler status` says why"),
            Self::TooManyRunning { running, limit } => {
                write!(f, "{running} of {limit} runs are under way (max_running)")
            }
            Self::BudgetSpent { spent_usd, limit_usd } => {
                write!(f, "today's runs cost ${spent_usd:.2} of ${limit_usd:.2} (max_cost_usd_per_day)")
            }
            Self::NoCheckPending { check: None, .. } => f.write_str("has no focus: name the check that it makes"),
            Self::NoCheckPending { check: Some(check), given_up } => {
                write!(f, "no pull request needs the check {check}")?;
                match given_up {
                    0 => Ok(()),
                    count => write!(f, "; {count} were given up, see the messages"),
                }
            }
            Self::Disabled => f.write_str("gatekeepers are off (gatekeeper: enabled: true switches them on)"),
        }
    }
}
