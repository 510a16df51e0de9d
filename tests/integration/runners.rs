//! Runs that a runner carries: by a stand-in for its engine, on this very machine.
#![cfg(target_os = "linux")]

mod lost;

use crate::support::Test;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs;
use std::time::{Duration, Instant};

const TASK: &str = "TASK-1";
const AGENT: &str = "impl-1";
/// Works until it may end.
const WAITS: &str = "write a.txt one && commit 'First part' && touch $CLAUDE_CONFIG_DIR/debug/at-work && \
    while [ ! -e $CLAUDE_CONFIG_DIR/debug/go ]; do sleep 0.05; done && write b.txt two && commit 'Last part' && finish 'Done.'";

fn project(runner: &str, limits: &str) -> Test {
    let test = Test::new();
    test.with_origin().with_engine(&[(AGENT, "implementer", runner)], limits).task_for(TASK, "implement");
    test.github.install();
    test.claude.implements();
    test
}

fn at_work(runner: &str, limits: &str) -> Test {
    let test = project(runner, limits);
    test.claude.plays("implementer", WAITS);
    test.tick();
    test.wait_until("claude to be at work", || test.notes("at-work").exists());
    test
}

fn go_on(test: &Test) {
    fs::write(test.notes("go"), "").unwrap();
}

/// What the supervisor has put on record of the last run.
fn remote(test: &Test) -> Value {
    let run = test.runs(AGENT).pop().unwrap();
    fs::read(run.join("remote.json")).map_or(Value::Null, |text| serde_json::from_slice(&text).unwrap())
}

fn pid(text: &str) -> Pid {
    Pid::from_raw(text.parse().unwrap()).unwrap()
}

/// The keeper of the last run, and the one that it has behind it.
fn keepers(test: &Test) -> [Pid; 2] {
    let started = test.runs(AGENT).pop().unwrap().join("started.json");
    let started: Value = serde_json::from_slice(&fs::read(started).unwrap()).unwrap();
    [pid(&started["process"]["pid"].to_string()), pid(&test.job(AGENT, "pid").unwrap())]
}

fn signal(processes: [Pid; 2], signal: Signal) {
    // The second first: it would see to the end of the other.
    processes.into_iter().rev().for_each(|process| kill_process(process, signal).unwrap());
}

/// Done by one claude, its work committed and published once, and nothing left that only a keeper needs.
fn assert_done_once(test: &Test) {
    test.wait_quiet();
    assert_eq!(test.task_state(TASK), "done", "{}", test.task_text(TASK));
    assert_eq!((test.claude.count(), test.pushed_branches().len()), (1, 1));
    assert_eq!(test.record(AGENT)["outcome"]["kind"], "finished");
    assert!(!test.runs(AGENT)[0].join("launch.json").exists());
}

/// Back in the queue, and not charged.
fn assert_back(test: &Test, word: &str, returns: Option<&str>) {
    test.wait_until("the run to be settled", || test.all_idle());
    assert_eq!(test.task_state(TASK), "incoming", "{}", test.task_text(TASK));
    assert_eq!(
        (test.attempts(TASK), test.task_line(TASK, "RETURNS").as_deref()),
        (0, returns),
        "{}",
        test.task_text(TASK)
    );
    assert_eq!(test.state(AGENT)["last_outcome"], word);
    assert_eq!(test.state(AGENT)["consecutive_failures"], 0);
    assert!(!test.runs(AGENT)[0].join("launch.json").exists());
}

/// The supervisor and what it started, but for what the engine carries.
fn kill_supervisor_and_start(test: &Test) {
    test.wait_until("its start to be on record", || test.state(AGENT)["process"]["pid"].is_i64());
    let start = test.state(AGENT)["process"]["pid"].as_i64().unwrap();
    test.kill_supervisor(AGENT);
    let _ = kill_process(pid(&start.to_string()), Signal::KILL);
}

#[test]
fn a_run_is_carried_by_its_runner() {
    for runner in ["cluster", "attached"] {
        let test = project(runner, "");
        test.set_env("MY_SERVICE_TOKEN", "not-for-engines");
        test.program("engine-env", "#!/bin/sh\nenv >\"$HOME/engine-env\"\nexec engine \"$@\"\n");
        let config = fs::read_to_string(test.orchestrator("agents.yaml")).unwrap();
        test.config(&config.replace("start: [engine,", "start: [engine-env,"));
        test.tick();
        assert_done_once(&test);
        assert!(test.claude.only_call().env("SCHEDULER_ELSEWHERE").is_some());
        let env = fs::read_to_string(test.root().join("home/engine-env")).unwrap();
        assert!(env.contains("PATH=") && !env.contains("not-for-engines"), "{env}");
        assert_eq!(test.job(AGENT, "code").as_deref(), Some("0"));
    }
}

#[test]
fn a_run_that_waits_too_long_never_begins() {
    let test = project("cluster", ", queue_seconds: 3");
    test.engine_is("full", true).engine_is("deaf", true);
    test.tick();
    assert_back(&test, "queue_timeout", None);
    assert_eq!(fs::read_to_string(test.engine("cancels")).unwrap().lines().count(), 1);
    // It is granted all the same.
    test.engine_is("full", false);
    test.wait_quiet();
    assert_eq!((test.job(AGENT, "code").as_deref(), test.claude.count()), (Some("79"), 0));
}

#[test]
fn screens_say_where_a_run_is_and_how_many_there_are() {
    let test = Test::new();
    let agents = [(AGENT, "implementer", "cluster"), ("impl-2", "implementer", "cluster")];
    test.with_origin()
        .with_engine(&agents, ", max_running: 1")
        .task_for(TASK, "implement")
        .task_for("TASK-2", "implement");
    test.github.install();
    test.claude.plays("implementer", WAITS);
    test.engine_is("full", true).tick();
    test.wait_until("the reason to be known", || remote(&test)["reason"] == "Resources");
    let says = |args: &[&str], text: &str| drop(test.run(args).ok().says(text));
    for command in [&["status"][..], &["agent", "show", AGENT], &["agent", "list"], &["why", AGENT]] {
        says(command, "waits for cluster ");
    }
    for command in [&["agent", "show", AGENT], &["agent", "list"][..], &["why", AGENT]] {
        says(command, "(Resources), job 7");
    }
    says(&["logs", AGENT], "# waits for cluster ");
    says(&["status"], "cluster: 1 of 1 running, 1 of them waits");
    says(&["why", "impl-2"], "1 of 1 runs of the runner cluster are under way");
    test.engine_is("full", false);
    test.wait_until("claude to be at work", || test.notes("at-work").exists());
    test.wait_until("that to be seen", || remote(&test)["phase"] == "running");
    says(&["agent", "list"], &format!(", {TASK}"));
    says(&["status"], "cluster: 1 of 1 running\n");
    let status = test.run(["status", "--json"]).ok().json();
    assert_eq!(status["agents"][0]["elsewhere"]["runner"], "cluster");
    assert_eq!((&status["runners"][1]["running"], &status["runners"][1]["limit"]), (&1.into(), &1.into()));
    go_on(&test);
    test.wait_quiet();
    assert_eq!((test.task_state(TASK), test.task_state("TASK-2"), test.claude.count()), ("done", "incoming", 1));
}

#[test]
fn doctor_tries_a_runner_out() {
    let test = project("cluster", "");
    let says = test.run(["doctor", "--runner", "cluster"]).ok();
    for what in [
        "executed a path",
        "sees this folder",
        "can't be created once more",
        "locks are seen",
        "claude 2.",
        "git works in",
    ] {
        assert!(says.stdout.contains(what), "{what}: {says}");
    }
    assert!(
        !fs::read_dir(test.orchestrator("cache"))
            .unwrap()
            .any(|entry| { entry.unwrap().file_name().to_string_lossy().starts_with("probe-") })
    );
    test.run(["doctor"]).says("runner cluster: engine").says_not("(`command` of");
    test.run(["doctor", "--runner", "clutser"]).refuses().complains("attached, cluster");
    test.engine_is("down", true);
    test.run(["doctor", "--runner", "cluster"]).refuses().says("fails: engine: ");
    let config = fs::read_to_string(test.orchestrator("agents.yaml")).unwrap();
    test.config(&config.replace("runner: cluster", "command: [srun, claude]"));
    test.run(["doctor"]).says("where it can't be watched");
    test.wait_quiet();
}

#[test]
fn what_waits_says_why_and_is_stopped_without_having_begun() {
    let test = project("cluster", "");
    test.engine_is("full", true).tick();
    test.wait_until("the reason to be known", || remote(&test)["reason"] == "Resources");
    assert_eq!((&remote(&test)["phase"], &remote(&test)["job"]), (&"waiting".into(), &"7".into()));
    test.run(["agent", "stop", AGENT]).ok().says("its run has ended");
    assert_back(&test, "interrupted", None);
    test.wait_quiet();
    assert_eq!(test.claude.count(), 0);
}

#[test]
fn a_run_goes_on_without_its_supervisor() {
    for runner in ["cluster", "attached"] {
        let test = at_work(runner, "");
        kill_supervisor_and_start(&test);
        // The new one renews the lease and waits: nobody is ended, nobody is started.
        test.later(120).tick();
        test.wait_until("the run to be taken up", || test.state(AGENT)["supervisor"]["pid"].is_i64());
        test.later(120).tick();
        assert_eq!((test.claude.count(), test.task_state(TASK)), (1, "claimed"));
        go_on(&test);
        assert_done_once(&test);
    }
}

#[test]
fn what_was_cut_short_goes_on_where_its_conversation_is() {
    for is_there in [true, false] {
        let test = project("cluster", "");
        test.claude.plays(&format!("{TASK}.1"), "write a.txt one && commit 'First part'; refused");
        test.tick_and_wait();
        assert_eq!(test.task_line(TASK, "RESUMED_BY").as_deref(), Some(AGENT));
        if !is_there {
            fs::remove_dir_all(test.notes("sessions")).unwrap();
        }
        test.later(600).tick_and_wait();
        assert_eq!((test.task_state(TASK), test.attempts(TASK)), ("done", 1), "{}", test.task_text(TASK));
        let calls = test.claude.calls();
        assert_eq!(calls[1].flag("--resume"), calls[0].flag("--session-id"));
        assert!(calls[1].prompt.starts_with("# You go on\n"), "{}", calls[1].prompt);
        let record = test.record(AGENT);
        let begun = if is_there { &calls[0] } else { &calls[2] };
        assert_eq!(begun.flag("--session-id"), begun.env("RUN_ID"));
        assert_eq!(record["session"]["id"].as_str(), begun.env("RUN_ID"), "{record}");
        let leg = record["session"]["leg"].as_u64();
        assert_eq!((calls.len(), leg), if is_there { (2, Some(2)) } else { (3, Some(1)) });
        assert!(is_there || calls[2].prompt.contains("## Your role"), "{}", calls[2].prompt);
        assert_eq!(
            (record["outcome"]["kind"].as_str(), record["usage"]["cost_usd"].as_f64()),
            (Some("finished"), Some(0.01))
        );
    }
}

#[test]
fn what_was_only_handed_over_is_taken_up_too() {
    let test = project("cluster", "");
    test.engine_is("full", true).tick();
    test.wait_until("the job to be there", || test.job(AGENT, "taken").is_some());
    kill_supervisor_and_start(&test);
    test.later(120).tick();
    test.engine_is("full", false);
    assert_done_once(&test);
}

#[test]
fn what_never_reached_the_engine_is_tried_again() {
    let test = project("attached", "");
    test.engine_is("full", true).tick();
    test.wait_until("the job to be there", || test.job(AGENT, "taken").is_some());
    // The start command was all that there was of it.
    kill_supervisor_and_start(&test);
    test.wait_until("nothing to be left", || test.leftovers().is_empty());
    fs::remove_dir_all(test.engine("jobs")).unwrap();
    test.later(120).tick();
    assert_back(&test, "interrupted", Some("1"));
    assert_eq!(test.claude.count(), 0);
    test.wait_quiet();
}

#[test]
fn a_machine_that_goes_down_in_order_costs_nothing() {
    let test = at_work("cluster", "");
    let supervisor = pid(&test.state(AGENT)["supervisor"]["pid"].to_string());
    kill_process(supervisor, Signal::TERM).unwrap();
    test.wait_until("the supervisor to end", || {
        !test.leftovers().iter().any(|left| left.command.contains(" supervise "))
    });
    assert_eq!(test.task_state(TASK), "claimed");
    test.later(120).tick();
    go_on(&test);
    assert_done_once(&test);
}

#[test]
fn a_run_is_stopped_where_it_is() {
    for is_lost in [false, true] {
        let test = at_work("cluster", "");
        if is_lost {
            kill_supervisor_and_start(&test);
        }
        test.run(["agent", "stop", AGENT]).ok().says("its run has ended");
        assert_back(&test, "interrupted", None);
        test.wait_quiet();
        let branch = test.task_line(TASK, "WORK_BRANCH").unwrap();
        assert_eq!(test.git(["show", &format!("{branch}:a.txt")]), "one");
        assert_eq!(test.claude.count(), 1);
    }
}

#[test]
fn what_is_cancelled_elsewhere_is_named_and_not_charged() {
    for (says, word) in [("CANCELLED|None|7", "cancelled"), ("PREEMPTED|None|7", "preempted")] {
        let test = at_work("cluster", "");
        fs::write(test.engine("says"), says).unwrap();
        kill_process(keepers(&test)[1], Signal::TERM).unwrap();
        assert_back(&test, word, None);
        test.wait_quiet();
    }
    // The time that its engine gives a run is over: that is the run's own.
    let test = at_work("cluster", "");
    fs::write(test.engine("says"), "TIMEOUT|TimeLimit|7").unwrap();
    kill_process(keepers(&test)[1], Signal::TERM).unwrap();
    test.wait_quiet();
    assert_eq!((test.state(AGENT)["last_outcome"].as_str(), test.attempts(TASK)), (Some("timed_out"), 1));
}

#[test]
fn a_runner_that_refuses_is_left_alone_by_its_agents_only() {
    let test = Test::new();
    let agents =
        [(AGENT, "implementer", "attached"), ("impl-2", "implementer", "attached"), ("impl-3", "implementer", "local")];
    test.with_origin().with_engine(&agents[..1], "").task_for(TASK, "implement");
    test.github.install();
    test.claude.implements();
    test.engine_is("down", true).tick();
    test.wait_quiet();
    assert_back(&test, "runner_down", None);
    assert!(test.messages_of("warning").iter().any(|text| text.contains("the controller is down")));
    test.with_engine(&agents, "").later(61).tick();
    test.wait_quiet();
    assert_eq!((test.task_state(TASK), test.claude.only_call().env("AGENT_NAME")), ("done", Some("impl-3")));
    test.run(["why", "impl-2"]).ok().says("the controller is down");
    // One of them tries again, and gets through.
    test.task_for("TASK-2", "implement").engine_is("down", false).later(600).tick();
    test.wait_quiet();
    assert_eq!(test.task_state("TASK-2"), "done");
    assert!(!test.orchestrator("cache/cooldown-attached.json").exists());
}

#[test]
fn a_runner_that_does_not_answer_is_given_nothing() {
    let test = project("cluster", "");
    test.engine_is("down", true).tick();
    test.wait_quiet();
    assert_back(&test, "runner_down", None);
    assert!(test.messages_of("warning").iter().any(|text| text.contains("nobody answers")));
    assert!(test.job(AGENT, "taken").is_none());
}

#[test]
fn a_run_elsewhere_is_looked_at_once_a_second() {
    let test = at_work("cluster", "");
    test.wait_until("that to be seen", || remote(&test)["phase"] == "running");
    let tasks = format!("/proc/{}/task", test.state(AGENT)["supervisor"]["pid"]);
    let wakings = || {
        let statuses = fs::read_dir(&tasks).unwrap().map(|task| task.unwrap().path().join("status"));
        let of = |status: &str| {
            status
                .lines()
                .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))
                .map(str::trim)
                .map(str::parse::<u32>)
        };
        statuses.map(|status| of(&fs::read_to_string(status).unwrap()).unwrap().unwrap()).sum::<u32>()
    };
    // A disk may keep it waiting now and then, but not always.
    let mut before = (Instant::now(), wakings());
    test.wait_until("three seconds with a look in each", || {
        if before.0.elapsed() < Duration::from_secs(3) {
            return false;
        }
        let now = (Instant::now(), wakings());
        let (seconds, count) = ((now.0 - before.0).as_secs() as u32, now.1 - before.1);
        before = now;
        count <= seconds + 1
    });
    go_on(&test);
    assert_done_once(&test);
}
