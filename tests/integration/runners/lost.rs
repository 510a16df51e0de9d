//! Runs of which nothing is heard, engines that aren't there when a run ends, and what is left to the user.

use super::*;

#[test]
fn a_dead_keeper_of_this_machine_is_no_riddle() {
    let test = at_work("cluster", ", lease_seconds: 6");
    signal(keepers(&test), Signal::KILL);
    assert_back(&test, "interrupted", Some("1"));
    test.wait_quiet();
    let branch = test.task_line(TASK, "WORK_BRANCH").unwrap();
    assert_eq!(test.git(["show", &format!("{branch}:a.txt")]), "one");
}

#[test]
fn a_run_that_nobody_hears_of_keeps_its_worktree() {
    let test = project("cluster", ", lease_seconds: 6");
    let config = fs::read_to_string(test.orchestrator("agents.yaml")).unwrap();
    test.config(&format!("{config}defaults: {{sandbox: {{mode: off}}}}\n"));
    // It gets away from whoever would end it here, as on a machine that is cut off.
    let ghost = "write a.txt one && commit 'First part' && ( env -i PATH=\"$PATH\" setsid sh -c 'while [ ! -e \"$1\" ]; do sleep \
        0.1; done; echo boo >\"$2/ghost.txt\"; echo boo >ghost.txt' sh $CLAUDE_CONFIG_DIR/debug/haunt \"$PWD\" >/dev/null 2>&1 & ) && write left.txt two && \
        touch $CLAUDE_CONFIG_DIR/debug/at-work && hang";
    test.claude.plays("implementer", ghost);
    test.tick();
    test.wait_until("claude to be at work", || test.notes("at-work").exists());
    let frozen = keepers(&test);
    signal(frozen, Signal::STOP);
    assert_back(&test, "lost_contact", Some("1"));
    let worktree = test.orchestrator(format!("agents/{AGENT}/worktree"));
    let id = test.runs(AGENT)[0].file_name().unwrap().to_string_lossy()[..8].to_owned();
    let aside = worktree.with_file_name(format!("worktree.left-{id}"));
    assert!(!worktree.exists() && aside.join("left.txt").exists());
    let branch = test.git_in(&aside, ["symbolic-ref", "--short", "HEAD"]);
    assert_eq!(test.task_line(TASK, "WORK_BRANCH").as_deref(), Some(branch.as_str()));
    assert!(test.messages_of("warning").iter().any(|text| text.contains("worktree.left-")), "{:?}", test.messages());
    // A new one goes on from the commit, in a worktree of its own.
    test.claude.plays(
        "implementer",
        "[ -f a.txt ] && [ ! -e left.txt ] && write c.txt three && commit 'Last part' && finish 'Done.'",
    );
    test.later(120).tick();
    test.wait_until("the second run to end", || test.task_state(TASK) == "done");
    assert_eq!(test.claude.last_call().flag("--resume"), None, "somebody may still be in that conversation");
    fs::write(test.notes("haunt"), "").unwrap();
    test.wait_until("the ghost to write", || aside.join("ghost.txt").exists());
    signal(frozen, Signal::CONT);
    test.wait_quiet();
    // By the path that it knows it gets into none either.
    let new = worktree.with_file_name(format!("worktree.after-{id}"));
    assert!(new.join("c.txt").exists() && !new.join("ghost.txt").exists() && !worktree.exists());
    assert_eq!(test.git_in(&aside, ["rev-parse", "HEAD"]), test.git(["rev-parse", &branch]));
    assert_eq!((test.claude.count(), test.pushed_branches().len()), (2, 1));
    // Its keeper has said that nothing is left of it: what it never committed is saved, and the rest goes.
    let id = test.runs(AGENT)[0].file_name().unwrap().to_string_lossy().into_owned();
    test.config(
        &fs::read_to_string(test.orchestrator("agents.yaml")).unwrap().replace("agents:\n", "paused: true\nagents:\n"),
    );
    test.later(86_400).tick_and_wait();
    assert!(!aside.exists() && new.exists());
    for (file, text) in [("a.txt", "one"), ("left.txt", "two"), ("ghost.txt", "boo")] {
        assert_eq!(test.git(["show", &format!("refs/salvage/{id}:{file}")]), text);
    }
    assert_eq!(test.git(["worktree", "list"]).lines().count(), 2);
    // Where that was cut off.
    let leaving = aside.with_file_name(format!("{}.leaving", aside.file_name().unwrap().display()));
    fs::create_dir(&leaving).unwrap();
    test.later(86_400).tick_and_wait();
    assert!(!leaving.exists());
}

#[test]
fn a_run_that_has_ended_is_cancelled_once_its_engine_is_there_again() {
    let test = at_work("cluster", "");
    test.engine_is("down", true);
    test.run(["agent", "stop", AGENT]).ok().says("its run has ended");
    test.run(["pause"]).ok();
    let (ended, cancels) = (test.orchestrator("cache/ended-elsewhere"), test.engine("cancels"));
    let noted = || fs::read_dir(&ended).unwrap().count();
    test.later(60).tick_and_wait();
    assert_eq!((noted(), cancels.exists()), (1, false));
    test.engine_is("down", false).later(60).tick_and_wait();
    assert_eq!((noted(), fs::read_to_string(&cancels).unwrap().lines().count()), (0, 1));
    // Not for ever.
    let run = test.runs(AGENT)[0].file_name().unwrap().to_owned();
    let long_ago = test.later(60).clock().time() - chrono::TimeDelta::days(2);
    test.file(".orchestrator/cache/ended-elsewhere/x", "not a run");
    test.file(
        &format!(".orchestrator/cache/ended-elsewhere/{}", run.display()),
        &format!(r#"{{"runner":"cluster","at":"{}"}}"#, long_ago.to_rfc3339()),
    );
    test.engine_is("down", true).tick_and_wait();
    assert_eq!(noted(), 1);
}

#[test]
fn what_a_run_could_change_where_it_was_not_confined_waits_for_the_user() {
    let test = project("cluster", "");
    let config = fs::read_to_string(test.orchestrator("agents.yaml")).unwrap();
    // What it is confined to was worked out for another home.
    test.config(&config.replace("start: [engine,", "start: [env, HOME=/elsewhere, engine,"));
    test.claude
        .plays("implementer", "git config core.sshCommand evil && write a.txt one && commit Work && finish Done");
    test.tick();
    test.wait_until("the run to end", || test.leftovers().is_empty());
    assert_eq!((test.task_state(TASK), test.claude.count()), ("claimed", 1));
    assert_eq!(test.run(["trust", "--json"]).ok().json()["held"], true);
    assert!(
        test.messages_of("warning").iter().any(|text| text.contains("another folder there")),
        "{:?}",
        test.messages()
    );
    test.git(["config", "--unset", "core.sshCommand"]);
    test.run(["trust", "--yes"]).ok();
    test.later(120).tick();
    test.wait_quiet();
    assert_eq!((test.task_state(TASK), test.claude.count()), ("done", 1));
}
