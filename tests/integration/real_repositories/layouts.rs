//! Layouts: a bare repository with worktrees beside it, partial clones.

use crate::support::Test;
use std::fs;

#[test]
fn an_agent_in_a_partial_clone_is_told_that_old_contents_are_not_there() {
    let test = Test::with_implementer();
    test.tick_and_wait();
    assert!(!test.claude.last_call().prompt.contains("partial clone"));
    test.git(["config", "remote.origin.promisor", "true"]);
    test.git(["config", "remote.origin.partialclonefilter", "blob:none"]);
    test.task_for("TASK-2", "implement").later(120).tick_and_wait();
    assert!(test.claude.last_call().prompt.contains("partial clone"));
}

#[test]
fn a_bare_repository_with_worktrees_only() {
    let test = Test::new();
    test.claude.implements();
    let top = test.root().join("layout");
    fs::create_dir(&top).unwrap();
    let (bare, main) = (top.join(".bare"), top.join("main"));
    test.git(["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    fs::write(top.join(".git"), "gitdir: ./.bare\n").unwrap();
    test.git_in(&top, ["worktree", "add", "-q", "main", "main"]);
    test.git_in(&bare, ["config", "user.name", "Test Person"]);
    test.git_in(&bare, ["config", "user.email", "person@example.invalid"]);
    let run = |dir: &std::path::Path, args: &[&str]| {
        let mut command = test.command(args);
        command.current_dir(dir);
        test.finish(command)
    };
    run(&main, &["init", "-y"]).ok();
    fs::write(main.join(".orchestrator/agents.yaml"), "agents:\n  - {name: impl-1, role: implementer}\n").unwrap();
    run(&main, &["task", "add", "--role", "implement", "--title", "One", "--criterion", "It works"]).ok();
    test.git_in(&bare, ["worktree", "add", "-q", "--detach", top.join("other").to_str().unwrap()]);
    for place in [&main, &top, &bare, &top.join("other")] {
        run(place, &["task", "list"]).ok().says("One");
    }
    run(&top.join("other"), &[]).ok();
    let done = main.join(".orchestrator/shared/queue/done");
    test.wait_until("the task to be done", || fs::read_dir(&done).is_ok_and(|mut done| done.next().is_some()));
    test.wait_until("its processes to be gone", || test.leftovers().is_empty());
}
