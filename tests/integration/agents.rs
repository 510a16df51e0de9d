//! `scheduler agent` and `scheduler limits`: agents.yaml changed without an editor, a run asked for.

use crate::support::Test;
use std::fs;

const YAML: &str = "# The team\nqueue_limits:\n  max_claimed: 5   # few\n\nagents:\n  # The first\n  - name: impl-1\n    \
    role: implementer\n    interval_seconds: 600\n  - name: pm\n    role: product_manager  # plans\n";

fn project() -> Test {
    let test = Test::new();
    test.config(YAML);
    test
}

fn yaml(test: &Test) -> String {
    fs::read_to_string(test.orchestrator("agents.yaml")).unwrap()
}

#[test]
fn agents_are_added_changed_and_removed_line_by_line() {
    let test = project();
    test.run(["agent", "add", "rev-1", "--role", "reviewer", "--interval", "5m"]).ok().says("rev-1: added as reviewer");
    let added = format!("{YAML}  - name: rev-1\n    role: reviewer\n    interval_seconds: 300\n");
    assert_eq!(yaml(&test), added);
    test.run(["agent", "set", "impl-1", "interval_seconds=10m", "max_turns=80"]).ok().says("max_turns: 80");
    test.run(["agent", "set", "impl-1", "max_turns="]).ok().says("its default");
    assert_eq!(yaml(&test), added, "600 seconds were said before");
    test.run(["agent", "pause", "PM"]).ok().says("pm: paused");
    let paused = added.replace("# plans\n", "# plans\n    paused: true\n");
    assert_eq!(yaml(&test), paused);
    test.run(["agent", "pause", "pm"]).ok().says("unchanged");
    test.run(["agent", "list"]).ok().says("paused").quiet();
    test.run(["agent", "resume", "pm"]).ok().says("pm: resumed");
    assert_eq!(yaml(&test), paused.replace("paused: true", "paused: false"));
    test.run(["agent", "resume", "pm"]).ok().says("isn't paused");
    test.run(["agent", "remove", "rev-1"]).ok().says("rev-1: removed");
    assert_eq!(yaml(&test), YAML.replace("# plans\n", "# plans\n    paused: false\n"));
}

#[test]
fn limits_are_shown_and_set() {
    let test = project();
    test.run(["limits", "show"]).ok().says("max_claimed").says("no limit").quiet();
    test.run(["limits", "set", "max_claimed=3", "max_running=2", "pm.max_active=1"]).ok().says("max_running: 2");
    let shown = test.run(["limits", "show", "--json"]).ok().json();
    assert_eq!((&shown["max_claimed"], &shown["max_running"]), (&3.into(), &2.into()));
    assert_eq!(shown["proposal_limits"]["pm"]["max_active"], 1);
    assert!(yaml(&test).contains("max_claimed: 3   # few"), "{}", yaml(&test));
    test.run(["limits", "set", "max_running="]).ok();
    assert!(test.run(["limits", "show", "--json"]).ok().json()["max_running"].is_null());
}

#[test]
fn what_is_refused_changes_nothing() {
    let test = project();
    for (args, code, word) in [
        (&["agent", "add", "impl-1", "--role", "tester"][..], 1, "already"),
        (&["agent", "add", "x", "--role", "testr"], 2, "did you mean tester?"),
        (&["agent", "add", "x", "--role", "tester", "--interval", "soon"], 2, "span"),
        (&["agent", "add", "scheduler", "--role", "tester"], 2, "reserved"),
        (&["agent", "set", "impl-2", "max_turns=1"], 1, "did you mean impl-1"),
        (&["agent", "set", "impl-1", "max_turn=1"], 2, "did you mean max_turns"),
        (&["agent", "set", "impl-1", "focus=a", "max_turns=0"], 2, "whole number"),
        (&["agent", "set", "impl-1", "name=x"], 2, "folder"),
        (&["agent", "set", "impl-1", "max_turns"], 2, "KEY=VALUE"),
        (&["limits", "set", "max_claimed=3", "max_claimd=3"], 2, "did you mean max_claimed"),
        (&["limits", "set", "max_claimed=-1"], 2, "from 0"),
        (&["agent", "run", "nobody"], 1, "no agent nobody"),
    ] {
        test.run(args).code(code).complains(word);
        assert_eq!(yaml(&test), YAML, "{args:?}");
    }
    test.config("x: &x {name: a, role: tester}\nagents:\n  - *x\n  - {name: b, role: tester}\n");
    test.run(["agent", "pause", "a"]).code(2).complains("line 3").complains("by hand");
    test.config("agents: [{name: a, role: tester}]\n");
    test.run(["agent", "remove", "a"]).code(2).complains("at least one");
    test.config("agents: [\n");
    test.run(["agent", "pause", "a"]).code(2).complains("agents.yaml");
}

#[test]
fn a_run_that_is_asked_for_comes_at_the_next_tick_and_once() {
    let test = project();
    test.claude.implements();
    test.now("2026-03-01T10:00:00Z");
    test.task_for("TASK-1", "implement").task_for("TASK-2", "implement").task_for("TASK-3", "implement");
    test.run(["agent", "pause", "pm"]).ok();
    test.tick_and_wait().says("impl-1: started with TASK-1");
    test.later(60).tick_and_wait().says_not("started");
    test.run(["agent", "run", "impl-1"]).ok().says("next tick");
    assert_eq!(test.run(["agent", "list", "--json"]).ok().json()["agents"][0]["run_requested"], true);
    test.tick_and_wait().says("impl-1: started with TASK-2");
    test.later(60).tick_and_wait().says_not("started");
    assert!(fs::read_dir(test.orchestrator("run-requests")).unwrap().next().is_none());
    // Backpressure still counts, and the request outlasts it.
    test.run(["limits", "set", "max_claimed=0"]).ok();
    test.run(["agent", "run", "impl-1"]).ok();
    test.later(60).tick_and_wait().says_not("started");
    test.run(["limits", "set", "max_claimed=1"]).ok();
    test.tick_and_wait().says("impl-1: started with TASK-3");
    test.run(["agent", "pause", "impl-1"]).ok();
    test.run(["agent", "run", "impl-1"]).code(1).complains("agent resume impl-1");
}

#[test]
fn an_agent_is_shown_with_its_runs() {
    let test = project();
    test.claude.implements();
    test.task_for("TASK-1", "implement");
    test.run(["agent", "show", "impl-1"]).ok().says("Runs      0").says_not("STARTED");
    test.run(["agent", "pause", "pm"]).ok();
    test.tick_and_wait();
    test.run(["agent", "show", "impl-1"]).ok().says("1 good, 0 failed").says("TASK-1").says("work done").quiet();
    let shown = test.run(["agent", "show", "impl-1", "--json"]).ok().json();
    assert_eq!((&shown["total_runs"], &shown["runs"][0]["settlement"]), (&1.into(), &"done".into()));
    assert!(shown["runs"][0]["cost_usd"].is_number(), "{shown:#}");
    test.run(["agent", "show", "nobody"]).code(1).complains("no agent nobody");
}

#[test]
fn an_agent_may_not_change_the_team() {
    let test = project();
    test.run(["agent", "pause", "pm"]).ok();
    let before = yaml(&test);
    test.task_for("TASK-1", "implement");
    let commands = ["agent pause impl-1", "agent run impl-1", "limits set max_claimed=9", "agent list", "limits show"];
    let calls: Vec<_> =
        commands.iter().map(|words| format!("scheduler {words} >>\"$CLAUDE_CONFIG_DIR/debug/said\" 2>&1")).collect();
    test.claude.plays("implementer", &format!("{}\nfinish 'Done.'", calls.join("\n")));
    test.tick_and_wait();
    assert_eq!(yaml(&test), before);
    let said = fs::read_to_string(test.notes("said")).unwrap();
    assert_eq!(said.matches("may not call").count(), commands.len(), "{said}");
    assert!(!test.orchestrator("run-requests").exists());
}
