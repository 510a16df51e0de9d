use super::*;
use crate::domain::config::{Config, read as read_config};

const PLAIN: &str = "# top\nmodel: task\n\nqueue_limits:\n  max_claimed: 5     # claiming\n\n# agents\nagents:\n  # first\n  \
    - name: a\n    role: implementer   # r\n    interval_seconds: 180\n    claude_model: \"sonnet\" # m\n\n  # second\n  \
    - name: b\n    role: tester\n    base_branch: 'x'\n\n# trailing\n# more\n";
const SHORT: &str =
    "# top\nagents:\n- name: a\n  role: implementer\n  # note\n\n- name: b\n  role: tester\n\n# trailing\n";
const EMPTY_SECTION: &str = "queue_limits:\nagents:\n- name: a\n  role: implementer\n- name: b\n  role: tester\n";
const FLOW: &str = "queue_limits: {max_claimed: 5}\nagents: [{name: a, role: implementer}, {name: b, role: tester}]";
const ALL_FLOW: &str = "{agents: [{name: a, role: implementer, interval_seconds: 180}, {name: b, role: tester}]}";
const QUOTED: &str = "'queue_limits':\n  \"max_claimed\": 5\n\"agents\":\n- \"name\": 'a'\n  'role': \"implementer\"\n  \
    \"interval_seconds\": 180\n- name: b\n  role: tester\n";
const CRLF: &str = "queue_limits:\r\n  max_claimed: 5 # c\r\nagents:\r\n  - name: a\r\n    role: implementer\r\n    \
    interval_seconds: 180\r\n  - name: b\r\n    role: tester\r\n";
const NO_NEWLINE: &str =
    "queue_limits:\n  max_claimed: 5\nagents:\n  - name: a\n    role: implementer\n  - name: b\n    role: tester";
const BOM: &str = "\u{feff}agents:\n  - {name: a, role: implementer}\n  - name: b\n    role: tester\n";
const ANCHORS: &str = "base: &base\n  interval_seconds: 180\nqueue_limits: &q\n  max_claimed: &c 5\nagents:\n  \
    - <<: *base\n    name: a\n    role: implementer\n  - name: b\n    role: tester\n    interval_seconds: *c\n";
const ALIAS: &str = "x: &a {name: a, role: implementer}\nagents:\n  - *a\n  - name: b\n    role: tester\n";
const TEMPLATE: &str = include_str!("../../../../templates/agents.yaml");

const FILES: [&str; 12] =
    [PLAIN, SHORT, EMPTY_SECTION, FLOW, ALL_FLOW, QUOTED, CRLF, NO_NEWLINE, BOM, ANCHORS, ALIAS, TEMPLATE];

fn plain(word: &str) -> Value {
    serde_yaml::from_str(word).unwrap()
}

fn text(word: &str) -> Value {
    word.into()
}

fn set(path: &[Step], key: &str, value: Value) -> Change {
    Change { path: [path, &[Step::key(key)]].concat(), value: Some(value) }
}

fn remove(index: usize) -> Change {
    Change { path: agent(index).to_vec(), value: None }
}

fn agent(index: usize) -> [Step; 2] {
    [Step::key("agents"), Step::Item(index)]
}

fn limits() -> [Step; 1] {
    [Step::key("queue_limits")]
}

fn new_agent() -> Change {
    let agent = plain("{name: c, role: reviewer, interval_seconds: 60}");
    Change { path: vec![Step::key("agents"), Step::End], value: Some(agent) }
}

/// What a change must do to the configuration.
type Effect = fn(&mut Config);

fn changes() -> Vec<(Change, Effect)> {
    let env = [agent(1).as_slice(), &[Step::key("env")]].concat();
    let proposals = [Step::key("proposal_limits"), Step::key("p")];
    let list: Value = ["claude", "-x, y"].into_iter().map(Value::from).collect();
    vec![
        (set(&limits(), "max_claimed", plain("7")), |c| c.queue_limits.max_claimed = 7.into()),
        (set(&limits(), "max_incoming", plain("9")), |c| c.queue_limits.max_incoming = 9.into()),
        (set(&[], "max_cost_usd_per_day", plain("2.5")), |c| c.max_cost_usd_per_day = Some(2.5.into())),
        (set(&agent(0), "interval_seconds", plain("99")), |c| c.agents[0].interval_seconds = 99),
        (set(&agent(0), "claude_model", text("o # x: 'y'")), |c| {
            c.agents[0].settings.claude_model = Some("o # x: 'y'".to_owned());
        }),
        (set(&agent(1), "base_branch", text("true")), |c| c.agents[1].settings.base_branch = Some("true".to_owned())),
        (set(&agent(1), "paused", plain("true")), |c| c.agents[1].paused = true),
        (set(&agent(1), "interval_seconds", plain("99")), |c| c.agents[1].interval_seconds = 99),
        (set(&agent(1), "command", list), |c| {
            c.agents[1].settings.command = vec!["claude".to_owned(), "-x, y".to_owned()];
        }),
        (set(&env, "A", text("1")), |c| drop(c.agents[1].settings.env.insert("A".to_owned(), "1".to_owned()))),
        (set(&proposals, "max_active", plain("1")), |c| {
            let limits = crate::domain::config::ProposalLimits { max_active: 1.into(), ..Default::default() };
            c.proposal_limits.insert("p".parse().unwrap(), limits);
        }),
        (remove(0), |c| drop(c.agents.remove(0))),
        (remove(1), |c| drop(c.agents.remove(1))),
        (new_agent(), |c| {
            let yaml = "agents: [{name: c, role: reviewer, interval_seconds: 60}]";
            c.agents.extend(read_config(yaml).unwrap().0.agents);
        }),
    ]
}

#[test]
fn only_what_was_meant_changes_or_nothing() {
    let mut refused = Vec::new();
    for (number, file) in FILES.iter().enumerate() {
        let before = read_config(file).unwrap().0;
        for (change, effect) in changes() {
            let what = format!("file {number}, {change:?}");
            let after = match edit(file, &change) {
                Ok(after) => after,
                Err(Refusal::ByHand { line }) => {
                    assert!((1..=file.lines().count()).contains(&line), "{what}");
                    refused.push(what);
                    continue;
                }
                Err(other) => panic!("{what}: {other}"),
            };
            let mut wanted = before.clone();
            effect(&mut wanted);
            let (config, _) = read_config(&after).unwrap_or_else(|problems| panic!("{what}: {problems:?}\n{after}"));
            assert_eq!(config, wanted, "{what}\n{after}");
            assert_eq!(after.ends_with('\n'), file.ends_with('\n'), "{what}: the end of the file\n{after:?}");
            assert_eq!(after.starts_with('\u{feff}'), file.starts_with('\u{feff}'), "{what}");
            if file.contains("\r\n") {
                assert_eq!(after.matches('\n').count(), after.matches("\r\n").count(), "{what}\n{after:?}");
            }
            let kept = common_lines(file, &after);
            let lost = file.lines().count() - kept;
            let removes = change.value.is_none();
            assert!(lost <= if removes { 4 } else { 1 }, "{what}: {lost} lines were touched\n{after}");
        }
    }
    // The shared number, and one agent that is an alias, in each of its three changes.
    assert_eq!(refused.len(), 3, "what can be changed is changed: {refused:#?}");
}

/// The length of the longest common subsequence of lines.
fn common_lines(a: &str, b: &str) -> usize {
    let b: Vec<_> = b.split('\n').map(str::trim_end).collect();
    let mut row = vec![0; b.len() + 1];
    for line in a.lines().map(str::trim_end) {
        let mut diagonal = 0;
        for at in 0..b.len() {
            let next = if b[at] == line { diagonal + 1 } else { row[at + 1].max(row[at]) };
            diagonal = row[at + 1];
            row[at + 1] = next;
        }
    }
    row[b.len()]
}

#[test]
fn quoting_comments_and_places_stay() {
    for (file, change, old, new) in [
        (
            PLAIN,
            set(&limits(), "max_claimed", plain("7")),
            "max_claimed: 5     # claiming",
            "max_claimed: 7     # claiming",
        ),
        (PLAIN, set(&agent(0), "claude_model", text("opus")), "\"sonnet\" # m", "\"opus\" # m"),
        (PLAIN, set(&agent(1), "base_branch", text("y")), "'x'", "'y'"),
        (QUOTED, set(&agent(0), "role", text("tester")), "\"implementer\"", "\"tester\""),
        (ALL_FLOW, set(&agent(0), "interval_seconds", plain("9")), "interval_seconds: 180", "interval_seconds: 9"),
        (ANCHORS, set(&agent(1), "interval_seconds", plain("9")), "interval_seconds: *c", "interval_seconds: 9"),
        (CRLF, set(&agent(1), "paused", plain("true")), "tester\r\n", "tester\r\n    paused: true\r\n"),
        (NO_NEWLINE, set(&agent(1), "paused", plain("true")), "tester", "tester\n    paused: true"),
        (EMPTY_SECTION, set(&limits(), "max_claimed", plain("7")), "limits:\n", "limits:\n  max_claimed: 7\n"),
    ] {
        assert_eq!(edit(file, &change).as_deref(), Ok(file.replacen(old, new, 1).as_str()), "{change:?}");
    }
    let unset = Change { value: None, ..set(&agent(0), "claude_model", text("")) };
    assert_eq!(edit(PLAIN, &unset), Ok(PLAIN.replace("    claude_model: \"sonnet\" # m\n", "")));
}

#[test]
fn refusals_name_the_line_or_the_reason() {
    let shared = edit(ANCHORS, &set(&limits(), "max_claimed", plain("7")));
    assert_eq!(shared, Err(Refusal::ByHand { line: 4 }));
    let alias = edit(ALIAS, &set(&agent(0), "paused", plain("true")));
    assert_eq!(alias, Err(Refusal::ByHand { line: 3 }));
    assert!(matches!(edit("agents: [", &new_agent()), Err(Refusal::Broken(_))));
    for (change, word) in [
        (set(&agent(0), "interval_seconds", plain("soon")), "whole number"),
        (set(&agent(0), "role", text("boss")), "not a role"),
        (set(&limits(), "max_claimed", plain("-1")), "from 0"),
    ] {
        let Err(refusal @ Refusal::Invalid(_)) = edit(PLAIN, &change) else { panic!("{change:?}") };
        assert!(refusal.to_string().contains(word), "{refusal}");
    }
    let only = "agents: [{name: a, role: tester}]";
    assert!(edit(only, &remove(0)).unwrap_err().to_string().contains("at least one"));
    assert!(matches!(edit(PLAIN, &remove(9)), Err(Refusal::ByHand { .. })));
}
