//! `scheduler pr list` and `scheduler pr show`.

use crate::support::Test;

#[test]
fn list_and_show_what_is_known_and_write_nothing() {
    let test = Test::gated("");
    test.run(["pr", "list"]).ok().says("no pull requests are known");
    test.run(["pr", "show", "1"]).code(1).complains("not known here");
    let (first, second) = (test.pull_request("a"), test.pull_request("b"));
    test.they_record("failed", "passed");
    test.tick_and_wait();
    test.next();
    test.github.set(second, "state", "CLOSED");
    test.next();
    let calls = test.github.calls().len();
    test.run(["pr", "list"])
        .ok()
        .says("#1")
        .says("blocked")
        .says("lint failed, tests passed, style pending")
        .says_not("#2");
    test.run(["pr", "list", "--all"]).ok().says("#2").says("closed");
    let json = test.run(["pr", "list", "--json"]).ok().json();
    assert_eq!((json.as_array().unwrap().len(), &json[0]["pr_number"]), (1, &first.into()));
    test.run(["pr", "show", "1"])
        .ok()
        .says("#1 Work on a")
        .says("Status   blocked")
        .says("Fix task TASK-pr1-")
        .says("lint, required: failed")
        .says("`README.md:1`: Broken by linter")
        .says("style, optional: pending");
    let shown = test.run(["pr", "show", "1", "--json"]).ok().json();
    assert_eq!(shown["check_results"]["lint"]["status"], "failed");
    assert_eq!(shown["records"]["lint"]["issues"][0]["place"], "README.md:1");
    assert_eq!(test.github.calls().len(), calls, "no call of gh");
    std::fs::write(test.orchestrator("shared/prs/PR-2/meta.json"), "{").unwrap();
    test.run(["pr", "list"]).ok().says("#1").complains("PR-2/meta.json");
}
