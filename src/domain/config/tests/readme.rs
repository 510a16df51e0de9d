//! README's tables of keys: each key is read at its documented default, which changes nothing, and at another value, which
//! does; and no key of the schema lacks its row.

use crate::domain::config::{Config, ProposalLimits, SCHEMA, read};
use crate::domain::role::Role;
use serde_json::Value;
use std::collections::BTreeSet;

const README: &str = include_str!("../../../../README.md");

/// What stands in a row's default column where there is none that could be written.
const WORDS: &[&str] = &[
    "none",
    "all",
    "no limit",
    "required",
    "usual names",
    "the agents' folders",
    "`origin`, else the only one",
    "the kind's",
    "its name",
    "as its base",
    "claude's own",
    "by role, 15 to 50",
    "by role",
    "origin's default, else the current",
    "every hour",
    "every day",
    "this machine",
    "the repository pushed to",
];

/// Every key of the first table with another value than its default, and the file that it stands in, with `@` for it and its
/// value; else it stands where its name says, beside one agent.
#[rustfmt::skip]
const KEYS: &[(&str, &str, &str)] = &[
    ("model", "proposal", ""),
    ("paused", "true", ""),
    ("max_running", "3", ""),
    ("max_cost_usd_per_day", "2.5", ""),
    ("max_cost_usd_per_week", "2.5", ""),
    ("max_cost_usd_per_task", "2.5", ""),
    ("quota.stop_at", "60", ""),
    ("test_paths", "[checks/**]", ""),
    ("log_retention_days", "3", ""),
    ("worktree.setup", "npm ci", ""),
    ("worktree.timeout_seconds", "5m", ""),
    ("worktree.include", "[.env]", ""),
    ("verify.command", "npm test", ""),
    ("verify.timeout_seconds", "5m", "verify: {command: x, @}"),
    ("worktree_root", "~/trees", ""),
    ("remote", "upstream", ""),
    ("pull_requests.to", "acme/widgets", ""),
    ("pull_requests.feedback", "true", "pull_requests: {@}\nagents: [{name: a, role: gatekeeper_coordinator}]"),
    ("pull_requests.max_rounds", "1", ""),
    ("pull_requests.trusted", "admin", ""),
    ("pull_requests.merge", "when_green", "pull_requests: {@}\nagents: [{name: a, role: gatekeeper_coordinator}]"),
    ("pull_requests.merge_method", "squash", ""),
    ("queue_limits.max_incoming", "1", ""),
    ("queue_limits.max_claimed", "1", ""),
    ("queue_limits.max_open_prs", "1", ""),
    ("runners.<name>.kind", "slurm", "runners: {a: {start: [x], @}}"),
    ("runners.<name>.start", "[x]", "runners: {a: {kind: slurm, @}}"),
    ("runners.<name>.cancel", "[x]", "runners: {a: {kind: slurm, @}}"),
    ("runners.<name>.explain", "[x]", "runners: {a: {kind: slurm, @}}"),
    ("runners.<name>.ping", "[x]", "runners: {a: {kind: slurm, @}}"),
    ("runners.<name>.max_running", "2", "runners: {a: {kind: slurm, @}}"),
    ("runners.<name>.queue_seconds", "2h", "runners: {a: {kind: slurm, @}}"),
    ("runners.<name>.lease_seconds", "60", "runners: {a: {kind: slurm, @}}"),
    ("notify.command", "[mail, me]", ""),
    ("inbox.token_env", "MY_TOKEN", ""),
    ("notify.events", "[question]", "notify: {command: [mail], @}"),
    ("notify.summary_at", "'18:00'", "notify: {command: [mail], @}"),
    ("heartbeat", "https://example.com/x", ""),
    ("report.every", "10m", "report: {@}"),
    ("report.path", "site/status.html", "report: {@}"),
    ("roles.<name>.based_on", "tester", "roles: {a: {@}}\nagents: [{name: a, role: a}]"),
    ("roles.<name>.claims", "document", "roles: {a: {based_on: implementer, @}}\nagents: [{name: a, role: a}]"),
    ("roles.<name>.may_change", "[docs/**]", "roles: {a: {based_on: implementer, @}}\nagents: [{name: a, role: a}]"),
    ("agents[].name", "b", "agents: [{role: tester, @}]"),
    ("agents[].role", "reviewer", "agents: [{name: a, @}]"),
    ("agents[].focus", "lint", "agents: [{name: a, role: tester, @}]"),
    ("agents[].interval_seconds", "1h", "agents: [{name: a, role: tester, @}]"),
    ("agents[].paused", "true", "agents: [{name: a, role: tester, @}]"),
    ("proposal_limits.<agent>.max_active", "1", ""),
    ("proposal_limits.<agent>.max_per_run", "1", ""),
    ("voice_weights.<agent>", "0.5", ""),
    ("curator_scoring.priority_alignment", "0.5", ""),
    ("curator_scoring.complexity_reduction", "0.5", ""),
    ("curator_scoring.risk", "0.5", ""),
    ("curator_scoring.dependencies_met", "0.5", ""),
    ("curator_scoring.voice_weight", "0.5", ""),
    ("priorities", "[speed]", ""),
    ("gatekeeper.enabled", "true", "gatekeeper: {required_checks: [lint], optional_checks: [], @}\n\
        agents: [{name: a, role: gatekeeper_coordinator}, {name: b, role: gatekeeper, focus: lint}]"),
    ("gatekeeper.auto_approve", "true", ""),
    ("gatekeeper.required_checks", "[lint]", ""),
    ("gatekeeper.optional_checks", "[]", ""),
    ("gatekeeper.include_forks", "true", ""),
    ("gatekeeper.max_fix_rounds", "1", ""),
    ("intake.label", "ready", ""),
    ("intake.role", "test", ""),
    ("intake.trusted", "admin", ""),
];

/// Those of the second, which stand below `defaults` and at an agent.
#[rustfmt::skip]
const SETTINGS: &[(&str, &str)] = &[
    ("command", "[claude, --verbose]"),
    ("claude_model", "opus"),
    ("fallback_model", "'sonnet,haiku'"),
    ("effort", "high"),
    ("claude_args", "[--append-system-prompt, Be brief.]"),
    ("billing", "api"),
    ("max_turns", "7"),
    ("timeout_seconds", "2h"),
    ("stall_seconds", "90s"),
    ("max_cost_usd", "2.5"),
    ("max_attempts", "1"),
    ("allowed_tools", "[Bash]"),
    ("mcp_config", ".mcp.json"),
    ("base_branch", "develop"),
    ("env", "{A: b}"),
    ("hours", "22:00-07:00"),
    ("days", "[mon]"),
    ("rescan_after", "1h"),
    ("pass_env", "[NPM_TOKEN]"),
    ("sandbox", "{mode: off, ports: [80]}"),
    ("runner", "c"),
    ("allow_network_git", "true"),
];

/// A row: its keys in full, each with its default as README writes it, and its whole line.
struct Row {
    keys: Vec<(String, String)>,
    line: &'static str,
}

/// The rows of the two tables.
fn tables() -> [Vec<Row>; 2] {
    let (_, section) = README.split_once("\n## Configuration\n").unwrap();
    let (first, second) = section.split_once("\nUnder `defaults:`").unwrap();
    [first, second.split_once("\n## ").unwrap().0]
        .map(|text| text.lines().filter(|line| line.starts_with("| `")).map(row).collect())
}

fn row(line: &'static str) -> Row {
    let mut cells = line.split(" | ");
    let mut keys: Vec<String> = Vec::new();
    for key in spans(cells.next().unwrap()) {
        keys.push(match key.strip_prefix('.') {
            Some(last) => format!("{}.{last}", parent(&keys[0])),
            None => key.to_owned(),
        });
    }
    let default = cells.next().unwrap();
    let default = default.split_once(" (").map_or(default, |(default, _)| default);
    let separator = if default.contains('`') { "`, `" } else { ", " };
    let mut defaults: Vec<_> = default.split(separator).collect();
    if defaults.len() != keys.len() {
        defaults = vec![default; keys.len()];
    }
    let bare = |default: &str| if WORDS.contains(&default) { default.to_owned() } else { default.replace('`', "") };
    Row { keys: keys.into_iter().zip(defaults.into_iter().map(bare)).collect(), line }
}

/// What stands between back ticks.
fn spans(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn parent(key: &str) -> &str {
    key.rsplit_once('.').map_or("", |(parent, _)| parent)
}

/// What a file comes to, without how it was written.
fn effect(text: &str) -> Result<Config, String> {
    let (mut config, warnings) = read(text).map_err(|problems| format!("{problems:?}"))?;
    if !warnings.is_empty() {
        return Err(format!("{warnings:?}"));
    }
    (config.defaults, config.verify, config.roles) = Default::default();
    config.voice_weights.retain(|_, weight| weight.get() != 1.0);
    config.proposal_limits.retain(|_, limits| *limits != ProposalLimits::default());
    Ok(config)
}

/// A file with what `@` stands for, and one agent if it has none.
fn file(template: &str, what: &str) -> String {
    let agents = if template.contains("agents:") { "" } else { "\nagents: [{name: a, role: implementer}]" };
    template.replace(", @", if what.is_empty() { "" } else { ", @" }).replace('@', what) + agents
}

/// The file in which a key stands alone: `{a: {b: @}}`.
fn template(key: &str) -> String {
    let mut text = "@".to_owned();
    for above in parent(key).rsplit('.').filter(|above| !above.is_empty()) {
        text = format!("{}: {{{text}}}", if above.starts_with('<') { "a" } else { above });
    }
    text
}

/// What is wrong with a key in this file.
fn try_key(key: &str, default: &str, other: &str, template: &str) -> Result<(), String> {
    let leaf = key.rsplit_once('.').map_or(key, |(_, leaf)| leaf);
    let leaf = if leaf.starts_with('<') { "a" } else { leaf };
    let without = effect(&file(template, ""));
    let with = |value: &str| effect(&file(template, &format!("{leaf}: {value}")));
    let other = with(other)?;
    if default == "required" {
        return if without.is_err() { Ok(()) } else { Err("it can be left out".to_owned()) };
    }
    let without = without?;
    if other == without {
        return Err("its other value changes nothing".to_owned());
    }
    if WORDS.contains(&default) {
        return Ok(());
    }
    let written = if default.contains(": ") { format!("{{{default}}}") } else { default.to_owned() };
    if with(&written)? == without { Ok(()) } else { Err(format!("{default} is not its default")) }
}

#[test]
fn every_row_is_read_at_its_default_and_at_another_value() {
    let [keys, settings] = tables();
    let mut wrong = Vec::new();
    let mut rows = BTreeSet::new();
    for (key, default) in keys.iter().flat_map(|row| &row.keys) {
        rows.insert(key.as_str());
        let tried = match KEYS.iter().find(|(known, ..)| known == key) {
            Some((_, other, "")) => try_key(key, default, other, &template(key)),
            Some((_, other, template)) => try_key(key, default, other, template),
            None => Err("this test has no other value for it".to_owned()),
        };
        wrong.extend(tried.err().map(|why| format!("{key}: {why}")));
    }
    wrong.extend(KEYS.iter().filter(|(key, ..)| !rows.contains(key)).map(|(key, ..)| format!("{key}: no row")));
    rows.clear();
    for (key, default) in settings.iter().flat_map(|row| &row.keys) {
        rows.insert(key.as_str());
        let Some((_, other)) = SETTINGS.iter().find(|(known, _)| known == key) else {
            wrong.push(format!("{key}: this test has no other value for it"));
            continue;
        };
        for template in ["defaults: {@}", "agents: [{name: a, role: implementer, @}]"] {
            let tried = try_key(key, default, other, &format!("runners: {{c: {{kind: slurm}}}}\n{template}"));
            wrong.extend(tried.err().map(|why| format!("{key} in {template}: {why}")));
        }
    }
    wrong.extend(SETTINGS.iter().filter(|(key, _)| !rows.contains(key)).map(|(key, _)| format!("{key}: no row")));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_role_has_its_turns() {
    let turns = || Role::ALL.iter().map(|role| role.spec().max_turns).filter(|turns| *turns > 0);
    assert_eq!((turns().min(), turns().max()), (Some(15), Some(50)));
}

/// Every key of the schema that holds no further known keys, each with its default.
fn leaves(schema: &Value, path: &str, found: &mut Vec<(String, Value)>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let names = schema["patternProperties"].as_object().into_iter().flat_map(|any| any.values());
    let names = names.filter(|any| any["properties"].is_object() || any["type"] == "number");
    let mut is_leaf = true;
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        is_leaf = false;
        leaves(schema, &below(name), found);
    }
    for any in names {
        is_leaf = false;
        leaves(any, &below("<>"), found);
    }
    if schema["items"]["properties"].is_object() {
        is_leaf = false;
        leaves(&schema["items"], &format!("{path}[]"), found);
    }
    if is_leaf {
        found.push((path.to_owned(), schema["default"].clone()));
    }
}

/// Whether a row has the key, or names it beside the one of the same mapping or that of the mapping itself.
fn has(rows: &[Row], key: &str) -> bool {
    let leaf = key.rsplit_once('.').map_or(key, |(_, leaf)| leaf);
    let is_word = |span: &str| span.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == leaf);
    rows.iter().any(|row| {
        let keys = || row.keys.iter().map(|(known, _)| known.replace("<name>", "<>").replace("<agent>", "<>"));
        let is_near = || keys().any(|known| parent(&known) == parent(key) || known == parent(key));
        keys().any(|known| known == key) || (is_near() && spans(row.line).any(is_word))
    })
}

#[test]
fn every_key_has_its_row() {
    let [keys, settings] = tables();
    let mut all = Vec::new();
    leaves(&serde_json::from_str(SCHEMA).unwrap(), "", &mut all);
    assert!(all.len() > 100, "{all:#?}");
    let is_told = |key: &str| {
        let setting = ["defaults.", "agents[].", "roles.<>."].iter().find_map(|above| key.strip_prefix(above));
        // `verify` is told in the first table, for agents too.
        has(&keys, key)
            || setting.is_some_and(|key| has(&settings, key) || (key.starts_with("verify.") && has(&keys, key)))
    };
    all.retain(|(key, _)| !is_told(key));
    assert!(all.is_empty(), "no row of the README has {all:#?}");
}
