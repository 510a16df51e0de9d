//! `scheduler agent add`, `remove`, `pause`, `resume`, `set` and `run`.

use crate::{
    cli::{
        Context, config,
        configure::{self, Kind, Setting},
        usage,
    },
    domain::{
        config::{Agent, Change, Config, Step, Value},
        name::Name,
        role::Role,
        text::nearest,
        time,
    },
    engine::project::Project,
    store::{
        marker, requests,
        state::{self, Loaded},
    },
};
use anyhow::{Context as _, Result, bail};
use chrono::Duration;

/// What `agent set` changes, and what each takes.
const KEYS: [(&str, Kind); 14] = [
    ("role", Kind::Text),
    ("focus", Kind::Text),
    ("interval_seconds", Kind::Seconds),
    ("paused", Kind::Plain),
    ("command", Kind::List),
    ("claude_model", Kind::Text),
    ("max_turns", Kind::Plain),
    ("timeout_seconds", Kind::Seconds),
    ("stall_seconds", Kind::Seconds),
    ("max_cost_usd", Kind::Plain),
    ("max_attempts", Kind::Plain),
    ("allowed_tools", Kind::List),
    ("base_branch", Kind::Text),
    ("allow_network_git", Kind::Plain),
];

/// Arguments of `scheduler agent add`.
#[derive(Debug, clap::Args)]
pub struct AddArgs {
    /// Letters, digits, '.', '_', '-'
    name: Name,
    /// Its role
    #[arg(long, ignore_case = true)]
    role: Role,
    /// How often it may start: 180, 10m, 2h
    #[arg(long, value_name = "SPAN", default_value = "300", value_parser = configure::seconds)]
    interval: String,
    /// The field of a specialist; also names its prompt
    #[arg(long)]
    focus: Option<Name>,
    /// Add it paused
    #[arg(long)]
    paused: bool,
}

/// Adds an agent to the end of the list.
pub fn add(args: &AddArgs, context: &Context) -> Result<()> {
    let (project, config) = open(context, "agent add")?;
    if config.agent(&args.name).is_some() {
        bail!("there is an agent {} already; `scheduler agent set` changes it", args.name);
    }
    let text = |key: &str, value: String| (key.to_owned(), Value::Text(value));
    let mut entries = vec![text("name", args.name.to_string()), text("role", args.role.to_string())];
    entries.extend(args.focus.as_ref().map(|focus| text("focus", focus.to_string())));
    entries.push(("interval_seconds".to_owned(), Value::Plain(args.interval.clone())));
    entries.extend(args.paused.then(|| ("paused".to_owned(), Value::Plain("true".to_owned()))));
    let done = format!("{}: added as {}, every {}", args.name, args.role, every(&args.interval));
    configure::apply(context, &project, &[Change::AddAgent(entries)], &done)?;
    if args.role.spec().model.is_some_and(|model| model != config.model) {
        context.warn(format!("model is {} in agents.yaml: no {} is started", config.model, args.role));
    }
    Ok(())
}

fn every(seconds: &str) -> String {
    seconds.parse().map_or_else(|_| seconds.to_owned(), time::span)
}

/// Takes an agent out of the list. What it has done stays.
pub fn remove(name: &Name, context: &Context) -> Result<()> {
    let (project, config) = open(context, "agent remove")?;
    let (position, agent) = find(&config, name)?;
    let done = format!("{}: removed from agents.yaml", agent.name);
    configure::apply(context, &project, &[Change::RemoveAgent(position)], &done)?;
    requests::withdraw(&project.paths, &agent.name)?;
    if is_busy(&project, &agent.name)? {
        context.line("Its run is brought to its end; `scheduler agent stop` ends it now.")?;
    }
    if position + 1 < config.agents.len() {
        context.line("The agents after it move up and get other ports from their next run on.")?;
    }
    context.line(format!("Its runs and worktree stay in {}.", project.paths.agent(&agent.name).dir().display()))
}

/// Pauses an agent, or lets it start again.
pub fn pause(name: &Name, paused: bool, context: &Context) -> Result<()> {
    let (project, config) = open(context, if paused { "agent pause" } else { "agent resume" })?;
    let (position, agent) = find(&config, name)?;
    if !paused && !agent.paused {
        return context.line(format!("{}: isn't paused", agent.name));
    }
    let value = Value::Plain(paused.to_string());
    let change = Change::Set { path: at(position), key: "paused".to_owned(), value };
    let done = format!("{}: {}", agent.name, if paused { "paused" } else { "resumed" });
    configure::apply(context, &project, &[change], &done)?;
    if paused && is_busy(&project, &agent.name)? {
        context.line("Its run is brought to its end; `scheduler agent stop` ends it now.")?;
    }
    if !paused && (config.paused || marker::is_set(&project.paths.paused_marker())?) {
        context.warn("everything is paused; `scheduler status` says by what");
    }
    Ok(())
}

/// Sets keys of an agent.
pub fn set(name: &Name, settings: &[Setting], context: &Context) -> Result<()> {
    let (project, config) = open(context, "agent set")?;
    let (position, agent) = find(&config, name)?;
    let changes: Vec<Change> = settings.iter().map(|setting| change(setting, position)).collect::<Result<_>>()?;
    configure::apply(context, &project, &changes, &format!("{}: {}", agent.name, configure::describe(settings)))
}

fn change(setting: &Setting, position: usize) -> Result<Change> {
    if setting.key == "name" {
        return Err(usage("the name of an agent is that of its folder: add a new agent and remove this one"));
    }
    if let Some(variable) = setting.key.strip_prefix("env.") {
        let path = [at(position), vec![Step::key("env")]].concat();
        return setting.change(path, variable, Kind::Text);
    }
    let Some((key, kind)) = KEYS.iter().find(|(key, _)| *key == setting.key) else {
        let keys: Vec<_> = KEYS.iter().map(|(key, _)| *key).chain(["env.NAME"]).collect();
        return Err(configure::unknown_key(&setting.key, &keys));
    };
    setting.change(at(position), key, *kind)
}

/// Asks the next tick to start an agent, whatever its interval; limits and pauses still hold.
pub fn run(name: &Name, context: &Context) -> Result<()> {
    let (project, config) = open(context, "agent run")?;
    let (_, agent) = find(&config, name)?;
    if agent.paused {
        bail!("{} is paused: `scheduler agent resume {0}` first", agent.name);
    }
    let last_started = match state::load(&project.paths.agent(&agent.name))? {
        Loaded::State(state) => state.last_started,
        Loaded::Corrupt(_) => None,
    };
    // Asked in the very second in which it was started, it is asked for another run.
    let at = last_started.map_or(context.now, |last| context.now.max(last + Duration::seconds(1)));
    requests::request(&project.paths, &agent.name, at)?;
    context.line(format!("{}: starts at the next tick, if there is work and no limit is reached", agent.name))?;
    context.line(format!("`scheduler why {}` says what holds it back.", agent.name))
}

fn open(context: &Context, command: &str) -> Result<(Project, Config)> {
    let (project, _) = context.writing(command)?;
    let config = config::read(&project)?;
    Ok((project, config))
}

fn at(position: usize) -> Vec<Step> {
    vec![Step::key("agents"), Step::Item(position)]
}

/// The agent of that name, with its position.
pub(super) fn find<'a>(config: &'a Config, name: &Name) -> Result<(usize, &'a Agent)> {
    config.agent(name).with_context(|| {
        let names: Vec<_> = config.agents.iter().map(|agent| agent.name.as_str()).collect();
        match nearest(name.as_str(), names.iter().copied()) {
            Some(near) => format!("there is no agent {name} in agents.yaml; did you mean {near}?"),
            None => format!("there is no agent {name} in agents.yaml; `scheduler agent list` lists them"),
        }
    })
}

fn is_busy(project: &Project, name: &Name) -> Result<bool> {
    Ok(matches!(state::load(&project.paths.agent(name))?, Loaded::State(state) if !state.is_idle()))
}
