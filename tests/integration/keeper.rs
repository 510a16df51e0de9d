//! `scheduler keep`: what carries a run on another machine.

mod node;

use crate::support::Test;
use node::{ALREADY_STARTED, Node, REFUSED, RESULT, replace};
use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};
use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

/// Is at work until it is ended, and then says so.
const WORKS: &str =
    "trap 'touch \"$NOTES/asked\"; exit 143' TERM; touch \"$NOTES/at-work\"; while :; do sleep 0.1; done";
/// Leaves a process behind that has left group, session and environment, and hears nothing.
const LEAVES_A_DEAF_ONE: &str = "( env -i PATH=\"$PATH\" NOTES=\"$NOTES\" setsid sh -c \
    'trap \"\" TERM HUP INT; cd \"$NOTES\"; touch deaf; while :; do sleep 0.1; done' >/dev/null 2>&1 & )
    while [ ! -e \"$NOTES/deaf\" ]; do sleep 0.02; done";

/// Every file of the run's folder, with what is in it.
fn files(node: &Node) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(&node.run).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.map(|path| (path.clone(), fs::read(path).unwrap_or_default())).collect();
    files.sort();
    files
}

#[test]
fn a_run_is_carried_to_its_end() {
    let script =
        format!("cat; env >\"$NOTES/env\"; pwd >\"$NOTES/pwd\"; {LEAVES_A_DEAF_ONE}; {RESULT}; echo why >&2; exit 3");
    let node = Node::new(&script);
    node.test.set_env("GH_TOKEN", "secret").set_env("CLAUDECODE", "1");
    node.play().ok().quiet();
    let exit = node.assert_ended(Value::Null);
    assert_eq!(exit["exit"], json!({"code": 3, "signal": null}));
    let text = |path: PathBuf| fs::read_to_string(path).unwrap();
    assert!(text(node.file("output.jsonl")).starts_with("the prompt\n{\"type\":\"result\""));
    assert_eq!(text(node.file("stderr.log")), "why\n");
    assert_eq!(text(node.note("pwd")).trim(), node.order["worktree"].as_str().unwrap());
    let env = text(node.note("env"));
    for line in [format!("SCHEDULER_RUN={}", node.id), "SLURM_JOB_ID=4711".to_owned()] {
        assert!(env.lines().any(|found| found == line), "{line}: {env}");
    }
    assert!(env.contains("\nPATH=/nowhere:") || env.starts_with("PATH=/nowhere:"), "{env}");
    assert!(env.contains("SCHEDULER_ELSEWHERE="), "{env}");
    assert!(!env.contains("secret") && !env.contains("CLAUDECODE"), "{env}");
    let started = node.json("started.json");
    assert_eq!((&started["by"], &started["job"]), (&json!("keeper"), &json!("4711")), "{started}");
    assert!(node.file("alive").exists());
}

#[test]
fn who_comes_second_touches_nothing() {
    let node = Node::new(WORKS);
    let first = node.start_until("at-work");
    let alive =
        |node: &Node| -> Vec<_> { files(node).into_iter().filter(|(path, _)| !path.ends_with("alive")).collect() };
    let before = alive(&node);
    node.play().code(ALREADY_STARTED).complains("started before");
    assert_eq!(alive(&node), before);
    replace(&node.file("stop"), "interrupted\n");
    first.wait().ok();
    node.assert_ended(json!("interrupted"));
    // At the end of the run what it was to start is removed.
    fs::remove_file(node.file("launch.json")).unwrap();
    let before = files(&node);
    node.play().code(ALREADY_STARTED);
    assert_eq!(files(&node), before);
}

#[test]
fn after_the_tombstone_nothing_starts() {
    let node = Node::new(WORKS);
    fs::write(node.file("started.json"), "{\"by\": \"supervisor\"}").unwrap();
    let before = files(&node);
    node.play().code(ALREADY_STARTED);
    assert_eq!(files(&node), before);
}

#[test]
fn a_folder_that_is_not_the_runs_is_left_alone() {
    let node = Node::new(WORKS);
    let mut command = node.test.command(["keep"]);
    command.arg(node.run.with_file_name("0190d1c2-7f1a-4e5b-8c3d-000000000000"));
    node.test.finish(command).code(REFUSED).complains("No such file");
    let node = node.with("/run_id", json!("0190d1c2-7f1a-4e5b-8c3d-000000000000"));
    let before = files(&node);
    node.play().code(REFUSED).complains("is of run");
    fs::write(node.file("launch.json"), "garbage").unwrap();
    node.play().code(REFUSED);
    fs::remove_file(node.file("launch.json")).unwrap();
    node.play().code(REFUSED).complains("there is no");
    assert_eq!(files(&node).len() + 1, before.len());
}

#[test]
fn a_machine_that_cannot_carry_it_says_why() {
    let table: [(&str, Value, &str); 8] = [
        ("/version", json!("0.0.0"), "where the ticks are"),
        ("/argv", json!(["no-such-program"]), "no-such-program is not on PATH there"),
        ("/argv/0", json!("/etc/passwd"), "may not be executed there"),
        ("/root", json!("/"), "isn't the folder"),
        ("/worktree", json!("/"), "isn't the worktree"),
        ("/git_dir", json!("/"), "isn't the worktree"),
        ("/state", json!("/none"), "doesn't name this run"),
        ("/prompt", json!("/none"), "is gone"),
    ];
    for (path, value, why) in table {
        let node = Node::new(WORKS).with(path, value);
        node.play().code(REFUSED).complains(why);
        let exit = node.json("exit.json");
        assert!(exit["refused"].as_str().unwrap().contains(why), "{exit}");
        assert!(!node.note("at-work").exists());
        node.play().code(ALREADY_STARTED);
    }
    let node = Node::new(WORKS);
    node.state(json!({"phase": "running", "run_id": "another"}));
    node.play().code(REFUSED).complains("doesn't name this run");
}

#[test]
fn it_is_ended_in_order_when_it_is_told_to() {
    for (word, stopped) in [("interrupted", "interrupted"), ("timed_out", "timed_out"), ("?", "interrupted")] {
        let node = Node::new(&format!("{LEAVES_A_DEAF_ONE}; {WORKS}"));
        let keeper = node.start_until("at-work");
        replace(&node.file("stop"), word);
        keeper.wait().ok();
        let exit = node.assert_ended(json!(stopped));
        assert_eq!(exit["exit"]["code"], 143, "claude had no time to end: {exit}");
        assert!(node.note("asked").exists());
    }
    // Before it has begun.
    let node = Node::new(WORKS);
    replace(&node.file("stop"), "interrupted");
    node.play().ok();
    node.assert_ended(json!("interrupted"));
    assert!(!node.note("at-work").exists());
}

#[test]
fn the_machine_can_have_it_back() {
    let node = Node::new(&format!("{LEAVES_A_DEAF_ONE}; {WORKS}"));
    let keeper = node.start_until("at-work");
    // As an engine does: everybody is told, also who waits for the others.
    node.signal_all(Signal::TERM);
    keeper.wait();
    node.test.wait_until("its end", || node.test.leftovers().is_empty());
    node.assert_ended(json!("cancelled"));
}

#[test]
fn limits_count_from_the_start_of_claude() {
    let second = json!({"secs": 1, "nanos": 0});
    for (path, stopped) in [("/limits/stall", "stalled"), ("/limits/timeout", "timed_out")] {
        let node = Node::new(WORKS).with(path, second.clone());
        node.play().ok();
        node.assert_ended(json!(stopped));
    }
}

#[test]
fn a_run_that_nobody_carries_any_more_ends_itself() {
    let node = Node::new(WORKS).with("/lease_seconds", json!(1));
    node.play().ok();
    node.assert_ended(json!("abandoned"));

    let node = Node::new(WORKS);
    let keeper = node.start_until("at-work");
    node.state(json!({"phase": "idle"}));
    keeper.wait().ok();
    node.assert_ended(json!("abandoned"));
}

#[test]
fn as_long_as_the_lease_is_renewed_it_goes_on() {
    let long = Duration::from_secs(5);
    let node = Node::new(WORKS).with("/lease_seconds", json!(2));
    node.renewing(|| {
        let keeper = node.start_until("at-work");
        let (begun, first) = (Instant::now(), fs::read_to_string(node.file("alive")).unwrap());
        node.test.wait_until("more than the lease", || begun.elapsed() > long);
        assert!(!node.file("exit.json").exists(), "{}", node.json("exit.json"));
        assert_ne!(fs::read_to_string(node.file("alive")).unwrap(), first);
        replace(&node.file("stop"), "interrupted");
        keeper.wait().ok();
    });
    node.assert_ended(json!("interrupted"));
}

#[test]
fn a_machine_that_stood_still_for_too_long_notices_at_once() {
    let node = Node::new(WORKS).with("/lease_seconds", json!(2));
    // The supervisor never ceases to renew the lease.
    node.renewing(|| {
        let keeper = node.start_until("at-work");
        node.signal_all(Signal::STOP);
        let begun = Instant::now();
        node.test.wait_until("more than the lease", || begun.elapsed() > Duration::from_secs(3));
        node.signal_all(Signal::CONT);
        keeper.wait().ok();
    });
    node.assert_ended(json!("abandoned"));
}

#[test]
fn a_killed_keeper_leaves_nothing_running() {
    let node = Node::new(&format!("{LEAVES_A_DEAF_ONE}; {WORKS}"));
    let keeper = node.start_until("at-work");
    kill_process(node.carrier(), Signal::KILL).unwrap();
    keeper.wait().code(1).complains("signal 9");
    node.assert_ended(json!("cancelled"));

    // The one behind it may be killed as well: nothing is lost.
    let node = Node::new(WORKS);
    let keeper = node.start_until("at-work");
    let is_behind = |left: &crate::support::Leftover| left.command.contains(" keep /");
    let behind = node.test.leftovers().into_iter().find(is_behind).unwrap();
    kill_process(rustix::process::Pid::from_raw(behind.pid).unwrap(), Signal::KILL).unwrap();
    replace(&node.file("stop"), "interrupted");
    node.test.wait_until("the end of the run", || node.file("exit.json").exists());
    keeper.wait();
    node.assert_ended(json!("interrupted"));
}

#[test]
fn where_it_cannot_be_confined_it_is_said_or_refused() {
    let other_home = json!([["HOME", "/somewhere/else"]]);
    let node = Node::new(RESULT).with("/environment/fallback", other_home.clone()).with("/sandbox", json!("required"));
    node.play().code(REFUSED).complains("sandbox.mode is required");
    let node = Node::new(RESULT).with("/environment/fallback", other_home).with("/sandbox", json!("auto"));
    node.play().ok();
    node.assert_ended(Value::Null);
    let started = node.json("started.json");
    assert!(started["confined"]["unable"].as_str().is_some_and(|why| why.contains("home")), "{started}");
}

#[test]
fn a_request_from_another_machine_needs_no_lock() {
    let test = Test::new();
    let requests = test.root().join("requests");
    fs::create_dir(&requests).unwrap();
    let ask = |elsewhere: bool| {
        let mut command = test.command(["message", "send", "--type", "info", "--title", "T", "--body", "B"]);
        command.env("SCHEDULER_RUN", "r").env("SCHEDULER_REQUESTS", &requests);
        if elsewhere {
            command.env("SCHEDULER_ELSEWHERE", "node1");
        }
        test.start_any(command)
    };
    // Nobody holds the lock here: on this machine that means that nobody answers.
    ask(false).wait().code(1).complains("nothing was done");
    let asked = ask(true);
    let waiting = || {
        let names = fs::read_dir(&requests).unwrap().map(|entry| entry.unwrap().path());
        names.into_iter().find(|path| path.extension().is_some_and(|ending| ending == "request"))
    };
    test.wait_until("the request", || waiting().is_some());
    let request = waiting().unwrap();
    fs::rename(&request, request.with_extension("taken")).unwrap();
    fs::write(request.with_extension("out"), "sent\n").unwrap();
    fs::write(request.with_extension("err"), "").unwrap();
    replace(&request.with_extension("code"), "0\n");
    asked.wait().ok().says("sent");
}
