//! A supervisor while `claude` works: its memory and how often it wakes up.

use crate::{
    Bench,
    measure::{self, Subject},
    scene::Scene,
    table::{Limit, Row},
    tools::run,
};
use anyhow::{Context, Result, bail};
use std::{
    fs,
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

/// What claude says, again and again.
const LINE: &str = r#"{"type":"assistant","message":{"role":"assistant","content":[{"type":"text","text":"A line that says what is done next, and why it is done that way."}]},"session_id":"00000000-0000-4000-8000-000000000000"}"#;

/// Measures one that waits, and one whose `claude` says 200 MB.
pub fn measure(bench: &mut Bench) -> Result<()> {
    let waiting = waiting(bench)?;
    let megabytes = 200;
    let flood = format!("yes '{LINE}' | head -c {megabytes}000000; sleep 3");
    let (scene, pid) = supervised(bench, &flood)?;
    let mut peak = 0.0;
    while let Ok(now) = peak_of(pid) {
        peak = f64::max(peak, now);
        sleep(Duration::from_millis(50));
    }
    let said: u64 = scene.outputs()?.iter().sum();
    // The middle of so much is not kept.
    anyhow::ensure!((32 << 20..=64 << 20).contains(&said), "{said} bytes of what claude said were kept");
    bench.table.add(Row {
        what: format!("supervisor, {megabytes} MB of output: peak memory / while waiting"),
        unit: "MiB",
        measured: peak,
        floor: Some(waiting),
        limit: Limit::AtMost(8.0),
    });
    Ok(())
}

/// The peak of its memory, in MiB.
fn waiting(bench: &mut Bench) -> Result<f64> {
    let (scene, pid) = supervised(bench, "exec sleep 300")?;
    sleep(Duration::from_secs(3));
    let seconds = if bench.quick { 10 } else { 60 };
    let before = wake_ups(pid)?;
    sleep(Duration::from_secs(seconds));
    let after = wake_ups(pid)?;
    let peak = peak_of(pid)?;
    run(Command::new(&bench.tools.scheduler).arg("-C").arg(scene.root()).args(["agent", "stop", "agent-0"]))?;
    scene.wait_until_idle()?;
    bench.table.add(Row {
        what: format!("supervisor, while claude waits: wake-ups a second, over {seconds} s"),
        unit: "",
        measured: (after - before) / seconds as f64,
        floor: None,
        limit: Limit::AtMost(5.0),
    });
    bench.table.add(Row {
        what: "supervisor, while claude waits: peak memory / start and exit".to_owned(),
        unit: "MiB",
        measured: peak,
        floor: Some(measure::peak(&Subject::new(&bench.tools.floor, &[]))?),
        limit: Limit::AtMost(8.0),
    });
    Ok(peak)
}

/// A project with one run under way whose `claude` is this shell script, and the supervisor's process number.
fn supervised(bench: &Bench, script: &str) -> Result<(Scene, u64)> {
    let scene = Scene::new(&bench.tools, 1, &format!("defaults: {{command: ['/bin/sh', '-c', {script:?}]}}"))?;
    scene.file("shared/queue/incoming/TASK-1.md", "# A task\n")?;
    run(Command::new(&bench.tools.scheduler).arg("-C").arg(scene.root()))?;
    let begun = Instant::now();
    loop {
        let state: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(scene.dot().join("agents/agent-0/state.json"))?)?;
        if !state["process"].is_null() {
            let pid = state["supervisor"]["pid"].as_u64().context("the state names no supervisor")?;
            return Ok((scene, pid));
        }
        if begun.elapsed() > Duration::from_secs(60) {
            bail!("the run didn't begin: {state}");
        }
        sleep(Duration::from_millis(20));
    }
}

/// How often all its threads were switched to so far.
fn wake_ups(pid: u64) -> Result<f64> {
    let mut sum = 0.0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let status = fs::read_to_string(thread?.path().join("status"))?;
        sum += number(&status, "voluntary_ctxt_switches:")?;
    }
    Ok(sum)
}

fn peak_of(pid: u64) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    Ok(number(&status, "VmHWM:")? / 1_024.0)
}

fn number(status: &str, key: &str) -> Result<f64> {
    let value = status.lines().find_map(|line| line.strip_prefix(key)?.split_whitespace().next());
    Ok(value.with_context(|| format!("no {key} in {status}"))?.parse()?)
}
