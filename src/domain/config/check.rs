//! What only several keys of agents.yaml together make wrong: names that are taken, checks that nobody makes.

use super::{Config, Severity};
use crate::domain::name::{Name, RESERVED};
use crate::domain::role::{Role, RoleName, unknown_role};
use crate::domain::runner::LOCAL;
use crate::domain::words::unknown;
use crate::domain::{gate, ports};
use std::collections::HashSet;

/// Something that is wrong or odd.
pub(super) struct Finding {
    pub severity: Severity,
    /// Which agent of the file it is about, counted from 0.
    pub agent: Option<usize>,
    /// The key, with those that it stands below in the agent or the file.
    pub key: &'static str,
    pub message: String,
    /// The key isn't there. It may be, and be refused for what it holds.
    pub is_missing: bool,
    /// There is no runner, or role, of this name. It may be, and be refused.
    pub unknown: Option<(&'static str, Name)>,
}

impl Finding {
    pub fn new(severity: Severity, key: &'static str, message: impl Into<String>) -> Self {
        Self { severity, agent: None, key, message: message.into(), is_missing: false, unknown: None }
    }

    fn of_agent(self, agent: usize) -> Self {
        Self { agent: Some(agent), ..self }
    }
}

/// What is wrong among the agents.
pub(super) fn agents(config: &Config, say: &mut dyn FnMut(Finding)) {
    let entries = &config.entries;
    let missing = |key, message| Finding { is_missing: true, ..Finding::new(Severity::Error, key, message) };
    if entries.is_empty() {
        say(missing("agents", "no agents: list at least one"));
    }
    let mut names = HashSet::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        let mut say = |finding: Finding| say(finding.of_agent(index));
        for (key, is_missing) in [("name", entry.name.is_none()), ("role", entry.role.is_none())] {
            if is_missing {
                say(missing(key, "missing"));
            }
        }
        let (Some(name), Some(role)) = (&entry.name, &entry.role) else { continue };
        if RESERVED.iter().any(|word| name.as_str().eq_ignore_ascii_case(word)) {
            say(Finding::new(Severity::Error, "name", format!("{name} is reserved: choose another name")));
        }
        if !names.insert(name) {
            say(Finding::new(Severity::Error, "name", format!("duplicate name {name}")));
        }
        let base = match role {
            RoleName::BuiltIn(role) => Some(*role),
            RoleName::Own(own) => match config.roles.get(own) {
                Some(keys) => keys.based_on,
                None => {
                    let known: Vec<_> = config.roles.keys().map(Name::as_str).collect();
                    let finding = Finding::new(Severity::Error, "role", unknown_role(own, &known));
                    say(Finding { unknown: Some(("roles", own.clone())), ..finding });
                    None
                }
            },
        };
        if entry.focus.is_none() && matches!(base, Some(Role::Proposer | Role::Gatekeeper)) {
            say(Finding::new(Severity::Warning, "focus", format!("a {role} works better with a focus")));
        }
    }
    if let Some(position) = (0..entries.len()).find(|position| ports::ports(*position).is_none()) {
        let message = format!("agents[{position}] and those after it get no ports: they would lie beyond 65535");
        say(Finding::new(Severity::Warning, "agents", message));
    }
}

/// Runners that are named and that there are none of.
pub(super) fn runners(config: &Config, say: &mut dyn FnMut(Finding)) {
    let of_agents = config.entries.iter().enumerate().map(|(index, entry)| (Some(index), "runner", &entry.runner));
    let named = [(None, "defaults.runner", &config.defaults.runner)].into_iter().chain(of_agents);
    for (agent, key, name) in named {
        let is_known = |name: &&Name| name.as_str() == LOCAL || config.runners.contains_key(*name);
        let Some(name) = name.as_ref().filter(|name| !is_known(name)) else { continue };
        let known: Vec<_> = config.runners.keys().map(Name::as_str).chain([LOCAL]).collect();
        let message = unknown("a runner", name.as_str(), &known);
        say(Finding { agent, unknown: Some(("runners", name.clone())), ..Finding::new(Severity::Error, key, message) });
    }
}

/// What is wrong between `gatekeeper` and the agents: no checks, checks that nobody makes, gatekeepers whose check nobody
/// asks for, two that would say the same.
pub(super) fn gatekeeper(config: &Config, say: &mut dyn FnMut(Finding)) {
    let gate = &config.gatekeeper;
    let coordinates = |role| role == Role::GatekeeperCoordinator;
    if config.has_coordinator_work() {
        // Two at once would each say everything on GitHub.
        let mut at_work = config.agents.iter().filter(|agent| coordinates(agent.role) && !agent.paused);
        if let (Some(one), Some(other)) = (at_work.next(), at_work.next()) {
            let message =
                format!("{} and {} are both gatekeeper_coordinator: pause or remove one", one.name, other.name);
            say(Finding::new(Severity::Error, "agents", message));
        }
    }
    let has_coordinator = config.agents.iter().any(|agent| coordinates(agent.role));
    if config.pull_requests.feedback && !has_coordinator && !config.agents.is_empty() {
        let message = "no agent is a gatekeeper_coordinator, which gives the feedback";
        say(Finding::new(Severity::Warning, "pull_requests.feedback", message));
    }
    if !gate.enabled {
        return;
    }
    // Where no agent could be read, that is what is wrong.
    for name in gate::unguarded(config).into_iter().filter(|_| !config.agents.is_empty()) {
        say(Finding::new(Severity::Warning, "gatekeeper.required_checks", gate::unguarded_words(name)));
    }
    if gate.required_checks.is_empty() {
        let message = "must name at least one check, or every pull request passes unchecked";
        say(Finding::new(Severity::Error, "gatekeeper.required_checks", message));
    }
    let is_asked = |name: &&Name| gate.required_checks.contains(name) || gate.optional_checks.contains(name);
    for agent in config.agents.iter().filter(|agent| agent.role == Role::Gatekeeper) {
        if let Some(focus) = agent.focus.as_ref().filter(|focus| !is_asked(focus)) {
            let message = format!("{}: {focus} is neither among required_checks nor optional_checks", agent.name);
            say(Finding::new(Severity::Warning, "agents", message));
        }
    }
}
