//! What an agent asks of its supervisor: it is answered at once, in the agent's name, whatever else lies in the folder.

use crate::support::Test;
use std::{fs, path::Path, time::Duration};

const DONE: &str = "write x.txt x && commit Work && finish Done";

fn project() -> Test {
    let test = Test::new();
    test.agents(&[("impl-1", "implementer")]).task_for("TASK-1", "implement");
    test
}

/// What the scenario's calls said, which it wrote into the project's folder.
fn said(test: &Test) -> String {
    fs::read_to_string(test.notes("said")).unwrap()
}

/// A run of the implementer with these lines of shell, each call of which tells in `said` what came of it.
fn play(test: &Test, lines: &str) {
    test.claude.plays("implementer", &format!("said=$CLAUDE_CONFIG_DIR/debug/said\n{lines}\n{DONE}"));
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done", "{}", test.task_text("TASK-1"));
}

#[test]
fn what_a_call_reads_it_reads_itself() {
    let test = Test::new();
    test.config("agents:\n  - {name: pm, role: product_manager}\n");
    test.claude.plays(
        "product_manager",
        "said=$CLAUDE_CONFIG_DIR/debug/said; add='scheduler task add --role implement'\n\
         cd \"$TMPDIR\"; echo 'From a file' >notes.md\n\
         $add --title One --context-file notes.md >>\"$said\" 2>&1\n\
         echo 'From the input' | $add --title Two --context-file - >>\"$said\" 2>&1\n\
         $add --title Three --context-file missing.md >>\"$said\" 2>&1\n\
         printf '\\377' | $add --title Four --context-file - >>\"$said\" 2>&1\n\
         head -c 1100000 /dev/zero | $add --title Five --context-file - >>\"$said\" 2>&1\n\
         head -c 1000000 /dev/zero | $add --title Six --context-file - >>\"$said\" 2>&1\n\
         scheduler task list --json >\"$CLAUDE_CONFIG_DIR/debug/list\" 2>>\"$said\"\n\
         $add --title Seven --frobnicate >>\"$said\" 2>&1; echo \"code $?\" >>\"$said\"\n\
         scheduler task add --help >\"$CLAUDE_CONFIG_DIR/debug/help\"; scheduler --version >>\"$said\"\n\
         scheduler -C / task list >>\"$said\" 2>&1; finish Done",
    );
    test.tick_and_wait();
    let said = said(&test);
    for words in [
        "no file missing.md",
        "can't be read as UTF-8",
        "larger than 1 MiB",
        "--frobnicate",
        "code 2",
        "-C: inside a run",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let tasks = test.queue("incoming").iter().map(|id| test.task_text(id)).collect::<String>();
    assert!(tasks.contains("From a file") && tasks.contains("From the input"), "{tasks}");
    assert!(tasks.contains("CREATED_BY: pm"), "{tasks}");
    let list: serde_json::Value = serde_json::from_str(&fs::read_to_string(test.notes("list")).unwrap()).unwrap();
    assert_eq!(list["tasks"].as_array().map(Vec::len), Some(2), "{list}");
    assert!(fs::read_to_string(test.notes("help")).unwrap().contains("--context-file"));
}

#[test]
fn a_call_is_answered_at_once_and_leaves_nothing() {
    let test = project();
    play(
        &test,
        "begun=$(date +%s)\n\
         for n in 1 2 3 4 5 6 7 8 9 10; do scheduler task show TASK-1 >>\"$said\" 2>&1; done\n\
         echo \"took $(($(date +%s) - begun))\" >>\"$said\"",
    );
    let said = said(&test);
    assert_eq!(said.matches("claimed by impl-1").count(), 10, "{said}");
    let (_, took) = said.rsplit_once("took ").unwrap();
    assert!(took.trim().parse::<u32>().unwrap() < 8, "{said}");
    let left = fs::read_dir(requests(&test)).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(left.collect::<Vec<_>>(), ["open"]);
}

/// The folder of the requests of the last run.
fn requests(test: &Test) -> std::path::PathBuf {
    test.runs("impl-1").last().unwrap().join("requests")
}

#[test]
fn variables_give_no_other_name() {
    let test = project();
    // So that it can open the lock.
    test.unconfined();
    let send = "scheduler message send --type info --title Hello --body There";
    play(
        &test,
        &format!(
            "mkdir own; AGENT_NAME=curator AGENT_ROLE=curator RUN_ID=x {send} >>\"$said\" 2>&1\n\
             for folder in /no/such/folder \"$WORKTREE\" \"$PWD/own\"; do\n\
             SCHEDULER_REQUESTS=$folder {send} >>\"$said\" 2>&1; done\n\
             env -u SCHEDULER_REQUESTS -u SCHEDULER_AGENT {send} >>\"$said\" 2>&1\n\
             env -u SCHEDULER_REQUESTS scheduler task show \"$TASK_ID\" >/dev/null && echo found >>\"$said\"\n\
             scheduler answer --run $RUN_ID --role curator --request x -- impl-1 <../lock >>\"$said\" 2>&1\n\
             scheduler supervise -- impl-1 <../lock >>\"$said\" 2>&1"
        ),
    );
    let said = said(&test);
    for (words, count) in [
        ("/no/such/folder isn't there, where this run's requests would be", 1),
        ("found", 1),
        ("the run is over, or its supervisor is gone: nothing was done", 2),
        ("SCHEDULER_RUN is set, as in a run, but SCHEDULER_REQUESTS isn't", 1),
        ("answer is started by supervisors, not by hand", 1),
        ("supervise is started by ticks, not by hand", 1),
    ] {
        assert_eq!(said.matches(words).count(), count, "{words}: {said}");
    }
    let [message] = &test.messages_of("info")[..] else { panic!("{:?}", test.messages()) };
    assert!(message.contains("**From:** impl-1"), "{message}");
}

#[test]
fn what_else_lies_in_the_folder_harms_nobody() {
    let test = project();
    test.file("outside", "mine");
    play(
        &test,
        "cd \"$SCHEDULER_REQUESTS\"; outside=$PARENT_PROJECT/outside\n\
         put() { mv tmp \"$1.request\"; }\n\
         mkfifo tmp; put fifo; mkdir tmp; put folder; ln -s \"$outside\" tmp; put link\n\
         head -c 2000000 /dev/zero >tmp; put huge; echo garbage >tmp; put garbage; : >tmp; put -x; : >tmp; put ..\n\
         echo '{\"arguments\": [\"answer\", \"--role\", \"curator\"]}' >tmp; put internal\n\
         echo '{\"arguments\": [\"task\", \"retry\", \"--all\"]}' >tmp; put other\n\
         echo '{\"arguments\": []}' >tmp; put tick\n\
         for part in out err code .tmp-linked.code; do ln -s \"$outside\" \"linked.$part\"; done\n\
         echo '{\"arguments\": [\"task\", \"show\", \"TASK-1\"]}' >tmp; put linked\n\
         n=0; while [ $n -lt 300 ]; do : >\"junk-$n\"; n=$((n + 1)); done\n\
         scheduler message send --type info --title Hello --body There >>\"$said\" 2>&1\n\
         for id in fifo folder link huge garbage internal other tick linked; do\n\
         until [ -f \"$id.code\" ] && [ ! -L \"$id.code\" ]; do sleep 0.02; done; echo \"$id: $(cat \"$id.code\") $(cat \"$id.err\")\" >>\"$said\"; done\n\
         echo '{\"arguments\": [\"message\", \"send\", \"--type\", \"info\", \"--title\", \"Last\", \"--body\", \"x\"]}' >tmp\n\
         put last; cd \"$WORKTREE\"",
    );
    let said = said(&test);
    for words in [
        "fifo: 1 scheduler: ",
        "folder: 1 scheduler: ",
        "link: 1 scheduler: ",
        "huge: 1 scheduler: ",
        "garbage: 1 scheduler: this is no request",
        "the role implementer may not call `scheduler task retry`",
        "the role implementer may not call `scheduler `",
        "linked: 0",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(said.contains("internal: 2"), "{said}");
    assert_eq!(fs::read_to_string(test.path("outside")).unwrap(), "mine");
    assert_eq!(test.messages_of("info").len(), 2, "{said}");
}

/// The implementer calls once `go` is there; what the call said is returned, with how long it took.
fn call_after(test: &Test, change: impl Fn(&Test)) -> (String, Duration) {
    let call =
        "scheduler message send --type info --title Hello --body There >\"$said\" 2>&1; mv \"$said\" \"$said.whole\"";
    test.claude.plays(
        "implementer",
        &format!(
            "said=$CLAUDE_CONFIG_DIR/debug/said; : >\"$CLAUDE_CONFIG_DIR/debug/at-work\"\n\
             until [ -e \"$PARENT_PROJECT/go\" ]; do sleep 0.02; done; {call}; {DONE}"
        ),
    );
    test.tick();
    test.wait_until("claude to be at work", || test.notes("at-work").exists());
    change(test);
    let begun = std::time::Instant::now();
    test.file("go", "");
    test.wait_until("the call to end", || Path::new(&test.notes("said.whole")).exists());
    (fs::read_to_string(test.notes("said.whole")).unwrap(), begun.elapsed())
}

#[test]
fn a_supervisor_that_is_gone_is_told_of_soon() {
    let test = project();
    let (said, took) = call_after(&test, |test| test.kill_supervisor("impl-1"));
    assert!(said.contains("nothing was done") && took < Duration::from_secs(10), "{took:?}: {said}");
    test.tick_and_wait();
    assert!(test.messages_of("info").is_empty());
}

#[test]
fn a_supervisor_that_is_stopped_does_nothing_later() {
    let test = project();
    let pid = |test: &Test| {
        let pid = test.state("impl-1")["supervisor"]["pid"].as_i64().unwrap();
        rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap()
    };
    let signal = |test: &Test, signal| rustix::process::kill_process(pid(test), signal).unwrap();
    let (said, took) = call_after(&test, |test| signal(test, rustix::process::Signal::STOP));
    assert!(said.contains("doesn't answer: nothing was done") && took < Duration::from_secs(20), "{took:?}: {said}");
    signal(&test, rustix::process::Signal::CONT);
    test.wait_quiet();
    assert_eq!((test.task_state("TASK-1"), test.messages_of("info").len()), ("done", 0));
}

/// Of the project such a run sees nothing, and asks all the same.
#[cfg(target_os = "linux")]
#[test]
fn a_confined_run_asks_too() {
    let test = Test::new();
    test.agents(&[("impl-1", "implementer")]).task_for("TASK-1", "implement");
    test.claude.plays(
        "implementer",
        &format!(
            "scheduler task show TASK-1 >notes.txt 2>&1\n\
             echo Body | scheduler message send --type info --title Hello --body - >>notes.txt 2>&1\n\
             scheduler task add --role implement --title Forged >>notes.txt 2>&1\n\
             env -i PATH=\"$PATH\" HOME=\"$HOME\" setsid sh -c '(scheduler -C \"$1\" task add --role implement --title Forged \
             >out 2>&1; mv out said) &' sh \"$PARENT_PROJECT\"\n\
             until [ -e said ]; do sleep 0.02; done; cat said >>notes.txt; rm said\n{DONE}"
        ),
    );
    test.tick_and_wait();
    let branch = test.agent_branches().remove(0);
    let notes = test.git(["show", &format!("{branch}:notes.txt")]);
    for words in ["claimed by impl-1", "may not call `scheduler task add`", "this was started by a run"] {
        assert!(notes.contains(words), "{words}: {notes}");
    }
    let messages = test.messages_of("info");
    assert!(messages.len() == 1 && messages[0].contains("Body"), "{messages:?}");
    assert_eq!(test.queue("incoming"), [] as [&str; 0]);
}
