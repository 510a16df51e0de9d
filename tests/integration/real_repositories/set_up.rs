//! What `worktree.setup` makes stays for the agent, as long as the worktree, and is in no commit.

use crate::support::Test;
use std::fs;

/// A project that ignores the folder `node_modules` and no link of that name.
fn project(setup: &str) -> Test {
    let test = Test::with_implementer();
    let ignored = fs::read_to_string(test.path(".gitignore")).unwrap();
    test.committed_file(".gitignore", &format!("{ignored}node_modules/\n"));
    test.git(["push", "-q", "origin", "main"]);
    test.file("node_modules/m.js", "m");
    test.agents_and(&[("impl-1", "implementer")], &format!("worktree: {{setup: '{setup}'}}"));
    test
}

const SETUP: &str = "ln -s \"$PARENT_PROJECT/node_modules\" node_modules; mkdir -p gen .venv; echo g >gen/a.rs; \
                     n=0; while [ $n -lt 300 ]; do n=$((n + 1)); echo v >.venv/$n; done; echo changed >README.md";

#[test]
fn links_and_generated_files_are_there_and_in_no_commit() {
    let test = project(SETUP);
    for (number, task) in ["TASK-1", "TASK-2"].into_iter().enumerate() {
        let add = if number == 0 { "git add -A && git commit -q -m Work 2>/dev/null" } else { "true" };
        let work = format!(
            "[ -L node_modules ] && cat gen/a.rs .venv/7 >&2; git status --porcelain >&2; echo w >{task}.txt; \
             echo mine >gen/b.rs; {add}; finish Done."
        );
        test.claude.plays(task, &work);
        test.task_for(task, "implement").later(600).tick_and_wait();
        assert_eq!(test.task_state(task), "done", "{}", test.task_text(task));
        let log = fs::read_to_string(test.runs("impl-1").last().unwrap().join("stderr.log")).unwrap();
        assert_eq!(log, "g\nv\n", "{task}");
        let branch = test.task_line(task, "WORK_BRANCH").unwrap();
        assert_eq!(test.git(["diff", "--name-only", "main", &branch]), format!("{task}.txt\ngen/b.rs"));
    }
    assert_eq!(test.git(["for-each-ref", "refs/salvage"]), "");
    assert_eq!(test.messages(), []);
}

#[test]
fn an_idle_run_after_set_up_has_done_nothing() {
    let test = project(SETUP);
    test.claude.plays("implementer", "finish 'Nothing to do.'");
    test.tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.pushed_branches().len()), ("incoming", 0));
    assert_eq!(test.git(["for-each-ref", "refs/salvage"]), "");
}

#[test]
fn what_a_set_up_leaves_that_fails_is_nobodys_work() {
    let test = project("echo half >half; exit 3");
    test.tick_and_wait();
    test.agents_and(&[("impl-1", "implementer")], "worktree: {setup: 'echo whole >whole'}");
    test.later(7_200).tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done", "{}", test.task_text("TASK-1"));
    let worktree = test.orchestrator("agents/impl-1/worktree");
    assert!(worktree.join("whole").exists() && !worktree.join("half").exists());
    assert_eq!(test.git(["for-each-ref", "refs/salvage"]), "");
    assert!(!test.messages().iter().any(|(_, text)| text.contains("set-aside")), "{:?}", test.messages());
}
