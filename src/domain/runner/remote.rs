//! `remote.json`: what a supervisor knows of a run that is carried elsewhere. Recovery goes on from it, screens show it.

use crate::domain::name::Name;
use crate::domain::outcome::Outcome;
use crate::domain::time::{self, Time};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// Where a run stands, as its supervisor saw it last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remote {
    pub phase: Phase,
    /// Since when it is in that phase.
    pub since: Time,
    /// Why it waits, in the engine's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The engine's number of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// How it ended, where its supervisor has decided that and not the keeper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// It was handed to the runner, or is about to be, and hasn't begun.
    Waiting,
    /// It was begun, and its keeper lives.
    Running,
    /// It was begun, and its keeper hasn't been heard of for longer than its lease: whether it lives, nobody can tell.
    Silent,
    /// It never began, and can't any more.
    Buried,
    /// Nobody could tell for too long: it is given up, and its worktree set aside.
    Abandoned,
}

impl Remote {
    /// A run that is about to be handed to its runner.
    pub fn new(now: Time) -> Self {
        Self { phase: Phase::Waiting, since: now, reason: None, job: None, host: None, outcome: None }
    }

    /// When a run that isn't heard of has ended at the latest: by its lease, or given up from here.
    pub fn ends_before(&self, lease_seconds: u32) -> Option<Time> {
        (self.phase == Phase::Silent).then(|| self.since + TimeDelta::seconds(2 * i64::from(lease_seconds)))
    }

    /// Where it is, as the rest of a sentence about the run.
    pub fn words(&self, runner: &Name, lease_seconds: u32, now: Time) -> String {
        let span = time::between(self.since, now);
        let host = self.host.as_deref().unwrap_or(runner.as_str());
        let job = self.job.as_ref().map_or(String::new(), |job| format!(", job {job}"));
        match self.phase {
            Phase::Waiting => {
                let reason = self.reason.as_ref().map_or(String::new(), |reason| format!(" ({reason})"));
                format!("waits for {runner} {span}{reason}{job}")
            }
            Phase::Running => format!("on {host} {span}"),
            Phase::Silent => {
                let ends = self.ends_before(lease_seconds).map(time::of_day).unwrap_or_default();
                format!("{host} unverifiable since {}, ends by itself before {ends}", time::of_day(self.since))
            }
            Phase::Buried => format!("never began on {runner}{job}"),
            Phase::Abandoned => format!("given up on {host}{job}"),
        }
    }

    /// The same in another phase, unless it is in it already.
    #[must_use]
    pub fn in_phase(self, phase: Phase, now: Time) -> Self {
        if self.phase == phase { self } else { Self { phase, since: now, reason: None, ..self } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_where_a_run_is() {
        let at = |text: &str| time::parse(&format!("2026-03-01T{text}Z")).unwrap();
        let cluster: Name = "cluster".parse().unwrap();
        let waiting = Remote { since: at("12:00:00"), ..Remote::new(at("12:00:00")) };
        let known = Remote { reason: Some("Resources".to_owned()), job: Some("4711".to_owned()), ..waiting.clone() };
        let there = Remote { host: Some("node2".to_owned()), job: None, ..known.clone() };
        let silent = there.clone().in_phase(Phase::Silent, at("12:03:00"));
        let ends = format!(
            "node2 unverifiable since {}, ends by itself before {}",
            time::of_day(at("12:03:00")),
            time::of_day(at("12:09:00"))
        );
        for (remote, words) in [
            (&waiting, "waits for cluster 12 min"),
            (&known, "waits for cluster 12 min (Resources), job 4711"),
            (&there.clone().in_phase(Phase::Running, at("12:08:00")), "on node2 4 min"),
            (&silent, ends.as_str()),
            (&known.clone().in_phase(Phase::Buried, at("12:08:00")), "never began on cluster, job 4711"),
            (&there.in_phase(Phase::Abandoned, at("12:08:00")), "given up on node2"),
        ] {
            assert_eq!(remote.words(&cluster, 180, at("12:12:00")), words);
        }
        assert_eq!((silent.ends_before(180), waiting.ends_before(180)), (Some(at("12:09:00")), None));
    }
}
