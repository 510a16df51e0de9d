//! What follows from the checks: comments, labels, reviews, fix tasks, messages; each once, whatever goes wrong.

use crate::support::{Test, gate::AGENTS};
use serde_json::json;

/// Also somebody who mends.
fn mended(more: &str) -> Test {
    Test::gated_with(more, &format!("{AGENTS}- {{name: impl-1, role: implementer, interval_seconds: 60}}\n"))
}

/// Ticks until the pull request is settled, at most `most` minutes.
#[track_caller]
fn settle(test: &Test, number: u64, status: &str, most: u32) {
    for _ in 0..most {
        test.next();
        let meta = test.meta(number);
        if meta["status"] == status && meta["settled"]["status"] == status {
            return;
        }
    }
    panic!("not {status} after {most} minutes: {:#}", test.meta(number));
}

#[test]
fn a_passed_draft_is_commented_on_labelled_and_made_ready() {
    let test = Test::gated("");
    let number = test.pull_request("a");
    test.github.set(number, "draft", "true").set(number, "labels", "bug\ngatekeeper:blocked\n");
    test.they_record("passed", "warning");
    settle(&test, number, "approved", 4);
    let made = test.github.only_pull_request();
    assert_eq!((made.draft, made.labels), (false, vec!["bug".to_owned(), "gatekeeper:passed".to_owned()]));
    assert_eq!((made.comments.len(), made.reviews.len()), (1, 0));
    for part in [
        "All required checks passed",
        "| lint | required | ✅ passed | linter says passed |",
        "| tests | required | ⚠️ warning |",
        "| style | optional | ⏳ pending |",
        "<!-- scheduler:verdict ",
    ] {
        assert!(made.comments[0].contains(part), "no {part:?} in {}", made.comments[0]);
    }
    let told = test.messages_of("info");
    assert!(told.len() == 1 && told[0].contains("#1 Work on a") && told[0].contains("/pull/1"), "{told:?}");
    assert!(test.queue("incoming").is_empty());
    let calls = test.github.calls().len();
    test.next();
    assert_eq!(test.github.calls().len(), calls + 1, "one list, and nothing more");
}

#[test]
fn a_receipt_gets_the_checks_and_a_draft_whose_work_fails_verify_stays_one() {
    let test = Test::gated("");
    let number = test.pull_request("a");
    let receipt = "Text.\n\n<!-- scheduler:receipt -->\n### Receipt\n\n- **Verify:** **failed**: no\n- **Checks:** to come\n<!-- scheduler:end of receipt -->";
    test.github.set(number, "draft", "true").set(number, "body", receipt);
    test.they_record("passed", "passed");
    settle(&test, number, "approved", 4);
    let made = test.github.only_pull_request();
    assert!(
        made.draft && made.body.contains("- **Checks:** lint passed, tests passed, style pending, on "),
        "{}",
        made.body
    );
}

#[test]
fn auto_approve_approves_and_says_where_it_may_not() {
    let test = Test::gated("  auto_approve: true\n");
    let (theirs, own) = (test.pull_request("a"), test.pull_request("b"));
    test.github.set(own, "author", "octobot");
    test.they_record("passed", "passed");
    settle(&test, theirs, "approved", 4);
    settle(&test, own, "approved", 4);
    let made = test.github.pull_requests();
    assert_eq!((made[0].reviews[0].0.as_str(), made[0].reviews.len()), ("APPROVED", 1));
    assert!(!made[0].comments[0].contains("Not approved"));
    assert!(made[1].reviews.is_empty());
    assert!(made[1].comments[0].contains("Not approved: you can't approve a pull request of your own account."));
    assert_eq!(made[1].labels, ["gatekeeper:passed"]);
}

#[test]
fn a_blocked_one_is_mended_on_its_branch_and_checked_again_by_itself() {
    let test = mended("");
    let number = test.pull_request("feature/a");
    test.they_record("failed", "passed");
    test.claude.implements();
    settle(&test, number, "blocked", 4);
    let made = test.github.only_pull_request();
    assert_eq!(made.labels, ["gatekeeper:blocked"]);
    assert_eq!(made.reviews[0].0, "CHANGES_REQUESTED");
    let head = test.meta(number)["head_sha"].as_str().unwrap().to_owned();
    let task = format!("TASK-pr1-{}", &head[..8]);
    assert!(
        made.comments[0].contains("Blocked: lint failed") && made.comments[0].contains(&task),
        "{:?}",
        made.comments
    );
    let text = test.task_text(&task);
    for part in [
        "ROLE: implement",
        "PR: 1\n",
        "BRANCH: feature/a",
        "CREATED_BY: coordinator",
        "- **high** `README.md:1`: Broken by linter",
    ] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    assert_eq!(test.meta(number)["fix_tasks"], json!([{"task": task, "commit": head}]));
    assert!(test.messages_of("warning")[0].contains("Blocked: #1"), "{:?}", test.messages());
    // Without news nothing is said or made again.
    let calls = test.github.calls().len();
    test.they_record("passed", "passed");
    test.next().says(&format!("impl-1: started with {task}"));
    assert!(test.github.calls().len() <= calls + 4, "{:?}", test.github.calls());
    assert_eq!(test.task_state(&task), "done");
    assert_eq!(test.github.pull_requests().len(), 1, "no second pull request");
    assert_ne!(test.origin_tip("feature/a").unwrap(), head, "pushed to its branch");
    settle(&test, number, "approved", 5);
    let made = test.github.only_pull_request();
    assert_eq!((made.comments.len(), made.labels), (2, vec!["gatekeeper:passed".to_owned()]));
    assert!(made.comments[1].contains("earlier check still stands"), "{}", made.comments[1]);
    assert_eq!(test.queue("incoming").len() + test.queue("claimed").len(), 0);
}

#[test]
fn after_the_last_round_a_person_is_asked() {
    let test = mended("  max_fix_rounds: 2\n");
    let number = test.pull_request("a");
    test.they_record("failed", "failed");
    test.claude.implements();
    for round in 0..3 {
        settle(&test, number, "blocked", 8);
        let tasks = test.meta(number)["fix_tasks"].as_array().unwrap().len();
        assert_eq!(tasks, (round + 1).min(2));
        if round < 2 {
            test.wait_until("the fix to be pushed", || {
                test.next();
                test.origin_tip("a").unwrap() != test.meta(number)["settled"]["commit"].as_str().unwrap()
            });
        }
    }
    let error = test.messages_of("error").concat();
    assert!(error.contains("Still blocked, needs you: #1") && error.contains("max_fix_rounds"), "{error}");
    assert!(test.github.only_pull_request().comments[2].contains("which is the limit"));
    assert_eq!(test.queue("done").len(), 2);
    test.next();
    test.next();
    assert_eq!((test.messages_of("error").len(), test.github.only_pull_request().comments.len()), (1, 3));
    // Who raises the limit wants it to go on.
    let agents_yaml = test.orchestrator("agents.yaml");
    let text = std::fs::read_to_string(&agents_yaml).unwrap().replace("max_fix_rounds: 2", "max_fix_rounds: 3");
    std::fs::write(&agents_yaml, text).unwrap();
    test.next();
    assert_eq!(test.meta(number)["fix_tasks"].as_array().unwrap().len(), 3);
}

#[test]
fn what_was_cut_off_is_done_and_never_done_twice() {
    for (status, call, mode) in [
        ("failed", "pr view", "500"),
        ("failed", "pr review", "lost_reply"),
        ("failed", "pr comment", "lost_reply"),
        ("failed", "api ", "lost_reply"),
        ("failed", "pr review", "write_500"),
        ("failed", "pr review", "write_404"),
        ("passed", "api ", "bad_json"),
        ("passed", "pr review", "403"),
        ("passed", "pr comment", "500"),
        ("passed", "pr ready", "lost_reply"),
        ("passed", "api ", "500"),
    ] {
        let (word, label) = if status == "failed" { ("blocked", "blocked") } else { ("approved", "passed") };
        let test = Test::gated("  auto_approve: true\n");
        let number = test.pull_request("a");
        test.github.set(number, "draft", "true");
        test.they_record("passed", status);
        test.tick_and_wait();
        test.next();
        test.github.fault(call, mode, 1);
        test.later(4_000).tick_and_wait();
        test.later(4_000).tick_and_wait();
        assert_eq!(test.meta(number)["settled"]["status"], word, "{call} {mode}: {:#}", test.meta(number));
        // Killed before it was noted: the whole is done once more.
        let mut meta = test.meta(number);
        meta["settled"] = json!(null);
        meta["fix_tasks"] = json!([]);
        test.file(".orchestrator/shared/prs/PR-1/meta.json", &meta.to_string());
        test.later(60).tick_and_wait();
        assert_eq!(test.meta(number)["settled"]["status"], word, "{call} {mode}");
        let made = test.github.only_pull_request();
        assert_eq!((made.comments.len(), made.reviews.len()), (1, 1), "{call} {mode}: {made:#?}");
        assert_eq!(made.labels, [format!("gatekeeper:{label}")], "{call} {mode}");
        assert_eq!(made.draft, status == "failed", "{call} {mode}");
        assert_eq!(test.queue("incoming").len(), usize::from(status == "failed"), "{call} {mode}");
    }
}

#[test]
fn markers_of_others_count_for_nothing_and_labels_of_ours_are_kept_right() {
    let test = Test::gated("  auto_approve: true\n");
    let number = test.pull_request("a");
    let head = test.origin_tip("a").unwrap();
    for kind in ["comments", "reviews"] {
        for mark in [format!("verdict {head} passed"), format!("approval {head}")] {
            test.github.remark(number, kind, "somebody", &format!("<!-- scheduler:{mark} -->"));
        }
    }
    test.they_record("passed", "passed");
    settle(&test, number, "approved", 4);
    let made = test.github.only_pull_request();
    assert_eq!((made.comments.len(), made.reviews.len()), (3, 3), "{made:#?}");
    for labels in ["", "bug\ngatekeeper:blocked\n", "gatekeeper:blocked\ngatekeeper:passed\n"] {
        test.github.set(number, "labels", labels);
        test.next();
        let made = test.github.only_pull_request();
        let ours: Vec<_> = made.labels.iter().map(String::as_str).filter(|label| *label != "bug").collect();
        assert_eq!((ours, made.comments.len()), (vec!["gatekeeper:passed"], 3), "{labels:?}");
    }
}

#[test]
fn a_new_commit_takes_the_old_verdict_back() {
    let test = Test::gated("");
    let number = test.pull_request("a");
    test.they_record("passed", "passed");
    settle(&test, number, "approved", 4);
    test.push_commit("a", "main", "Another");
    test.they_record("failed", "passed").claude.plays("checker", "hang");
    test.later(60).tick();
    test.wait_until("the label to be gone", || test.github.only_pull_request().labels.is_empty());
    test.wait_until("the coordinator to end", || test.state("coordinator")["phase"] == "idle");
    assert_ne!(test.meta(number)["status"], "approved");
    test.run(["agent", "stop", "checker"]);
    test.wait_quiet();
}

#[test]
fn a_fix_task_that_nobody_began_is_taken_back_when_its_commit_is_the_head_no_more() {
    let test = Test::gated("");
    let number = test.pull_request("a");
    test.they_record("failed", "passed");
    settle(&test, number, "blocked", 4);
    let head = test.meta(number)["head_sha"].as_str().unwrap().to_owned();
    let task = format!("TASK-pr1-{}", &head[..8]);
    assert_eq!(test.task_state(&task), "incoming");
    // Its author is faster.
    test.they_record("passed", "passed").push_commit("a", "main", "Mended by hand");
    settle(&test, number, "approved", 5);
    assert_eq!(test.task_state(&task), "failed");
    assert!(test.task_line(&task, "CANCELLED_AT").is_some());
    let moved_on = format!("Taken back: pull request #1 has moved on from {}", &head[..11]);
    assert!(test.task_text(&task).contains(&moved_on), "{}", test.task_text(&task));
    assert_eq!(test.meta(number)["fix_tasks"], json!([{"task": task, "commit": head, "withdrawn": true}]));
    test.run(["pr", "show", "1"]).ok().says(", taken back\n");
    test.run(["task", "retry", "--all"]).ok().says("was cancelled, left alone");
    // And takes it back: the commit needs mending again.
    test.they_record("failed", "passed").git(["push", "-q", "--force", "origin", &format!("{head}:refs/heads/a")]);
    settle(&test, number, "blocked", 5);
    assert_eq!((test.task_state(&task), test.task_line(&task, "CANCELLED_AT")), ("incoming", None));
    assert!(!test.task_text(&task).contains("Taken back"));
    test.github.set(number, "state", "CLOSED");
    test.next();
    assert_eq!((test.meta(number)["status"].as_str(), test.task_state(&task)), (Some("closed"), "failed"));
    assert!(test.task_text(&task).contains("pull request #1 was merged or closed"));
    assert!(test.messages_of("error").is_empty(), "nothing of it is an error: {:?}", test.messages());
}

#[test]
fn an_optional_check_that_comes_late_is_reported_in_a_comment_of_its_own() {
    let test = Test::gated("");
    let number = test.pull_request("a");
    test.they_record("passed", "passed");
    settle(&test, number, "approved", 4);
    let record = ["check", "record", "--pr", "1", "--check", "style", "--status", "failed", "--summary", "Odd names"];
    test.run(record.iter().chain(&["--issue", "low|a.rs:1|Odd"])).ok();
    test.next();
    test.next();
    let made = test.github.only_pull_request();
    assert_eq!((made.comments.len(), made.labels), (2, vec!["gatekeeper:passed".to_owned()]));
    for part in ["### ❌ Style: failed", "Odd names", "- **low** `a.rs:1`: Odd"] {
        assert!(made.comments[1].contains(part), "no {part:?} in {}", made.comments[1]);
    }
    assert_eq!(test.meta(number)["settled"]["reported"], json!(["style"]));
}

#[test]
fn optional_checks_are_reported_and_block_nothing() {
    let agents = format!("{AGENTS}- {{name: stylist, role: gatekeeper, focus: style, interval_seconds: 60}}\n");
    let test = Test::gated_with("", &agents);
    let number = test.pull_request("a");
    test.they_record("passed", "passed");
    test.claude.plays(
        "stylist",
        "run 'scheduler check record --status failed --summary \"Odd names\" --issue \"low|a:1|Odd\"' && finish Checked",
    );
    settle(&test, number, "approved", 4);
    let made = test.github.only_pull_request();
    assert!(made.comments[0].contains("| style | optional | ❌ failed | Odd names |"), "{}", made.comments[0]);
    assert!(test.queue("incoming").is_empty());
}
