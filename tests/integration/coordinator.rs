//! The coordinator: what it takes over from GitHub, what it leaves alone, and what it costs.

use crate::support::{Test, gate::AGENTS};
use serde_json::json;
use std::fs;

const ALONE: &str = "agents:
- {name: coordinator, role: gatekeeper_coordinator, interval_seconds: 60}
- {name: linter, role: gatekeeper, focus: lint, interval_seconds: 31536000, paused: true}
- {name: checker, role: gatekeeper, focus: tests, interval_seconds: 31536000, paused: true}
";

#[test]
fn takes_over_what_github_says_and_nothing_else_counts_as_an_update() {
    let test = Test::gated_with("", ALONE);
    let (first, second) = (test.pull_request("feature/a"), test.pull_request("agent/TASK-1-x"));
    test.github.set(second, "draft", "true");
    test.tick_and_wait().says("coordinator: started to look at the pull requests").quiet();
    let head = test.origin_tip("feature/a").unwrap();
    let meta = test.meta(first);
    for (key, expected) in [
        ("pr_number", json!(first)),
        ("title", json!("Work on feature/a")),
        ("branch", json!("feature/a")),
        ("base", json!("main")),
        ("author", json!("somebody")),
        ("head_sha", json!(head)),
        ("status", json!("pending")),
        ("draft", json!(false)),
        ("required_checks", json!(["lint", "tests"])),
        ("optional_checks", json!(["style"])),
        ("check_results", json!({})),
        ("fix_tasks", json!([])),
    ] {
        assert_eq!(meta[key], expected, "{key} of {meta}");
    }
    assert_eq!(test.meta(second)["draft"], true);
    assert_eq!(test.github.calls().len(), 1, "one call for everything");
    let before = fs::metadata(test.orchestrator("shared/prs/PR-1/meta.json")).unwrap().modified().unwrap();
    let mut remark = test.program_command("gh");
    test.finish({
        remark.args(["pr", "comment", "1", "--repo=acme/widgets", "--body", "Nice"]);
        remark
    })
    .ok();
    test.next();
    assert_eq!(test.github.count("pr list"), 2);
    assert_eq!(test.github.calls().len(), 3, "nothing has changed");
    let after = fs::metadata(test.orchestrator("shared/prs/PR-1/meta.json")).unwrap().modified().unwrap();
    assert_eq!(before, after, "a comment is no update");
    let pushed = test.push_commit("feature/a", "main", "Another");
    test.github.set(second, "state", "MERGED");
    test.next();
    assert_eq!(test.meta(first)["head_sha"], pushed);
    assert_eq!(test.meta(second)["status"], "closed");
    test.github.set(second, "state", "OPEN");
    test.next();
    assert_eq!(test.meta(second)["status"], "pending", "reopened");
    assert!(test.messages().is_empty(), "{:?}", test.messages());
}

#[test]
fn two_hundred_pull_requests_without_news_cost_one_call() {
    let test = Test::gated_with("", ALONE);
    let one = |number: u64| {
        json!({
            "id": format!("PR_{number}"), "number": number, "state": "OPEN", "url": format!("https://github.com/acme/widgets/pull/{number}"), "title": "T",
            "author": {"login": "x"}, "headRefName": format!("b{number}"), "headRefOid": format!("{number:040x}"),
            "baseRefName": "main", "isDraft": false, "labels": [{"id": "LA_bug", "name": "bug"}], "isCrossRepository": false,
        })
    };
    test.github.answers_lists(&json!((1..=200).map(one).collect::<Vec<_>>()).to_string());
    test.tick_and_wait();
    assert_eq!(test.meta(200)["branch"], "b200");
    assert_eq!(test.github.calls().len(), 1);
    test.next();
    assert_eq!(test.github.calls().len(), 2);
}

#[test]
fn forks_are_left_alone_unless_they_are_included() {
    for (more, known) in [("", false), ("  include_forks: true\n", true)] {
        let test = Test::gated_with(more, ALONE);
        let number = test.pull_request("theirs");
        test.github.set(number, "fork", "true").set(number, "labels", "gatekeeper:passed\n");
        test.tick_and_wait();
        assert_eq!(test.meta(number)["fork"] == true, known, "{more}");
        let labels = test.github.only_pull_request().labels;
        assert_eq!(labels.is_empty(), known, "{labels:?}");
    }
}

#[test]
fn while_gatekeepers_are_off_nothing_is_asked() {
    let test = Test::new();
    test.with_origin().config(AGENTS);
    test.github.install();
    test.run(["--dry-run"])
        .ok()
        .says("coordinator: gatekeepers, feedback, landing and intake are all off")
        .says("linter: gatekeepers are off");
    test.tick_and_wait();
    assert!(test.github.calls().is_empty() && test.agents_with_state().is_empty());
}

#[test]
fn a_required_check_that_nobody_makes_is_named_everywhere() {
    let test = Test::gated_with("", "agents:\n- {name: linter, role: gatekeeper, focus: lint}\n");
    let words = "no agent is a gatekeeper with focus: tests";
    test.tick().complains(words);
    let status = test.run(["status"]).ok();
    assert!(format!("{}{}", status.stdout, status.stderr).contains(words), "{status}");
    let doctor = test.run(["doctor"]);
    assert!(format!("{}{}", doctor.stdout, doctor.stderr).contains(words), "{doctor}");
}

#[test]
fn outages_wait_and_lose_nothing() {
    for (mode, told) in [
        ("403", false),
        ("429", false),
        ("500", false),
        ("refused", false),
        ("401", true),
        ("not_logged_in", true),
        ("bad_json", true),
    ] {
        let test = Test::gated_with("", ALONE);
        let number = test.pull_request("b");
        test.github.fault("*", mode, 0);
        test.tick_and_wait();
        assert_eq!(test.state("coordinator")["consecutive_failures"], 1, "{mode}");
        test.run(["--dry-run"]).ok().says("coordinator: failed, waits until");
        test.later(130).tick_and_wait();
        assert_eq!(test.state("coordinator")["consecutive_failures"], 2, "{mode}");
        assert_eq!(test.messages_of("error").len(), usize::from(told), "{mode}: {:?}", test.messages());
        test.github.mend();
        test.later(600).tick_and_wait();
        assert_eq!(test.meta(number)["status"], "pending", "{mode}");
        assert_eq!(test.state("coordinator")["consecutive_failures"], 0, "{mode}");
    }
}

#[test]
fn one_that_github_refuses_holds_back_no_other() {
    let test = Test::gated_with("", ALONE);
    let (first, second) = (test.pull_request("a"), test.pull_request("b"));
    test.github.set(first, "labels", "gatekeeper:passed\n").set(second, "labels", "gatekeeper:passed\n");
    test.github.fault("api *", "404", 1);
    test.tick_and_wait();
    let labels = |number: u64| test.github.pull_requests().remove(number as usize - 1).labels;
    assert_eq!((labels(first).len(), labels(second).len()), (1, 0));
    assert_eq!((test.state("coordinator")["last_outcome"].as_str(), test.messages().len()), (Some("finished"), 0));
    let hitch = test.meta(first)["hitch"].clone();
    assert_eq!((&hitch["step"], &hitch["failures"]), (&json!("labels"), &json!(1)), "{hitch}");
    test.run(["pr", "show", "1"]).ok().says("Trouble  labels: GitHub knows no such pull request");
    test.github.fault("api *", "404", 1);
    test.next();
    let calls = test.github.calls().len();
    test.next();
    assert_eq!(test.github.calls().len(), calls + 1, "it waits for itself");
    let told = test.messages_of("error");
    assert!(told.len() == 1 && told[0].contains("#1, at the step \"labels\""), "{told:?}");
    assert_eq!(test.state("coordinator")["consecutive_failures"], 0);
    test.later(130).tick_and_wait();
    assert!(labels(first).is_empty() && test.meta(first)["hitch"].is_null(), "{}", test.meta(first));
}

#[test]
fn a_meta_of_a_later_version_is_left_alone_and_the_others_go_on() {
    let test = Test::gated_with("", ALONE);
    let (first, second) = (test.pull_request("a"), test.pull_request("b"));
    let later = r#"{"pr_number": 1, "status": "superseded", "schema": 9}"#;
    test.file(".orchestrator/shared/prs/PR-1/meta.json", later);
    test.tick_and_wait();
    assert_eq!((first, second), (1, 2));
    assert_eq!(fs::read_to_string(test.orchestrator("shared/prs/PR-1/meta.json")).unwrap(), later);
    assert_eq!(test.meta(second)["status"], "pending");
    assert!(test.messages_of("warning")[0].contains("PR-1/meta.json"), "{:?}", test.messages());
    let mut known = test.meta(second);
    known["schema"] = json!({"added": [1]});
    test.file(".orchestrator/shared/prs/PR-2/meta.json", &known.to_string());
    test.push_commit("b", "main", "Another");
    test.next();
    assert_eq!(test.meta(second)["schema"], json!({"added": [1]}));
}
