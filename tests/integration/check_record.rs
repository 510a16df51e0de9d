//! `scheduler check record`: who may, for which commit, and what is refused.

use crate::support::Test;
use serde_json::json;

/// A pull request that the coordinator knows.
fn known() -> (Test, u64) {
    let test = Test::gated("");
    let number = test.pull_request("a");
    test.they_record("passed", "passed").tick_and_wait();
    (test, number)
}

#[test]
fn a_person_records_any_check_of_the_head_commit() {
    let (test, number) = known();
    let record =
        ["check", "record", "--pr", "1", "--check", "lint", "--status", "passed", "--summary", "A false\nalarm"];
    test.run(record).ok().says("recorded: lint of #1 passed, 0 issues");
    let result = test.meta(number)["check_results"]["lint"].clone();
    assert_eq!((&result["summary"], &result["commit"]), (&json!("A false alarm"), &test.meta(number)["head_sha"]));
    let mut failed = record.to_vec();
    failed[7] = "failed";
    failed.extend(["--issue", "high|a.rs:1|No", "--details-file", "-"]);
    std::fs::write(test.dir().join("output.txt"), b"caf\xe9 broke\n").unwrap();
    let mut output = failed.clone();
    output[13] = "output.txt";
    test.run(output).ok();
    let text = std::fs::read_to_string(test.orchestrator("shared/prs/PR-1/checks/lint.md")).unwrap();
    assert!(text.contains("## Details\n\ncaf\u{fffd} broke\n"), "{text}");
    test.run_with_input(failed, "Ran it.\n").ok().says("failed, 1 issue\n");
    let text = std::fs::read_to_string(test.orchestrator("shared/prs/PR-1/checks/lint.md")).unwrap();
    assert!(text.contains("## Details\n\nRan it.\n") && text.contains("- **high** `a.rs:1`: No"), "{text}");
}

#[test]
fn a_refusal_changes_nothing() {
    let (test, number) = known();
    let before = test.meta(number);
    let some = ["--status", "passed", "--summary", "x"];
    for args in [
        &[&["--pr", "1", "--check", "lint"][..], &["--status", "running", "--summary", "x"]].concat()[..],
        &[&["--pr", "1", "--check", "lint"][..], &["--status", "failed", "--summary", "x"]].concat(),
        &[&["--pr", "1", "--check", "lint"][..], &["--status", "passed", "--summary", " "]].concat(),
        &[
            &["--pr", "1", "--check", "lint", "--issue", "high||no place"][..],
            &["--status", "failed", "--summary", "x"],
        ]
        .concat(),
        &[&["--pr", "1", "--check", "lint", "--issue", "urgent|a.rs:1|x"][..], &some].concat(),
        &[&["--pr", "1", "--check", "lnt"][..], &some].concat(),
        &[&["--pr", "1", "--check", "../x"][..], &some].concat(),
        &[&["--pr", "9", "--check", "lint"][..], &some].concat(),
        &[&["--pr", "1", "--check", "lint", "--issue", "high"][..], &some].concat(),
        &[&["--pr", "1", "--check", "lint", "--details-file", "/no/such"][..], &some].concat(),
        &[&["--pr", "1"][..], &some].concat(),
        &some,
    ] {
        test.run([&["check", "record"][..], args].concat()).refuses();
    }
    assert_eq!(test.meta(number), before);
}

#[test]
fn an_agent_records_its_own_check_and_nothing_from_outside() {
    let (test, number) = known();
    test.file("secret", "the key\n");
    test.claude.plays(
        "linter",
        "for more in '--pr 1 --check tests' \"--details-file '$PARENT_PROJECT/secret'\" '--status running'; do\n\
           ! run \"scheduler check record --status passed --summary x $more\" || finish 'It was taken.'\n\
         done\n\
         ! run 'scheduler task add --title x --role implement' || finish 'It was taken.'\n\
         printf 'more\\n' >details.txt\n\
         run 'scheduler check record --status failed --summary first --issue \"low|a|b\"' &&\n\
         run 'scheduler check record --status passed --summary second --details-file details.txt' && finish Checked",
    );
    test.next();
    let result = test.meta(number)["check_results"]["lint"].clone();
    assert_eq!((&result["status"], &result["summary"]), (&json!("passed"), &json!("second")), "the last record counts");
    let text = std::fs::read_to_string(test.orchestrator("shared/prs/PR-1/checks/lint.md")).unwrap();
    assert!(text.contains("more") && !text.contains("the key"), "{text}");
}

#[test]
fn what_a_person_records_while_a_gatekeeper_looks_stays() {
    let (test, number) = known();
    test.claude.plays("linter.1", "while [ ! -e \"$PARENT_PROJECT/go\" ]; do rest 0.1; done\nrun 'scheduler check record --status failed --summary mine --issue \"low|a|b\"' && finish Checked");
    test.later(60).tick();
    test.wait_until("both to have begun", || test.claude.count() == 2 && test.state("checker")["phase"] == "idle");
    test.run(["check", "record", "--pr", "1", "--check", "lint", "--status", "passed", "--summary", "A false alarm"])
        .ok();
    test.file("go", "");
    test.wait_quiet();
    let result = test.meta(number)["check_results"]["lint"].clone();
    assert_eq!((&result["status"], &result["summary"]), (&json!("passed"), &json!("A false alarm")));
    assert_eq!(test.state("linter")["last_outcome"], "finished");
}

#[test]
fn a_record_for_an_old_commit_is_kept_and_does_not_count() {
    let (test, number) = known();
    let old = test.meta(number)["head_sha"].clone();
    // The head moves while the gatekeeper looks, and the coordinator sees it before the record.
    test.claude.plays("linter.1", "while [ ! -e \"$PARENT_PROJECT/go\" ]; do rest 0.1; done\nrun 'scheduler check record --status failed --summary old --issue \"low|a|b\"' && finish Checked");
    test.later(60).tick();
    test.wait_until("both to have begun", || test.claude.count() == 2 && test.state("checker")["phase"] == "idle");
    let new = test.push_commit("a", "main", "Another");
    test.later(60).tick();
    test.wait_until("the new head to be seen", || test.meta(number)["head_sha"] == new);
    test.file("go", "");
    test.wait_quiet();
    let result = test.meta(number)["check_results"]["lint"].clone();
    assert_eq!((&result["summary"], &result["commit"]), (&json!("old"), &old));
    assert!(test.run(["pr", "show", "1"]).ok().stdout.contains("for an older commit, doesn't count"));
    test.next().says("linter: started to check lint of #1");
    assert_eq!(test.meta(number)["check_results"]["lint"]["commit"], new);
    assert!(!test.github.only_pull_request().labels.contains(&"gatekeeper:blocked".to_owned()));
}
