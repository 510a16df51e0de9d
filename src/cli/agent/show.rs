//! `scheduler agent show`: one agent whole. It only looks.

use super::change::find;
use crate::cli::{Context, config, table};
use crate::domain::config::{Agent, RunSettings};
use crate::domain::name::Name;
use crate::domain::ports;
use crate::domain::run::{Assignment, Record};
use crate::domain::text::one_line;
use crate::domain::time::{self, Time};
use crate::engine::doctor::programs::is_logged_in;
use crate::engine::overview::{self, AgentLine};
use crate::store::paths::{AgentPaths, RunPaths};
use crate::store::runs;
use crate::sys::read;
use anyhow::{Context as _, Result};
use serde::Serialize;

/// How many runs are shown.
const RUNS: usize = 10;

/// A run in one line.
#[derive(Debug, Serialize)]
struct RunLine {
    run: String,
    started: Option<Time>,
    task: Option<Name>,
    attempt: u32,
    outcome: Option<String>,
    /// The same in words.
    result: Option<String>,
    settlement: Option<String>,
    detail: Option<String>,
    cost_usd: Option<f64>,
    turns: Option<u64>,
    duration_seconds: Option<u64>,
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    line: &'a AgentLine,
    focus: Option<&'a Name>,
    interval_seconds: u32,
    ports: Option<ports::Ports>,
    settings: &'a RunSettings,
    /// What pays for a run that this environment starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pocket: Option<String>,
    folder: String,
    runs: Vec<RunLine>,
}

/// Shows an agent of agents.yaml.
pub fn run(name: &Name, json: bool, context: &Context) -> Result<()> {
    let (project, _) = context.enter("agent show")?;
    let config = config::read(&project)?;
    let (position, agent) = find(&config, name)?;
    let overview = overview::overview(&project, context.now)?;
    let line = overview.agents.iter().find(|line| line.name == agent.name);
    let line = line.with_context(|| format!("{name} has just been taken out of agents.yaml"))?;
    let files = project.paths.agent(&agent.name);
    let shown = Shown {
        line,
        focus: agent.focus.as_ref(),
        interval_seconds: agent.interval_seconds,
        ports: ports::ports(position),
        settings: &agent.settings,
        pocket: agent.role.uses_claude().then(|| pocket(&agent.settings, context)),
        folder: files.dir().display().to_string(),
        runs: last_runs(&files)?,
    };
    if json { context.json(&shown) } else { print(agent, &shown, context) }
}

fn pocket(settings: &RunSettings, context: &Context) -> String {
    let has = |name: &str| settings.env.contains_key(name) || context.env(name).is_some();
    settings.billing.pocket(&has, is_logged_in(context.env("HOME"))).words()
}

fn last_runs(agent: &AgentPaths) -> Result<Vec<RunLine>> {
    Ok(runs::list(agent)?.iter().take(RUNS).map(run_line).collect())
}

/// What can be read of a run; one that was cut off has no record.
fn run_line(run: &RunPaths) -> RunLine {
    let assignment: Option<Assignment> = read::read_json(&run.assignment()).ok().flatten();
    let record: Option<Record> = read::read_json(&run.record()).ok().flatten();
    let id = run.dir().file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    RunLine {
        run: id,
        started: assignment.as_ref().map(|assignment| assignment.assigned_at),
        task: assignment.as_ref().and_then(|assignment| assignment.job.task().cloned()),
        attempt: assignment.as_ref().map_or(1, |assignment| assignment.job.attempt()),
        outcome: record.as_ref().map(|record| record.outcome.word().to_owned()),
        result: record.as_ref().map(Record::in_short),
        settlement: record
            .as_ref()
            .and_then(|record| record.settlement.task.as_ref())
            .map(|step| step.word().to_owned()),
        detail: record.as_ref().map(|record| record.detail.clone()),
        cost_usd: record.as_ref().and_then(|record| record.usage.cost_usd),
        turns: record.as_ref().and_then(|record| record.usage.turns),
        duration_seconds: record.as_ref().map(|record| record.usage.duration_seconds),
    }
}

fn print(agent: &Agent, shown: &Shown<'_>, context: &Context) -> Result<()> {
    let state = &shown.line.state;
    let focus = shown.focus.map_or(String::new(), |focus| format!(", focus {focus}"));
    context.line(format!(
        "{}: {}{focus}, every {}",
        agent.name,
        agent.role_name(),
        time::span(agent.interval_seconds.into())
    ))?;
    context.line(format!("Now       {}", shown.line.brief))?;
    if let Some(task) = &state.current_task {
        context.line(format!("Task      {task}"))?;
    }
    if let Some(runner) = state.runner.as_ref().or(shown.settings.runner.as_ref()) {
        context.line(format!("Runner    {runner}"))?;
    }
    let processes = [("supervisor", &state.supervisor), ("claude", &state.process)];
    let processes: Vec<_> =
        processes.iter().filter_map(|(what, id)| Some(format!("{what} {}", id.as_ref()?.pid))).collect();
    if !processes.is_empty() {
        context.line(format!("Processes {}", processes.join(", ")))?;
    }
    let failures = match state.consecutive_failures {
        0 => String::new(),
        count => format!("; the last {count} in a row failed"),
    };
    context.line(format!(
        "Runs      {}: {} good, {} failed{failures}",
        state.total_runs, state.total_successes, state.total_failures
    ))?;
    if agent.role.uses_claude() {
        print_settings(shown, context)?;
    }
    context.line(format!("Folder    {}", shown.folder))?;
    if shown.runs.is_empty() {
        return Ok(());
    }
    context.line("")?;
    let mut rows = table::new(&["STARTED", "RUN", "TASK", "RESULT", "COST", "TURNS", "TOOK"]);
    for run in &shown.runs {
        rows.add_row(cells(run, context.now, context.width()));
    }
    context.line(table::text(&rows, context.width()))?;
    context.line(format!("\n`scheduler logs {} --run RUN` tells what happened in one.", agent.name))
}

/// What its runs of claude have.
fn print_settings(shown: &Shown<'_>, context: &Context) -> Result<()> {
    let settings = shown.settings;
    let cost = settings.max_cost_usd.map_or(String::new(), |limit| format!(", ${limit:.2}"));
    let seconds = time::span(settings.timeout_seconds.into());
    context.line(format!(
        "Limits    {} turns, {seconds}{cost}, {} attempts at a task",
        settings.max_turns, settings.max_attempts
    ))?;
    if let Some(pocket) = &shown.pocket {
        context.line(format!("Billing   {}: started from here, {pocket}", settings.billing))?;
    }
    context.line(format!("Program   {}", one_line(&settings.command.join(" "))))?;
    if let Some(ports) = shown.ports {
        context.line(format!("Ports     {}, {}, {}", ports.dev, ports.mcp, ports.playwright))?;
    }
    Ok(())
}

fn cells(run: &RunLine, now: Time, width: usize) -> [String; 7] {
    let ago = run.started.map(|at| format!("{} ago", time::between(at, now)));
    [
        ago.unwrap_or_default(),
        run.run.chars().take(8).collect(),
        run.task.as_ref().map_or_else(|| "-".to_owned(), |task| table::cell(task.as_str(), 20, width)),
        run.result.as_ref().map_or_else(|| "-".to_owned(), |result| table::cell(result, 24, width)),
        run.cost_usd.map_or_else(|| "-".to_owned(), |cost| format!("${cost:.2}")),
        run.turns.map_or_else(|| "-".to_owned(), |turns| turns.to_string()),
        run.duration_seconds.map_or_else(|| "-".to_owned(), |took| time::span(took.try_into().unwrap_or(i64::MAX))),
    ]
}
