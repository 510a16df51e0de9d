//! The user saves a task while a command rewrites it, and the command dies in between: the text is still there.

use crate::{
    strace::{Point, Traced},
    subjects::{Subject, TASK},
    support::Test,
};
use rustix::process::{Pid, Signal, kill_process};
use std::{fs, path::PathBuf};

/// What the user writes.
const EDIT: &str =
    "# [TASK-1] Work on TASK-1\n\nROLE: implement\n\n## Context\nWritten by the user, and nowhere else.\n";

/// The files of the queue that hold the user's words.
fn holders(test: &Test) -> Vec<PathBuf> {
    let states =
        ["incoming", "claimed", "done", "failed"].map(|state| test.orchestrator(format!("shared/queue/{state}")));
    let files = states.iter().flat_map(|dir| fs::read_dir(dir).unwrap().flatten().map(|entry| entry.path()));
    files.filter(|path| fs::read_to_string(path).is_ok_and(|text| text.contains("Written by the user"))).collect()
}

#[test]
fn an_edit_that_a_killed_rewrite_has_swapped_out_is_kept() {
    let subject = Subject::cancel();
    let exchange = subject.find("the exchange of the task", |point: &Point| point.args.contains("RENAME_EXCHANGE"));
    let test = &subject.stage.test;
    let (path, dir) = (test.task_path("incoming", TASK), test.orchestrator("shared/queue/incoming"));
    let temporary = || {
        let mut files = fs::read_dir(&dir).unwrap().flatten().map(|entry| entry.path());
        files.find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".tmp-")))
    };
    let started = Traced { test, args: subject.args, stdin: None }.slowly(&exchange);
    test.wait_until("the text that is to take the place", || temporary().is_some());
    fs::write(&path, EDIT).unwrap();
    test.wait_until("the exchange", || fs::read_to_string(&path).is_ok_and(|text| text != EDIT));
    for left in test.leftovers().iter().filter(|left| !left.command.contains("strace")) {
        let _ = kill_process(Pid::from_raw(left.pid).unwrap(), Signal::KILL);
    }
    started.wait();
    let swapped_out = temporary().expect("the user's text has a temporary name only");
    assert_eq!(holders(test), std::slice::from_ref(&swapped_out));
    // It lies there for longer than anything that is under way.
    let long_ago = fs::File::options().write(true).open(&swapped_out).unwrap();
    long_ago.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    subject.stage.settle();
    // Tidied up is once a day, counted from the first tick.
    test.later(2 * 86_400);
    subject.stage.settle();
    let kept = holders(test);
    assert_eq!(kept.len(), 1, "{kept:?}");
    let name = kept[0].file_name().unwrap().to_string_lossy();
    assert!(name.starts_with(&format!("{TASK}.edit-")) && name.ends_with(".md.txt"), "{name}");
    assert!(test.messages().iter().any(|(_, text)| text.contains(&*name)), "nobody was told: {:#?}", test.messages());
}
