//! Ticks in which nothing is to be done, with few and with many agents.

use crate::{
    Bench,
    measure::{self, Subject},
    scene::{DUE, IDLE, Scene},
    table::{Limit, Row},
};
use anyhow::Result;

/// Measures ticks with 5 to 5,000 agents, none of them due, and with 5 that are due and find no work.
pub fn measure(bench: &mut Bench) -> Result<()> {
    let start_and_exit = Subject::new(&bench.tools.floor, &[]);
    for agents in [5, 100, 1_000, 5_000] {
        let scene = Scene::new(&bench.tools, agents, "max_cost_usd_per_day: 20")?;
        let tick = scene.tick(&bench.tools.scheduler, IDLE, &[])?;
        let read = scene.floor(&bench.tools.floor, agents, [])?;
        let (floor, against, limit) = match agents {
            5 => (&start_and_exit, "start and exit", Limit::Times(2.5)),
            1_000 => (&read, "read the same files", Limit::Times(3.3)),
            _ => (&read, "read the same files", Limit::None),
        };
        wall(bench, &format!("idle tick, {agents} agents / {against}"), &tick, floor, agents, limit)?;
        if let Some((program, limit)) = bench.earlier.clone().zip(not_slower(agents)) {
            let earlier = scene.tick(&program, IDLE, &[])?;
            wall(bench, &format!("idle tick, {agents} agents / the earlier release"), &tick, &earlier, agents, limit)?;
        }
        bench.table.add(Row {
            what: format!("idle tick, {agents} agents: system calls"),
            unit: "calls",
            measured: measure::calls(&tick)?,
            floor: Some(measure::calls(&read)?),
            limit: Limit::AtMost((120 + 4 * agents) as f64),
        });
        bench.table.add(Row {
            what: format!("idle tick, {agents} agents: peak memory"),
            unit: "MiB",
            measured: measure::peak(&tick)?,
            floor: Some(measure::peak(&read)?),
            limit: if agents == 1_000 { Limit::AtMost(10.0) } else { Limit::None },
        });
        if agents == 5 {
            let due = scene.tick(&bench.tools.scheduler, DUE, &[])?;
            wall(bench, "tick, 5 agents due without work / start and exit", &due, floor, agents, Limit::None)?;
        }
    }
    Ok(())
}

/// How many times as long as an earlier release's a tick may take; `None` where nobody notices.
fn not_slower(agents: usize) -> Option<Limit> {
    match agents {
        5 => Some(Limit::Times(1.05)),
        1_000 => Some(Limit::Times(1.3)),
        _ => None,
    }
}

fn wall(bench: &mut Bench, what: &str, tick: &Subject, floor: &Subject, agents: usize, limit: Limit) -> Result<()> {
    let turns = if bench.quick { 3 } else { 10 };
    let runs = if agents > 100 { 10 } else { 50 };
    let [measured, floor] = measure::beside(tick, floor, turns, runs)?;
    bench.table.add(Row { what: what.to_owned(), unit: "ms", measured, floor: Some(floor), limit });
    Ok(())
}
