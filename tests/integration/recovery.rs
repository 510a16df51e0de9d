//! What a dead supervisor leaves is put right: nothing lost, nobody else's process touched, no second run beside the first.
#![cfg(target_os = "linux")]

use crate::support::Test;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

pub const TASK: &str = "TASK-1";
pub const AGENT: &str = "impl-1";
/// One part committed, one not, and then nothing more.
pub const HANGS: &str =
    "write a.txt one && commit 'First part' && write b.txt two && touch $CLAUDE_CONFIG_DIR/debug/at-work && hang";

pub fn project() -> Test {
    let test = Test::new();
    test.with_origin().agents(&[(AGENT, "implementer")]).task_for(TASK, "implement");
    test
}

pub fn hanging(scenario: &str) -> Test {
    let test = project();
    test.claude.plays("implementer", scenario);
    test.tick();
    test.wait_until("claude to be at work", || test.notes("at-work").exists());
    test
}

/// The supervisor and everything that it started, as a power failure ends them.
pub fn kill_all(test: &Test) {
    test.kill_supervisor(AGENT);
    test.wait_until("every process to be gone", || {
        let left = test.leftovers();
        for process in &left {
            let _ = kill_process(Pid::from_raw(process.pid).unwrap(), Signal::KILL);
        }
        left.is_empty()
    });
}

pub fn worktree(test: &Test) -> PathBuf {
    test.orchestrator(format!("agents/{AGENT}/worktree"))
}

pub fn git_dir(test: &Test) -> PathBuf {
    test.git_in(worktree(test), ["rev-parse", "--absolute-git-dir"]).into()
}

pub fn change_state(test: &Test, change: impl FnOnce(&mut Value)) {
    let mut state = test.state(AGENT);
    change(&mut state);
    fs::write(test.orchestrator(format!("agents/{AGENT}/state.json")), state.to_string()).unwrap();
}

/// Every ref in which a file is found with this text.
pub fn refs_with(test: &Test, file: &str, text: &str) -> Vec<String> {
    let refs = test.git(["for-each-ref", "--format=%(refname)", "refs/heads/agent", "refs/salvage"]);
    let has = |name: &&str| {
        let mut show = test.program_command("git");
        show.args(["show", &format!("{name}:{file}")]).stderr(Stdio::null());
        show.output().is_ok_and(|shown| shown.status.success() && shown.stdout.trim_ascii_end() == text.as_bytes())
    };
    refs.lines().filter(has).map(str::to_owned).collect()
}

/// After a tick and its recovery: both parts saved, the task back, nothing charged, the agent free.
pub fn assert_put_right(test: &Test) {
    test.wait_until("no process", || test.leftovers().is_empty());
    assert!(test.all_idle(), "{}", test.state(AGENT));
    assert_eq!(test.task_state(TASK), "incoming");
    assert_eq!(test.attempts(TASK), 0, "{}", test.task_text(TASK));
    assert!(!refs_with(test, "a.txt", "one").is_empty(), "the commit is lost");
    assert!(!refs_with(test, "b.txt", "two").is_empty(), "what was not committed is lost");
    assert_eq!(test.state(AGENT)["consecutive_failures"], 0);
    assert_eq!(test.messages_of("error"), [] as [&str; 0]);
}

/// The next run goes on from there, to the end.
pub fn assert_goes_on(test: &Test) {
    test.claude.plays("implementer", "[ -f a.txt ] && write c.txt three && commit 'Last part' && finish 'Done.'");
    test.later(180).tick_and_wait();
    assert_eq!(test.task_state(TASK), "done", "{}", test.task_text(TASK));
    assert_eq!(test.pushed_branches().len(), 1);
}

/// From now on git in worktrees fails as on a full disk.
pub fn fill_the_disk_for_git(test: &Test) {
    let real = fs::read_link(test.root().join("tools/git")).unwrap();
    let text = format!(
        "#!/bin/sh\ncase \"$*\" in *rev-list*|*update-index*|*'worktree add'*) [ -e \"$HOME/full\" ] && \
         {{ echo 'fatal: unable to write: No space left on device' >&2; exit 128; }} ;; esac\nexec '{}' \"$@\"\n",
        real.display()
    );
    test.program("git", &text);
    fs::write(test.root().join("home/full"), "").unwrap();
}

pub fn make_room(test: &Test) {
    fs::remove_file(test.root().join("home/full")).unwrap();
}

/// A process that belongs to nobody here: no variable of the test, another directory.
fn stranger() -> Child {
    Command::new("sleep").arg("300").env_clear().current_dir("/").stdin(Stdio::null()).spawn().unwrap()
}

fn start_time(pid: u32) -> String {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit_once(')').unwrap().1.split_ascii_whitespace().nth(19).unwrap().to_owned()
}

#[test]
fn orphans_are_ended_before_anybody_starts_again() {
    let test = hanging(&format!("ignore_term; setsid sh -c 'trap \"\" TERM; sleep 300' & {HANGS}"));
    let first = test.claude.only_call().pid;
    test.kill_supervisor(AGENT);
    assert!(Path::new(&format!("/proc/{first}")).exists(), "claude outlives its supervisor");
    test.claude.plays(
        "implementer",
        &format!(
            "case $(cut -d' ' -f3 /proc/{first}/stat 2>/dev/null) in Z|'') ;; *) touch $CLAUDE_CONFIG_DIR/debug/beside ;; esac; write c.txt x && commit 'More' && finish 'Done.'"
        ),
    );
    // However often it ticks while recovery is at work, nobody starts beside the orphan.
    test.later(180).tick().says("recovering");
    test.tick();
    assert_put_right(&test);
    test.tick_and_wait();
    assert_eq!(test.task_state(TASK), "done");
    assert!(!test.notes("beside").exists(), "a second run began beside the first");
}

#[test]
fn nobody_elses_process_is_signalled() {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap().trim().to_owned();
    for what in ["a reused number", "another boot"] {
        let test = hanging(HANGS);
        kill_all(&test);
        let mut child = stranger();
        let pid = child.id();
        let process = match what {
            "a reused number" => json!({"pid": pid, "start": "1", "boot": boot}),
            _ => json!({"pid": pid, "start": start_time(pid), "boot": "00000000-0000-0000-0000-000000000000"}),
        };
        change_state(&test, |state| {
            state["process"] = process.clone();
            state["supervisor"] = process;
        });
        test.tick().says("recovering");
        assert_put_right(&test);
        assert!(child.try_wait().unwrap().is_none(), "{what}: a stranger was ended");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn another_users_process_is_not_signalled() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let test = hanging(HANGS);
    let run = test.state(AGENT)["run_id"].as_str().unwrap().to_owned();
    kill_all(&test);
    // It carries the run's own mark, and is another user's all the same.
    let mut command = Command::new("sleep");
    std::os::unix::process::CommandExt::uid(&mut command, 65_534);
    let mut child = command.arg("300").env_clear().env("SCHEDULER_RUN", run).current_dir("/").spawn().unwrap();
    test.tick();
    assert_put_right(&test);
    assert!(child.try_wait().unwrap().is_none(), "another user's process was ended");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn what_a_person_started_with_env_sh_is_spared() {
    let test = hanging(HANGS);
    let script = format!(
        ". '{}'; [ -n \"$AGENT_NAME\" ] || exit 3; exec sleep 300",
        test.orchestrator(format!("agents/{AGENT}/env.sh")).display()
    );
    let mut command = test.program_command("sh");
    let mut child = command.args(["-c", &script]).current_dir(worktree(&test)).spawn().unwrap();
    test.kill_supervisor(AGENT);
    test.tick();
    test.wait_until("the recovery", || test.leftovers().len() == 1 && test.all_idle());
    assert!(child.try_wait().unwrap().is_none(), "a person's process was ended");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_put_right(&test);
}

#[test]
fn a_deleted_lock_file_starts_no_second_run() {
    let test = hanging(
        "write a.txt one && commit 'Work' && touch $CLAUDE_CONFIG_DIR/debug/at-work && \
         while [ ! -e ../../../../go-on ]; do rest 0.1; done; scheduler task show TASK-1 >$CLAUDE_CONFIG_DIR/debug/shown 2>&1; finish 'Done.'",
    );
    fs::remove_file(test.orchestrator(format!("agents/{AGENT}/lock"))).unwrap();
    test.later(600);
    for _ in 0..3 {
        test.tick().says_not("recovering").says_not("started");
    }
    test.wait_until("the message", || !test.messages_of("warning").is_empty());
    assert!(test.messages_of("warning")[0].contains("lock"), "{:?}", test.messages());
    fs::write(test.path("go-on"), "").unwrap();
    test.wait_quiet();
    assert_eq!(test.claude.count(), 1);
    assert_eq!(test.task_state(TASK), "done");
    let shown = fs::read_to_string(test.notes("shown")).unwrap();
    assert!(shown.contains("claimed"), "the run's own commands still work: {shown}");
    let said = test.messages().into_iter().filter(|(stem, _)| stem.contains("lock-file")).count();
    assert_eq!(said, 1, "{:?}", test.messages());
}

#[test]
fn a_claimed_task_that_nobody_holds_goes_back() {
    let test = Test::new();
    test.agents(&[("pm", "product_manager")]).run(["pause"]).ok();
    let claim = "# One\n\nATTEMPTS: 2\nCLAIMED_BY: impl-1\nCLAIMED_AT: 2026-01-01T00:00:00Z\nRUN: 0190d1c2-7f1a-4e5b-8c3d-1a2b3c4d5e6f\n";
    test.file(".orchestrator/shared/queue/claimed/TASK-1.md", claim);
    test.file(".orchestrator/shared/queue/claimed/TASK-2.md", "# By hand\n");
    fs::create_dir(test.orchestrator("shared/queue/claimed/TASK-3.md")).unwrap();
    fs::write(test.orchestrator("shared/queue/claimed/TASK-4.md"), vec![b'x'; 2 << 20]).unwrap();
    test.tick().says("TASK-1: back in incoming").says("TASK-2: back in incoming");
    assert_eq!(test.queue("incoming"), ["TASK-1", "TASK-2"]);
    assert_eq!((test.attempts("TASK-1"), test.task_line("TASK-1", "RUN")), (1, None));
    fs::remove_dir(test.orchestrator("shared/queue/claimed/TASK-3.md")).unwrap();
}

#[test]
fn a_task_stays_claimed_while_its_run_lives_though_state_json_is_gone() {
    let test = hanging(HANGS);
    let state = test.orchestrator(format!("agents/{AGENT}/state.json"));
    let text = fs::read(&state).unwrap();
    fs::remove_file(&state).unwrap();
    test.later(600).tick().says_not("back in incoming").says_not("started");
    assert_eq!((test.task_state(TASK), test.claude.count()), ("claimed", 1));
    fs::write(&state, text).unwrap();
    test.run(["agent", "stop", AGENT]).ok();
    assert_put_right(&test);
}

#[test]
fn a_corrupt_state_is_set_aside_and_its_run_put_right() {
    for text in ["", "{\"phase\": \"run", "\u{0}\u{0}", "[]", "{}"] {
        let test = hanging(HANGS);
        test.kill_supervisor(AGENT);
        fs::write(test.orchestrator(format!("agents/{AGENT}/state.json")), text).unwrap();
        test.tick();
        assert_put_right(&test);
        assert_eq!(test.messages_of("warning").len(), 1, "{text:?}: {:?}", test.messages());
        let names = fs::read_dir(test.orchestrator(format!("agents/{AGENT}"))).unwrap().flatten();
        let aside = names.filter(|entry| entry.file_name().to_string_lossy().starts_with("state.json.corrupt-"));
        assert_eq!(aside.count(), 1);
    }
}

/// Damage to a worktree between the death of everything and the next tick; what it takes is a name and a deed.
#[test]
fn a_recovery_that_fails_three_times_ends_in_a_failed_task_and_one_message() {
    for (what, file, text) in [
        ("a record that can't be read", "record.json", "{"),
        ("an assignment that can't be read", "assignment.json", "{"),
        ("preparations that can't be read", "prepared.json", "{"),
    ] {
        let test = hanging(HANGS);
        kill_all(&test);
        fs::write(test.runs(AGENT)[0].join(file), text).unwrap();
        for _ in 0..3 {
            test.tick();
            test.wait_until("no process", || test.leftovers().is_empty());
            assert_eq!(test.task_state(TASK), "claimed", "{what}");
            test.run(["why", AGENT]).ok().says(file);
        }
        test.tick_and_wait();
        assert_eq!(test.task_state(TASK), "failed", "{what}");
        assert_eq!(test.messages_of("error").len(), 1, "{what}: {:?}", test.messages());
        let told = &test.messages_of("error")[0];
        assert!(told.contains("could not be recovered") && told.contains(file), "{what}: {told}");
        assert!(test.pushed_branches().is_empty());
        assert!(!refs_with(&test, "a.txt", "one").is_empty(), "{what}");
        test.tick_and_wait();
        assert_eq!(test.messages().len(), 1);
        // Nothing of the work is lost: what lies in the worktree is saved before it is used again.
        test.task_for("TASK-2", "implement").claude.implements();
        test.later(8_000).tick_and_wait();
        assert_eq!(test.task_state("TASK-2"), "done", "{what}");
        assert!(!refs_with(&test, "b.txt", "two").is_empty(), "{what}");
    }
}

#[test]
fn a_recovery_that_cannot_succeed_yet_goes_on_trying_and_says_why() {
    let test = hanging(HANGS);
    kill_all(&test);
    fill_the_disk_for_git(&test);
    for _ in 0..5 {
        test.tick();
        test.wait_until("no process", || test.leftovers().is_empty());
        assert_eq!((test.task_state(TASK), test.state(AGENT)["recoveries"].as_u64()), ("claimed", Some(0)));
        test.run(["why", AGENT]).ok().says("No space left on device");
    }
    assert_eq!((test.messages().len(), test.messages_of("warning").len()), (1, 1), "{:?}", test.messages());
    make_room(&test);
    test.tick();
    assert_put_right(&test);
    assert_goes_on(&test);
}

#[test]
fn no_second_run_begins_though_the_agents_folder_is_deleted_under_the_first() {
    let test = hanging(HANGS);
    fs::remove_dir_all(test.orchestrator(format!("agents/{AGENT}"))).unwrap();
    test.later(600).tick().says_not("started").says_not("back in incoming");
    assert_eq!((test.task_state(TASK), test.claude.count()), ("claimed", 1));
    test.wait_until("its state again", || test.state(AGENT)["phase"] == "running");
    test.run(["agent", "stop", AGENT]).ok();
    test.wait_quiet();
    assert_eq!((test.task_state(TASK), test.attempts(TASK)), ("incoming", 0));
}

#[test]
fn a_run_whose_lock_another_has_taken_ends_and_writes_no_state() {
    let test = hanging(HANGS);
    let path = test.orchestrator(format!("agents/{AGENT}/lock"));
    fs::remove_file(&path).unwrap();
    let other = fs::File::create(&path).unwrap();
    rustix::fs::flock(&other, rustix::fs::FlockOperation::NonBlockingLockExclusive).unwrap();
    test.wait_until("the end of the run", || test.leftovers().is_empty());
    assert_eq!((test.state(AGENT)["phase"].as_str(), test.task_state(TASK)), (Some("running"), "claimed"));
    assert!(test.messages_of("warning")[0].contains("this one is ended"), "{:?}", test.messages());
    drop(other);
    test.tick().says("recovering");
    assert_put_right(&test);
}

#[test]
fn a_run_that_had_said_its_result_is_judged_by_it() {
    let test =
        hanging("write a.txt one && commit 'Work' && touch $CLAUDE_CONFIG_DIR/debug/at-work && linger 'All done.'");
    test.wait_until("the result", || {
        fs::read_to_string(test.runs(AGENT)[0].join("output.jsonl")).is_ok_and(|text| text.contains("\"result\""))
    });
    kill_all(&test);
    test.tick_and_wait();
    assert_eq!(test.task_state(TASK), "done");
    assert_eq!((test.pushed_branches().len(), test.claude.count()), (1, 1));
    assert_eq!(test.record(AGENT)["usage"]["cost_usd"], 0.01);
}
