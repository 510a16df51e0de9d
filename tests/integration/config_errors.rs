//! What is wrong in agents.yaml: named with file, line, key and the nearest word; nothing starts.

use crate::support::Test;

#[test]
fn each_error_names_line_key_and_what_would_be_right() {
    let cases = [
        ("agents: [", "line", ""),
        ("", "line 1", "agents"),
        ("agents: []", "line 1", "agents"),
        ("agents:\n  - name: a\n    role: implementor\n", "line 3: agents[0].role", "implementer"),
        ("agents:\n  - {name: a, role: tester}\n  - {name: A, role: tester}\n", "line 3", "a"),
        ("agents:\n  - {name: ../x, role: tester}\n", "line 2: agents[0].name", "letter"),
        ("agents:\n  - {role: tester}\n", "line 2", "name"),
        ("agents:\n  - {name: a, role: tester}\nmodel: taks\n", "line 3: model", "task"),
        ("agents:\n  - name: a\n    role: tester\n    intervall_seconds: 5\n", "line 4", "interval_seconds"),
        (
            "agents:\n  - name: a\n    role: tester\n    interval_seconds: 0\n",
            "line 4: agents[0].interval_seconds",
            "from",
        ),
        ("queue_limits:\n  max_claimd: 3\nagents:\n  - {name: a, role: tester}\n", "line 2", "max_claimed"),
        (
            "max_cost_usd_per_day: much\nagents:\n  - {name: a, role: tester}\n",
            "line 1: max_cost_usd_per_day",
            "number",
        ),
        ("paused: false\npaused: true\nagents:\n  - {name: a, role: tester}\n", "line 2", "paused"),
        ("agents:\n  - {name: a, role: tester, paused: maybe}\n", "line 2: agents[0].paused", "true or false"),
    ];
    for (yaml, place, words) in cases {
        let test = Test::new();
        test.config(yaml).task_for("TASK-1", "test");
        let tick = test.run([] as [&str; 0]).refuses().code(2).complains("agents.yaml: ");
        for part in [place, words] {
            assert!(tick.stderr.contains(part), "{yaml:?}: {part:?} is not in {tick}");
        }
        assert_eq!((test.claude.count(), test.task_state("TASK-1")), (0, "incoming"));
        test.run(["--dry-run"]).refuses().code(2).complains(place);
        test.run(["task", "add", "--title", "T", "--role", "test"]).refuses().code(2).complains(place);
    }
}

#[test]
fn a_misspelt_key_is_named_and_nothing_beside_it() {
    for key in ["agnets", "agent"] {
        let test = Test::new();
        test.config(&format!("paused: false\n{key}:\n  - {{name: a, role: tester}}\n"));
        let tick = test.run([] as [&str; 0]).refuses().code(2);
        let said = format!("agents.yaml: line 2: {key}: unknown key; did you mean agents?\n");
        assert!(tick.stderr.ends_with(&said), "{tick}");
    }
}

#[test]
fn the_human_is_told_once_and_not_every_minute() {
    let test = Test::new();
    test.config("agents:\n  - {name: a, role: implementor}\n");
    for _ in 0..3 {
        test.later(60).run([] as [&str; 0]).code(2);
    }
    let [(_, text)] = &test.messages()[..] else { panic!("{:?}", test.messages()) };
    assert!(text.contains("line 2: agents[0].role") && text.contains("implementer"), "{text}");
    test.config("agents:\n  - {name: a, role: implementer, paused: yes}\n").later(60).run([] as [&str; 0]).code(2);
    assert_eq!(test.messages().len(), 2);
}

#[test]
fn an_unknown_key_far_from_any_is_only_a_warning() {
    let test = Test::new();
    test.config("flavour: vanilla\nagents:\n  - {name: a, role: tester}\n");
    test.tick().quiet();
    test.run(["--debug"]).ok().complains("line 1").complains("flavour");
}

#[test]
fn without_a_file_it_says_init() {
    let test = Test::new();
    test.config("");
    std::fs::remove_file(test.orchestrator("agents.yaml")).unwrap();
    test.run([] as [&str; 0]).refuses().code(2).complains("scheduler init");
}

#[test]
fn what_was_cut_off_is_put_right_all_the_same() {
    let test = Test::new();
    test.agents(&[("impl-1", "implementer")]).task_for("TASK-1", "implement");
    test.claude.plays("default", "hang");
    test.tick();
    test.wait_until("claude to run", || test.claude.count() == 1);
    test.kill_supervisor("impl-1");
    test.file(".orchestrator/agents.yaml", "agents: nonsense\n");
    test.run([] as [&str; 0]).code(2).says("recovering");
    test.wait_quiet();
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("incoming", 0));
}
