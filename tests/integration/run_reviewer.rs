//! The run of a reviewer: it stands on the change, changes nothing, and its verdict is what counts.

use crate::support::Test;

const RECORD: &str = "run \"scheduler review record --verdict request-changes --summary 'One bug.' --issue 'high|src/a.rs:1|It panics'\"";

/// A pull request of somebody else, and a task to review it.
fn project() -> Test {
    let test = Test::new();
    test.with_origin().agents(&[("reviewer-1", "reviewer")]);
    test.github.install();
    test.git(["checkout", "-q", "-b", "feature/x"]);
    test.committed_file("change.txt", "what is reviewed");
    test.git(["push", "-q", "origin", "feature/x"]);
    test.git(["checkout", "-q", "main"]);
    assert_eq!(test.github.open("feature/x", "main", "A change"), 1);
    test.task("TASK-1", "# Review it\n\nROLE: review\nPR: 1\n");
    test
}

#[test]
fn the_verdict_is_posted_as_a_review() {
    let test = project();
    test.claude
        .plays("reviewer", &format!("{RECORD}; cp change.txt \"$CLAUDE_CONFIG_DIR/debug/seen\"; finish 'Reviewed.'"));
    let before = test.snapshot();
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done");
    let [(state, text)] = &test.github.only_pull_request().reviews[..] else { panic!() };
    assert_eq!(state, "CHANGES_REQUESTED");
    assert!(text.contains("One bug.") && text.contains("src/a.rs:1") && text.contains("It panics"), "{text}");
    assert!(test.task_text("TASK-1").contains("One bug."), "{}", test.task_text("TASK-1"));
    assert_eq!(std::fs::read_to_string(test.notes("seen")).unwrap(), "what is reviewed\n".trim_end());
    let call = test.claude.only_call();
    assert!(call.prompt.contains("what is reviewed") && call.prompt.contains("Pull request #1"), "{}", call.prompt);
    assert_eq!((call.env("PR_NUMBER"), call.flag("--permission-mode")), (Some("1"), Some("dontAsk")));
    test.assert_untouched(&before);
    assert!(test.agent_branches().is_empty() && test.pushed_branches().is_empty());
}

#[test]
fn where_a_review_is_refused_it_becomes_a_comment() {
    let test = project();
    test.github.set(1, "author", "octobot");
    test.claude.plays("reviewer", &format!("{RECORD}; finish"));
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done");
    let pull_request = test.github.only_pull_request();
    let said: String =
        pull_request.comments.iter().chain(pull_request.reviews.iter().map(|(_, text)| text)).cloned().collect();
    assert!(said.contains("One bug."), "{pull_request:#?}");
    assert!(test.messages().is_empty(), "{:?}", test.messages());
}

#[test]
fn without_a_pull_request_the_verdict_is_in_the_task() {
    let test = project();
    test.task("TASK-1", "# Review it\n\nROLE: review\nBRANCH: feature/x\n");
    test.claude.plays("reviewer", "run \"scheduler review record --verdict approve --summary 'All is well.'\"; finish");
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done");
    let text = test.task_text("TASK-1");
    assert!(text.contains("All is well.") && text.contains("approve"), "{text}");
    assert_eq!(test.github.count("pr review"), 0);
    assert!(test.claude.only_call().prompt.contains("what is reviewed"));
}

#[test]
fn without_a_verdict_the_attempt_counts() {
    let test = project();
    test.claude.plays("reviewer", "finish 'Looks fine to me.'");
    test.tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("incoming", 1));
    assert!(test.github.only_pull_request().reviews.is_empty());
}

#[test]
fn a_verdict_in_the_last_answer_counts_where_none_was_recorded() {
    const ANSWER: &str = r#"answer '{"verdict":"comment","summary":"A remark.","issues":[{"severity":"low","place":"a.rs:1","text":"--x | y"}]}'"#;
    let test = project();
    test.claude.plays("reviewer", ANSWER);
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done");
    let text = test.task_text("TASK-1");
    assert!(text.contains("**Verdict:** comment") && text.contains("`a.rs:1`: --x | y"), "{text}");
    assert!(!text.contains("structured") && text.contains("\nA remark."), "{text}");
    let call = test.claude.only_call();
    assert!(call.flag("--json-schema").unwrap().contains("request-changes"), "{:?}", call.args);
    // What was recorded counts, and what the command refuses is refused.
    test.task("TASK-2", "# Review it\n\nROLE: review\nPR: 1\n");
    test.claude.plays("reviewer", &format!("{RECORD}; {ANSWER}"));
    test.later(60).tick_and_wait();
    assert!(test.task_text("TASK-2").contains("**Verdict:** request-changes"), "{}", test.task_text("TASK-2"));
    test.task("TASK-3", "# Review it\n\nROLE: review\nPR: 1\n");
    test.claude.plays("reviewer", r#"answer '{"verdict":"request-changes","summary":"No issue."}'"#);
    test.later(60).tick_and_wait();
    assert_eq!((test.task_state("TASK-3"), test.attempts("TASK-3")), ("incoming", 1));
}

#[test]
fn what_a_reviewer_changes_is_set_aside_and_the_verdict_counts() {
    let test = project();
    test.claude.plays("reviewer", &format!("{RECORD}; echo mine >change.txt; echo new >new.txt; finish"));
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done");
    assert!(test.pushed_branches().is_empty() && test.agent_branches().is_empty());
    let refs = test.git(["for-each-ref", "--format=%(refname)", "refs/salvage/"]);
    assert_eq!(test.git(["show", &format!("{refs}:new.txt")]), "new");
    assert!(test.task_text("TASK-1").contains(&refs), "{}", test.task_text("TASK-1"));
}

#[test]
fn a_verdict_that_cannot_be_posted_is_told_and_not_lost() {
    let test = project();
    test.github.fault("pr review", "401", 0).fault("pr comment", "401", 0);
    test.claude.plays("reviewer", &format!("{RECORD}; finish"));
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done");
    let [warning] = &test.messages_of("warning")[..] else { panic!("{:?}", test.messages()) };
    assert!(warning.contains("One bug.") && warning.contains("gh auth"), "{warning}");
}

#[test]
fn a_closed_or_unknown_pull_request_fails_the_task_at_once() {
    for (number, state, words) in
        [(1, "MERGED", "is merged"), (1, "CLOSED", "is closed"), (9, "OPEN", "no pull request 9")]
    {
        let test = project();
        test.github.set(1, "state", state);
        test.task("TASK-1", &format!("# Review it\n\nROLE: review\nPR: {number}\n")).tick_and_wait();
        assert_eq!((test.task_state("TASK-1"), test.claude.count()), ("failed", 0));
        assert!(test.task_text("TASK-1").contains(words), "{}", test.task_text("TASK-1"));
    }
}

#[test]
fn a_verdict_must_be_whole() {
    let test = project();
    let bad = [
        "--verdict request-changes --summary X",
        "--verdict maybe --summary X",
        "--verdict approve --summary ''",
        "--verdict comment --summary X --issue 'no bars'",
    ];
    let mut script = String::new();
    for arguments in bad {
        script.push_str(&format!("run \"scheduler review record {arguments}\" && finish Allowed\n"));
    }
    test.claude.plays("reviewer", &format!("{script}finish Refused"));
    test.tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("incoming", 1));
    test.run(["review", "record", "--verdict", "approve", "--summary", "x"]).refuses().complains("reviewer");
}

#[test]
fn the_change_of_a_fork_is_read_as_text() {
    let test = project();
    test.agents_and(
        &[("reviewer-1", "reviewer")],
        "worktree: {setup: 'ls >seen'}\ndefaults: {allow_network_git: true, allowed_tools: [Bash]}",
    );
    let head = test.origin_tip("feature/x").unwrap();
    test.github.set(1, "fork", "true").set(1, "sha", &head);
    // As GitHub keeps the heads of forks.
    test.git_in(test.origin(), ["update-ref", "refs/pull/1/head", &head]);
    test.claude.plays(
        "reviewer",
        &format!(
            "[ ! -e change.txt ] && ! grep -q change.txt seen && \
             grep -q 'what is reviewed' .claude/commands/scheduler/change.diff && {RECORD}; finish 'Reviewed.'"
        ),
    );
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done", "{}", test.task_text("TASK-1"));
    assert!(test.github.only_pull_request().reviews[0].1.contains("One bug."));
    let call = test.claude.only_call();
    assert!(call.prompt.contains("change.diff") && call.prompt.contains("comes from a fork"), "{}", call.prompt);
    assert!(!call.prompt.contains("what is reviewed"), "no word of an outsider's that needn't be: {}", call.prompt);
    assert!(!call.flag("--allowedTools").unwrap().split(',').any(|tool| tool == "Bash"));
    assert!(call.env("GIT_ASKPASS").is_some(), "no way to publish");
}
