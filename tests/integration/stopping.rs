//! Ending runs on demand: `agent stop`, SIGTERM to a supervisor, `task cancel`, `pause` and `resume`.

use crate::support::Test;
use rustix::process::{Pid, Signal, kill_process};
use std::{fs, time::Duration};

const TASK: &str = "TASK-1";
/// Works, commits, leaves more uncommitted, and then never ends.
const HANGS: &str =
    "write a.txt one && commit 'First part' && write b.txt two && touch $CLAUDE_CONFIG_DIR/debug/at-work && hang";

fn project() -> Test {
    let test = Test::new();
    test.with_origin().agents(&[("impl-1", "implementer")]).task_for(TASK, "implement");
    test
}

/// One tick, and claude hangs in the middle of its work.
fn hanging(scenario: &str) -> Test {
    let test = project();
    test.claude.plays("implementer", scenario);
    test.tick();
    test.wait_until("claude to be at work", || test.notes("at-work").exists());
    test
}

fn supervisor(test: &Test) -> Pid {
    let pid = test.state("impl-1")["supervisor"]["pid"].as_i64().unwrap();
    Pid::from_raw(i32::try_from(pid).unwrap()).unwrap()
}

/// Both parts of the work are on the task's branch, nothing is charged, nobody is left.
fn assert_saved_and_back(test: &Test, returns: Option<&str>) {
    test.wait_quiet();
    assert_eq!(test.task_state(TASK), "incoming");
    assert_eq!(test.attempts(TASK), 0, "{}", test.task_text(TASK));
    assert_eq!(test.task_line(TASK, "RETURNS").as_deref(), returns, "{}", test.task_text(TASK));
    let branch = test.task_line(TASK, "WORK_BRANCH").unwrap();
    assert_eq!(test.git(["show", &format!("{branch}:a.txt")]), "one");
    let salvage = test.record("impl-1")["salvage"].clone();
    let saved = if salvage[0].is_string() { salvage[0].as_str().unwrap().to_owned() } else { branch };
    assert_eq!(test.git(["show", &format!("{saved}:b.txt")]), "two");
    assert_eq!(test.record("impl-1")["outcome"]["kind"], "interrupted");
    assert!(test.pushed_branches().is_empty());
    assert_eq!(test.state("impl-1")["consecutive_failures"], 0);
}

/// Leaves a process that hears nothing, and hangs; WAY says how that one gets away.
fn leaves_a_deaf_one(way: &str) -> String {
    format!(
        "( {way} sh -c 'trap \"\" TERM HUP INT; touch \"$1\"; while :; do sleep 0.2; done' sh \"$CLAUDE_CONFIG_DIR/debug/deaf\" >/dev/null 2>&1 & )
         while [ ! -e $CLAUDE_CONFIG_DIR/debug/deaf ]; do sleep 0.02; done; {HANGS}"
    )
}

#[test]
fn agent_stop_ends_a_run_well_within_fifteen_seconds() {
    for (scenario, is_lost) in [
        (HANGS.to_owned(), false),
        (leaves_a_deaf_one(""), false),
        (leaves_a_deaf_one("env -i PATH=\"$PATH\" setsid"), false),
        (format!("ignore_term; {}", leaves_a_deaf_one("setsid")), false),
        (format!("ignore_term; {}", leaves_a_deaf_one("setsid")), true),
    ] {
        let test = hanging(&scenario);
        if is_lost {
            test.kill_supervisor("impl-1");
        }
        let output =
            test.run(["agent", "stop", "IMPL-1"]).ok().says("impl-1: its run has ended").says("on branch agent/");
        assert!(output.elapsed < Duration::from_secs(15), "{scenario}: {:?}", output.elapsed);
        // The supervisor, which has settled everything, may just be about to exit.
        let left: Vec<_> = test.leftovers().into_iter().filter(|left| !left.command.contains(" supervise ")).collect();
        assert!(left.is_empty(), "{left:?}");
        assert_saved_and_back(&test, is_lost.then_some("1"));
        test.run(["agent", "stop", "impl-1"]).ok().says("no run is under way");
    }
}

#[test]
fn sigterm_to_the_supervisor_does_the_same_and_the_next_run_goes_on_from_there() {
    let test = hanging(HANGS);
    kill_process(supervisor(&test), Signal::TERM).unwrap();
    assert_saved_and_back(&test, None);
    test.claude.plays(
        "implementer",
        "run 'git log --oneline' && [ -f a.txt ] && write c.txt three && commit 'Third part' && finish 'Done.'",
    );
    test.later(120).tick_and_wait();
    assert_eq!(test.task_state(TASK), "done", "{}", test.task_text(TASK));
    let branch = test.pushed_branches().remove(0);
    let files = test.git_in(test.origin(), ["ls-tree", "--name-only", &branch]);
    for file in ["a.txt", "b.txt", "c.txt"] {
        assert!(files.lines().any(|line| line == file), "{file}: {files}");
    }
    let prompt = test.claude.last_call().prompt;
    let (before, task) = (prompt.find("was stopped").unwrap(), prompt.find("Go on with your task").unwrap());
    assert!(before < task, "{prompt}");
    assert_eq!(prompt.matches("was stopped").count(), 1, "{prompt}");
}

#[test]
fn a_stop_in_the_middle_of_a_fetch_is_obeyed() {
    let test = project();
    test.git(["config", "remote.origin.uploadpack", "sh -c 'touch at-fetch; sleep 900'"]);
    test.set_env("GIT_SSH_COMMAND", "false");
    test.tick();
    test.wait_until("the fetch to begin", || test.leftovers().iter().any(|left| left.command.contains("sleep 900")));
    test.run(["agent", "stop", "impl-1"]).ok().says("impl-1: its run has ended");
    test.wait_quiet();
    assert_eq!((test.task_state(TASK), test.attempts(TASK)), ("incoming", 0));
    assert_eq!(test.claude.count(), 0);
}

#[test]
fn a_stop_while_publishing_is_obeyed_and_the_next_tick_publishes() {
    let test = project();
    test.claude.implements();
    let hook = test.path(".git/hooks/pre-push");
    test.program("slow-hook", "#!/bin/sh\n[ -e \"$HOME/fast\" ] || sleep 900\n");
    std::os::unix::fs::symlink(test.root().join("bin/slow-hook"), hook).unwrap();
    let begins = || test.leftovers().iter().any(|left| left.command.contains("pre-push"));
    test.tick();
    test.wait_until("the push to begin", begins);
    kill_process(supervisor(&test), Signal::TERM).unwrap();
    test.wait_until("no process", || test.leftovers().is_empty());
    // However often that is cut short on demand, it is no failure.
    for _ in 0..4 {
        test.tick();
        test.wait_until("the push to begin", begins);
        test.run(["agent", "stop", "impl-1"]).ok().says("being published").says("the next tick goes on");
        assert_eq!((test.task_state(TASK), test.leftovers().len()), ("claimed", 0));
    }
    assert!(test.messages().is_empty(), "{:?}", test.messages());
    fs::write(test.root().join("home/fast"), "").unwrap();
    test.tick_and_wait();
    assert_eq!(test.task_state(TASK), "done");
    assert_eq!(test.pushed_branches().len(), 1);
    assert_eq!(test.claude.count(), 1);
}

#[test]
fn in_a_copy_of_the_project_nothing_of_the_originals_is_ended() {
    let test = hanging(HANGS);
    let copy = test.root().join("copy");
    let mut cp = test.program_command("cp");
    cp.arg("-a").args([test.dir(), copy.clone()]);
    test.finish(cp).ok();
    for words in [&["agent", "stop", "impl-1"][..], &["task", "cancel", TASK, "--reason", "copied"]] {
        let mut command = test.command(words);
        command.current_dir(&copy);
        test.finish(command).says_not("being stopped");
    }
    assert!(rustix::process::test_kill_process(supervisor(&test)).is_ok());
    assert_eq!(test.task_state(TASK), "claimed");
    test.run(["agent", "stop", "impl-1"]).ok().says("agent pause impl-1");
    assert_saved_and_back(&test, None);
}

#[test]
fn a_supervisor_that_is_stopped_is_told() {
    let test = hanging(HANGS);
    kill_process(supervisor(&test), Signal::STOP).unwrap();
    let remedy = format!("kill -CONT {}", supervisor(&test).as_raw_nonzero());
    test.run(["agent", "stop", "impl-1"]).code(1).complains("its supervisor is stopped").complains(&remedy);
    test.run(["doctor"]).code(1).says("its supervisor is stopped").says(&remedy);
    kill_process(supervisor(&test), Signal::CONT).unwrap();
    test.run(["agent", "stop", "impl-1"]).ok().says("its run has ended");
    assert_saved_and_back(&test, None);
}

#[test]
fn a_lost_run_is_put_right_by_agent_stop() {
    let test = hanging(HANGS);
    test.kill_supervisor("impl-1");
    test.run(["agent", "stop", "impl-1"]).ok().says("its run has ended");
    assert_saved_and_back(&test, Some("1"));
}

#[test]
fn a_cancelled_task_is_failed_at_once_its_run_stopped_and_its_work_named() {
    let test = hanging(HANGS);
    test.run(["task", "cancel", TASK, "--reason", "not needed"])
        .ok()
        .says("cancelled")
        .says("impl-1: its run is being stopped");
    assert_eq!(test.task_state(TASK), "failed");
    test.wait_quiet();
    let text = test.task_text(TASK);
    let branch = test.task_line(TASK, "WORK_BRANCH").unwrap();
    assert!(text.contains("Cancelled: not needed") && text.contains(&format!("- Branch: {branch}")), "{text}");
    assert_eq!(test.git(["show", &format!("{branch}:a.txt")]), "one");
    assert!(test.pushed_branches().is_empty());
    assert_eq!(test.state("impl-1")["consecutive_failures"], 0);
    test.run(["task", "show", TASK]).ok().says(&branch);
    // It stays failed whatever else happens, and a person may take it up again.
    test.later(600).tick_and_wait();
    assert_eq!(test.task_state(TASK), "failed");
    test.run(["task", "retry", TASK]).ok();
    assert_eq!(test.task_line(TASK, "RUN"), None);
}

#[test]
fn a_task_cancelled_at_the_very_end_is_not_published() {
    let test = project();
    test.claude.plays(
        "implementer",
        "write a.txt one && commit 'Work' && touch $CLAUDE_CONFIG_DIR/debug/at-work && \
         while [ ! -e ../../../../go-on ]; do sleep 0.05; done; finish 'Done.'",
    );
    test.tick();
    test.wait_until("claude to be at work", || test.notes("at-work").exists());
    // As a person does it with `mv`: the run isn't told.
    let text = test.task_text(TASK).replace("ROLE: implement", "ROLE: implement\nCANCELLED_AT: 2026-01-01T00:00:00Z");
    fs::write(test.task_path("claimed", TASK), text).unwrap();
    fs::rename(test.task_path("claimed", TASK), test.task_path("failed", TASK)).unwrap();
    fs::write(test.path("go-on"), "").unwrap();
    test.wait_quiet();
    assert_eq!(test.task_state(TASK), "failed");
    assert!(test.pushed_branches().is_empty());
    assert_eq!(test.record("impl-1")["settlement"]["publish"], "nothing");
}

#[test]
fn while_paused_nothing_starts_and_finished_runs_are_collected() {
    let test = hanging(HANGS);
    test.run(["pause", "--reason", "Release day"]).ok().says("paused");
    test.run(["pause"]).ok().says("was paused already");
    test.run(["status"]).ok().says("Release day");
    test.kill_supervisor("impl-1");
    test.tick().says("recovering");
    assert_saved_and_back(&test, Some("1"));
    test.later(600).tick_and_wait();
    assert_eq!(test.claude.count(), 1);
    assert_eq!(test.last_tick()["decisions"][0]["decision"]["skip"]["reason"], "system_paused");
    test.run(["resume"]).ok().says("resumed");
    test.run(["resume"]).ok().says("was not paused");
    test.claude.implements();
    test.tick_and_wait();
    assert_eq!(test.task_state(TASK), "done");
}

#[test]
fn agents_may_do_none_of_this() {
    let test = project();
    test.claude.plays(
        "implementer",
        "for words in 'agent stop impl-1' pause resume 'task cancel TASK-1 --reason x'; do
           scheduler $words >/dev/null 2>>$CLAUDE_CONFIG_DIR/debug/refusals && echo \"$words worked\" >>$CLAUDE_CONFIG_DIR/debug/refusals
         done
         write a.txt one && commit 'Work' && finish 'Done.'",
    );
    test.tick_and_wait();
    let refusals = fs::read_to_string(test.notes("refusals")).unwrap();
    assert_eq!(refusals.matches("may not call").count(), 4, "{refusals}");
    assert!(!refusals.contains("worked"), "{refusals}");
    assert_eq!(test.task_state(TASK), "done");
    assert!(!test.orchestrator("paused").exists());
}

#[test]
fn stopping_who_never_ran_is_refused() {
    let test = project();
    test.run(["agent", "stop", "nobody"]).refuses().complains("has never run");
}
