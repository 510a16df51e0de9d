//! agents.yaml from its text: every key, its default, its range.
//!
//! All problems are collected; one error and there is no configuration.

use super::{
    Agent, Config, CuratorScoring, Notify, Problem, ProposalLimits, QueueLimits, RunSettings, Severity,
    check::{Checker, Section},
    gates,
    place::Place,
    worktrees,
};
use crate::domain::{
    name::{Name, RESERVED},
    ports,
    role::{Model, Role},
    yaml::{self, Node, Value},
};
use std::collections::BTreeMap;

/// Files that count as tests unless `test_paths` says otherwise.
const TEST_PATHS: [&str; 12] = [
    "**/test/**",
    "**/tests/**",
    "**/__tests__/**",
    "**/spec/**",
    "**/e2e/**",
    "**/testdata/**",
    "**/fixtures/**",
    "**/*{_,.,-}{test,tests,spec}.*",
    "**/*{Test,Tests,Spec}.*",
    "**/test_*",
    "**/tests.*",
    "**/conftest.py",
];

/// The proposers that the four usual focuses come with.
const VOICE_WEIGHTS: [(&str, f64); 4] =
    [("plan-reader", 1.5), ("architect", 1.2), ("test-checker", 1.0), ("app-designer", 0.8)];

/// Reads the text of agents.yaml. Beside the configuration come the warnings.
///
/// # Errors
/// Everything that is wrong, errors and warnings, in the order of the file.
pub fn read(text: &str) -> Result<(Config, Vec<Problem>), Vec<Problem>> {
    let root = yaml::parse(text).map_err(|error| {
        vec![Problem { severity: Severity::Error, line: error.line, key: String::new(), message: error.message }]
    })?;
    let mut check = Checker::default();
    let config = config(&mut check, &root);
    check.problems.sort_by_key(|problem| problem.line);
    if check.problems.iter().any(|problem| problem.severity == Severity::Error) {
        Err(check.problems)
    } else {
        Ok((config, check.problems))
    }
}

pub(super) fn config(check: &mut Checker, root: &Node) -> Config {
    let mut top = check.section(root, "");
    let defaults = match top.get("defaults") {
        Some(node) => {
            let mut section = check.section(node, "defaults");
            let settings = Settings::read(check, &mut section);
            section.finish(check);
            settings
        }
        None => Settings::default(),
    };
    let config = Config {
        model: model(check, &mut top),
        paused: top.boolean(check, "paused").unwrap_or(false),
        max_running: top.whole(check, "max_running", 1..=10_000),
        max_cost_usd_per_day: top.amount(check, "max_cost_usd_per_day", 0.0..=1_000_000.0),
        test_paths: test_paths(check, &mut top),
        worktrees: worktrees::read(check, &mut top),
        log_retention_days: top.whole(check, "log_retention_days", 1..=36_500).unwrap_or(14),
        queue_limits: queue_limits(check, &mut top),
        proposal_limits: proposal_limits(check, &mut top),
        voice_weights: voice_weights(check, &mut top),
        curator_scoring: curator_scoring(check, &mut top),
        priorities: priorities(check, &mut top),
        gatekeeper: gates::gatekeeper(check, &mut top),
        notify: notifier(check, &mut top),
        agents: agents(check, &mut top, &defaults),
    };
    gates::agree(check, &mut top, &config);
    top.finish(check);
    config
}

fn model(check: &mut Checker, top: &mut Section<'_>) -> Model {
    let Some(node) = top.get("model") else { return Model::Task };
    match check.text(node, "model".into()) {
        Some("task") => Model::Task,
        Some("proposal") => Model::Proposal,
        Some(other) => {
            check.error(node.line, "model", format!("{other:?} is not a model: use task or proposal"));
            Model::Task
        }
        None => Model::Task,
    }
}

fn test_paths(check: &mut Checker, top: &mut Section<'_>) -> Vec<String> {
    let Some(paths) = top.words::<String>(check, "test_paths") else {
        return TEST_PATHS.map(str::to_owned).to_vec();
    };
    for path in &paths {
        if let Err(error) = globset::Glob::new(path) {
            check.error(top.line, "test_paths", format!("{path:?} is not a glob: {}", error.kind()));
        }
    }
    paths
}

fn queue_limits(check: &mut Checker, top: &mut Section<'_>) -> QueueLimits {
    let mut limits = QueueLimits::default();
    if let Some(node) = top.get("queue_limits") {
        let mut section = check.section(node, "queue_limits");
        for (key, limit) in [
            ("max_incoming", &mut limits.max_incoming),
            ("max_claimed", &mut limits.max_claimed),
            ("max_open_prs", &mut limits.max_open_prs),
        ] {
            *limit = section.whole(check, key, 0..=100_000).unwrap_or(*limit);
        }
        section.finish(check);
    }
    limits
}

/// The entries of a mapping from agent names.
fn by_name<'a>(check: &mut Checker, top: &mut Section<'a>, key: &'static str) -> Vec<(Name, String, &'a Node<'a>)> {
    let Some(node) = top.get(key) else { return Vec::new() };
    let section = check.section(node, key);
    let named = section.entries().iter().filter_map(|(name, line, node)| {
        let place = section.key(name);
        match name.parse() {
            Ok(name) => Some((name, place.to_string(), node)),
            Err(error) => {
                check.error(*line, place, format!("{error}"));
                None
            }
        }
    });
    named.collect()
}

fn proposal_limits(check: &mut Checker, top: &mut Section<'_>) -> BTreeMap<Name, ProposalLimits> {
    let mut all = BTreeMap::new();
    for (name, path, node) in by_name(check, top, "proposal_limits") {
        let mut section = check.section(node, path.as_str());
        let default = ProposalLimits::default();
        let limits = ProposalLimits {
            max_active: section.whole(check, "max_active", 0..=100_000).unwrap_or(default.max_active),
            max_per_run: section.whole(check, "max_per_run", 0..=100_000).unwrap_or(default.max_per_run),
        };
        section.finish(check);
        all.insert(name, limits);
    }
    all
}

fn voice_weights(check: &mut Checker, top: &mut Section<'_>) -> BTreeMap<Name, f64> {
    let mut weights: BTreeMap<Name, f64> =
        VOICE_WEIGHTS.iter().filter_map(|(name, weight)| Some((name.parse().ok()?, *weight))).collect();
    for (name, path, node) in by_name(check, top, "voice_weights") {
        if let Some(weight) = check.number(node, path.as_str().into(), &(0.0..=100.0), "a number") {
            weights.insert(name, weight);
        }
    }
    weights
}

fn curator_scoring(check: &mut Checker, top: &mut Section<'_>) -> CuratorScoring {
    let mut scoring = CuratorScoring::default();
    if let Some(node) = top.get("curator_scoring") {
        let mut section = check.section(node, "curator_scoring");
        for (key, weight) in [
            ("priority_alignment", &mut scoring.priority_alignment),
            ("complexity_reduction", &mut scoring.complexity_reduction),
            ("risk", &mut scoring.risk),
            ("dependencies_met", &mut scoring.dependencies_met),
            ("voice_weight", &mut scoring.voice_weight),
        ] {
            *weight = section.amount(check, key, 0.0..=100.0).unwrap_or(*weight);
        }
        section.finish(check);
    }
    scoring
}

fn priorities(check: &mut Checker, top: &mut Section<'_>) -> Vec<String> {
    let priorities = top.words::<String>(check, "priorities").unwrap_or_default();
    for priority in &priorities {
        if priority.trim().is_empty() {
            check.error(top.line, "priorities", "an empty priority fits nothing: write words or a glob of paths");
        } else if let Err(error) = globset::Glob::new(priority) {
            check.error(top.line, "priorities", format!("{priority:?} is not a glob: {}", error.kind()));
        }
    }
    priorities
}

fn notifier(check: &mut Checker, top: &mut Section<'_>) -> Option<Notify> {
    let mut section = check.section(top.get("notify")?, "notify");
    let command = command(check, &mut section);
    section.finish(check);
    command.map(|command| Notify { command })
}

/// Only `notify` of agents.yaml, whatever is wrong in the rest of it.
pub fn notify(text: &str) -> Option<Notify> {
    let root = yaml::parse(text).ok()?;
    let mut check = Checker::default();
    let mut top = check.section(&root, "");
    let notify = notifier(&mut check, &mut top)?;
    check.problems.iter().all(|problem| problem.severity != Severity::Error).then_some(notify)
}

fn agents(check: &mut Checker, top: &mut Section<'_>, defaults: &Settings) -> Vec<Agent> {
    let node = top.get("agents");
    let place = Place::from("agents");
    let items = node.map(|node| check.items(node, place)).unwrap_or_default();
    let mut agents: Vec<Agent> = Vec::with_capacity(items.len());
    const NONE: &str = "no agents: list at least one";
    match node {
        None => top.misses("agents", NONE),
        Some(Node { line, value: Value::List(items) }) if items.is_empty() => check.error(*line, "agents", NONE),
        Some(_) => {}
    }
    let mut seen = std::collections::HashSet::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let Some(agent) = agent(check, item, place.item(index), defaults) else { continue };
        if !seen.insert(agent.name.clone()) {
            check.error(item.line, place.item(index).key("name"), format!("{} stands there twice", agent.name));
        }
        agents.push(agent);
    }
    let without_ports = (0..agents.len()).find(|position| ports::ports(*position).is_none());
    if let (Some(position), Some(node)) = (without_ports, node) {
        let message = format!("agents[{position}] and those after it get no ports: they would lie beyond 65535");
        check.warning(node.line, "agents", message);
    }
    agents
}

fn agent(check: &mut Checker, item: &Node, place: Place<'_>, defaults: &Settings) -> Option<Agent> {
    let mut section = check.section(item, place);
    for key in ["name", "role"] {
        if section.get(key).is_none() {
            section.misses(key, "missing");
        }
    }
    let name = section.word::<Name>(check, "name");
    let role = section.word::<Role>(check, "role");
    let focus = section.word::<Name>(check, "focus");
    let interval_seconds = section.whole(check, "interval_seconds", 1..=31_536_000).unwrap_or(300);
    let paused = section.boolean(check, "paused").unwrap_or(false);
    let settings = Settings::read(check, &mut section);
    section.finish(check);
    let (name, role) = (name?, role?);
    if RESERVED.iter().any(|word| name.as_str().eq_ignore_ascii_case(word)) {
        check.error(item.line, place.key("name"), format!("{name} is reserved: choose another name"));
    }
    if focus.is_none() && matches!(role, Role::Proposer | Role::Gatekeeper) {
        check.warning(item.line, place.key("focus"), format!("a {role} works better with a focus"));
    }
    Some(Agent { name, role, focus, interval_seconds, paused, settings: settings.resolve(defaults, role) })
}

/// What `defaults` or an agent says; what it leaves out is decided by [`Settings::resolve`].
#[derive(Clone, Debug, Default)]
struct Settings {
    command: Option<Vec<String>>,
    claude_model: Option<String>,
    max_turns: Option<u32>,
    timeout_seconds: Option<u32>,
    stall_seconds: Option<u32>,
    max_cost_usd: Option<f64>,
    max_attempts: Option<u32>,
    allowed_tools: Option<Vec<String>>,
    base_branch: Option<String>,
    env: BTreeMap<String, String>,
    allow_network_git: Option<bool>,
}

impl Settings {
    fn read(check: &mut Checker, section: &mut Section<'_>) -> Self {
        Self {
            command: command(check, section),
            claude_model: section.text(check, "claude_model"),
            max_turns: section.whole(check, "max_turns", 1..=100_000),
            timeout_seconds: section.whole(check, "timeout_seconds", 1..=31_536_000),
            stall_seconds: section.whole(check, "stall_seconds", 1..=31_536_000),
            max_cost_usd: section.amount(check, "max_cost_usd", 0.01..=1_000_000.0),
            max_attempts: section.whole(check, "max_attempts", 1..=1_000),
            allowed_tools: section.words(check, "allowed_tools"),
            base_branch: section.text(check, "base_branch"),
            env: env(check, section),
            allow_network_git: section.boolean(check, "allow_network_git"),
        }
    }

    fn resolve(self, defaults: &Self, role: Role) -> RunSettings {
        let command = self.command.or_else(|| defaults.command.clone());
        RunSettings {
            command: command.unwrap_or_else(|| vec!["claude".to_owned()]),
            claude_model: self.claude_model.or_else(|| defaults.claude_model.clone()),
            max_turns: self.max_turns.or(defaults.max_turns).unwrap_or(role.spec().max_turns),
            timeout_seconds: self.timeout_seconds.or(defaults.timeout_seconds).unwrap_or(3_600),
            stall_seconds: self.stall_seconds.or(defaults.stall_seconds).unwrap_or(1_200),
            max_cost_usd: self.max_cost_usd.or(defaults.max_cost_usd),
            max_attempts: self.max_attempts.or(defaults.max_attempts).unwrap_or(3),
            allowed_tools: self.allowed_tools.or_else(|| defaults.allowed_tools.clone()),
            base_branch: self.base_branch.or_else(|| defaults.base_branch.clone()),
            env: if defaults.env.is_empty() { self.env } else { joined(&defaults.env, self.env) },
            allow_network_git: self.allow_network_git.or(defaults.allow_network_git).unwrap_or(false),
        }
    }
}

/// The variables of `defaults`, which those of an agent override.
fn joined(defaults: &BTreeMap<String, String>, own: BTreeMap<String, String>) -> BTreeMap<String, String> {
    defaults.clone().into_iter().chain(own).collect()
}

fn command(check: &mut Checker, section: &mut Section<'_>) -> Option<Vec<String>> {
    let command = section.words::<String>(check, "command")?;
    if command.first().is_none_or(String::is_empty) {
        check.error(section.line, section.key("command"), "must name a program: [claude]");
        return None;
    }
    Some(command)
}

fn env(check: &mut Checker, section: &mut Section<'_>) -> BTreeMap<String, String> {
    let Some(node) = section.get("env") else { return BTreeMap::new() };
    let place = section.key("env");
    let mut env = BTreeMap::new();
    for (name, line, value) in check.section(node, place).entries() {
        let place = place.key(name);
        let valid = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !valid || name.starts_with(|c: char| c.is_ascii_digit()) {
            check.error(*line, place, "not a name of a variable: use letters, digits and '_'");
        } else if let Some(value) = check.text(value, place) {
            env.insert(name.clone().into_owned(), value.to_owned());
        }
    }
    env
}
