//! A branch called `agent` leaves git no place for agent/...: it is named, and no task is claimed in vain.

use crate::support::Test;

fn assert_named(test: &Test, remedy: &str) {
    for _ in 0..3 {
        test.later(120).tick_and_wait();
    }
    assert_eq!(test.claude.count(), 0);
    let told = test.messages_of("error");
    assert!(told.len() == 1 && told[0].contains(remedy), "{told:?}");
    test.run(["why", "impl-1"]).ok().says("the branch `agent`");
    test.run(["doctor"]).says(remedy);
}

#[test]
fn one_of_the_project() {
    let test = Test::with_implementer();
    test.git(["branch", "agent"]);
    test.git(["pack-refs", "--all"]);
    assert_named(&test, "git branch -m agent");
    assert_eq!(test.task_line("TASK-1", "RETURNS"), None);
    // Reviews make no commits.
    test.claude.plays("reviewer", "run 'scheduler review record --verdict approve --summary Fine' && finish Done.");
    test.agents(&[("impl-1", "implementer"), ("rev-1", "reviewer")]).task_for("TASK-2", "review");
    test.later(120).tick_and_wait();
    assert_eq!(test.claude.count(), 1);
    test.git(["branch", "-m", "agent", "agents-of-old"]);
    test.later(120).tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done");
}

#[test]
fn one_at_the_remote() {
    let test = Test::with_implementer();
    test.git(["push", "-q", "origin", "main:agent"]);
    assert_named(&test, "git branch -d -r origin/agent");
    test.git_in(test.origin(), ["branch", "-m", "agent", "other"]);
    test.git(["branch", "-q", "-d", "-r", "origin/agent"]);
    test.later(120).tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.pushed_branches().len()), ("done", 1));
}
