//! Who looks for work doesn't look again as long as nothing has changed.

use crate::support::Test;
use std::fs;

/// A product manager that finds nothing, after its first run.
fn project(settings: &str) -> Test {
    let test = Test::new();
    test.with_origin().config(&format!("agents:\n- {{name: pm, role: product_manager, {settings}}}\n"));
    test.github.install();
    test.claude.plays("product_manager", "finish 'Nothing to do.'");
    test.now("2026-03-02T10:00:00Z").tick_and_wait().says("pm: started to look for tasks");
    test.later(400).tick_and_wait().says_not("pm: started");
    test.run(["status"]).ok().says("nothing new, ");
    test
}

const STARTED: &str = "pm: started to look for tasks";

#[test]
fn it_looks_again_once_something_has_changed() {
    let test = project("interval_seconds: 300");
    let why = test.run(["why", "pm"]).ok();
    why.says("nothing has changed since its run 6 min ago, which created nothing").says("agent run pm");
    // A commit.
    test.committed_file("new.txt", "new\n").git(["push", "-q", "origin", "main"]);
    test.later(400).tick_and_wait().says(STARTED);
    test.later(400).tick_and_wait().says_not(STARTED);
    // The queue.
    test.task("TASK-1", "# By hand\n\nBLOCKED_BY: TASK-none\n");
    test.later(400).tick_and_wait().says(STARTED);
    test.later(400).tick_and_wait().says_not(STARTED);
    // An answer, after the question itself.
    test.run(["message", "send", "--type", "question", "--title", "Q", "--body", "?"]).ok();
    test.later(400).tick_and_wait().says(STARTED);
    test.run(["message", "send", "--type", "info", "--title", "I", "--body", "-"]).ok();
    test.later(400).tick_and_wait().says_not(STARTED);
    let messages = fs::read_dir(test.orchestrator("messages")).unwrap();
    let names = messages.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let question = names.into_iter().find(|name| name.starts_with("question-")).unwrap();
    test.run(["message", "reply", question.trim_end_matches(".md"), "--body", "Yes"]).ok();
    test.later(400).tick_and_wait().says(STARTED);
    // You.
    test.later(400).run(["agent", "run", "pm"]).ok();
    test.tick_and_wait().says(STARTED);
}

#[test]
fn it_looks_again_after_a_while_and_hears_of_the_remote() {
    let test = project("rescan_after: 1h");
    test.later(3_000).tick_and_wait().says_not(STARTED);
    test.later(300).tick_and_wait().says(STARTED);
    // Somebody else pushes: that is fetched now and then, without a run.
    let other = test.root().join("other");
    let (origin, other) = (test.origin(), other.to_str().unwrap().to_owned());
    test.git(["clone", "-q", origin.to_str().unwrap(), &other]);
    let person = ["-c", "user.name=P", "-c", "user.email=p@example.invalid"];
    test.git_in(&other, person.iter().chain(&["commit", "-q", "--allow-empty", "-m", "Elsewhere"]));
    test.git_in(&other, ["push", "-q", "origin", "HEAD:main"]);
    test.later(900).tick_and_wait().says_not(STARTED);
    test.later(60).tick_and_wait().says(STARTED);
}

#[test]
fn a_run_that_ends_badly_has_seen_nothing() {
    let test = Test::new();
    test.agents(&[("pm", "product_manager")]).claude.plays("product_manager", "no_result 3");
    test.now("2026-03-02T10:00:00Z").tick_and_wait().says(STARTED);
    test.later(4_000).tick_and_wait().says(STARTED);
}
