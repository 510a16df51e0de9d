//! `scheduler init`, killed or refused at every call and done again: what comes of it is to the letter what comes of one that went
//! well, the user's crontab included.

use crate::{
    errors::{Refusal, is_harmless, refusals, says_so},
    stage::NOW,
    strace::Fault,
    subjects::Subject,
    support::Test,
    sweep::{Swept, sweep},
};
use std::{collections::BTreeMap, fs, path::Path};

/// A crontab that is a file in the home folder.
const CRONTAB: &str = "#!/bin/sh\ncase $1 in -l) cat \"$HOME/crontab\" ;; *) cat \"$1\" >\"$HOME/crontab\" ;; esac\n";

/// Every file of the project but git's own, and the crontab.
fn everything(test: &Test) -> BTreeMap<String, Vec<u8>> {
    let mut find = test.program_command("find");
    find.args([".", "../home/crontab", "-path", "./.git", "-prune", "-o", "-type", "f", "-print"]);
    let listed = test.finish(find).stdout;
    // Those that a killed process left in there go by themselves.
    let is_temporary = |name: &&str| name.starts_with("./.orchestrator/") && name.contains("/.tmp-");
    listed
        .lines()
        .filter(|name| !is_temporary(name))
        .map(|name| (name.to_owned(), fs::read(test.path(Path::new(name))).unwrap()))
        .collect()
}

/// Done again it finishes, and then there is nothing left to do.
fn again(test: &Test, meant: &BTreeMap<String, Vec<u8>>) {
    test.run(["init", "-y"]).ok();
    test.run(["init", "-y"]).ok().says("nothing was changed").says_not("Taken over");
    let now = everything(test);
    let differs = |name: &&String| now.get(*name) != meant.get(*name);
    let differing: Vec<_> = now.keys().chain(meant.keys()).filter(differs).collect();
    assert!(differing.is_empty(), "not as it is meant to be: {differing:?}");
}

fn cut_off_and_done_again(name: &'static str, test: Test, count: usize) {
    let subject = Subject::init(name, test);
    let test = &subject.stage.test;
    subject.plainly();
    let meant = everything(test);
    subject.stage.restore();
    let all = subject.points();
    let points: Vec<_> = all.iter().filter(|point| !point.is_sync()).cloned().collect();
    sweep("kill", &subject, &points, count, |point| {
        let (_, hit) = subject.traced().with(point, Fault::Kill);
        again(test, &meant);
        if hit.is_some() { Swept::Hit } else { Swept::Missed }
    });
    sweep("refuse", &subject, &refusals(&all), count, |refusal: &Refusal| {
        let (output, hit) = subject.traced().with(&refusal.point, Fault::Error(refusal.error));
        if hit.is_some() && !is_harmless(&refusal.point) {
            says_so(&output, test, refusal);
        }
        again(test, &meant);
        if hit.is_some() { Swept::Hit } else { Swept::Missed }
    });
}

#[test]
fn in_a_new_project() {
    cut_off_and_done_again("init", Test::new(), 8);
}

#[test]
fn in_a_project_of_the_python_system() {
    let test = Test::new();
    test.config("agents:\n  - name: impl-agent-1\n    role: implementer\n    interval_seconds: 180\n");
    for (agent, running) in [("impl-agent-1", "false"), ("old", "true")] {
        let state = format!(
            "{{\"running\": {running}, \"pid\": 4194304, \"last_started\": \"2026-02-01T11:59:30.5\", \"last_finished\": null, \
             \"last_exit_code\": 0, \"consecutive_failures\": 1, \"total_runs\": 42, \"total_successes\": 40, \"total_failures\": 2}}"
        );
        test.file(&format!(".orchestrator/agents/{agent}/state.json"), &state);
    }
    for state in ["incoming", "claimed", "done", "failed"] {
        test.file(&format!(".orchestrator/shared/queue/{state}/TASK-{state}.md"), "# [TASK-x] X\n\nROLE: implement\n");
    }
    let block = "# Orchestrator\n.orchestrator/agents/\n.orchestrator/messages/\n.orchestrator/scheduler.lock\n\
                 .orchestrator/shared/proposals/\n.agent-instructions.md\n";
    test.file(".gitignore", &format!("/target\n\n{block}")).file(".claude/commands/enqueue.md", "Mine\n");
    test.program("crontab", CRONTAB);
    let dir = test.dir().display().to_string();
    let line = format!("* * * * * cd '{dir}' && python orchestrator/orchestrator/scheduler.py >>/l 2>&1\n");
    fs::write(test.root().join("home/crontab"), format!("MAILTO=me\n{line}0 3 * * * backup\n")).unwrap();
    test.now(NOW);
    cut_off_and_done_again("init, from the Python system", test, 8);
}
