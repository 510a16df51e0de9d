//! What an idle tick costs: system calls, memory. Beyond what the start of any process costs.

#![cfg(target_os = "linux")]

use crate::support::{BINARY, Test};
use std::{fs, path::Path, process::Command};

/// Idle agents of all kinds, the first tick done, and the clock a bit later.
fn idle(count: usize) -> Test {
    let test = Test::new();
    test.with_origin();
    let names: Vec<_> = (0..count).map(|n| format!("agent-{n}")).collect();
    let roles = ["implementer", "tester", "reviewer"];
    let agents: Vec<_> = names.iter().enumerate().map(|(n, name)| (name.as_str(), roles[n % 3])).collect();
    test.agents_and(&agents, "max_cost_usd_per_day: 20");
    let now = test.clock().time().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    for name in &names {
        let state = serde_json::json!({"phase": "idle", "last_started": now, "last_finished": now, "last_outcome": "finished",
            "consecutive_failures": 0, "total_runs": 1, "total_successes": 1, "total_failures": 0});
        test.file(&format!(".orchestrator/agents/{name}/state.json"), &state.to_string());
        test.file(&format!(".orchestrator/agents/{name}/lock"), "");
    }
    test.tick_and_wait();
    test
}

/// What strace writes of the binary with these arguments.
fn strace(test: &Test, options: &[&str], args: &[&str]) -> String {
    let written = test.root().join("strace");
    let strace =
        ["/usr/local/bin/strace", "/usr/bin/strace", "/bin/strace"].into_iter().find(|path| Path::new(path).is_file());
    let strace = strace.expect("strace is needed to count system calls: `apt-get install strace`, or .ci/run does it");
    let mut command: Command = test.program_command(strace);
    command.args(options).arg("-o").arg(&written).arg("--").arg(BINARY).args(args);
    test.finish(command).ok();
    fs::read_to_string(&written).unwrap()
}

/// How many system calls the binary makes with these arguments, by strace's table.
fn calls(test: &Test, args: &[&str]) -> usize {
    let text = strace(test, &["-f", "-c", "-U", "calls,name"], args);
    // Before it closes a descriptor a debug build asks whether it is open.
    let debug = if cfg!(debug_assertions) { count(&text, "fcntl").unwrap_or(0) } else { 0 };
    count(&text, "total").unwrap_or_else(|| panic!("{text}")) - debug
}

/// The number in the line of strace's table that ends with a name.
fn count(table: &str, name: &str) -> Option<usize> {
    table.lines().find_map(|line| line.trim().strip_suffix(name)?.trim().parse().ok())
}

#[test]
fn an_idle_tick_with_five_agents_makes_few_system_calls() {
    let test = idle(5);
    let start_up = calls(&test, &["--version"]);
    for due in [false, true] {
        if due {
            test.later(3_600);
        }
        let tick = calls(&test, &[]);
        assert!(tick < start_up + 120, "{tick} calls, of which {start_up} are process start-up; due: {due}");
    }
    assert_eq!(test.claude.count(), 0);
}

#[test]
fn the_machine_of_the_ticks_is_known_by_its_name() {
    let test = idle(3);
    let trace = strace(&test, &["-e", "trace=uname,pread64,openat,open"], &[]);
    assert_eq!(trace.matches("uname(").count(), 1, "{trace}");
    assert_eq!(
        trace.lines().filter(|line| line.starts_with("pread64(") && line.contains("host")).count(),
        1,
        "{trace}"
    );
    assert!(!trace.contains("machine-id") && !trace.contains("boot_id"), "{trace}");
}

#[test]
fn proposals_that_nobody_has_changed_are_not_opened() {
    let test = Test::new();
    test.config("model: proposal\nagents:\n  - {name: curator, role: curator, interval_seconds: 60}\n");
    for n in 0..20 {
        let id = crate::support::proposals::architect(&format!("Idea {n}"), "debt", &[]).with(&["--force"]).add(&test);
        test.run(["proposal", "defer", &id, "--reason", "later", "--for", "30d"]).ok();
    }
    // The curator is due at every tick. What was changed within a second of a look is looked at once more.
    for state in ["active", "promoted", "deferred", "rejected"] {
        let Ok(dir) = fs::File::open(test.orchestrator(format!("shared/proposals/{state}"))) else { continue };
        dir.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(60)).unwrap();
    }
    test.later(60).tick_and_wait();
    let start_up = calls(&test, &["--version"]);
    let tick = calls(test.later(60), &[]);
    assert!(tick < start_up + 120, "{tick} calls, of which {start_up} are process start-up");
}

#[test]
fn each_idle_agent_costs_three() {
    let (few, many) = (idle(5), idle(1_000));
    let (few, many) = (calls(&few, &[]), calls(&many, &[]));
    let each = (many - few) as f64 / 995.0;
    // Some few for memory and for the listing of the folder are shared by all.
    assert!(each < 3.05, "{each} calls for each agent: {many} with 1000, {few} with 5");
}

#[test]
fn memory_stays_small_with_a_thousand_agents_and_tasks() {
    let test = idle(1_000);
    for n in 0..500 {
        test.task(&format!("TASK-{n}"), "# Blocked\n\nBLOCKED_BY: TASK-none\n\n## Context\nText.\n");
    }
    let mut shell = test.later(3_600).program_command("sh");
    // Beside what it allocates, which this limits, a process has some pages of its program's file in memory: all of
    // them together are less than the rest of 10 MiB.
    shell.args(["-c", "ulimit -d 4608; exec scheduler --dry-run"]);
    test.finish(shell).ok().says("agent-999: no implement task can be claimed; 500 wait");
}

#[test]
fn an_idle_tick_is_over_in_a_moment() {
    let test = idle(5);
    // A few milliseconds on a quiet machine, built for release; this is a debug build on a busy one, which may let it wait.
    assert!((0..200).any(|_| test.tick().elapsed.as_millis() < 100), "none of 200 was over in 100 ms");
}

#[test]
fn a_claim_reads_each_header_once_and_no_more_of_it_than_that() {
    let test = idle(3);
    let body = "Text that no decision needs.\n".repeat(5_000);
    for (n, role) in (0..30).zip(["implement", "test", "review"].into_iter().cycle()) {
        test.task(&format!("TASK-{n}"), &format!("# A task\n\nROLE: {role}\n\n## Context\n{body}"));
    }
    for n in 0..3 {
        test.claude.plays(&format!("agent-{n}"), "finish");
    }
    test.later(3_600);
    let trace = strace(&test, &["-y", "-e", "trace=openat,open,read"], &[]);
    test.wait_quiet();
    assert_eq!(test.claude.count(), 3);
    for n in 0..30 {
        let of_it = trace.lines().filter(|line| line.contains(&format!("incoming/TASK-{n}.md")));
        let (read, opened): (Vec<&str>, Vec<&str>) = of_it.partition(|line| line.starts_with("read("));
        assert_eq!(opened.len(), 1, "{opened:#?}");
        let bytes: usize = read.iter().map(|line| line.rsplit_once("= ").unwrap().1.parse::<usize>().unwrap()).sum();
        assert!(bytes <= 16 << 10, "{bytes} bytes: {read:#?}");
    }
}

#[test]
fn what_is_over_costs_no_tick_anything() {
    let test = idle(3);
    test.later(3_600);
    test.tick_and_wait();
    let before = calls(&test, &[]);
    for n in 0..200 {
        for state in ["done", "failed"] {
            test.file(&format!(".orchestrator/shared/queue/{state}/{state}-{n}.md"), "# A task\n");
        }
        test.file(&format!(".orchestrator/shared/proposals/rejected/PROP-{n}.md"), "# A proposal\n");
        test.file(&format!(".orchestrator/logs/agent-{n}-2024-01-14.log"), "");
        test.file(&format!(".orchestrator/agents/agent-0/runs/run-{n}/record.json"), "{}");
    }
    let after = calls(&test, &[]);
    // Of 1,400 files not one is looked at; how often threads wait for each other is no matter.
    assert!(after < before + 50, "{after} calls, {before} before");
}

#[test]
fn a_worktree_that_is_ready_takes_few_git_commands() {
    let test = Test::new();
    test.with_origin().agents(&[("impl-1", "implementer")]);
    test.claude.implements();
    test.task_for("TASK-1", "implement").tick_and_wait();
    test.task_for("TASK-2", "implement").later(3_600);
    let trace = strace(&test, &["-f", "-s", "100", "-e", "trace=execve"], &[]);
    test.wait_quiet();
    assert_eq!(test.claude.count(), 2);
    // Of a call that another one came between, the end alone says whether it succeeded.
    let started = |line: &&str| line.contains("execve") && line.trim_end().ends_with("= 0");
    let programs: Vec<_> = trace.lines().take_while(|line| !line.contains("/claude\", [")).filter(started).collect();
    // The tick, the supervisor, and what prepares the worktree, with what git itself starts to fetch, and what confines; and as
    // much as the refresh of the open pull requests, which goes on beside it, has come to.
    assert!((5..=44).contains(&programs.len()), "{}: {programs:#?}", programs.len());
}
