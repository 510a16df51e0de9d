//! A project to be shown in tests.

use super::view::{
    Activity, AgentLine, ClaimedLine, FailedLine, Overview, PauseStatus, ProposalsLine, PullRequestsLine, QueueLine,
    TickHealth,
};
use crate::domain::config::QueueLimits;
use crate::domain::state::AgentState;
use crate::domain::time;

/// Agents with these names: the first is at work, the second paused, the others wait.
pub fn overview(names: &[&str]) -> Overview {
    let now = time::parse("2026-03-01T10:00:00Z").unwrap();
    let agents = names.iter().enumerate().map(|(at, name)| {
        let (doing, brief) = match at {
            0 => (Activity::Running, "TASK-1 3 min"),
            1 => (Activity::Paused, "paused"),
            _ => (Activity::Waiting, "no implement task"),
        };
        let run_id = (at == 0).then(|| "0190d1c2-0000-4000-8000-000000000000".to_owned());
        AgentLine {
            name: name.parse().unwrap(),
            role: Some("implementer".to_owned()),
            doing,
            brief: brief.to_owned(),
            elsewhere: None,
            reason: None,
            due_at: None,
            paused: at == 1,
            run_requested: false,
            state: AgentState { run_id, ..AgentState::default() },
        }
    });
    let claimed = ClaimedLine {
        id: "TASK-1".parse().unwrap(),
        title: "Reject empty names".to_owned(),
        role: "implement".to_owned(),
        claimed_by: Some("impl-1".to_owned()),
        claimed_at: Some(now),
        attempt: 1,
    };
    let failed = FailedLine {
        id: "TASK-2".parse().unwrap(),
        title: "Two".to_owned(),
        failed_at: Some(now),
        reason: "No such branch".to_owned(),
    };
    Overview {
        time: now,
        project: "/p".to_owned(),
        tick: TickHealth { last_tick: Some(now), duration_ms: Some(3), late: false, ticks_on: None },
        pause: PauseStatus::default(),
        cost_today_usd: 0.5,
        cost_week_usd: 2.25,
        cost_limit_usd: Some(20.0),
        cost_week_limit_usd: None,
        quota: Vec::new(),
        agents: agents.collect(),
        runners: Vec::new(),
        queue: QueueLine {
            incoming: 2,
            claimed: 1,
            done: 9,
            failed: 1,
            limits: Some(QueueLimits::default()),
            claimed_tasks: vec![claimed],
            failed_tasks: vec![failed],
            ..QueueLine::default()
        },
        proposals: ProposalsLine::default(),
        unconfined: None,
        last_fetch: None,
        pull_requests: PullRequestsLine { limit: Some(10), ..PullRequestsLine::default() },
        questions: Vec::new(),
        problems: vec!["agents.yaml, line 3: odd".to_owned()],
    }
}
