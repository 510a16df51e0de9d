//! Files of every form that is in use: each loads without a word.

use crate::domain::config::{Config, read};
use crate::domain::role::{Model, Role};

/// What a file is, its text, and whether it was understood.
type Example = (&'static str, &'static str, fn(&Config) -> bool);

const EXAMPLES: &[Example] = &[
    (
        "the task model",
        "# Backpressure\nqueue_limits:\n  max_incoming: 30\n  max_claimed: 4\n  max_open_prs: 8\n\n# Who works here\nagents:\n  \
         - name: planner\n    role: product_manager\n    interval_seconds: 900\n\n  - name: coder-1\n    role: implementer\n    \
         interval_seconds: 200\n\n  - name: checker\n    role: tester\n    interval_seconds: 100\n\n  - name: reader\n    \
         role: reviewer\n    interval_seconds: 400\n",
        |config| {
            let limits = config.queue_limits;
            let intervals: Vec<_> = config.agents.iter().map(|agent| agent.interval_seconds).collect();
            let roles: Vec<_> = config.agents.iter().map(|agent| agent.role).collect();
            config.model == Model::Task
                && [limits.max_incoming.get(), limits.max_claimed.get(), limits.max_open_prs.get()] == [30, 4, 8]
                && intervals == [900, 200, 100, 400]
                && roles == [Role::ProductManager, Role::Implementer, Role::Tester, Role::Reviewer]
        },
    ),
    (
        "a proposer with a comment behind its interval",
        "agents:\n- name: coverage\n  role: proposer\n  focus: test_quality\n  interval_seconds: 43200  # twice a day\n",
        |config| config.agents[0].focus.as_ref().is_some_and(|focus| focus.as_str() == "test_quality"),
    ),
    (
        "limits of proposals, one in each of two ways",
        "proposal_limits:\n  coverage:\n    max_active: 4     # at once\n    max_per_run: 3    # a run\n  structure: {max_active: 2}\n\
         agents:\n- {name: a, role: tester}\n",
        |config| {
            let of = |name: &str| config.limits_of(&name.parse().unwrap());
            let numbers =
                ["coverage", "structure", "other"].map(|name| [of(name).max_active.get(), of(name).max_per_run.get()]);
            numbers == [[4, 3], [2, 2], [5, 2]]
        },
    ),
    (
        "weights of voices and of the score",
        "voice_weights:\n  plan-reader: 1.4    # more\n  architect: 1\n  coverage: 0.7\n\
         curator_scoring:\n  priority_alignment: 0.40\n  complexity_reduction: 0.20\n  risk: 0.2\n  dependencies_met: .1\n  voice_weight: 0.10\n\
         agents:\n- {name: a, role: tester}\n",
        |config| {
            let weight = |name: &str| config.voice_weights[&name.parse().unwrap()].get();
            let scoring = config.curator_scoring;
            ["plan-reader", "architect", "coverage", "test-checker"].map(weight) == [1.4, 1.0, 0.7, 1.0]
                && [scoring.priority_alignment.get(), scoring.dependencies_met.get()] == [0.4, 0.1]
        },
    ),
    (
        "the proposal model",
        "model: proposal\n\nproposal_limits:\n  coverage:\n    max_active: 4\n    max_per_run: 3\n\nvoice_weights:\n  \
         architect: 1.3\n\nagents:\n  - name: coverage\n    role: proposer\n    focus: test_quality\n    interval_seconds: 43200\n\n  \
         - name: judge\n    role: curator\n    interval_seconds: 500\n\n  - name: coder-1\n    role: implementer\n    \
         interval_seconds: 200\n",
        |config| config.model == Model::Proposal && config.agents[1].role == Role::Curator,
    ),
    (
        "gatekeepers",
        "gatekeeper:\n  enabled: true\n  auto_approve: true  # once all pass\n  required_checks: [lint, tests]\n  \
         optional_checks: [style, security]\n\nagents:\n  - name: gate\n    role: gatekeeper_coordinator\n    \
         interval_seconds: 250\n\n  - name: lints\n    role: gatekeeper\n    focus: lint\n    interval_seconds: 500\n\n  \
         - name: suite\n    role: gatekeeper\n    focus: tests\n    interval_seconds: 500\n",
        |config| {
            let gate = &config.gatekeeper;
            let names: Vec<_> =
                gate.required_checks.iter().chain(&gate.optional_checks).map(|name| name.as_str()).collect();
            gate.enabled && gate.auto_approve && names == ["lint", "tests", "style", "security"]
        },
    ),
    ("everything paused", "paused: true\nagents:\n- {name: a, role: tester}\n", |config| config.paused),
    ("one agent paused", "agents:\n- name: a\n  role: tester\n  paused: true\n- name: b\n  role: tester\n", |config| {
        config.agents[0].paused && !config.agents[1].paused && !config.paused
    }),
];

#[test]
fn every_form_in_use_loads() {
    for (what, text, says) in EXAMPLES {
        let (config, warnings) = read(text).unwrap_or_else(|problems| panic!("{what}: {problems:?}"));
        assert_eq!(warnings, [], "{what}");
        assert!(says(&config), "{what}: {config:#?}");
    }
}
