//! Files that are dropped into the inbox: each is carried out once, and what isn't allowed is moved aside and told.

use crate::support::Test;
use std::fs::{self, File};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

const TOKEN: &str = "a-token-of-the-test";

fn project() -> Test {
    let test = Test::new();
    test.agents_and(&[("rev-1", "reviewer")], "inbox: {token_env: SCHEDULER_INBOX_TOKEN}\n");
    test.set_env("SCHEDULER_INBOX_TOKEN", TOKEN);
    test
}

/// Drops a file that was written a minute ago.
fn drop_file(test: &Test, name: &str, text: &str) -> PathBuf {
    let path = test.orchestrator(format!("inbox/{name}"));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    settle(&path);
    path
}

fn settle(path: &PathBuf) {
    let before = SystemTime::now() - Duration::from_secs(60);
    File::options().write(true).open(path).unwrap().set_modified(before).unwrap();
}

fn order(command: &str) -> String {
    format!("TOKEN: {TOKEN}\n{command}\n")
}

fn messages(test: &Test) -> usize {
    fs::read_dir(test.orchestrator("messages")).unwrap().count()
}

#[test]
fn answers_tasks_and_pauses_come_from_elsewhere() {
    let test = project();
    test.task_for("TASK-1", "implement");
    let ask = ["message", "send", "--type", "question", "--title", "Which?", "--body", "A or B", "--task", "TASK-1"];
    test.run(ask).ok();
    let questions = test.run(["message", "list", "--json"]).ok().stdout;
    let id =
        questions.split('"').find(|word| word.starts_with("question-")).unwrap().trim_end_matches(".md").to_owned();
    let id = id.rsplit('/').next().unwrap().to_owned();
    drop_file(&test, "1.txt", &order(&format!("reply {id}\n\n`B`, $(touch pwned)")));
    drop_file(&test, "2 ; touch pwned.md", &order("add task Mend it\nROLE: test\n\nWhy and where."));
    drop_file(&test, "3", &order("pause for the night"));
    test.tick().quiet().says(&format!("inbox: 1.txt: {id} is answered")).says("inbox: 3: everything is paused");
    assert!(test.task_text("TASK-1").contains("`B`, $(touch pwned)"));
    let added = test.queue("incoming").into_iter().find(|id| id != "TASK-1").unwrap();
    assert_eq!(test.task_line(&added, "ROLE").as_deref(), Some("test"));
    assert!(test.task_text(&added).contains("Mend it") && test.task_text(&added).contains("Why and where."));
    test.run(["status"]).ok().says("for the night");
    drop_file(&test, "4", &order("resume"));
    test.tick().says("inbox: 4: agents go on");
    assert!(!test.path("pwned").exists() && !test.orchestrator("paused").exists());
    assert_eq!((test.queue("incoming").len(), fs::read_dir(test.orchestrator("inbox")).unwrap().count()), (2, 0));
}

#[test]
fn what_is_not_allowed_is_moved_aside_and_told_once() {
    let test = project();
    for (name, text) in [
        ("wrong", format!("TOKEN: {TOKEN}x\npause\n")),
        ("none", "pause\n".to_owned()),
        ("odd", order("rm -rf /")),
        ("unknown", order("reply ../../agents.yaml\nyes")),
        ("large", order(&format!("pause {}", "x".repeat(40 << 10)))),
    ] {
        drop_file(&test, name, &text);
    }
    let mut pipe = test.program_command("mkfifo");
    pipe.arg(test.orchestrator("inbox/pipe"));
    test.finish(pipe).ok();
    // Not that of a file of now: a pipe was made this moment.
    let mut tick = test.later(60).tick().quiet().says_not(TOKEN);
    for name in ["wrong", "none", "odd", "unknown", "large", "pipe"] {
        tick = tick.says(&format!("inbox: {name}: refused: "));
    }
    assert_eq!((messages(&test), fs::read_dir(test.orchestrator("inbox/refused")).unwrap().count()), (6, 6));
    test.tick().says_not("inbox");
    // The same file from the same moment is the same file, whoever brings it back.
    drop_file(&test, "wrong", "pause\n");
    test.tick();
    assert_eq!(messages(&test), 7);
    assert!(!test.orchestrator("paused").exists());
}

#[test]
fn a_file_is_carried_out_once_and_when_it_is_whole() {
    let test = project();
    let path = drop_file(&test, "task", &order("add task Once"));
    let (text, modified) = (fs::read_to_string(&path).unwrap(), path.metadata().unwrap().modified().unwrap());
    let bring_back = || {
        fs::write(&path, &text).unwrap();
        File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
    };
    test.tick();
    bring_back();
    test.tick();
    // Killed before it was noted: the task is known by its name.
    fs::remove_file(test.orchestrator("inbox.json")).unwrap();
    bring_back();
    test.tick();
    assert_eq!((test.queue("incoming").len(), path.exists()), (1, false));
    // Still being written.
    fs::write(&path, order("add task Half")).unwrap();
    drop_file(&test, "more.part", &order("add task Half"));
    test.tick();
    assert_eq!(test.queue("incoming").len(), 1);
    settle(&path);
    test.tick();
    assert_eq!(test.queue("incoming").len(), 2);
    // Without a token nothing is done, and that is said.
    test.unset_env("SCHEDULER_INBOX_TOKEN");
    drop_file(&test, "later", &order("pause"));
    test.tick().complains("SCHEDULER_INBOX_TOKEN isn't in the environment of ticks");
    test.run(["doctor"]).says("inbox: SCHEDULER_INBOX_TOKEN isn't in this environment");
    assert!(!test.orchestrator("paused").exists());
}
