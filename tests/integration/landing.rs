//! Pull requests of agents land by themselves: what is green is merged, one after the other, and none while main is red.

use crate::support::Test;
use serde_json::json;

/// A coordinator alone that lands what is green, and pull requests from these branches, each with a check that passed.
fn project(branches: &[&str]) -> Test {
    let test = Test::new();
    test.with_origin().agents_and(
        &[("coordinator", "gatekeeper_coordinator")],
        "pull_requests: {merge: when_green, feedback: false}",
    );
    test.github.install();
    for branch in branches {
        let number = test.pull_request(branch);
        test.github.check(&number.to_string(), "test", "success", 0);
    }
    test
}

fn states(test: &Test) -> Vec<String> {
    test.github.pull_requests().into_iter().map(|pull| pull.state).collect()
}

#[test]
fn one_after_the_other_each_brought_up_to_date_before() {
    let test = project(&["agent/a", "agent/b", "theirs"]);
    test.tick_and_wait();
    assert_eq!(states(&test), ["MERGED", "OPEN", "OPEN"]);
    test.run(["pr", "list"]).ok().says("landing, waits for its base to have it");
    test.run(["why", "PR-2"]).ok().says("#2 Work on agent/b: landing, waits for #1, which lands first");
    test.next();
    let meta = test.meta(1);
    assert_eq!((&meta["status"], &meta["landing"]["way"]["stage"]), (&json!("closed"), &json!("landed")), "{meta}");
    test.run(["why", "PR-1"]).ok().says("#1 Work on agent/a: landed").says("main has it since");
    // It was behind: what it waits for are its checks.
    assert_eq!(states(&test), ["MERGED", "OPEN", "OPEN"]);
    assert_eq!(test.meta(2)["landing"]["updated"]["base"], json!(test.origin_tip("main").unwrap()));
    test.github.check("2", "test", "pending", 0);
    test.next();
    test.run(["why", "PR-2"]).ok().says("checks, waits for test").says("main was merged into it");
    test.github.check("2", "test", "success", 0);
    test.next();
    test.next();
    assert_eq!(states(&test), ["MERGED", "MERGED", "OPEN"], "what isn't an agent's is left alone");
    let calls = test.github.calls().len();
    test.next();
    assert_eq!(test.github.calls().len() - calls, 1, "nothing is left to be asked for but the list");
    let list = &test.run(["pr", "list", "--all", "--json"]).ok().json()["pull_requests"];
    assert_eq!(list[1]["landing"]["way"], json!({"stage": "landed"}));
}

#[test]
fn none_lands_while_main_is_red_and_one_task_mends_it() {
    let test = project(&["agent/a"]);
    let squash = "pull_requests: {merge: when_green, feedback: false, merge_method: squash}";
    test.agents_and(&[("coordinator", "gatekeeper_coordinator")], squash);
    test.github.check("main", "test", "failure", 0);
    test.tick_and_wait();
    test.next();
    assert_eq!(states(&test), ["OPEN"]);
    let tasks = test.queue("incoming");
    assert!(tasks.len() == 1 && tasks[0].starts_with("TASK-red-main-"), "{tasks:?}");
    assert_eq!(test.messages().len(), 1, "{:?}", test.messages());
    test.run(["why", "PR-1"]).ok().says("landing, waits for main to be green again");
    // The work that mends it lands although it is red.
    let mending = test.pull_request(&format!("agent/{}-20260101-000000", tasks[0]));
    test.github.check(&mending.to_string(), "test", "success", 0);
    test.next();
    assert_eq!(states(&test), ["OPEN", "MERGED"]);
    test.github.check("main", "test", "success", 0);
    test.next();
    test.next();
    assert_eq!((states(&test), test.messages().len()), (vec!["MERGED".to_owned(), "MERGED".to_owned()], 1));
    let merges: Vec<_> =
        test.github.calls().into_iter().filter(|call| call.args.iter().any(|arg| arg == "merge")).collect();
    assert!(
        merges.len() == 2 && merges.iter().all(|call| call.args.iter().any(|arg| arg == "--squash")),
        "{merges:#?}"
    );
}

#[test]
fn while_it_is_off_nothing_is_merged_and_its_way_is_shown() {
    let test = project(&["agent/a"]);
    test.agents_and(&[("coordinator", "gatekeeper_coordinator")], "pull_requests: {feedback: true}");
    test.tick_and_wait();
    assert_eq!((states(&test), test.github.count("pr merge")), (vec!["OPEN".to_owned()], 0));
    test.run(["why", "PR-1"]).ok().says("landing, waits for you to merge it").says("`gh pr merge 1` merges it now");
    test.run(["pr", "show", "1"]).ok().says("Way      landing, waits for you to merge it");
}

#[test]
fn landed_is_what_its_base_contains() {
    let test = project(&["agent/a"]);
    test.github.set(1, "state", "OPEN").check("1", "test", "pending", 0);
    test.tick_and_wait();
    let elsewhere = test.push_commit("elsewhere", "main", "Merge");
    test.github.set(1, "merge", &elsewhere).set(1, "state", "MERGED");
    test.next();
    assert_eq!((&test.meta(1)["status"], &test.meta(1)["landing"]["landed"]), (&json!("pending"), &json!(null)));
    test.git(["push", "-q", "origin", &format!("{elsewhere}:refs/heads/main")]);
    test.next();
    assert_eq!(
        (&test.meta(1)["status"], &test.meta(1)["landing"]["landed"]["commit"]),
        (&json!("closed"), &json!(elsewhere))
    );
}

#[test]
fn every_fault_at_every_step_merges_once() {
    for call in ["pr list", "api *", "pr merge", "pr view"] {
        for mode in ["401", "429", "500", "404", "bad_json", "lost_reply"] {
            if (call, mode) == ("pr merge", "bad_json") {
                continue; // Its answer is no JSON.
            }
            let test = project(&["agent/a", "agent/b"]);
            test.github.fault(call, mode, 1);
            for _ in 0..6 {
                test.later(600).tick_and_wait();
            }
            assert_eq!(states(&test), ["MERGED", "MERGED"], "{call} {mode}");
            let merges = test.git_in(test.origin(), ["rev-list", "--count", "--grep=^Merge pull request", "main"]);
            assert_eq!(
                (merges.as_str(), &test.meta(2)["landing"]["way"]["stage"]),
                ("2", &json!("landed")),
                "{call} {mode}"
            );
        }
    }
}
