//! Ticks of a project that is old: everything that grows and is looked at by no tick must cost none.

use crate::{
    Bench, measure,
    scene::{DUE, Scene},
    table::{Limit, Row},
};
use anyhow::Result;
use std::os::unix::fs::MetadataExt;

const AGENTS: usize = 5;
/// Runs of a year, 500 a day, but for those of today.
const RUNS: usize = 364 * 500;
/// What a measurement repeated differs by on a busy machine.
const NOISE: f64 = 1.15;
/// All roles, also those of the proposal model, are due; tasks that wait are looked at, and none of them starts.
const TOP: &str = "model: proposal\nmax_cost_usd_per_day: 20\nnotify: {command: ['true']}";

/// Measures a tick with 100,000 of everything that piles up, one kind after the other, beside one with none.
pub fn measure(bench: &mut Bench) -> Result<()> {
    let many = if bench.quick { 10_000 } else { 100_000 };
    let judged = "# A proposal\n\n**Rejected By:** curator\n**Rejected At:** 2024-01-14T10:30:00Z\n";
    let task = "# A task\n\nROLE: implement\n";
    grown(bench, &format!("{many} tasks in done"), |scene| {
        scene.files(many, |n| format!("shared/queue/done/TASK-{n:08x}.md"), task)
    })?;
    grown(bench, &format!("{many} tasks in failed"), |scene| {
        scene.files(many, |n| format!("shared/queue/failed/TASK-{n:08x}.md"), task)
    })?;
    grown(bench, &format!("{many} proposals in rejected"), |scene| {
        scene.files(many, |n| format!("shared/proposals/rejected/PROP-{n:08x}.md"), judged)
    })?;
    grown(bench, &format!("{many} logs"), |scene| scene.files(many, |n| format!("logs/agent-{n}-2024-01-14.log"), ""))?;
    grown(bench, &format!("{many} old runs"), |scene| {
        scene.files(many, |n| format!("agents/agent-{}/runs/{n:08x}/record.json", n % AGENTS), "{}")
    })?;
    ledger_and_messages(bench)
}

fn scene(bench: &Bench) -> Result<Scene> {
    let scene = Scene::new(&bench.tools, AGENTS, TOP)?;
    // Nobody can claim these, and the curator finds nothing to judge.
    let blocked = "# A task\n\nROLE: implement\nBLOCKED_BY: TASK-none\n\n## Context\nText.\n";
    scene.files(20, |n| format!("shared/queue/incoming/TASK-b{n:07x}.md"), blocked)?;
    let yaml = std::fs::read_to_string(scene.dot().join("agents.yaml"))?;
    scene.file("agents.yaml", &format!("{yaml}  - {{name: curator, role: curator, interval_seconds: 300}}\n"))?;
    Ok(scene)
}

fn grown(bench: &mut Bench, what: &str, grow: impl Fn(&Scene) -> Result<()>) -> Result<()> {
    let (young, old) = (scene(bench)?, scene(bench)?);
    grow(&old)?;
    let scheduler = &bench.tools.scheduler;
    let (young, old) = (young.tick(scheduler, DUE, &[])?, old.tick(scheduler, DUE, &[])?);
    let (turns, runs) = if bench.quick { (3, 30) } else { (20, 30) };
    let [measured, floor] = measure::beside(&old, &young, turns, runs)?;
    bench.table.add(Row {
        what: format!("tick with {what} / without"),
        unit: "ms",
        measured,
        floor: Some(floor),
        limit: Limit::Times(NOISE),
    });
    let calls = [measure::calls(&old)?, measure::calls(&young)?];
    bench.table.add(Row {
        what: format!("tick with {what}: system calls"),
        unit: "calls",
        measured: calls[0],
        floor: Some(calls[1]),
        limit: Limit::TimesPlus(1.0, 3.0),
    });
    Ok(())
}

/// These are read: what a year's ledger says that wasn't added up yet, and which messages are new.
fn ledger_and_messages(bench: &mut Bench) -> Result<()> {
    let scene = scene(bench)?;
    let line = |n: usize| {
        format!(
            "{{\"time\":\"2024-01-15T10:30:00Z\",\"agent\":\"agent-0\",\"cost_usd\":0.0001,\"tally\":\"success\",\
             \"billing\":null,\"role\":\"implementer\",\"task\":null,\"model\":null,\"outcome\":\"finished\",\
             \"run\":\"00000000-0000-4000-8000-{n:012}\"}}\n"
        )
    };
    let (known, new): (String, String) = ((0..RUNS).map(line).collect(), (RUNS..RUNS + 500).map(line).collect());
    let (ledger, kept) = ("ledger-2024.jsonl", "cache/ledger-2024.json");
    scene.file(ledger, &(known.clone() + &new))?;
    let inode = std::fs::metadata(scene.dot().join(ledger))?.ino();
    let days = serde_json::json!({"2024-01-15": 18.2});
    let added_up = serde_json::json!({"inode": inode, "length": known.len(), "days": days, "last": []});
    scene.file(kept, &added_up.to_string())?;
    let message = |n: usize| format!("info-20240115-103000-message-{n}");
    scene.files(100, |n| format!("messages/{}.md", message(n)), "# A message\n")?;
    let known: Vec<_> = (0..100).map(message).collect();
    scene.file("cache/notified.json", &serde_json::json!({"messages": known}).to_string())?;
    let tick = scene.tick(&bench.tools.scheduler, DUE, &[])?;
    let tasks = (0..20).map(|n| format!("shared/queue/incoming/TASK-b{n:07x}.md"));
    let more = tasks.chain([kept.to_owned(), "messages/".to_owned(), "cache/notified.json".to_owned()]);
    let read = scene.floor(&bench.tools.floor, AGENTS, more)?;
    let [measured, floor] = measure::beside(&tick, &read, if bench.quick { 3 } else { 10 }, 30)?;
    bench.table.add(Row {
        what: "tick, 500 new runs of 182,500 in the ledger and 100 messages / read the same files".to_owned(),
        unit: "ms",
        measured,
        floor: Some(floor),
        limit: Limit::None,
    });
    Ok(())
}
