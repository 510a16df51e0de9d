//! One tick: who is started, how often, and in which order.

use crate::support::Test;

#[test]
fn an_agent_without_work_is_never_started() {
    let test = Test::new();
    test.agents(&[("impl-1", "implementer"), ("tester-1", "tester"), ("reviewer-1", "reviewer")]);
    for _ in 0..3 {
        let tick = test.later(3_600).tick_and_wait().quiet();
        assert_eq!(tick.stdout, "");
    }
    assert_eq!((test.claude.count(), test.agents_with_state().len()), (0, 0));
}

#[test]
fn the_interval_is_kept_with_some_grace() {
    let test = Test::new();
    test.config("agents:\n  - {name: pm, role: product_manager, interval_seconds: 180, rescan_after: 0}\n");
    test.claude.plays("default", "finish");
    test.now("2026-03-01T10:00:00Z").tick_and_wait();
    for (seconds, count) in [(60, 1), (60, 1), (50, 2), (120, 2), (50, 3)] {
        test.later(seconds).tick_and_wait();
        assert_eq!(test.claude.count(), count, "{:?}", test.clock());
    }
    // A clock that was put back doesn't stop it for ever.
    test.now("2026-02-01T10:00:00Z").tick_and_wait();
    assert_eq!(test.claude.count(), 4);
}

#[test]
fn urgent_tasks_come_first_then_the_oldest() {
    let test = Test::new();
    test.agents(&[("impl-1", "implementer")]);
    for (id, priority, created) in
        [("TASK-a", "P2", "01"), ("TASK-b", "P1", "03"), ("TASK-c", "P1", "02"), ("TASK-d", "P0", "04")]
    {
        test.task(id, &format!("# T\n\nPRIORITY: {priority}\nCREATED: 2026-01-{created}T00:00:00Z\n"));
    }
    test.claude.implements();
    for _ in 0..4 {
        test.tick_and_wait();
        test.later(120);
    }
    let order: Vec<_> = test.claude.calls().iter().map(|call| call.env("TASK_ID").unwrap().to_owned()).collect();
    assert_eq!(order, ["TASK-d", "TASK-c", "TASK-b", "TASK-a"]);
}

#[test]
fn a_blocked_task_waits_until_the_others_are_done() {
    let test = Test::new();
    test.agents(&[("impl-1", "implementer"), ("impl-2", "implementer")]);
    test.task("TASK-2", "# Second\n\nPRIORITY: P0\nBLOCKED_BY: TASK-1\n").task_for("TASK-1", "implement");
    test.claude.implements();
    test.tick().says("TASK-1").says_not("TASK-2");
    test.wait_quiet();
    test.later(120).tick_and_wait().says("TASK-2");
    assert_eq!(test.queue("done"), ["TASK-1", "TASK-2"]);
}

#[test]
fn no_agent_starves() {
    let test = Test::new();
    test.agents(&[("impl-1", "implementer"), ("impl-2", "implementer")]);
    test.claude.implements();
    for round in 0..4 {
        test.task_for(&format!("TASK-{round}"), "implement");
        test.tick_and_wait();
        test.later(120);
    }
    let runs = |agent| test.state(agent)["total_runs"].as_u64().unwrap();
    assert_eq!((runs("impl-1"), runs("impl-2")), (2, 2));
}

#[test]
fn paused_starts_nothing_and_lets_runs_end() {
    let test = Test::new();
    test.agents(&[("impl-1", "implementer"), ("impl-2", "implementer")]).task_for("TASK-1", "implement");
    test.claude.plays("implementer", "until [ -e \"$HOME/go\" ]; do rest 0.1; done; write \"$TASK_ID\" x; finish");
    test.tick();
    test.wait_until("the run to begin", || test.claude.count() == 1);
    test.file(".orchestrator/paused", "").task_for("TASK-2", "implement");
    test.later(120).tick().quiet();
    std::fs::write(test.root().join("home/go"), "").unwrap();
    test.wait_quiet();
    assert_eq!((test.task_state("TASK-1"), test.task_state("TASK-2")), ("done", "incoming"));
    test.run(["--dry-run"]).ok().says("impl-2: everything is paused (.orchestrator/paused)");
    std::fs::remove_file(test.orchestrator("paused")).unwrap();
    test.later(120).tick_and_wait();
    assert_eq!(test.task_state("TASK-2"), "done");
}

#[test]
fn a_paused_agent_and_the_other_model_are_left_out() {
    let test = Test::new();
    test.config("agents:\n  - {name: a, role: implementer, paused: true}\n  - {name: b, role: proposer}\n  - {name: c, role: gatekeeper}\n");
    test.task_for("TASK-1", "implement").tick_and_wait();
    test.run(["--dry-run"])
        .ok()
        .says("a: paused in agents.yaml")
        .says("b: its role belongs to model: proposal")
        .says("c: gatekeepers are off");
    assert_eq!(test.claude.count(), 0);
}

#[test]
fn a_lost_supervisor_is_put_right_by_the_next_tick() {
    let test = Test::new();
    test.agents(&[("impl-1", "implementer")]).task_for("TASK-1", "implement");
    test.claude.plays("TASK-1.1", "write half.txt x && commit Half; hang").plays("TASK-1.2", "finish Continued");
    test.tick();
    test.wait_until("the first commit", || {
        test.agent_branches()
            .first()
            .is_some_and(|branch| test.git(["ls-tree", "--name-only", branch]).contains("half.txt"))
    });
    test.kill_supervisor("impl-1");
    // Also while everything is paused.
    test.file(".orchestrator/paused", "").later(60).tick().says("impl-1: recovering an interrupted run");
    test.wait_quiet();
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("incoming", 0));
    std::fs::remove_file(test.orchestrator("paused")).unwrap();
    test.later(7_200).tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done");
    let branch = test.task_line("TASK-1", "WORK_BRANCH").unwrap();
    assert_eq!(test.git(["show", &format!("{branch}:half.txt")]), "x");
}

#[test]
fn a_corrupt_state_is_set_aside_and_told() {
    let test = Test::new();
    test.agents(&[("impl-1", "implementer")]).task_for("TASK-1", "implement").claude.implements();
    test.file(".orchestrator/agents/impl-1/state.json", "{\"phase\":");
    test.tick();
    test.wait_until("the corrupt state is set aside", || {
        let entries = std::fs::read_dir(test.orchestrator("agents/impl-1")).unwrap().flatten();
        let mut names = entries.map(|entry| entry.file_name().into_string().unwrap());
        names.any(|name| name.starts_with("state.json.corrupt-"))
    });
    test.wait_until("it begins anew", || test.orchestrator("agents/impl-1/state.json").exists());
    test.wait_quiet();
    assert_eq!(test.claude.count(), 0);
    let names: Vec<_> = std::fs::read_dir(test.orchestrator("agents/impl-1"))
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    assert!(names.iter().any(|name| name.starts_with("state.json.corrupt-")), "{names:?}");
    assert_eq!(test.messages_of("warning").len(), 1);
    test.later(120).tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done");
}

#[test]
fn it_ends_at_once_however_slow_git_is() {
    let test = Test::new();
    test.agents(&[("impl-1", "implementer")]).task_for("TASK-1", "implement").claude.implements();
    let real = std::fs::read_link(test.root().join("tools/git")).unwrap();
    test.program(
        "git",
        &format!("#!/bin/sh\nuntil [ -e \"$HOME/go\" ]; do sleep 0.1; done\nexec '{}' \"$@\"\n", real.display()),
    );
    let tick = test.tick();
    assert!(tick.elapsed.as_secs() < 60, "{:?}", tick.elapsed);
    let tick = test.later(60).tick();
    assert!(tick.elapsed.as_secs() < 60, "{:?}", tick.elapsed);
    assert_eq!(test.claude.count(), 0);
    std::fs::write(test.root().join("home/go"), "").unwrap();
    test.wait_quiet();
    assert_eq!((test.task_state("TASK-1"), test.claude.count()), ("done", 1));
}

#[test]
fn inside_a_run_it_is_refused() {
    let test = Test::new();
    test.agents(&[("impl-1", "implementer")]).task_for("TASK-1", "implement");
    test.set_env("SCHEDULER_RUN", "00000000-0000-4000-8000-000000000000");
    test.run([] as [&str; 0]).refuses().code(2).complains("SCHEDULER_RUN");
    assert_eq!(test.task_state("TASK-1"), "incoming");
}
