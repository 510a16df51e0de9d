//! `scheduler status`: is it alive, who did what, how full is the queue, what did today cost.

use super::{
    Context,
    caller::{Access, authorize},
    config, table,
};
use crate::{
    domain::{
        config::{Agent, Config},
        gate,
        name::Name,
        outcome::Cooldown,
        state::AgentState,
        task::TaskState,
        text::{cut, printable},
        time::{self, Time},
    },
    engine::{project::Project, snapshot::OpenPrs},
    store::{
        cache, events, marker,
        queue::Queue,
        state::{self, Loaded},
    },
};
use anyhow::Result;
use serde::Deserialize;
use std::collections::HashMap;

/// A tick older than this is late: cron comes every minute.
const LATE_SECONDS: i64 = 180;

/// The part of `cache/last-tick.json` that is shown.
#[derive(Deserialize)]
struct LastTick {
    #[serde(with = "time::required")]
    time: Time,
    decisions: Vec<LastDecision>,
    #[serde(default)]
    problems: Vec<String>,
}

#[derive(Deserialize)]
struct LastDecision {
    agent: Name,
    why: String,
}

/// Prints the state of everything.
pub fn run(context: &Context) -> Result<()> {
    let project = Project::find(&context.dir)?;
    authorize(context, &project, "status", Access::Read)?;
    let config = config::read(&project)?;
    let last: Option<LastTick> = cache::load(&project.paths.last_tick());
    alive(context, &project, &config, last.as_ref())?;
    queue(context, &project, &config)?;
    agents(context, &project, &config, last.as_ref())?;
    for check in gate::unguarded(&config) {
        context.warn(gate::unguarded_words(check));
    }
    for problem in last.iter().flat_map(|last| &last.problems) {
        context.warn(problem);
    }
    Ok(())
}

fn alive(context: &Context, project: &Project, config: &Config, last: Option<&LastTick>) -> Result<()> {
    let paths = &project.paths;
    let tick = match last {
        None => "never: start `scheduler` from cron every minute".to_owned(),
        Some(last) => match (context.now - last.time).num_seconds() {
            age if age > LATE_SECONDS => format!("{} ago, LATE: is cron running?", time::span(age)),
            age => format!("{} ago", time::span(age)),
        },
    };
    context.line(format!("Last tick   {tick}"))?;
    if marker::is_set(&paths.paused_marker())? {
        let since = marker::text(&paths.paused_marker()).map_or(String::new(), |text| format!(" since {text}"));
        let since = cut(&printable(&since), 200);
        context.line(format!("Paused      nothing is started{since}; `scheduler resume` goes on"))?;
    } else if config.paused {
        context.line("Paused      nothing is started (paused: true in agents.yaml)")?;
    }
    if let Some(cooldown) = cache::load::<Cooldown>(&paths.cooldown()) {
        let until = time::to_text(cooldown.until);
        context.line(format!("Cooldown    until {until}: {}", cut(&cooldown.reason, 200)))?;
    }
    let cost = events::cost_of_day(paths, &time::local_day(context.now))?;
    let limit = config.max_cost_usd_per_day.map_or("no limit".to_owned(), |limit| format!("of ${limit:.2}"));
    context.line(format!("Cost today  ${cost:.2} {limit}"))
}

fn queue(context: &Context, project: &Project, config: &Config) -> Result<()> {
    let queue = Queue::new(&project.paths);
    let [incoming, claimed, done, failed] = TaskState::ALL.map(|state| queue.count(state));
    let (incoming, claimed, done, failed) = (incoming?, claimed?, done?, failed?);
    let limits = config.queue_limits;
    context.line(format!(
        "Queue       {incoming} incoming, {claimed} claimed (limits: {} both, {} claimed), {done} done, {failed} failed",
        limits.max_incoming, limits.max_claimed
    ))?;
    let prs = match cache::load::<OpenPrs>(&project.paths.open_prs()) {
        None => "not known yet".to_owned(),
        Some(OpenPrs { open: Some(open), error, .. }) => {
            let stale = error.map_or(String::new(), |error| format!("; not refreshed: {error}"));
            format!("{} of {}{stale}", open.len(), limits.max_open_prs)
        }
        Some(OpenPrs { error, .. }) => format!("not known: {}", error.unwrap_or_default()),
    };
    context.line(format!("Open PRs    {prs}\n"))
}

fn agents(context: &Context, project: &Project, config: &Config, last: Option<&LastTick>) -> Result<()> {
    let why: HashMap<&Name, &str> =
        last.iter().flat_map(|last| &last.decisions).map(|decided| (&decided.agent, decided.why.as_str())).collect();
    let mut rows = table::new(&["AGENT", "ROLE", "LAST RUN", "NOW"]);
    for agent in &config.agents {
        let (run, now) = match state::load(&project.paths.agent(&agent.name))? {
            Loaded::State(state) => (last_run(&state, context.now), standing(agent, &state, &why)),
            Loaded::Corrupt(reason) => (String::new(), reason),
        };
        rows.add_row([&cut(agent.name.as_str(), 20), &agent.role.to_string(), &run, &cut(&now, 60)]);
    }
    context.line(rows)
}

fn last_run(state: &AgentState, now: Time) -> String {
    let outcome = state.last_outcome.as_deref().unwrap_or("never");
    match state.last_finished {
        Some(finished) => format!("{outcome}, {} ago", time::span((now - finished).num_seconds())),
        None => outcome.to_owned(),
    }
}

fn standing(agent: &Agent, state: &AgentState, why: &HashMap<&Name, &str>) -> String {
    match (&state.current_task, state.is_idle()) {
        (Some(task), false) => format!("running {task}"),
        (None, false) => "running".to_owned(),
        (_, true) => why.get(&agent.name).map_or_else(String::new, |why| (*why).to_owned()),
    }
}
