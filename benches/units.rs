//! The pure parts of a tick and the listing of the queue, each for itself, on inputs that never change.
#![allow(clippy::disallowed_methods, reason = "a benchmark sets up files and the clock by hand")]

use anyhow::{Result, anyhow};
use criterion::{BenchmarkId, Criterion};
use scheduler::internals::{
    domain::{
        config::{self, Config},
        name::Name,
        schedule::{self, AgentView, Snapshot, Standing},
        state::AgentState,
        task::{self, Task, TaskState},
        time::{self, Time},
    },
    store::{paths::Paths, queue::Queue},
};
use std::{fmt::Write, fs, hint::black_box};

/// How many agents, or tasks: a small project and one that is larger than any.
const SIZES: [usize; 2] = [5, 1_000];

fn main() -> Result<()> {
    let mut criterion = Criterion::default().configure_from_args();
    decide(&mut criterion)?;
    read_config(&mut criterion);
    parse_header(&mut criterion)?;
    list_queue(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}

fn decide(criterion: &mut Criterion) -> Result<()> {
    let now = now()?;
    for size in SIZES {
        let (config, snapshot) = (configuration(size)?, snapshot(size)?);
        criterion.bench_with_input(BenchmarkId::new("decide, agents due", size), &size, |bencher, _| {
            bencher.iter(|| schedule::decide(black_box(&config), black_box(&snapshot), now));
        });
    }
    Ok(())
}

fn read_config(criterion: &mut Criterion) {
    for size in SIZES {
        let text = agents_yaml(size);
        criterion.bench_with_input(BenchmarkId::new("read agents.yaml, agents", size), &text, |bencher, text| {
            bencher.iter(|| config::read(black_box(text)).is_ok());
        });
    }
}

fn parse_header(criterion: &mut Criterion) -> Result<()> {
    let id: Name = "TASK-0a1b2c3d".parse()?;
    for (what, lines) in [("short", 3), ("long", 400)] {
        let text = task_file(lines);
        criterion.bench_with_input(BenchmarkId::new("parse a task header, body", what), &text, |bencher, text| {
            bencher.iter(|| task::parse(black_box(&id), black_box(text)).is_ok());
        });
    }
    Ok(())
}

fn list_queue(criterion: &mut Criterion) -> Result<()> {
    for size in SIZES {
        let dir = tempfile::tempdir()?;
        let paths = Paths::new(dir.path());
        fs::create_dir_all(paths.queue(TaskState::Incoming))?;
        for n in 0..size {
            fs::write(paths.task(TaskState::Incoming, &format!("TASK-{n:08x}").parse()?), task_file(3))?;
        }
        let queue = Queue::new(&paths);
        criterion.bench_with_input(BenchmarkId::new("list the queue, tasks", size), &size, |bencher, _| {
            bencher.iter(|| queue.list(TaskState::Incoming).is_ok());
        });
        criterion.bench_with_input(BenchmarkId::new("read the heads, tasks", size), &size, |bencher, _| {
            bencher.iter(|| queue.all(TaskState::Incoming).is_ok());
        });
    }
    Ok(())
}

fn now() -> Result<Time> {
    time::parse("2024-01-15T10:30:00Z").ok_or_else(|| anyhow!("not a time"))
}

fn configuration(agents: usize) -> Result<Config> {
    let (config, _) = config::read(&agents_yaml(agents)).map_err(|problems| anyhow!("{problems:?}"))?;
    Ok(config)
}

fn agents_yaml(agents: usize) -> String {
    let mut text = String::from("model: task\nmax_cost_usd_per_day: 20\nagents:\n");
    for n in 0..agents {
        let role = ["implementer", "tester", "reviewer"][n % 3];
        let _ = writeln!(text, "  - name: agent-{n}\n    role: {role}\n    interval_seconds: 300");
    }
    text
}

/// Every agent is due; there are as many tasks as agents.
fn snapshot(agents: usize) -> Result<Snapshot> {
    let free = || AgentView { standing: Standing::Free, state: AgentState::default() };
    let claimable: Result<Vec<Task>> = (0..agents).map(|n| parsed(&format!("TASK-{n:08x}"))).collect();
    Ok(Snapshot {
        agents: (0..agents).map(|_| free().into()).collect(),
        incoming: u32::try_from(agents)?,
        claimable: claimable?,
        ..Snapshot::default()
    })
}

fn parsed(id: &str) -> Result<Task> {
    task::parse(&id.parse()?, &task_file(3)).map_err(|problems| anyhow!("{}", problems.join("; ")))
}

fn task_file(body_lines: usize) -> String {
    let header = "# [TASK-0a1b2c3d] Add input validation\n\nROLE: implement\nPRIORITY: P1\nBRANCH: main\n\
                  CREATED: 2024-01-15T10:30:00Z\nCREATED_BY: human\n\n## Context\n";
    let line = "A line of text that explains what is to be done and why.\n";
    format!("{header}{}", line.repeat(body_lines))
}
