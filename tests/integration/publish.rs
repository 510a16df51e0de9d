//! Push and pull request: done once, never in the way of the work, and told where they fail.

use crate::support::Test;

/// The task is done, its work on a local branch, and one warning names the branch and what is said.
#[track_caller]
fn done_with_a_warning(test: &Test, words: &[&str]) {
    assert_eq!(test.task_state("TASK-1"), "done");
    let branch = test.task_line("TASK-1", "WORK_BRANCH").unwrap();
    assert_eq!(test.git(["show", &format!("{branch}:TASK-1.txt")]), "work");
    let [warning] = &test.messages_of("warning")[..] else { panic!("{:?}", test.messages()) };
    for word in words.iter().copied().chain([branch.as_str()]) {
        assert!(warning.contains(word), "{word} is not in {warning}");
    }
}

#[test]
fn one_that_exists_already_is_taken() {
    let test = Test::with_implementer();
    // Somebody is faster: between the push and the creation a pull request appears.
    test.claude.plays(
        "implementer",
        "write TASK-1.txt work && commit Work; git branch --show-current >\"$CLAUDE_CONFIG_DIR/debug/branch\"; finish",
    );
    test.github.fault("pr create", "lost_reply", 1);
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done");
    let pull_request = test.github.only_pull_request();
    assert_eq!(pull_request.head, std::fs::read_to_string(test.notes("branch")).unwrap().trim());
    assert!(test.task_text("TASK-1").contains("/pull/1"));
    assert!(test.messages().is_empty(), "{:?}", test.messages());
}

#[test]
fn gh_that_refuses_leaves_the_branch_pushed() {
    for (fault, word) in [
        ("401", "gh auth refresh"),
        ("not_logged_in", "gh auth login"),
        ("403", "rate limit"),
        ("500", "network"),
        ("refused", "network"),
        ("foreign", "GitHub"),
        ("bad_json", "gh pr create"),
    ] {
        let test = Test::with_implementer();
        test.github.fault("pr *", fault, 0);
        test.tick_and_wait();
        done_with_a_warning(&test, &["pull request", word]);
        assert_eq!(test.pushed_branches().len(), 1, "{fault}");
        assert!(test.task_text("TASK-1").contains("No pull request"), "{fault}");
        assert_eq!(test.state("impl-1")["last_outcome"], "finished", "{fault}");
    }
}

/// An implementer that finishes TASK-1 while GitHub fails like this; then a coordinator is there, too.
fn unpublished(more: &str, calls: &str, fault: &str) -> Test {
    let test = Test::with_implementer();
    let more = format!("pull_requests: {{feedback: true}}\n{more}");
    test.agents_and(&[("impl-1", "implementer")], &more).github.fault(calls, fault, 0);
    test.tick_and_wait();
    test.agents_and(&[("impl-1", "implementer"), ("coordinator", "gatekeeper_coordinator")], &more);
    test
}

#[test]
fn what_github_could_not_be_told_the_coordinator_tells_it_once() {
    for (calls, fault) in [("pr *", "401"), ("pr create", "429"), ("pr list", "bad_json"), ("pr create", "lost_reply")]
    {
        let test = unpublished("", calls, fault);
        test.next();
        test.github.mend();
        for _ in 0..3 {
            test.later(4_000).tick_and_wait();
        }
        let made = test.github.only_pull_request();
        assert_eq!((made.title.as_str(), made.draft), ("Work on TASK-1", false), "{calls} {fault}");
        assert!(made.body.contains("- **Task:** `TASK-1`"), "{}", made.body);
        let text = test.task_text("TASK-1");
        assert!(text.contains("\nPull request https://") && !text.contains("No pull request"), "{text}");
        let told = test.messages_of("info");
        let expected = usize::from(fault != "lost_reply");
        assert!(told.iter().filter(|text| text.contains("/pull/1")).count() == expected, "{calls} {fault}: {told:?}");
    }
}

#[test]
fn another_try_goes_on_with_the_draft_that_was_opened_late() {
    let test = unpublished("verify: {command: 'test ! -e TASK-1.txt'}\ndefaults: {max_attempts: 1}", "pr *", "401");
    assert_eq!((test.task_state("TASK-1"), test.task_line("TASK-1", "PR")), ("failed", None));
    test.github.mend();
    test.later(4_000).tick_and_wait();
    assert!(test.github.only_pull_request().draft);
    assert_eq!(test.task_line("TASK-1", "PR").as_deref(), Some("1"));
}

#[test]
fn what_another_run_has_taken_up_is_not_told() {
    let test = unpublished("verify: {command: 'test ! -e TASK-1.txt'}\ndefaults: {max_attempts: 1}", "pr *", "401");
    test.run(["task", "retry", "TASK-1"]).ok();
    test.github.mend();
    test.agents_and(&[("coordinator", "gatekeeper_coordinator")], "pull_requests: {feedback: true}");
    test.later(4_000).tick_and_wait();
    assert!(test.github.pull_requests().is_empty());
}

#[test]
fn what_github_keeps_refusing_is_given_up_and_told() {
    let test = unpublished("", "pr create", "404");
    for _ in 0..12 {
        test.later(4_000).tick_and_wait();
    }
    assert_eq!(test.github.count("pr create"), 11);
    let told = test.messages_of("warning");
    assert!(told.len() == 2 && told.iter().any(|text| text.contains("isn't tried again")), "{told:?}");
}

#[test]
fn a_receipt_that_could_not_be_written_is_written_later_unless_more_was_pushed() {
    for moved in [false, true] {
        let test = unpublished("", "none", "401");
        let made = test.github.only_pull_request();
        test.agents_and(&[("impl-1", "implementer")], "pull_requests: {feedback: true}");
        test.github.fault("api *", "401", 0);
        test.task("TASK-2", "# Mend it\n\nPR: 1\n").later(120).tick_and_wait();
        assert!(!test.github.only_pull_request().body.contains("Round `TASK-2`"));
        test.github.mend();
        if moved {
            test.push_commit(&made.head, &made.head, "Another");
        }
        test.agents_and(&[("coordinator", "gatekeeper_coordinator")], "pull_requests: {feedback: true}");
        for _ in 0..2 {
            test.later(4_000).tick_and_wait();
        }
        assert_eq!(test.github.only_pull_request().body.matches("Round `TASK-2`").count(), usize::from(!moved));
    }
}

#[test]
fn without_gh_the_branch_is_pushed_and_the_human_told() {
    let test = Test::with_implementer();
    test.without_program("gh").tick_and_wait();
    done_with_a_warning(&test, &["https://cli.github.com"]);
    assert_eq!(test.pushed_branches().len(), 1);
}

#[test]
fn without_an_origin_the_work_stays_on_its_branch() {
    let test = Test::new();
    test.agents(&[("impl-1", "implementer")]).task_for("TASK-1", "implement").claude.implements();
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done");
    let text = test.task_text("TASK-1");
    assert!(text.contains("git remote add origin"), "{text}");
    assert_eq!(test.git(["show", &format!("{}:TASK-1.txt", test.agent_branches()[0])]), "work");
}

#[test]
fn a_push_that_the_remote_refuses_is_told() {
    let test = Test::with_implementer();
    let hook = test.origin().join("hooks/pre-receive");
    test.program("hook", "#!/bin/sh\necho 'The gate is shut.' >&2\nexit 1\n");
    std::fs::rename(test.root().join("bin/hook"), hook).unwrap();
    test.tick_and_wait();
    done_with_a_warning(&test, &["The gate is shut.", "git push origin"]);
    assert!(test.pushed_branches().is_empty() && test.github.pull_requests().is_empty());
}

#[test]
fn an_origin_that_is_gone_is_told() {
    let test = Test::with_implementer();
    std::fs::rename(test.origin(), test.root().join("elsewhere.git")).unwrap();
    test.tick_and_wait();
    done_with_a_warning(&test, &["git push origin"]);
    std::fs::rename(test.root().join("elsewhere.git"), test.origin()).unwrap();
}

#[test]
fn a_failing_pre_push_hook_of_the_user_is_named() {
    let test = Test::with_implementer();
    test.program("hook", "#!/bin/sh\necho 'Lint says no.' >&2\nexit 1\n");
    std::fs::rename(test.root().join("bin/hook"), test.path(".git/hooks/pre-push")).unwrap();
    test.tick_and_wait();
    done_with_a_warning(&test, &["pre-push", "Lint says no."]);
    assert!(test.pushed_branches().is_empty());
}

#[test]
fn an_agent_that_pushed_behind_our_back_gains_nothing() {
    let test = Test::with_implementer();
    test.agents_and(&[("impl-1", "implementer")], "defaults: {allow_network_git: true}");
    test.claude.plays("implementer", "write TASK-1.txt work && commit Work; run 'git push -q origin HEAD'; finish");
    test.tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.github.pull_requests().len()), ("done", 1));
}

#[test]
fn drafts_while_gatekeepers_are_on_and_plain_where_drafts_are_refused() {
    for refused in [false, true] {
        let test = Test::with_implementer();
        test.agents_and(&[("impl-1", "implementer")], "gatekeeper: {enabled: true}");
        if refused {
            test.github.fault("pr create", "no_draft", 0);
        }
        test.tick_and_wait();
        assert_eq!((test.task_state("TASK-1"), test.github.only_pull_request().draft), ("done", !refused));
    }
}

#[test]
fn gh_is_asked_about_the_repository_that_is_pushed_to_and_about_no_other() {
    let test = Test::with_implementer();
    test.git(["remote", "add", "upstream", "git@github.com:big/widgets.git"]);
    test.git(["config", "remote.upstream.gh-resolved", "base"]);
    // The stand-in fails every call that names another repository, or none.
    test.tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.github.pull_requests().len()), ("done", 1));
}

#[test]
fn where_no_github_is_gh_is_never_asked() {
    let test = Test::with_implementer();
    test.git(["remote", "set-url", "origin", test.origin().to_str().unwrap()]);
    test.agents_and(&[("impl-1", "implementer"), ("c", "gatekeeper_coordinator")], "gatekeeper: {enabled: true}");
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done");
    assert_eq!(test.pushed_branches().len(), 1);
    assert!(test.task_text("TASK-1").contains("No pull request: no remote of the repository is on GitHub"));
    assert!(test.github.calls().is_empty(), "{:?}", test.github.calls());
}

#[test]
fn pull_requests_go_to_the_parent_of_a_fork_where_agents_yaml_names_it() {
    let test = Test::with_implementer();
    std::fs::write(test.root().join("github/repository"), "big/widgets").unwrap();
    test.agents_and(&[("impl-1", "implementer")], "pull_requests: {to: big/widgets}");
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done", "{:?}", test.messages());
    let made = test.github.only_pull_request();
    assert_eq!(test.pushed_branches(), [made.head.as_str()]);
    let create = test.github.calls().into_iter().find(|call| call.args[1] == "create").unwrap();
    assert!(create.args.contains(&format!("--head=acme:{}", made.head)), "{create:?}");
    // It is ours, and updated where it was pushed.
    test.task("TASK-2", "# Mend it\n\nPR: 1\n").later(120).tick_and_wait();
    assert_eq!(test.task_state("TASK-2"), "done", "{}", test.task_text("TASK-2"));
    assert_eq!(test.github.pull_requests().len(), 1);
    assert!(test.git(["ls-tree", "--name-only", &test.origin_tip(&made.head).unwrap()]).contains("TASK-2.txt"));
}

#[test]
fn a_task_with_pr_carries_on_that_pull_request() {
    let test = Test::with_implementer();
    test.git(["checkout", "-q", "-b", "agent/old-work"]);
    test.committed_file("old.txt", "x");
    test.git(["push", "-q", "origin", "agent/old-work"]);
    test.git(["checkout", "-q", "main"]);
    test.git(["branch", "-q", "-D", "agent/old-work"]);
    test.github.open("agent/old-work", "main", "Old work");
    test.task("TASK-1", "# Mend it\n\nPR: 1\n");
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done", "{}", test.task_text("TASK-1"));
    assert_eq!(test.github.pull_requests().len(), 1);
    let tip = test.origin_tip("agent/old-work").unwrap();
    assert_eq!(test.git(["ls-tree", "--name-only", &tip]).lines().count(), 4);
}

#[test]
fn commits_of_others_on_that_pull_request_are_never_overwritten() {
    let test = Test::with_implementer();
    test.unconfined().git(["checkout", "-q", "-b", "agent/old-work"]);
    test.committed_file("old.txt", "x");
    test.git(["push", "-q", "origin", "agent/old-work"]);
    test.committed_file("theirs.txt", "x");
    test.git(["checkout", "-q", "main"]);
    test.github.open("agent/old-work", "main", "Old work");
    test.task("TASK-1", "# Mend it\n\nPR: 1\n");
    // Their commit arrives while the agent works.
    let push = format!("env -u GIT_CONFIG_COUNT git -C '{}' push -q origin agent/old-work", test.dir().display());
    test.claude.plays("implementer", &format!("write TASK-1.txt work && commit Work; {push}; finish"));
    test.tick_and_wait();
    done_with_a_warning(&test, &["git push origin"]);
    assert_eq!(test.origin_tip("agent/old-work").unwrap(), test.git(["rev-parse", "agent/old-work"]));
}

#[test]
fn a_hanging_gh_holds_up_neither_the_tick_nor_the_others() {
    let test = Test::with_implementer();
    test.agents(&[("impl-1", "implementer"), ("impl-2", "implementer")]);
    // An answer of before: without any, a first tick among branches of agents waits for one.
    test.file(
        ".orchestrator/cache/open-prs.json",
        r#"{"asked_at": "2026-03-01T00:00:00Z", "open": [], "error": null}"#,
    );
    test.github.fault("*", "hang", 0);
    let tick = test.tick();
    assert!(tick.elapsed.as_secs() < 50, "{:?}", tick.elapsed);
    test.wait_until("gh to be asked to create", || {
        test.github.count("pr list") >= 2 || test.github.count("pr create") >= 1
    });
    test.task_for("TASK-2", "implement").claude.plays("TASK-2", "finish Nothing");
    test.later(60);
    let tick = test.tick().says("impl-2: started with TASK-2");
    assert!(tick.elapsed.as_secs() < 50, "{:?}", tick.elapsed);
    test.wait_until("TASK-2 to end", || test.claude.count() == 2 && test.state("impl-2")["phase"] == "idle");
    // The calls that hang are ended as their own timeout would.
    test.github.mend();
    test.wait_until("the hanging calls to be ended", || {
        for left in test.leftovers().iter().filter(|left| left.command == "sleep 600") {
            let mut kill = test.program_command("kill");
            kill.arg(left.pid.to_string());
            test.finish(kill);
        }
        test.all_idle() && test.leftovers().is_empty()
    });
    assert_eq!(test.task_state("TASK-1"), "done");
}
