//! As cron starts it: a bare environment, a pipe that is read to its end, a session that ends.

use crate::support::{BINARY, Test};
use std::{fs, process::Command};

/// A project whose agent waits until it may end.
fn project() -> Test {
    let test = Test::new();
    test.with_origin().agents(&[("impl-1", "implementer")]).task_for("TASK-1", "implement");
    test.claude.plays("default", "until [ -e \"$HOME/go\" ]; do rest 0.1; done; write a x; finish");
    test
}

fn go(test: &Test) {
    fs::write(test.root().join("home/go"), "").unwrap();
    test.wait_quiet();
}

#[test]
fn a_bare_environment_is_enough() {
    let test = project();
    let path = format!("{}:{}", test.root().join("bin").display(), test.root().join("tools").display());
    let mut command = Command::new(BINARY);
    command
        .env_clear()
        .env("PATH", path)
        .env("HOME", test.root().join("home"))
        .env("CLAUDE_CONFIG_DIR", test.root().join("claude"))
        .arg("-C")
        .arg(test.dir())
        .current_dir("/");
    test.finish(command).ok().says("impl-1: started with TASK-1").quiet();
    go(&test);
    assert_eq!(test.task_state("TASK-1"), "done");
}

#[test]
fn its_pipes_close_when_the_tick_ends_while_the_run_goes_on() {
    let test = project();
    // Reading to the end of both pipes is part of every command here; with a run under way it must come at once.
    let tick = test.tick();
    assert!(tick.elapsed.as_secs() < 60, "{:?}", tick.elapsed);
    test.wait_until("claude to run", || test.claude.count() == 1);
    // Those of the stand-in's own shell aside: its descriptors are above 2, or its children are gone in a moment.
    test.wait_until("no process to hold a pipe of the tick's", || {
        let files = test.leftovers().into_iter().flat_map(|left| open_files(left.pid));
        files.filter(|(_, target)| target.starts_with("pipe:")).all(|(fd, _)| fd > 2)
    });
    go(&test);
}

#[cfg(target_os = "linux")]
#[test]
fn no_foreign_descriptor_is_passed_on() {
    let test = project();
    let stray = test.root().join("stray");
    let terminal = test.root().join("terminal");
    let mut shell = test.program_command("sh");
    shell.args(["-c", "exec scheduler 7>\"$1\" 8<\"$1\" 9>>\"$2\"", "sh"]).arg(&stray).arg(&terminal);
    test.finish(shell).ok();
    test.wait_until("claude to run", || test.claude.count() == 1 && !test.claude.only_call().descriptors.is_empty());
    for left in test.leftovers() {
        for (fd, target) in open_files(left.pid) {
            assert!(!target.ends_with("/stray") && !target.ends_with("/terminal"), "{left:?} holds {fd} {target}");
        }
    }
    let supervisor = supervisor(&test);
    let inode = std::os::unix::fs::MetadataExt::ino(&fs::metadata(test.orchestrator("agents/impl-1/lock")).unwrap());
    let locks = fs::read_to_string("/proc/locks").unwrap();
    assert!(locks.lines().any(|line| line.contains("FLOCK") && line.contains(&format!(":{inode} "))), "{locks}");
    let held = |pid| open_files(pid).iter().filter(|(_, target)| target.ends_with("agents/impl-1/lock")).count();
    assert_eq!(held(supervisor), 1);
    assert_eq!(held(test.claude.only_call().pid), 0, "the agent holds its own lock");
    go(&test);
}

#[cfg(target_os = "linux")]
#[test]
fn a_supervisor_survives_its_parent_and_its_terminal() {
    let test = project();
    // A session that ends: its leader is killed, and everything in it is sent SIGHUP.
    let mut shell = test.program_command("setsid");
    shell.args(["sh", "-c", "scheduler; echo ready >\"$HOME/ready\"; sleep 300"]);
    let leader = test.start_any(shell);
    test.wait_until("the tick to end", || test.root().join("home/ready").is_file() && test.claude.count() == 1);
    let supervisor = supervisor(&test);
    let session = |pid: i32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        stat.rsplit(')').next().unwrap().split_whitespace().nth(3).unwrap().to_owned()
    };
    assert_eq!(session(supervisor), supervisor.to_string());
    let group = leader.id();
    for signal in ["-HUP", "-INT", "-KILL"] {
        let mut kill = test.program_command("kill");
        kill.args([signal, "--", &format!("-{group}")]);
        test.finish(kill);
    }
    leader.wait();
    go(&test);
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("done", 1));
}

#[test]
fn closed_standard_descriptors_do_no_harm() {
    let test = project();
    fs::write(test.root().join("home/go"), "").unwrap();
    let mut shell = test.program_command("sh");
    shell.args(["-c", "exec scheduler <&- >&- 2>&-"]);
    let _ = test.finish(shell);
    test.wait_quiet();
    let state = test.task_state("TASK-1");
    if state != "done" {
        test.later(3_600).tick_and_wait();
    }
    assert_eq!((test.task_state("TASK-1"), test.claude.count()), ("done", 1));
    let lock = fs::read(test.orchestrator("agents/impl-1/lock")).unwrap();
    assert!(lock.is_empty(), "something was written into the lock: {}", String::from_utf8_lossy(&lock));
}

#[test]
fn a_full_disk_under_its_output_starts_nothing_twice() {
    let test = project();
    fs::write(test.root().join("home/go"), "").unwrap();
    let mut shell = test.program_command("sh");
    shell.args(["-c", "scheduler >/dev/full"]);
    test.finish(shell);
    test.wait_quiet();
    assert_eq!((test.task_state("TASK-1"), test.claude.count()), ("done", 1));
}

#[cfg(target_os = "linux")]
#[test]
fn the_supervisor_is_small_and_sleeps_while_claude_waits() {
    let test = project();
    test.tick();
    test.wait_until("claude to run", || test.claude.count() == 1);
    let supervisor = supervisor(&test);
    let stat = |pid: i32| fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let ticks = |pid: i32| -> u64 {
        let stat = stat(pid);
        let fields: Vec<u64> = stat
            .rsplit(')')
            .next()
            .unwrap()
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(|word| word.parse().unwrap())
            .collect();
        fields.iter().sum()
    };
    test.wait_until("the supervisor to sleep", || {
        stat(supervisor).rsplit(')').next().unwrap().trim_start().starts_with('S')
    });
    // In hundredths of a second. At first it may still have something to do.
    let spent_in_five_seconds = || {
        let (before, since) = (ticks(supervisor), std::time::Instant::now());
        test.wait_until("five seconds", || since.elapsed().as_secs() >= 5);
        ticks(supervisor) - before
    };
    assert!((0..4).any(|_| spent_in_five_seconds() <= 5), "more than 5 of 500 hundredths");
    // What it has for itself; pages of the program's file are shared with every other one.
    let status = fs::read_to_string(format!("/proc/{supervisor}/status")).unwrap();
    let kib: u64 = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"))
        .unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap();
    assert!(kib < 8 << 10, "{kib} KiB");
    go(&test);
}

#[track_caller]
fn supervisor(test: &Test) -> i32 {
    let mut found: Vec<_> = test.leftovers().into_iter().filter(|left| left.command.contains(" supervise ")).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0).pid
}

/// The open descriptors of a process and what they are; empty if it is gone.
fn open_files(pid: i32) -> Vec<(i32, String)> {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| {
            Some((entry.file_name().to_str()?.parse().ok()?, fs::read_link(entry.path()).ok()?.display().to_string()))
        })
        .collect()
}
