mod agreement;
mod examples;
mod faulty;
mod readme;

use super::*;

fn problems(text: &str) -> String {
    let problems = match read(text) {
        Ok((_, warnings)) => warnings,
        Err(problems) => problems,
    };
    problems.iter().map(|problem| format!("{:?} {problem}\n", problem.severity)).collect()
}

const AGENT: &str = "agents:\n  - name: a\n    role: implementer\n";

#[test]
fn defaults() {
    let (config, warnings) = read(AGENT).unwrap();
    assert!(warnings.is_empty());
    assert_eq!((config.model, config.paused), (Model::Task, false));
    assert_eq!(
        config.queue_limits,
        QueueLimits { max_incoming: 20.into(), max_claimed: 5.into(), max_open_prs: 10.into() }
    );
    assert_eq!(config.log_retention_days.get(), 14);
    assert_eq!(config.max_cost_usd_per_day, None);
    let agent = &config.agents[0];
    assert_eq!((agent.role, agent.interval_seconds), (Role::Implementer, 300));
    let settings = &agent.settings;
    assert_eq!(settings.command, ["claude"]);
    assert_eq!((settings.max_turns, settings.timeout_seconds, settings.stall_seconds), (50, 3_600, 1_200));
    assert_eq!(settings.max_attempts, 3);
    assert_eq!(config.voice_weights[&"plan-reader".parse::<Name>().unwrap()].get(), 1.5);
}

#[test]
fn an_agent_overrides_the_defaults() {
    let text = "defaults: {max_turns: 7, env: {A: 1, B: 2}, command: [claude, --verbose]}\n\
        agents:\n- {name: a, role: tester, max_turns: 9, env: {B: 3}}\n- {name: b, role: tester}\n";
    let (config, _) = read(text).unwrap();
    assert_eq!(config.agents[0].settings.max_turns, 9);
    assert_eq!(config.agents[1].settings.max_turns, 7);
    let env: Vec<_> = config.agents[0].settings.env.values().map(String::as_str).collect();
    assert_eq!(env, ["1", "3"]);
}

#[test]
fn every_problem_names_line_and_key() {
    for (text, expected) in [
        ("", "Error line 1: agents: no agents"),
        ("agents: []", "Error line 1: agents: no agents"),
        ("agents:\n- name: a\n", "Error line 2: agents[0].role: missing"),
        (
            "agents:\n- name: a\n  role: implementor\n",
            "Error line 3: agents[0].role: \"implementor\" is not a role; did you mean implementer?",
        ),
        ("agents:\n- name: ../x\n  role: tester\n", "Error line 2: agents[0].name:"),
        ("agents:\n- name: scheduler\n  role: tester\n", "is reserved"),
        (
            "agents:\n- {name: a, role: tester}\n- {name: A, role: tester}\n",
            "Error line 3: agents[1].name: duplicate name A",
        ),
        (
            "agents:\n- name: a\n  role: tester\n  intervall_seconds: 5\n",
            "Error line 4: agents[0].intervall_seconds: unknown key; did you mean interval_seconds?",
        ),
        (
            "agents:\n- name: a\n  role: tester\n  colour: red\n",
            "Warning line 4: agents[0].colour: unknown key, ignored",
        ),
        (
            "agents:\n- name: a\n  role: tester\n  interval_seconds: 0\n",
            "Error line 4: agents[0].interval_seconds: must be a whole number from 1",
        ),
        ("agents:\n- name: a\n  role: tester\n  interval_seconds: soon\n", "must be a whole number"),
        ("agents:\n- name: a\n  role: tester\n  command: []\n", "must name a program"),
        ("agents:\n- name: a\n  role: tester\n  env: {1A: x}\n", "not a name of a variable"),
        ("agents: {a: b}", "Error line 1: agents: must be a list"),
        ("agents: [", ": not valid YAML"),
        ("model: tasks\nagents: []", "Error line 1: model: \"tasks\" is not a model"),
        ("max_cost_usd_per_day: -1\nagents: []", "Error line 1: max_cost_usd_per_day: must be a number from 0"),
        (
            "queue_limits:\n  max_claimd: 3\nagents: []",
            "Error line 2: queue_limits.max_claimd: unknown key; did you mean max_claimed?",
        ),
        ("paused: maybe\nagents: []", "Error line 1: paused: must be true or false"),
        ("test_paths: ['a[']\nagents: []", "is not a glob"),
        (
            "gatekeeper:\n  max_fix_rounds: -1\nagents: []",
            "Error line 2: gatekeeper.max_fix_rounds: must be a whole number from 0",
        ),
        (
            "gatekeeper: {enabled: true, required_checks: [lint]}\nagents:\n- {name: a, role: gatekeeper, focus: lnt}\n",
            "gatekeeper.required_checks: no agent is a gatekeeper with focus: lint, so no pull request can pass",
        ),
        (
            "gatekeeper: {enabled: true, required_checks: [lint]}\nagents:\n- {name: a, role: gatekeeper, focus: lnt}\n",
            "agents: a: lnt is neither among required_checks nor optional_checks",
        ),
        (
            "gatekeeper: {enabled: true, required_checks: []}\nagents:\n- {name: a, role: gatekeeper, focus: lint}\n",
            "Error line 1: gatekeeper.required_checks: must name at least one check",
        ),
        (
            "gatekeeper: {enabled: true}\nagents:\n- {name: a, role: gatekeeper_coordinator}\n\
             - {name: c, role: gatekeeper_coordinator, paused: true}\n- {name: b, role: gatekeeper_coordinator}\n",
            "agents: a and b are both gatekeeper_coordinator: pause or remove one",
        ),
        ("priorities: ['src/[']\nagents: []", "priorities: \"src/[\" is not a glob"),
        ("priorities: ['  ']\nagents: []", "priorities: an empty priority"),
        ("priorities: speed\nagents: []", "Error line 1: priorities: must be a list"),
        ("paused: true\npaused: false\nagents: []", "Error line 2: duplicate key \"paused\""),
        ("hello", "Error line 1: must be a mapping"),
    ] {
        let found = problems(text);
        assert!(found.contains(expected), "{text:?}\nexpected {expected}\nfound {found}");
    }
}

#[test]
fn a_slip_is_said_and_not_what_is_missing_for_it() {
    for (text, expected) in [
        ("agnets:\n- {name: a, role: tester}\n", "Error line 1: agnets: unknown key; did you mean agents?\n"),
        (
            "paused: true\nagent:\n- {name: a, role: tester}\n",
            "Error line 2: agent: unknown key; did you mean agents?\n",
        ),
        ("agents:\n- name: a\n  rol: tester\n", "Error line 3: agents[0].rol: unknown key; did you mean role?\n"),
        (
            "agnets:\n- {name: a, role: tester}\ngatekeeper: {enabled: true}\n",
            "Error line 1: agnets: unknown key; did you mean agents?\n",
        ),
        ("agents: {a: b}", "Error line 1: agents: must be a list, not a mapping\n"),
        ("agents:\n", "Error line 1: agents: no agents: list at least one\n"),
        (
            "workers:\n- {name: a, role: tester}\n",
            "Warning line 1: workers: unknown key, ignored\nError line 1: agents: no agents: list at least one\n",
        ),
        (
            "agents:\n- nmae: a\n",
            "Error line 2: agents[0].nmae: unknown key; did you mean name?\nError line 2: agents[0].role: missing\n",
        ),
    ] {
        assert_eq!(problems(text), expected, "{text:?}");
    }
}

#[test]
fn ports_beyond_the_last_are_one_warning() {
    let agents: String = (0..2_460).map(|i| format!("- {{name: a{i}, role: tester}}\n")).collect();
    let (config, warnings) = read(&format!("agents:\n{agents}")).unwrap();
    assert_eq!(config.agents.len(), 2_460);
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].message.starts_with("agents[2454]"), "{}", warnings[0]);
}

#[test]
fn the_notifier_is_known_even_where_the_rest_is_wrong() {
    let agents = "agents: [{name: a, role: tester}]\n";
    let command = |text: &str| notify(text).map(|notify| notify.command.join(" "));
    for (text, expected) in [
        ("notify: {command: [mail, me]}\n", Some("mail me")),
        ("paused: 7\nnotify:\n  command:\n  - mail\n", Some("mail")),
        ("notify: {command: []}\n", None),
        ("notify: {command: mail}\n", None),
        ("notify:\n", None),
        ("", None),
    ] {
        assert_eq!(command(&format!("{text}{agents}")).as_deref(), expected, "{text}");
    }
    assert_eq!(
        read(&format!("notify: {{command: [mail]}}\n{agents}")).unwrap().0.notify,
        notify("notify: {command: [mail]}")
    );
    for (text, word) in
        [("notify: {command: []}\n", "must name a program"), ("notify: {comand: [x]}\n", "did you mean")]
    {
        let problems = read(&format!("{text}{agents}")).unwrap_err();
        assert!(problems[0].to_string().contains(word), "{problems:?}");
    }
}

#[test]
fn worktrees() {
    let (config, _) = read(AGENT).unwrap();
    assert_eq!(config.worktrees(), Worktrees::default());
    assert_eq!(config.worktree.timeout_seconds.get(), 600);
    let text =
        "worktree: {setup: npm ci, include: [.env, 'config/*.key'], timeout_seconds: 5}\nworktree_root: ~/trees\n";
    let (config, warnings) = read(&format!("{text}{AGENT}")).unwrap();
    assert_eq!(warnings, []);
    let json = serde_json::json!({
        "setup": "npm ci", "include": [".env", "config/*.key"], "timeout_seconds": 5, "root": "~/trees",
    });
    assert_eq!(serde_json::to_value(config.worktrees()).unwrap(), json);
    assert_eq!(serde_json::from_value::<Worktrees>(json).unwrap(), config.worktrees());
    for (text, expected) in [
        ("worktree: {setup: ''}", "worktree.setup: is empty"),
        ("worktree_root: ' '", "worktree_root: is empty"),
        ("worktree: {include: [\"a\\nb\"]}", "worktree.include: \"a\\nb\" has a line break"),
        ("worktree: {timeout_seconds: 0}", "worktree.timeout_seconds: must be a whole number from 1 to 86400"),
        ("worktree: {setpu: make}", "worktree.setpu: unknown key; did you mean setup?"),
        ("worktree: npm ci", "worktree: must be a mapping"),
    ] {
        assert!(problems(&format!("{text}\n{AGENT}")).contains(expected), "{text}");
    }
}

#[test]
fn what_only_the_explanation_knows_is_read_all_the_same() {
    let notations = "x: &x {role: tester, max_turns: 1_000}\nqueue_limits: ~\npaused:\nlog_retention_days: null\n\
                     agents:\n- <<: *x\n  name: a\n  timeout_seconds: 007\n  focus: ~\n";
    let (config, warnings) = read(notations).unwrap();
    assert_eq!(warnings.iter().map(ToString::to_string).collect::<Vec<_>>(), ["line 1: x: unknown key, ignored"]);
    let plain = "agents: [{name: a, role: tester, max_turns: 1000, timeout_seconds: 7}]";
    assert_eq!(config, read(plain).unwrap().0);
}
