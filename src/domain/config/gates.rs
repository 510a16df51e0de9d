//! `gatekeeper` of agents.yaml, and whether it and the agents fit together.

use super::{
    Config, Gatekeeper,
    check::{Checker, Section},
};
use crate::domain::{gate, name::Name, role::Role};

/// Reads `gatekeeper`.
pub(super) fn gatekeeper(check: &mut Checker, top: &mut Section<'_>) -> Gatekeeper {
    let mut gatekeeper = Gatekeeper::default();
    if let Some(node) = top.get("gatekeeper") {
        let mut section = check.section(node, "gatekeeper");
        gatekeeper.enabled = section.boolean(check, "enabled").unwrap_or(false);
        gatekeeper.auto_approve = section.boolean(check, "auto_approve").unwrap_or(false);
        if let Some(checks) = section.words(check, "required_checks") {
            gatekeeper.required_checks = checks;
        }
        if let Some(checks) = section.words(check, "optional_checks") {
            gatekeeper.optional_checks = checks;
        }
        gatekeeper.include_forks = section.boolean(check, "include_forks").unwrap_or(false);
        let rounds = section.whole(check, "max_fix_rounds", 0..=1_000);
        gatekeeper.max_fix_rounds = rounds.unwrap_or(gatekeeper.max_fix_rounds);
        section.finish(check);
    }
    gatekeeper
}

/// What is wrong between `gatekeeper` and the agents: no checks, checks that nobody makes, gatekeepers whose check nobody
/// asks for, two that would say the same.
pub(super) fn agree(check: &mut Checker, top: &mut Section<'_>, config: &Config) {
    let mut line = |key| top.get(key).map_or(1, |node| node.line);
    let (gate_line, agents_line) = (line("gatekeeper"), line("agents"));
    // Where no agent could be read, that is what is wrong.
    for name in gate::unguarded(config).into_iter().filter(|_| !config.agents.is_empty()) {
        check.warning(gate_line, "gatekeeper.required_checks", gate::unguarded_words(name));
    }
    if config.gatekeeper.enabled && config.gatekeeper.required_checks.is_empty() {
        let message = "must name at least one check, or every pull request passes unchecked";
        check.error(gate_line, "gatekeeper.required_checks", message);
    }
    two_coordinators(check, agents_line, config);
    let asked = |name: &Name| {
        let gate = &config.gatekeeper;
        gate.required_checks.contains(name) || gate.optional_checks.contains(name)
    };
    let agents = config.agents.iter().filter(|agent| agent.role == Role::Gatekeeper && config.gatekeeper.enabled);
    for agent in agents {
        if let Some(focus) = agent.focus.as_ref().filter(|focus| !asked(focus)) {
            let message = format!("{}: {focus} is neither among required_checks nor optional_checks", agent.name);
            check.warning(agents_line, "agents", message);
        }
    }
}

/// Two at once would each say everything on GitHub.
fn two_coordinators(check: &mut Checker, line: usize, config: &Config) {
    let coordinates = |role| role == Role::GatekeeperCoordinator && config.gatekeeper.enabled;
    let mut at_work = config.agents.iter().filter(|agent| coordinates(agent.role) && !agent.paused);
    if let (Some(one), Some(other)) = (at_work.next(), at_work.next()) {
        let message = format!("{} and {} are both gatekeeper_coordinator: pause or remove one", one.name, other.name);
        check.error(line, "agents", message);
    }
}
