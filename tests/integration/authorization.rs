//! Who calls: whatever an agent does to the files that tell of its run, or to its processes, its calls never pass for the
//! user's.

use crate::support::Test;
use std::fs;

/// What becomes of a file: shell that is given its path as `$1`.
const DAMAGES: [(&str, &str); 9] = [
    ("gone", "rm \"$1\""),
    ("empty", ": >\"$1\""),
    ("garbage", "echo garbage >\"$1\""),
    ("cut-off", "head -c 20 \"$kept\" >\"$1\""),
    ("directory", "rm \"$1\" && mkdir \"$1\""),
    ("pipe", "rm \"$1\" && mkfifo \"$1\""),
    ("link", "ln -sf \"$kept\" \"$1\""),
    ("huge", "head -c 3000000 /dev/zero >\"$1\""),
    ("unreadable", "chmod 0 \"$1\"; [ ! -r \"$1\" ] || echo nobody >\"$1\""),
];

fn project() -> Test {
    let test = Test::new();
    // A confined run couldn't harm them.
    test.unconfined().task_for("TASK-1", "implement");
    test
}

/// A run that harms `file` in each way, makes `call`, and puts the file back. What each call said is in `said-<way>`.
fn harms(test: &Test, file: &str, call: &str) {
    let one = |(way, harm): &(&str, &str)| {
        format!(
            "set -- \"{file}\"; kept=$ORCHESTRATOR_DIR/kept; cp \"$1\" \"$kept\"; {harm}\n\
             {call} >\"$ORCHESTRATOR_DIR/said-{way}\" 2>&1\nrm -rf \"$1\"; mv \"$kept\" \"$1\"\n"
        )
    };
    let each: String = DAMAGES.iter().map(one).collect();
    test.claude.plays(
        "implementer",
        &format!("{each}: >\"$ORCHESTRATOR_DIR/harmed\"\nwrite x.txt x && commit Work && finish Done"),
    );
}

#[test]
fn a_run_that_harms_its_files_is_refused() {
    let add = "scheduler task add --role implement --title Forged";
    let hidden = format!("env -u SCHEDULER_RUN -u SCHEDULER_AGENT -u SCHEDULER_REQUESTS {add}");
    let (state, assignment) = ("state.json", "runs/$RUN_ID/assignment.json");
    let mut cases =
        vec![(state, add, "may not call `scheduler task add`"), (assignment, add, "it isn't clear who calls")];
    // What a process takes out of its own environment, only Linux tells of those above it.
    if cfg!(target_os = "linux") {
        cases.extend([state, assignment].map(|file| (file, hidden.as_str(), "this was started by a run")));
    }
    for (file, call, refusal) in cases {
        let test = project();
        harms(&test, &format!("$ORCHESTRATOR_DIR/agents/$AGENT_NAME/{file}"), call);
        test.tick();
        test.wait_until("the run to have put its files back", || test.orchestrator("harmed").exists());
        test.wait_quiet();
        for (way, _) in DAMAGES {
            let said = fs::read_to_string(test.orchestrator(format!("said-{way}"))).unwrap();
            assert!(said.contains(refusal), "{file} {way}: {said}");
        }
        assert_eq!((test.queue("incoming").len(), test.task_state("TASK-1")), (0, "done"));
    }
}

/// A process that left the tree, with nothing in its environment, is the agent still.
#[cfg(target_os = "linux")]
#[test]
fn a_double_fork_with_a_cleared_environment_is_refused() {
    let test = project();
    test.claude.plays(
        "implementer",
        "for call in 'task add --force --role implement --title Forged' 'task list' 'install cron' 'init -y'; do\n\
         env -i PATH=\"$PATH\" HOME=\"$HOME\" setsid sh -c '(scheduler -C \"$1\" $2 >>\"$1/said\" 2>&1; echo >>\"$1/made\") & ' \
         sh \"$PARENT_PROJECT\" \"$call\"\ndone\n\
         until [ \"$(cat \"$PARENT_PROJECT/made\" | wc -l)\" -ge 4 ]; do sleep 0.02; done\n\
         write x.txt x && commit Work && finish Done",
    );
    test.file("made", "").tick_and_wait();
    let said = fs::read_to_string(test.path("said")).unwrap();
    assert_eq!(said.matches("this was started by a run").count(), 4, "{said}");
    assert_eq!((test.queue("incoming").len(), test.task_state("TASK-1")), (0, "done"));
}

#[test]
fn broken_files_keep_no_user_out() {
    let test = project();
    for (way, harm) in DAMAGES.into_iter().filter(|(way, _)| *way != "gone") {
        let state = test.orchestrator("agents/impl-1/state.json");
        test.file(".orchestrator/agents/impl-1/state.json", "{\"phase\": \"idle\"}");
        let mut shell = test.program_command("sh");
        shell.args(["-c", &format!("kept=$1.kept; cp \"$1\" \"$kept\"; {harm}"), "sh"]).arg(&state);
        test.finish(shell).ok();
        test.run(["task", "add", "--role", "review", "--title", way]).ok();
        test.run(["pause"]).ok();
        test.run(["status"]).ok();
        if state.is_dir() { fs::remove_dir(&state).unwrap() } else { fs::remove_file(&state).unwrap() }
    }
}
