//! From where new work begins: the remote's default branch, whatever it is called by now and whatever the user looks at.

use super::push_elsewhere;
use crate::support::Test;

/// The commit on which the work of a task was built.
fn base_of(test: &Test, task: &str) -> String {
    let branch = test.task_line(task, "WORK_BRANCH").unwrap();
    test.git(["rev-parse", &format!("{branch}~1")])
}

/// While the user looks at the branch of the first task, the second begins from main.
fn assert_begins_from_main(test: &Test) {
    let main = test.git(["rev-parse", "main"]);
    test.tick_and_wait();
    let first = test.task_line("TASK-1", "WORK_BRANCH").unwrap();
    test.git(["checkout", "-q", &first]);
    test.task_for("TASK-2", "implement").later(120).tick_and_wait();
    assert_eq!(base_of(test, "TASK-2"), main);
}

#[test]
fn never_an_agent_s_branch_that_the_user_looks_at() {
    let test = Test::with_implementer();
    test.git(["remote", "set-head", "origin", "--delete"]);
    assert_begins_from_main(&test);
}

#[test]
fn nor_one_in_a_project_without_a_remote() {
    let test = Test::new();
    test.agents(&[("impl-1", "implementer")]).task_for("TASK-1", "implement");
    test.claude.implements();
    assert_begins_from_main(&test);
    // Where nothing else is left, nobody guesses.
    test.git(["branch", "-q", "-D", "main"]);
    test.task_for("TASK-3", "implement").later(120).tick_and_wait();
    assert_eq!(test.task_state("TASK-3"), "incoming");
    let why = test.record("impl-1")["detail"].to_string();
    assert!(why.contains("base_branch in agents.yaml"), "{why}");
}

#[test]
fn a_renamed_default_branch_is_said_and_followed() {
    let test = Test::with_implementer();
    test.tick_and_wait();
    test.git_in(test.origin(), ["branch", "-m", "main", "trunk"]);
    test.git_in(test.origin(), ["symbolic-ref", "HEAD", "refs/heads/trunk"]);
    let theirs = push_elsewhere(&test, "trunk", "new.txt");
    for task in ["TASK-2", "TASK-3"] {
        test.task_for(task, "implement").later(120).tick_and_wait();
        assert_eq!(base_of(&test, task), theirs);
    }
    let told = test.messages_of("warning");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("is trunk now") && told[0].contains("git remote set-head"), "{told:?}");
    let calls = test.github.calls();
    let create = calls.iter().rfind(|call| call.args.iter().any(|arg| arg == "create")).unwrap();
    assert!(create.args.join(" ").contains("base trunk") || create.args.join(" ").contains("base=trunk"), "{create:?}");
}

#[test]
fn a_base_branch_that_is_gone_is_said_and_the_default_followed() {
    let test = Test::with_implementer();
    push_elsewhere(&test, "develop", "dev.txt");
    test.agents_and(&[("impl-1", "implementer")], "defaults: {base_branch: develop}");
    test.tick_and_wait();
    assert_eq!(base_of(&test, "TASK-1"), test.git(["rev-parse", "origin/develop"]));
    test.git_in(test.origin(), ["branch", "-q", "-D", "develop"]);
    for task in ["TASK-2", "TASK-3"] {
        test.task_for(task, "implement").later(120).tick_and_wait();
        assert_eq!(base_of(&test, task), test.git(["rev-parse", "main"]));
    }
    let told = test.messages_of("warning");
    assert!(told.len() == 1 && told[0].contains("The base branch develop is gone"), "{told:?}");
    // A task that names it can't be carried out.
    test.task("TASK-4", "# T\n\nROLE: implement\nBRANCH: develop\n").later(120).tick_and_wait();
    assert_eq!(test.task_state("TASK-4"), "failed");
}
