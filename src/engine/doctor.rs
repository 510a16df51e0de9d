//! Diagnoses what keeps agents from working: each probe with how bad it is and its remedy. It changes nothing.

mod agent_program;
mod cooldowns;
mod machine;
pub mod programs;
mod project;
mod repository;
pub mod runner;
mod sandbox;
mod timer;

use super::project::Project;
use super::{Env, configuration};
use crate::domain::config::Config;
use crate::domain::inbox::SHORTEST_TOKEN;
use crate::domain::time::Time;
use anyhow::Result;
use serde::Serialize;
use std::path::Path;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Something works less well than it could.
    Warning,
    /// Something doesn't work.
    Error,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Probe {
    pub level: Level,
    pub what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Probe {
    fn ok(what: impl Into<String>) -> Self {
        Self { level: Level::Ok, what: what.into(), remedy: None }
    }

    fn warning(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { level: Level::Warning, what: what.into(), remedy: Some(remedy.into()) }
    }

    fn error(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { level: Level::Error, ..Self::warning(what, remedy) }
    }
}

/// From where is looked.
#[derive(Clone, Copy)]
pub struct Caller<'a> {
    pub env: Env<'a>,
    /// This very program.
    pub program: &'a Path,
    /// Look as from the environment of the installed timer.
    pub bare: bool,
    pub now: Time,
}

/// Whether the watchdog elsewhere hears of ticks: it is told once.
fn heartbeat(view: &programs::View, project: &Project, config: &Config) -> Option<Probe> {
    let called = super::heartbeat::call(project, config.heartbeat.as_ref()?, Some(&view.search_path));
    let mend = "mend `heartbeat` in agents.yaml: whoever watches from elsewhere hears nothing";
    Some(match called {
        Ok(()) => Probe::ok("heartbeat: called, and answered"),
        Err(error) => Probe::error(format!("heartbeat: {error:#}"), mend),
    })
}

/// Whether what lies in the inbox can be carried out. What the timer's own environment has isn't known.
fn inbox(project: &Project, config: &Config, caller: Caller<'_>) -> Option<Probe> {
    let name = &config.inbox.as_ref().filter(|_| !caller.bare)?.token_env;
    let place = project.paths.inbox().display().to_string();
    Some(match (caller.env)(name).is_some_and(|token| token.len() >= SHORTEST_TOKEN) {
        true => Probe::ok(format!("inbox: {place}, with the token of {name}")),
        false => Probe::warning(
            format!("inbox: {name} isn't in this environment, or has fewer than {SHORTEST_TOKEN} characters"),
            format!("put {name}=... into the cron line, before the program: until then files in {place} wait"),
        ),
    })
}

/// Looks at everything.
///
/// # Errors
/// The project's own files can't be looked at.
pub fn diagnose(project: &Project, caller: Caller<'_>) -> Result<Vec<Probe>> {
    let view = programs::View::new(project, caller);
    let found = configuration::read(&project.paths)?.understand();
    let config = found.as_ref().ok().map(|(config, _)| config);
    let mut probes = programs::probe(&view, project);
    probes.extend(agent_program::probe(&view, project, config));
    probes.extend(project::probe(project, &found)?);
    probes.extend(repository::probe(&view, project, config, caller.now)?);
    probes.extend(cooldowns::probe(project, config, caller.now));
    probes.extend(sandbox::probe(project, config, caller.env));
    probes.extend(config.and_then(|config| heartbeat(&view, project, config)));
    probes.extend(config.and_then(|config| inbox(project, config, caller)));
    probes.extend(timer::probe(project, caller));
    probes.extend(machine::probe(project)?);
    Ok(probes)
}
