//! What was changed in a worktree before its agent began is no work, no leftover and no breach of a role.

use crate::support::Test;

/// A project with files that git calls modified right after each checkout, in three ways.
fn project() -> Test {
    let test = Test::with_implementer();
    test.committed_file("old.txt", "a\r\nb\r\n").committed_file("win.bat", "c\r\nd\r\n");
    test.committed_file("blob.bin", "plain, though a filter would make something else of it\n");
    test.git(["config", "filter.point.clean", "sed s/^/pointer:/"]);
    test.git(["config", "filter.point.smudge", "sed s/^pointer://"]);
    test.file(".gitattributes", "*.txt text\n*.bat text eol=crlf\n*.bin filter=point\n");
    test.git(["add", ".gitattributes"]);
    test.git(["commit", "-q", "-m", "Attributes"]);
    test.git(["push", "-q", "origin", "main"]);
    test
}

/// Makes git look at the files again, which it does anyway when it pleases.
const TOUCH: &str = "touch old.txt win.bat blob.bin";

fn salvaged(test: &Test) -> String {
    test.git(["for-each-ref", "--format=%(refname)", "refs/salvage"])
}

#[test]
fn an_idle_run_of_any_role_has_done_nothing() {
    for (role, task) in [("implementer", "implement"), ("tester", "test"), ("reviewer", "review")] {
        for idle in ["true", TOUCH] {
            let test = project();
            test.agents_and(&[("a-1", role)], "defaults: {max_attempts: 1}").task_for("TASK-1", task);
            test.claude.plays("a-1", &format!("{idle}; finish 'Nothing to do.'"));
            test.tick_and_wait();
            let text = test.task_text("TASK-1");
            let expected = if role == "tester" { "done" } else { "failed" };
            assert_eq!(test.task_state("TASK-1"), expected, "{role}: {text}");
            assert!(!["old.txt", "win.bat", "blob.bin"].iter().any(|file| text.contains(file)), "{role}: {text}");
            assert_eq!((test.pushed_branches().len(), salvaged(&test)), (0, String::new()), "{role} {idle}");
        }
    }
}

#[test]
fn only_what_the_agent_changed_is_committed_for_it() {
    let test = project();
    test.claude.plays("implementer", &format!("{TOUCH}; printf 'a\\r\\nmine\\r\\n' >old.txt; finish Done."));
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done", "{}", test.task_text("TASK-1"));
    let branch = &test.pushed_branches()[0];
    assert_eq!(test.git_in(test.origin(), ["diff", "--name-only", "main", branch]), "old.txt");
}

#[test]
fn a_tester_that_commits_everything_changed_only_its_tests() {
    let test = project();
    test.agents(&[("a-1", "tester")]).task_for("TASK-1", "test");
    test.claude.plays("a-1", "mkdir tests; write tests/new.sh true; git add -A; git commit -q -m Tests; finish Done.");
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done", "{}", test.task_text("TASK-1"));
}

#[test]
fn files_of_a_submodule_that_git_calls_modified_are_no_work_either() {
    let test = Test::with_implementer();
    let library = test.root().join("library");
    test.git(["init", "-q", "-b", "main", library.to_str().unwrap()]);
    test.git_in(&library, ["config", "user.name", "P"]);
    test.git_in(&library, ["config", "user.email", "p@example.invalid"]);
    for (name, text) in [("old.txt", "a\r\nb\r\n"), (".gitattributes", "*.txt text\n")] {
        std::fs::write(library.join(name), text).unwrap();
        test.git_in(&library, ["add", name]);
        test.git_in(&library, ["commit", "-q", "-m", name]);
    }
    test.git(["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", library.to_str().unwrap(), "lib"]);
    test.git(["commit", "-q", "-m", "Add a submodule"]);
    test.git(["push", "-q", "origin", "main"]);
    for (task, expected) in [("TASK-1", "failed"), ("TASK-2", "failed")] {
        test.agents_and(&[("impl-1", "implementer")], "defaults: {max_attempts: 1}").task_for(task, "implement");
        test.claude.plays(task, "finish 'Nothing to do.'");
        test.later(600).tick_and_wait();
        assert_eq!((test.task_state(task), salvaged(&test)), (expected, String::new()), "{}", test.task_text(task));
        assert_eq!(test.record("impl-1")["set_aside"], serde_json::json!([]));
    }
}
