//! The page as values: what stands where, in which words. How it looks is in the template.

use super::section::{self, Chart, Table};
use crate::cli::status::screen;
use crate::cli::view::Tone;
use crate::domain::ledger::Entry;
use crate::domain::name::Name;
use crate::domain::report::{Bar, Day, Period, Stretch};
use crate::domain::settlement::Tally;
use crate::domain::text::counted;
use crate::domain::time::{self, Time};
use crate::engine::overview::{Activity, AgentLine, Overview};
use crate::engine::report::Facts;
use anyhow::Result;
use chrono::Local;
use serde::Serialize;
use std::path::Path;

/// How many of the latest runs the description of a row names.
const NAMED: usize = 8;

/// Everything on the page.
#[derive(Serialize)]
pub(super) struct Page {
    project: String,
    place: String,
    written: Moment,
    since: Moment,
    /// How often it is written anew, if it is.
    every: Option<String>,
    state: State,
    facts: Vec<Fact>,
    /// Nothing has happened yet.
    is_new: bool,
    yours: Option<Table>,
    agents: Vec<Agent>,
    scale: Vec<String>,
    scale_from: Moment,
    now: i64,
    landed: Option<Table>,
    failed: Vec<Table>,
    waiting: Option<Table>,
    flow: Vec<Chart>,
    cost: Chart,
    costs: Vec<Table>,
    lead: Option<Lead>,
}

/// A time, for people and for programs.
#[derive(Serialize)]
pub(super) struct Moment {
    local: String,
    utc: String,
}

/// Whether it is alive.
#[derive(Serialize)]
struct State {
    tone: &'static str,
    word: &'static str,
    words: String,
}

#[derive(Serialize)]
struct Fact {
    label: &'static str,
    tone: &'static str,
    text: String,
}

/// An agent with its day.
#[derive(Serialize)]
struct Agent {
    name: String,
    role: String,
    tone: &'static str,
    now: String,
    last: String,
    bars: Vec<Bar>,
    /// What the bars say, in words.
    words: String,
    said: String,
    cost: String,
}

/// How long tasks took.
#[derive(Serialize)]
struct Lead {
    words: String,
    chart: Chart,
}

impl Moment {
    fn of(at: Time) -> Self {
        Self { local: time::local(at), utc: time::to_text(at) }
    }
}

impl Page {
    /// What the facts come to.
    pub(super) fn of(facts: &Facts) -> Result<Self> {
        let overview = &facts.overview;
        let (now, day) = (overview.time, Day::new(overview.time));
        // Years in which nothing was would only be long.
        let events = facts.lives.iter().filter_map(|life| life.created).chain(facts.runs.iter().map(|run| run.time));
        let first = events.min().unwrap_or(now) - chrono::Duration::days(7);
        let period = Period::new(facts.since.max(first), now, &Local);
        let name = Path::new(&overview.project).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let fact = |(label, tone, text)| Fact { label, tone: class(tone), text };
        Ok(Self {
            project: name,
            place: overview.project.clone(),
            written: Moment::of(now),
            since: Moment::of(facts.since),
            every: facts.every.map(|seconds| time::span(seconds.into())),
            state: state(overview),
            facts: screen::facts(overview).into_iter().map(fact).collect(),
            is_new: facts.lives.is_empty() && facts.runs.is_empty() && overview.queue.done + overview.queue.failed == 0,
            yours: section::yours(facts),
            agents: agents(facts, &day),
            scale: day.scale(&Local),
            scale_from: Moment::of(day.from()),
            now: day.now(),
            landed: section::landed(facts),
            failed: section::failed(facts),
            waiting: section::waiting(facts),
            flow: section::flow(facts, &period)?,
            cost: section::cost(facts, &period)?,
            costs: section::costs(facts),
            lead: section::lead(facts)?.map(|(words, chart)| Lead { words, chart }),
        })
    }
}

fn state(overview: &Overview) -> State {
    let at_work = overview.agents.iter().filter(|agent| agent.doing == Activity::Running).count();
    let agents = format!("{at_work} of {} at work", counted(overview.agents.len(), "agent"));
    let (tone, word, words) = match overview.tick.last_tick {
        _ if overview.queue.limits.is_none() => {
            ("bad", "Nothing starts", "agents.yaml is wrong: see the problems below.".to_owned())
        }
        None => (
            "bad",
            "Not running",
            "There was no tick yet: `scheduler install cron` starts one every minute.".to_owned(),
        ),
        Some(at) if overview.tick.late => {
            let words =
                format!("The last tick was at {}: nothing is started. See `scheduler doctor`.", time::local(at));
            ("bad", "Late", words)
        }
        Some(at) => {
            let words = format!("{agents}; the last tick was at {}.", time::local(at));
            let pause = &overview.pause;
            match () {
                () if pause.paused_by_marker || pause.paused_in_config => ("warn", "Paused", words),
                () if pause.cooldown_until.is_some() => ("warn", "Cooling down", words),
                () => ("good", "Alive", words),
            }
        }
    };
    State { tone, word, words }
}

/// The agents of agents.yaml, then the others that were at work.
fn agents(facts: &Facts, day: &Day) -> Vec<Agent> {
    let known = &facts.overview.agents;
    let mut agents: Vec<_> = known.iter().map(|line| agent(&line.name, Some(line), facts, day)).collect();
    for run in &facts.runs {
        let name = run.agent.as_str();
        if run.time > day.from() && !agents.iter().any(|agent| agent.name == name) {
            agents.push(agent(&run.agent, None, facts, day));
        }
    }
    agents
}

fn agent(name: &Name, line: Option<&AgentLine>, facts: &Facts, day: &Day) -> Agent {
    let now = facts.overview.time;
    let runs: Vec<_> = facts.runs.iter().filter(|run| run.agent == *name && run.time > day.from()).collect();
    let running = line.filter(|line| !line.state.is_idle()).and_then(|line| {
        let words = line.state.current_task.as_ref().map_or("at work".to_owned(), |task| format!("at work on {task}"));
        Some(Stretch { from: line.state.last_started?, to: None, look: "now", words })
    });
    let stretches = runs.iter().map(|run| stretch(run)).chain(running);
    let bars: Vec<_> = stretches.filter_map(|stretch| day.bar(&stretch, &Local)).collect();
    let failed = runs.iter().filter(|run| run.tally == Tally::Failure).count();
    let seconds: u64 = runs.iter().map(|run| run.seconds).sum();
    let at_work = time::span(i64::try_from(seconds).unwrap_or(i64::MAX));
    let mut said = if runs.is_empty() { "no run has ended".to_owned() } else { counted(runs.len(), "run") };
    if !runs.is_empty() {
        said += &if failed > 0 { format!(", {failed} failed, {at_work}") } else { format!(", {at_work}") };
    }
    let cost: f64 = runs.iter().filter_map(|run| run.cost_usd).fold(0.0, |sum, cost| sum + cost);
    let skipped = bars.len().saturating_sub(NAMED);
    let words: Vec<_> = bars.iter().skip(skipped).map(|bar| bar.words.as_str()).collect();
    Agent {
        role: line.and_then(|line| line.role.clone()).unwrap_or_default(),
        tone: line.map_or("dim", |line| class(screen::tone(line.doing))),
        now: line.map_or("not configured".to_owned(), screen::at_present),
        last: line.map_or(String::new(), |line| line.last_run(now)),
        words: if words.is_empty() { "No run.".to_owned() } else { words.join("; ") },
        cost: section::usd(cost),
        name: name.to_string(),
        bars,
        said,
    }
}

fn stretch(run: &Entry) -> Stretch {
    let task = run.task.as_ref().map_or(String::new(), |task| format!("{task}, "));
    let cost = run.cost_usd.map_or(String::new(), |cost| format!(", ${cost:.2}"));
    Stretch {
        from: run.time - chrono::Duration::seconds(i64::try_from(run.seconds).unwrap_or(0)),
        to: Some(run.time),
        look: match run.tally {
            Tally::Success => "good",
            Tally::Failure => "bad",
            Tally::Neutral => "dim",
        },
        words: format!("{task}{}{cost}", run.outcome.replace('_', " ")),
    }
}

/// What the page's style calls a tone.
pub(super) fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain | Tone::Strong => "plain",
        Tone::Dim => "dim",
        Tone::Good => "good",
        Tone::Warn => "warn",
        Tone::Bad => "bad",
    }
}
