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
    let json = &test.run(["pr", "list", "--json"]).ok().json()["pull_requests"];
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
    // What outsiders name reaches no terminal as an order.
    let meta = test.orchestrator("shared/prs/PR-1/meta.json");
    let text = std::fs::read_to_string(&meta).unwrap();
    let hostile = text
        .replace("\"branch\": \"a\"", r#""branch": "\u001b[2J\u009b2Ja""#)
        .replace("Work on a", r"\u001b]0;x\u0007Work on a");
    assert_ne!(hostile, text);
    std::fs::write(&meta, hostile).unwrap();
    for args in [&["pr", "list"][..], &["pr", "list", "--json"], &["pr", "show", "1"], &["status"], &["doctor"]] {
        let said = test.run(args);
        let obeyed = |c: char| c.is_control() && c != '\n';
        assert!(!said.stdout.contains(obeyed) && !said.stderr.contains(obeyed), "{args:?}: {said:?}");
    }
    std::fs::write(test.orchestrator("shared/prs/PR-2/meta.json"), "{").unwrap();
    test.run(["pr", "list"]).ok().says("#1").complains("PR-2/meta.json");
}
