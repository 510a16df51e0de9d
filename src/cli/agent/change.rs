//! `scheduler agent add`, `remove`, `pause`, `resume`, `set` and `run`.

use crate::cli::completions::Source;
use crate::cli::configure::{self, Setting};
use crate::cli::{Context, config, usage};
use crate::domain::config::{Agent, Change, Config, Step, keys};
use crate::domain::name::Name;
use crate::domain::role::{Role, RoleName};
use crate::domain::text::meant;
use crate::domain::time;
use crate::engine::project::Project;
use crate::engine::rename;
use crate::store::state::{self, Loaded};
use crate::store::{marker, run_requests};
use anyhow::{Context as _, Result, bail};
use chrono::Duration;
use serde_yaml::Mapping;

/// Arguments of `scheduler agent add`.
#[derive(Debug, clap::Args)]
pub struct AddArgs {
    /// Letters, digits, '.', '_', '-'
    name: Name,
    /// Its role: one that is built in, or one of `roles` in agents.yaml
    #[arg(long, add = Source::Role)]
    role: RoleName,
    /// How often it may start: 180, 10m, 2h
    #[arg(long, value_name = "SPAN", default_value = "300", value_parser = configure::seconds)]
    interval: i64,
    /// The field of a specialist; also names its prompt
    #[arg(long, add = Source::Prompt)]
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
    let mut agent =
        Mapping::from_iter([("name".into(), args.name.as_str().into()), ("role".into(), args.role.to_string().into())]);
    if let Some(focus) = &args.focus {
        agent.insert("focus".into(), focus.as_str().into());
    }
    agent.insert("interval_seconds".into(), args.interval.into());
    if args.paused {
        agent.insert("paused".into(), true.into());
    }
    let change = Change { path: vec![Step::key("agents"), Step::End], value: Some(agent.into()) };
    let done = format!("{}: added as {}, every {}", args.name, args.role, time::span(args.interval));
    configure::apply(context, &project, &[change], &done)?;
    let is_foreign = |role: Role| role.spec().model.is_some_and(|model| model != config.model);
    if matches!(args.role, RoleName::BuiltIn(role) if is_foreign(role)) {
        context.warn(format!("model is {} in agents.yaml: no {} is started", config.model, args.role));
    }
    Ok(())
}

/// Takes an agent out of the list. What it has done stays.
pub fn remove(name: &Name, context: &Context) -> Result<()> {
    let (project, config) = open(context, "agent remove")?;
    let (position, agent) = find(&config, name)?;
    let done = format!("{}: removed from agents.yaml", agent.name);
    configure::apply(context, &project, &[Change { path: at(position, ""), value: None }], &done)?;
    run_requests::withdraw(&project.paths, &agent.name)?;
    if is_busy(&project, &agent.name)? {
        context.line("Its run is brought to its end; `scheduler agent stop` ends it now.")?;
    }
    if position + 1 < config.agents.len() {
        context.line("The agents after it move up and get other ports from their next run on.")?;
    }
    context.line(format!("Its runs and worktree stay in {}.", project.paths.agent(&agent.name).dir().display()))
}

/// Gives an agent another name; what it has done goes with it.
pub fn rename(name: &Name, to: &Name, context: &Context) -> Result<()> {
    let (project, config) = open(context, "agent rename")?;
    let (_, agent) = find(&config, name)?;
    if config.agent(to).is_some() {
        bail!("there is an agent {to} already");
    }
    let configured = rename::rename(&project, &config, agent, to)?;
    configure::tell(context, &project, configured, &format!("{}: is called {to} now", agent.name))?;
    let prompt = project.paths.prompt(&agent.name);
    if prompt.exists() {
        context.line(format!("{} is its prompt only if you rename it, too.", prompt.display()))?;
    }
    Ok(())
}

/// Pauses an agent, or lets it start again.
pub fn pause(name: &Name, paused: bool, context: &Context) -> Result<()> {
    let (project, config) = open(context, if paused { "agent pause" } else { "agent resume" })?;
    let (position, agent) = find(&config, name)?;
    if !paused && !agent.paused {
        return context.line(format!("{}: isn't paused", agent.name));
    }
    let change = Change { path: at(position, "paused"), value: Some(paused.into()) };
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
        return Err(usage("the name of an agent is that of its folder: `scheduler agent rename` changes both"));
    }
    setting.change(at(position, &setting.key))?.ok_or_else(|| {
        let mut keys = settable_keys();
        keys.push("env.NAME".to_owned());
        configure::unknown_key(&setting.key, &keys)
    })
}

/// The keys of an agent that can be set, but for those of mappings.
pub(in crate::cli) fn settable_keys() -> Vec<String> {
    let mut keys = keys(&at(0, ""));
    keys.retain(|key| key != "name" && key != "env");
    keys
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
    run_requests::request(&project.paths, &agent.name, at)?;
    context.line(format!("{}: starts at the next tick, if there is work and no limit is reached", agent.name))?;
    context.line(format!("`scheduler why {}` says what holds it back.", agent.name))
}

fn open(context: &Context, command: &str) -> Result<(Project, Config)> {
    let (project, _) = context.enter(command)?;
    let config = config::read(&project)?;
    Ok((project, config))
}

/// The place of an agent, or of a key of it: `paused`, `env.X`.
fn at(position: usize, key: &str) -> Vec<Step> {
    let keys = key.splitn(2, '.').filter(|key| !key.is_empty()).map(Step::key);
    [Step::key("agents"), Step::Item(position)].into_iter().chain(keys).collect()
}

/// The agent of that name, with its position.
pub(in crate::cli) fn find<'a>(config: &'a Config, name: &Name) -> Result<(usize, &'a Agent)> {
    config.agent(name).with_context(|| {
        let names: Vec<_> = config.agents.iter().map(|agent| agent.name.as_str()).collect();
        match meant(name.as_str(), names.iter().copied()) {
            Some(near) => format!("there is no agent {name} in agents.yaml; did you mean {near}?"),
            None => format!("there is no agent {name} in agents.yaml; `scheduler agent list` lists them"),
        }
    })
}

fn is_busy(project: &Project, name: &Name) -> Result<bool> {
    Ok(matches!(state::load(&project.paths.agent(name))?, Loaded::State(state) if !state.is_idle()))
}
