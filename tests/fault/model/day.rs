//! A day of 1,440 ticks, some of them late: every agent keeps its period, and none starves.

use crate::sample;
use chrono::{DateTime, Duration, Utc};
use proptest::prelude::*;
use scheduler::internals::domain::{
    config::{self, Config},
    role::TaskRole,
    schedule::{self, AgentView, Decision, Snapshot, Standing},
    state::AgentState,
    task::{self, Task},
};
use std::collections::BTreeMap;

const MINUTE: i64 = 60;
const TICKS: usize = 1_440;

/// A team of implementers with these intervals.
fn team(intervals: &[u32], more: &str) -> Config {
    let agents: String = intervals
        .iter()
        .enumerate()
        .map(|(number, interval)| format!("- {{name: a{number}, role: implementer, interval_seconds: {interval}}}\n"))
        .collect();
    config::read(&format!("{more}queue_limits: {{max_claimed: 1000, max_open_prs: 1000}}\nagents:\n{agents}"))
        .unwrap()
        .0
}

/// When each agent was started in a day of ticks, so many of them `late` by seconds. Runs are over before the next tick;
/// there are `tasks` new tasks a tick.
fn day(config: &Config, late: &[i64], tasks: usize) -> BTreeMap<usize, Vec<DateTime<Utc>>> {
    let begin: DateTime<Utc> = "2026-10-25T00:00:00Z".parse().unwrap();
    let mut states = vec![AgentState::default(); config.agents.len()];
    let mut starts = BTreeMap::<usize, Vec<_>>::new();
    for tick in 0..TICKS {
        let now = begin + Duration::seconds(MINUTE * i64::try_from(tick).unwrap() + late[tick % late.len()]);
        let task = |number: usize| -> Task {
            let id = format!("TASK-{tick}-{number}").parse().unwrap();
            task::parse(&id, "# One\n\nROLE: implement\n").unwrap()
        };
        let views = states.iter().map(|state| AgentView { standing: Standing::Free, state: state.clone() });
        let snapshot = Snapshot {
            agents: views.map(Into::into).collect(),
            claimable: (0..tasks).map(task).collect(),
            incoming: u32::try_from(tasks).unwrap(),
            ..Snapshot::default()
        };
        assert_eq!(snapshot.claimable.iter().filter(|task| task.role == TaskRole::Implement).count(), tasks);
        for (agent, decision) in schedule::decide(config, &snapshot, now).into_iter().enumerate() {
            if matches!(decision, Decision::Start(_)) {
                states[agent].last_started = Some(now);
                states[agent].last_finished = Some(now);
                starts.entry(agent).or_default().push(now);
            }
        }
    }
    starts
}

proptest! {
    #![proptest_config(sample::cases(60))]

    /// With enough to do, the time between two starts is within one tick of the interval, lateness included.
    #[test]
    fn every_agent_keeps_its_period(
        intervals in prop::collection::vec(60u32..7_200, 1..6),
        late in prop::collection::vec(0i64..30, 1..40),
    ) {
        let config = team(&intervals, "");
        let starts = day(&config, &late, intervals.len());
        let tick = MINUTE + late.iter().max().unwrap();
        for (agent, interval) in intervals.iter().enumerate() {
            for pair in starts[&agent].windows(2) {
                let off = (pair[1] - pair[0]).num_seconds() - i64::from(*interval);
                prop_assert!(off.abs() <= tick, "interval {}, off by {}", interval, off);
            }
        }
    }

    /// With less to do than there are agents, or fewer slots, nobody waits longer than until all others had their turn.
    #[test]
    fn none_starves(
        agents in 2usize..8,
        tasks in 1usize..4,
        slots in 1usize..4,
        late in prop::collection::vec(0i64..30, 1..40),
    ) {
        let config = team(&vec![60; agents], &format!("max_running: {slots}\n"));
        let starts = day(&config, &late, tasks);
        let rounds = i64::try_from(agents.div_ceil(tasks.min(slots))).unwrap();
        // One tick more, since two that follow each other closely don't both find the agent due.
        let longest = Duration::seconds((rounds + 1) * MINUTE + late.iter().max().unwrap());
        for agent in 0..agents {
            let times = starts.get(&agent).map_or(&[][..], Vec::as_slice);
            let waits = times.windows(2).map(|pair| pair[1] - pair[0]);
            prop_assert!(times.len() > 1 && waits.max().is_some_and(|wait| wait <= longest), "{}: {:?}", agent, times);
        }
    }
}

#[test]
fn an_interval_below_a_tick_is_every_tick() {
    let starts = day(&team(&[1, 30], ""), &[0, 3, 29, 0, 12], 2);
    let counts: Vec<_> = starts.values().map(Vec::len).collect();
    assert_eq!(counts, [TICKS, TICKS]);
}
