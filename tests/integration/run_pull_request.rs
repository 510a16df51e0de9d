//! Runs of tasks with `PR:`, which go on with a pull request or review it; and what a person reads of one that failed.

use crate::support::Test;

/// An origin with a branch that an agent pushed once and that pull request 1 wants merged.
fn project(agent: &str, role: &str) -> Test {
    let test = Test::new();
    test.with_origin().agents(&[(agent, role)]);
    test.git(["checkout", "-q", "-b", "agent/TASK-0-x"]);
    test.committed_file("begun.txt", "begun");
    test.git(["push", "-q", "origin", "agent/TASK-0-x"]);
    test.git(["checkout", "-q", "main"]);
    test.git(["branch", "-q", "-D", "agent/TASK-0-x"]);
    test.github.install().open("agent/TASK-0-x", "main", "Begin it");
    test
}

#[test]
fn work_goes_to_the_branch_of_the_pull_request() {
    let test = project("impl-1", "implementer");
    test.task("TASK-1", "# Mend it\n\nROLE: implement\nPR: 1\n");
    let begun = test.origin_tip("agent/TASK-0-x").unwrap();
    test.claude.implements();
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done");
    assert!(test.messages().is_empty(), "{:?}", test.messages());
    let tip = test.origin_tip("agent/TASK-0-x").unwrap();
    assert_eq!(test.git(["rev-parse", &format!("{tip}^")]), begun);
    assert_eq!(test.git(["show", &format!("{tip}:TASK-1.txt")]), "work");
    assert_eq!(test.pushed_branches(), ["agent/TASK-0-x"]);
    assert_eq!(test.github.count("pr create"), 0);
}

#[test]
fn a_verdict_is_posted_with_a_mark_that_nobody_sees() {
    let test = project("review-1", "reviewer");
    test.task("TASK-1", "# Review it\n\nROLE: review\nPR: 1\n");
    test.claude.plays(
        "reviewer",
        "run \"scheduler review record --verdict request-changes --summary 'Not yet' --issue 'high|begun.txt:1|Empty'\" \
         && finish 'Reviewed.'",
    );
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done", "{}", test.task_text("TASK-1"));
    let reviews = test.github.only_pull_request().reviews;
    let [(state, text)] = reviews.as_slice() else { panic!("{reviews:?}") };
    assert_eq!(state.trim(), "CHANGES_REQUESTED");
    let (seen, mark) = text.trim().rsplit_once("\n\n").unwrap();
    assert!(seen.contains("Not yet") && seen.contains("begun.txt:1"), "{seen}");
    assert!(mark.starts_with("<!-- scheduler:review ") && mark.ends_with(" -->"), "{mark}");
}

#[test]
fn the_message_of_a_failed_task_names_it() {
    let test = project("test-1", "tester");
    test.task("TASK-1", "# Test the $(login) \"form\"\n\nROLE: test\n");
    test.claude.plays("tester", "write source.rs x && commit 'Change the source' && finish 'Done.'");
    // There are branches of agents already: the first tick asks which pull requests are open.
    test.tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.claude.count()), ("incoming", 0));
    test.later(60).tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "failed");
    let [error] = test.messages_of("error").try_into().unwrap();
    assert!(error.lines().next().unwrap().ends_with("A task failed: Test the $(login) \"form\""), "{error}");
    assert!(error.contains("source.rs"), "{error}");
}

#[test]
fn what_a_run_has_opened_counts_at_once() {
    let test = Test::new();
    let agents = [("impl-1", "implementer"), ("impl-2", "implementer")];
    test.with_origin().agents_and(&agents, "queue_limits: {max_open_prs: 1}");
    test.github.install();
    test.task_for("TASK-1", "implement").task_for("TASK-2", "implement");
    test.claude.implements();
    let asked_at = test.clock().time().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let nothing_open = format!(r#"{{"asked_at": "{asked_at}", "open": [], "error": null}}"#);
    test.file(".orchestrator/cache/open-prs.json", &nothing_open);
    for _ in 0..2 {
        test.tick_and_wait();
        assert_eq!((test.task_state("TASK-1"), test.task_state("TASK-2")), ("done", "incoming"));
        let decisions = test.last_tick()["decisions"].to_string();
        assert!(decisions.contains(r#"{"limit":1,"open":1,"reason":"prs_full"}"#), "{decisions}");
    }
    assert_eq!(test.github.only_pull_request().state.trim(), "OPEN");
}

#[test]
fn what_a_run_left_for_claude_where_git_ignores_it_is_set_aside() {
    let test = project("impl-1", "implementer");
    test.committed_file(".gitignore", ".claude/settings.local.json\n").git(["push", "-q", "origin", "main"]);
    // What is open is known.
    test.file(
        ".orchestrator/cache/open-prs.json",
        r#"{"asked_at": "2026-01-01T00:00:00Z", "open": [], "error": null}"#,
    );
    test.task_for("TASK-1", "implement").task_for("TASK-2", "implement");
    let left = "[ ! -e .claude/settings.local.json ] || complain 'it is there'";
    test.claude.plays(
        "implementer",
        &format!("{left}; mkdir -p .claude; echo {{}} >.claude/settings.local.json; write \"$TASK_ID.txt\" x; commit Work; finish"),
    );
    test.tick_and_wait();
    test.later(90).tick_and_wait();
    assert_eq!(test.queue("done").len(), 2, "{:?}", test.messages());
    let told = test.messages_of("warning").concat();
    assert!(told.contains("(.claude/settings.local.json)") && told.contains("left to direct Claude Code"), "{told}");
}

#[test]
fn what_an_earlier_attempt_brought_for_claude_does_not_hold_in_the_next() {
    let test = project("impl-1", "implementer");
    // What is open is known.
    test.file(
        ".orchestrator/cache/open-prs.json",
        r#"{"asked_at": "2026-01-01T00:00:00Z", "open": [], "error": null}"#,
    );
    test.task_for("TASK-1", "implement");
    // claude's own tools write no such file; a program does.
    let plant = "run 'mkdir -p .claude && echo \"{}\" >.claude/settings.json && git add -A && git commit -q -m Plant'";
    test.claude.plays("TASK-1.1", &format!("{plant}; turn_limit")).implements();
    test.tick_and_wait();
    assert!(test.messages().is_empty(), "{:?}", test.messages());
    // Too late to go on in the conversation.
    test.later(100_000).tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done", "{}", test.task_text("TASK-1"));
    let [first, second] = &test.claude.calls()[..] else { panic!() };
    assert_eq!((first.flag("--setting-sources"), second.flag("--setting-sources")), (None, Some("user")));
    assert_eq!(first.flag("--tools"), Some("Read,Skill,Bash,Glob,Grep,Edit,Write"));
    assert!(first.flag("--disallowedTools").unwrap().contains("Read(~/.ssh/**)"));
    assert!(
        second.prompt.contains("Your branch changes files in `.claude/`")
            && !first.prompt.contains("Your branch changes")
    );
    let told = test.messages_of("warning").concat();
    assert!(told.contains("- .claude/settings.json") && told.contains("Look at them before you merge"), "{told}");
}
