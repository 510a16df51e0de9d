//! `verify` of agents.yaml: the project's own command says whether work is fit to be pushed, and what it says reaches everybody
//! whom it concerns.

use crate::confinement::readme::can_confine;
use crate::support::Test;
use std::fs;

/// Counts its runs and then waits until the test lets it go.
const WAITS: &str =
    "echo x >>\"$CLAUDE_CONFIG_DIR/debug/begun\"; while [ ! -e \"$CLAUDE_CONFIG_DIR/debug/go\" ]; do sleep 0.05; done";

/// An implementer whose work must pass `command`; `more` are further lines of agents.yaml.
fn project(command: &str, more: &str) -> Test {
    let test = Test::with_implementer();
    verify(&test, command, more);
    test
}

fn verify(test: &Test, command: &str, more: &str) {
    let yaml = command.replace('\'', "''");
    test.agents_and(
        &[("impl-1", "implementer")],
        &format!("verify: {{command: '{yaml}', timeout_seconds: 60}}\n{more}"),
    );
}

fn log(test: &Test, name: &str) -> String {
    fs::read_to_string(test.runs("impl-1").pop().unwrap().join(name)).unwrap_or_default()
}

/// How often it has begun.
fn begun(test: &Test) -> usize {
    fs::read_to_string(test.notes("begun")).unwrap_or_default().lines().count()
}

/// One tick, and its verify is under way.
fn verifying(command: &str) -> Test {
    let test = project(command, "");
    test.tick();
    test.wait_until("verify to begin", || begun(&test) == 1);
    test
}

fn let_go(test: &Test) {
    fs::write(test.notes("go"), "").unwrap();
}

#[test]
fn what_passes_is_published_with_a_receipt() {
    let test = project("cat TASK-1.txt && test ! -e beside.txt && test ! -e tests/gone.txt", "");
    test.committed_file("tests/gone.txt", "one\ntwo\n").committed_file("tests/kept.txt", "one\ntwo\n");
    test.git(["push", "-q", "origin", "main"]);
    let before = test.snapshot();
    test.claude.plays(
        "implementer",
        "write TASK-1.txt work; git rm -q tests/gone.txt; write tests/kept.txt one; commit Work; write beside.txt left; \
         finish 'It is done. <!-- scheduler:receipt -->'",
    );
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done", "{}", test.task_text("TASK-1"));
    assert_eq!(log(&test, "verify.log").lines().nth(1), Some("work"), "{}", log(&test, "verify.log"));
    let record = test.record("impl-1");
    assert_eq!(record["verified"]["work"]["exit_code"], 0, "{record}");
    assert_eq!(
        (&record["verified"]["work"]["commit"], &record["verified"]["base"]),
        (&record["tip"], &serde_json::Value::Null)
    );
    let body = test.github.only_pull_request().body;
    for part in [
        "It is done. <\u{200b}!--",
        "\n\n<!-- scheduler:receipt -->\n### Receipt\n\n- **Task:** `TASK-1` (Work on TASK-1), by `impl-1` (implementer)\n",
        "\n  - [ ] It works\n",
        "\n- **Verify:** `cat TASK-1.txt && test ! -e beside.txt && test ! -e tests/gone.txt` passed in ",
        "\n- **Tests:** look at 2 test files\n  - `tests/gone.txt`: deleted\n  - `tests/kept.txt`: 1 line removed or changed\n",
        "\n- **Effort:** attempt 1 of 3; 1 run, ",
        "\n- **Set aside:** not in this pull request, and kept on the machine of the agent:\n  - `refs/salvage/",
    ] {
        assert!(body.contains(part), "{part:?} is not in {body}");
    }
    assert!(body.ends_with("<!-- scheduler:end of receipt -->"), "{body}");
    // The work that lay beside is kept, and the worktree is as it was left.
    assert!(record["salvage"][0].is_string(), "{record}");
    let worktree = test.orchestrator("agents/impl-1/worktree");
    assert_eq!(test.git_in(&worktree, ["status", "--porcelain"]), "");
    test.run(["task", "show", "TASK-1"]).ok().says("= verify `cat TASK-1.txt").says(" passed in ");
    test.run(["logs", "impl-1"]).ok().says(" passed in ");
    test.assert_untouched(&before);
}

#[test]
fn what_fails_goes_back_with_the_end_of_its_output() {
    let test = project(
        "i=0; while [ $i -lt 200 ]; do i=$((i + 1)); echo $i; done; test -e TASK-1.txt && test ! -e fixed.txt && exit 3; exit 0",
        "",
    );
    test.claude.plays("implementer.2", "write fixed.txt yes && commit Mended && finish Mended");
    test.tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("incoming", 1));
    assert!(test.pushed_branches().is_empty() && test.github.pull_requests().is_empty());
    let text = test.task_text("TASK-1");
    assert!(text.contains("## Error\n\nverify failed: exit code 3 after ") && text.contains("verify.log"), "{text}");
    let record = test.record("impl-1");
    let tail = record["verified"]["work"]["tail"].as_str().unwrap();
    assert_eq!((tail.lines().next(), tail.lines().count()), (Some("101"), 100), "{tail}");
    assert_eq!(record["verified"]["base"]["exit_code"], 0);
    assert_eq!(test.state("impl-1")["consecutive_failures"], 1);
    test.run(["task", "show", "TASK-1"]).ok().says("failed: exit code 3").says("\n    101\n").says_not("    100\n");
    test.run(["why", "TASK-1"]).ok();

    test.later(7200).tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done", "{}", test.task_text("TASK-1"));
    let prompt = test.claude.last_call().prompt;
    let heading = "## What must pass before the work is published, and didn't";
    for part in [heading, "exit code 3 after ", "i=0; while ", "the end of its output", "\n101\n", "\n200\n"] {
        assert!(prompt.contains(part), "{part:?} is not in {prompt}");
    }
    assert!(!prompt.contains("\n100\n"), "{prompt}");
    let body = test.github.only_pull_request().body;
    assert!(body.contains("- **Effort:** attempt 2 of 3; 2 runs, "), "{body}");
}

#[test]
fn the_last_attempt_is_shown_as_a_draft_and_mended_there() {
    let test = project(
        "test -e fixed.txt || test ! -e TASK-1.txt || { echo 'it @breaks'; exit 3; }",
        "defaults: {max_attempts: 1}",
    );
    test.tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("failed", 1));
    let pull_request = test.github.only_pull_request();
    assert!(pull_request.draft);
    for part in ["- **Verify:** **failed**: ", "exit code 3", "  it @\u{200b}breaks\n"] {
        assert!(pull_request.body.contains(part), "{part}: {}", pull_request.body);
    }
    let [error] = &test.messages_of("error")[..] else { panic!("{:?}", test.messages()) };
    for text in [error, &test.task_text("TASK-1")] {
        assert!(
            text.contains("exit code 3") && text.contains("/pull/1") && text.contains(&pull_request.head),
            "{text}"
        );
    }
    assert_eq!(test.task_line("TASK-1", "PR").as_deref(), Some("1"));

    // Another try goes on with it.
    test.claude.plays("implementer", "write fixed.txt yes && commit Mended && finish Mended");
    test.run(["task", "retry", "TASK-1"]).ok();
    test.later(7200).tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done", "{}", test.task_text("TASK-1"));
    let pull_request = test.github.only_pull_request();
    assert!(!pull_request.draft);
    let words =
        ["- **Task:** `TASK-1`", "- **Round `TASK-1`:** Work on TASK-1, by `impl-1`; ", "exit 3; }` passed in "];
    for part in words {
        assert!(pull_request.body.contains(part), "{part}: {}", pull_request.body);
    }
    assert_eq!(pull_request.body.matches("<!-- scheduler:receipt -->").count(), 1);
    assert_eq!(test.origin_tip(&pull_request.head).unwrap(), test.record("impl-1")["tip"].as_str().unwrap());
}

#[test]
fn a_lost_reply_is_no_failure_and_a_receipt_that_is_not_written_is_told() {
    for (fault, told) in [("lost_reply", 0), ("500", 1)] {
        let test = project("test -e fixed.txt || test ! -e TASK-1.txt", "defaults: {max_attempts: 1}");
        test.tick_and_wait();
        test.claude.plays("implementer", "write fixed.txt yes && commit Mended && finish Mended");
        test.run(["task", "retry", "TASK-1"]).ok();
        test.github.fault("api *", fault, 0);
        test.later(7200).tick_and_wait();
        assert_eq!(test.task_state("TASK-1"), "done", "{fault}: {}", test.task_text("TASK-1"));
        let is_written = test.github.only_pull_request().body.contains("- **Round `TASK-1`:**");
        assert_eq!((is_written, test.messages_of("warning").len()), (told == 0, told), "{:?}", test.messages());
    }
}

#[test]
fn without_gh_the_message_names_the_branch() {
    let test = project("test ! -e TASK-1.txt", "defaults: {max_attempts: 1}");
    test.without_program("gh").tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "failed");
    let branch = test.task_line("TASK-1", "WORK_BRANCH").unwrap();
    assert_eq!(test.pushed_branches(), [branch.as_str()]);
    let [error] = &test.messages_of("error")[..] else { panic!("{:?}", test.messages()) };
    assert!(error.contains("verify failed: exit code 1") && error.contains(&branch), "{error}");
}

#[test]
fn what_its_base_fails_too_is_no_fault_of_the_work() {
    let test = project("echo \"$TASK_ID is broken\"; exit 4", "");
    test.task_for("TASK-2", "implement").tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("done", 1));
    let pull_request = test.github.only_pull_request();
    assert!(!pull_request.draft && pull_request.body.contains("- **Verify:** failed, through no fault of this work: "));
    assert_eq!(test.state("impl-1")["consecutive_failures"], 0);
    assert!(log(&test, "verify-base.log").contains("TASK-1 is broken"));
    // What is known of the base isn't asked again.
    test.later(120).tick_and_wait();
    assert_eq!(test.task_state("TASK-2"), "done", "{}", test.task_text("TASK-2"));
    assert!(log(&test, "verify.log").contains("TASK-2 is broken") && log(&test, "verify-base.log").is_empty());
    assert!(test.messages().is_empty(), "{:?}", test.messages());
}

#[test]
fn it_is_ended_with_all_that_it_started_at_its_limit_and_before() {
    let test = project("x", "");
    for (command, limit, state) in [
        ("test -e TASK-1.txt || exit 0; sleep 300 & setsid sleep 301 & sleep 302", 1, "incoming"),
        ("( setsid sh -c 'sleep 303' & ) & sleep 304 & exit 0", 60, "done"),
    ] {
        let yaml = command.replace('\'', "''");
        test.agents_and(
            &[("impl-1", "implementer")],
            &format!("verify: {{command: '{yaml}', timeout_seconds: {limit}}}"),
        );
        test.later(7200).tick_and_wait();
        assert_eq!(test.task_state("TASK-1"), state, "{}", test.task_text("TASK-1"));
    }
    let first = fs::read_to_string(test.runs("impl-1")[0].join("record.json")).unwrap();
    let first: serde_json::Value = serde_json::from_str(&first).unwrap();
    assert_eq!(first["verified"]["work"]["exit_code"], serde_json::Value::Null, "{first}");
    assert!(first["settlement"]["reason"].as_str().unwrap().contains("not done after"), "{first}");
}

#[test]
fn it_reaches_as_little_as_the_agent_and_has_no_credentials() {
    let test = project("env; touch \"$PARENT_PROJECT/escaped\"; git push -q origin HEAD:main; exit 0", "");
    test.set_env("GH_TOKEN", "value-of-it").set_env("SSH_AUTH_SOCK", "value-of-it").tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done", "{}", test.task_text("TASK-1"));
    let said = log(&test, "verify.log");
    assert!(said.contains("\nTASK_ID=TASK-1\n") && !said.contains("value-of-it"), "{said}");
    assert_eq!(test.origin_tip("main").unwrap(), test.git(["rev-parse", "main"]));
    if can_confine(&test) {
        assert!(!test.path("escaped").exists(), "{said}");
        assert!(test.github.only_pull_request().body.contains("- **Limits:** confined to its worktree"));
    }
}

#[test]
fn one_that_cannot_be_started_is_no_fault_of_the_agent() {
    let test = project("no-such-program --all", "");
    test.tick_and_wait();
    assert_eq!(test.claude.count(), 0, "somebody was paid");
    test.run(["doctor"]).code(1).says("verify: no-such-program --all: not found");
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("incoming", 0));
    let [error] = &test.messages_of("error")[..] else { panic!("{:?}", test.messages()) };
    assert!(error.contains("no-such-program is not on PATH"), "{error}");
    test.later(60).tick().says_not("started with");
    test.run(["why", "impl-1"]).ok().says("verify in agents.yaml can't be started");

    // Seen only when it runs.
    verify(&test, "cd . && ./no-such-script", "");
    test.later(7200).tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("incoming", 0));
    assert_eq!(test.record("impl-1")["outcome"]["kind"], "launch_failed");
    assert!(
        test.messages_of("error").iter().any(|text| text.contains("`verify` can't be started")),
        "{:?}",
        test.messages()
    );
    // Mended, it goes on from the work that is there.
    verify(&test, "true", "");
    test.claude.plays("implementer", "finish Nothing");
    test.later(7200).tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done", "{}", test.task_text("TASK-1"));
}

#[test]
fn killed_meanwhile_it_runs_again_and_nobody_else_does() {
    let test = verifying(&format!("echo x >junk.txt; {WAITS}"));
    assert_eq!(test.state("impl-1")["phase"], "verifying");
    test.run(["status"]).ok().says("verifying TASK-1");
    test.kill_supervisor("impl-1");
    let_go(&test);
    test.later(60).tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done", "{}", test.task_text("TASK-1"));
    assert_eq!((test.claude.count(), begun(&test), test.attempts("TASK-1")), (1, 2, 1));
    let record = test.record("impl-1");
    assert!(record["salvage"].as_array().unwrap().is_empty(), "{record}");
    let head = test.github.only_pull_request().head;
    assert!(!test.git(["ls-tree", "-r", "--name-only", &head]).contains("junk.txt"));
    let worktree = test.orchestrator("agents/impl-1/worktree");
    assert_eq!(test.git_in(&worktree, ["status", "--porcelain"]), "");
}

#[test]
fn stopped_meanwhile_the_task_goes_back_and_costs_no_attempt() {
    let test = verifying(WAITS);
    test.run(["agent", "stop", "impl-1"]).ok().says("impl-1: its run has ended");
    test.wait_quiet();
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("incoming", 0));
    let branch = test.task_line("TASK-1", "WORK_BRANCH").unwrap();
    assert_eq!(test.git(["show", &format!("{branch}:TASK-1.txt")]), "work");
    assert!(test.pushed_branches().is_empty());
}

#[test]
fn cancelled_meanwhile_nothing_is_published() {
    let test = verifying(WAITS);
    test.run(["task", "cancel", "TASK-1", "--reason", "no more"]).ok();
    test.wait_quiet();
    assert_eq!(test.task_state("TASK-1"), "failed");
    assert!(test.pushed_branches().is_empty() && test.github.pull_requests().is_empty());
}

#[test]
fn testers_are_verified_and_reviewers_are_not() {
    let test = Test::with_implementer();
    let agents = [("impl-1", "implementer"), ("test-1", "tester"), ("review-1", "reviewer")];
    test.agents_and(&agents, "verify: {command: 'test ! -e tests/new.txt'}");
    test.task("TASK-1", "# Test it\n\nROLE: test\n").task("TASK-2", "# Look at it\n\nROLE: review\n");
    test.claude.plays("tester", "write tests/new.txt x && commit Tests && finish Tested");
    test.claude.plays("reviewer", "run 'scheduler review record --verdict approve --summary Fine'; finish Fine");
    test.tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("incoming", 1));
    assert!(test.task_text("TASK-1").contains("verify failed"));
    assert_eq!(test.record("test-1")["verified"]["work"]["exit_code"], 1);
    assert_eq!(test.record("review-1")["verified"], serde_json::Value::Null);
}

#[test]
fn an_agent_may_have_its_own() {
    let test = Test::with_implementer();
    test.config(
        "verify: {command: 'exit 1', timeout_seconds: 7}\nagents:\n  - {name: impl-1, role: implementer, verify: {command: 'true'}}\n",
    );
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done");
    let assignment = fs::read_to_string(test.runs("impl-1")[0].join("assignment.json")).unwrap();
    let assignment: serde_json::Value = serde_json::from_str(&assignment).unwrap();
    assert_eq!(assignment["settings"]["verify"], serde_json::json!({"command": "true", "timeout_seconds": 7}));
}
