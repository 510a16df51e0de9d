//! Ticks that look for work: five agents that are due, few and many tasks in incoming.

use crate::{
    Bench,
    measure::{self, Subject},
    scene::{DUE, Scene},
    table::{Limit, Row},
};
use anyhow::Result;
use std::collections::HashMap;

/// The agents that are due.
const CLAIMERS: usize = 5;
/// As many tasks as this have a body that is much longer than any header.
const LONG: usize = 50;

/// Measures what it takes to choose among 20 and 10,000 tasks, and how much of each file is read.
pub fn measure(bench: &mut Bench) -> Result<()> {
    for tasks in [20, if bench.quick { 2_000 } else { 10_000 }] {
        let scene = Scene::new(&bench.tools, CLAIMERS, "defaults: {command: ['true']}")?;
        let name = |n: usize| format!("shared/queue/incoming/TASK-{n:08x}.md");
        for (n, role) in (0..tasks).zip(["implement", "test", "review"].into_iter().cycle()) {
            let body = "What is to be done, and why.\n".repeat(if n < LONG { 5_000 } else { 3 });
            let header = format!("# Task {n}\n\nROLE: {role}\nPRIORITY: P2\nCREATED: 2024-01-15T10:30:00Z\n");
            scene.file(&name(n), &format!("{header}\n## Context\n{body}"))?;
        }
        // A tick that changes nothing can be repeated; what a real one reads, one shows below.
        let choice = scene.tick(&bench.tools.scheduler, DUE, &["--dry-run"])?;
        let read = scene.floor(&bench.tools.floor, CLAIMERS, (0..tasks).map(name))?;
        let turns = if bench.quick { 3 } else { 10 };
        let [measured, floor] = measure::beside(&choice, &read, turns, 10)?;
        bench.table.add(Row {
            what: format!("choice among {tasks} tasks / read the same files"),
            unit: "ms",
            measured,
            floor: Some(floor),
            // A dry run also asks git whether agents begin with this agents.yaml.
            limit: if tasks > 20 { Limit::TimesPlus(3.0, 15.0) } else { Limit::None },
        });
        how_much_is_read(bench, &scene, &choice, tasks)?;
    }
    Ok(())
}

/// A real tick, with claims and starts: how often it opens a task's file and how much of it it reads.
fn how_much_is_read(bench: &mut Bench, scene: &Scene, choice: &Subject, tasks: usize) -> Result<()> {
    let mut tick = choice.clone();
    tick.args.retain(|argument| argument != "--dry-run");
    let (mut opened, mut bytes) = (HashMap::new(), HashMap::new());
    for line in measure::trace(&tick, "?open,openat,read", &[])? {
        let Some((_, file)) = line.split_once("/queue/incoming/") else { continue };
        let Some((file, _)) = file.split_once(".md") else { continue };
        if line.contains("read(") {
            let count: f64 = line.rsplit_once("= ").and_then(|(_, count)| count.trim().parse().ok()).unwrap_or(0.0);
            *bytes.entry(file.to_owned()).or_insert(0.0) += count;
        } else {
            *opened.entry(file.to_owned()).or_insert(0.0) += 1.0;
        }
    }
    let most = |of: &HashMap<String, f64>| of.values().copied().fold(0.0, f64::max);
    scene.wait_until_idle()?;
    anyhow::ensure!(!scene.outputs()?.is_empty(), "nobody was started");
    bench.table.add(Row {
        what: format!("claims from {tasks} tasks: most often a task's file was opened"),
        unit: "times",
        measured: most(&opened),
        floor: None,
        limit: Limit::AtMost(1.0),
    });
    bench.table.add(Row {
        what: format!("claims from {tasks} tasks: the most read of a task of 140 KiB"),
        unit: "KiB",
        measured: most(&bytes) / 1_024.0,
        floor: None,
        limit: Limit::AtMost(16.0),
    });
    Ok(())
}
