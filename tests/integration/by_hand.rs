//! What the user is told who runs a tick by hand, and what agents would not see of what the user has written.

use crate::support::{BINARY, Test};
use std::fs;

#[test]
fn a_tick_on_a_terminal_says_what_it_did_or_why_nothing_started() {
    let test = Test::with_implementer();
    test.set_env("TERM", "xterm");
    let tick = |words: &str| {
        let mut tick = test.on_terminal(test.command([] as [&str; 0]));
        tick.shows(words);
        assert!(tick.ends().success());
    };
    tick("impl-1: started with TASK-1\nfollow it with `scheduler logs impl-1 -f`");
    test.wait_quiet();
    tick("nothing started: nothing is due; next is impl-1");
    test.later(600);
    tick("nothing started: no implement task");
    test.run(["pause"]).ok();
    tick("nothing started: everything is paused (.orchestrator/paused); `scheduler resume` goes on");
    // In a log a line has its time, and what there is nothing to say of stays unsaid.
    assert_eq!(test.tick().stdout, "");
}

#[test]
fn what_agents_do_not_see_is_told_before_they_begin() {
    let test = Test::with_implementer();
    test.file("CLAUDE.md", "Read .agent-instructions.md and .orchestrator/messages.\n");
    test.run(["--dry-run"])
        .ok()
        .complains("CLAUDE.md is not here as agents find it, who begin from main of origin: commit and push it");
    test.git(["add", "-f", "CLAUDE.md", ".orchestrator/agents.yaml"]);
    test.git(["commit", "-q", "-m", "Set up"]);
    test.run(["--dry-run"]).ok().complains("CLAUDE.md is").complains(": push it");
    test.run(["doctor"]).says("warning CLAUDE.md is not here as agents find it");
    test.tick_and_wait();
    let messages = test.messages();
    assert!(messages.iter().any(|(_, text)| text.contains("Agents don't see your CLAUDE.md")), "{messages:?}");
    test.git(["push", "-q", "origin", "main"]);
    test.run(["--dry-run"]).ok().quiet();
    test.run(["doctor"]).says_not("CLAUDE.md is not here");
}

#[test]
fn a_log_has_the_times_and_complains_once_of_what_lasts() {
    let test = Test::with_implementer();
    test.now("2026-03-01T10:00:00Z").tick().says("2026-03-01 13:00 +03:00 impl-1: started with TASK-1\n");
    test.wait_quiet();
    test.config("agents: 7\n");
    let log = test.orchestrator("logs/cron.log");
    let tick_into = |to: &str| {
        let before = fs::read_to_string(&log).unwrap_or_default().len();
        let mut shell = test.later(60).program_command("/bin/sh");
        shell.args(["-c", &format!("'{BINARY}' {to} '{}' 2>&1", log.display())]);
        test.finish(shell).code(2).quiet();
        fs::read_to_string(&log).unwrap()[if to == ">" { 0 } else { before }..].to_owned()
    };
    fs::create_dir_all(log.parent().unwrap()).unwrap();
    assert!(tick_into(">>").starts_with("2026-03-01 13:01 +03:00 scheduler: "));
    assert_eq!(tick_into(">>"), "");
    // Who isn't a timer is told each time.
    assert!(tick_into(">").contains("scheduler: "));
    test.run([] as [&str; 0]).code(2).complains("agents");
    test.config("agents: 8\n");
    assert!(tick_into(">>").contains("scheduler: "));
    assert_eq!(tick_into(">>"), "");
}

#[test]
fn every_cooldown_is_named() {
    let test = Test::with_implementer();
    test.claude.plays("implementer", "api_error 401 authentication_error 'Invalid API key'");
    test.tick_and_wait();
    test.run(["doctor"]).says("warning no agent is started for").says("claude is not logged in");
    // The agent that hit a cause of everybody's says so itself.
    test.run(["status"]).ok().says("not logged in");
    test.run(["agent", "show", "impl-1"]).ok().says("not logged in");
    test.run(["logs", "impl-1"]).ok().says("= not logged in; task requeued");
}
