//! What is seen of pull requests and of those who check them.

use super::assert_screens;
use crate::support::Test;

#[test]
fn one_that_is_blocked_and_one_that_is_closed() {
    let test = Test::gated("");
    test.now("2026-03-01T10:00:00Z");
    test.pull_request("greet");
    let closed = test.pull_request("dates");
    test.they_record("failed", "passed");
    test.tick_and_wait();
    test.next();
    // Whether it is checked once more before it is seen to be closed would be left to chance.
    for agent in ["linter", "checker"] {
        test.run(["agent", "pause", agent]).ok();
    }
    test.github.set(closed, "state", "CLOSED");
    test.next();
    let commands = ["pr list", "pr list --all", "pr show 1", "status", "agent list", "why"];
    assert_screens(&test, "pull-requests", &commands);
}
