//! The main checkout is the user's: no run touches its branch, its files or its state.

use crate::support::Test;
use std::fs;

/// One implementer, one task, and a run that does its work.
fn ready(test: &Test) {
    test.agents(&[("impl-1", "implementer")]).task_for("TASK-1", "implement").claude.implements();
}

/// One tick and its run; the checkout is as before, the work done on a branch of its own.
#[track_caller]
fn runs_untouched(test: &Test) {
    let index = fs::read(test.path(".git/index")).unwrap();
    let stash = test.git(["stash", "list"]);
    let before = test.snapshot();
    test.tick_and_wait();
    test.assert_untouched(&before);
    assert_eq!(fs::read(test.path(".git/index")).unwrap().len(), index.len());
    assert_eq!(test.git(["stash", "list"]), stash);
    assert_eq!(test.task_state("TASK-1"), "done", "{}", test.task_text("TASK-1"));
    let branch = test.task_line("TASK-1", "WORK_BRANCH").unwrap();
    assert_eq!(test.git(["show", &format!("{branch}:TASK-1.txt")]), "work");
}

#[test]
fn the_base_branch_checked_out_there() {
    let test = Test::new();
    ready(&test);
    runs_untouched(&test);
    assert_eq!(test.git(["log", "-1", "--format=%s", "main"]), "First commit");
}

#[test]
fn uncommitted_staged_and_unmerged_work() {
    let test = Test::new();
    test.committed_file("a.txt", "one\n").committed_file("b.txt", "one\n");
    test.git(["checkout", "-q", "-b", "feature"]);
    test.committed_file("a.txt", "theirs\n");
    test.git(["checkout", "-q", "main"]);
    test.committed_file("a.txt", "ours\n");
    let mut merge = test.program_command("git");
    merge.args(["merge", "-q", "feature"]);
    test.finish(merge).code(1);
    test.file("b.txt", "mine\n").file("untracked.txt", "mine\n").file("staged.txt", "mine\n");
    test.git(["add", "staged.txt"]);
    ready(&test);
    runs_untouched(&test);
    assert!(test.path(".git/MERGE_HEAD").is_file());
}

#[test]
fn a_detached_head() {
    let test = Test::new();
    test.git(["checkout", "-q", "--detach"]);
    test.git(["branch", "-q", "-D", "main"]);
    ready(&test);
    runs_untouched(&test);
}

#[test]
fn an_origin_that_is_bare_and_one_that_is_ahead() {
    let test = Test::new();
    test.with_origin();
    test.committed_file("local.txt", "not pushed");
    ready(&test);
    runs_untouched(&test);
    let branch = test.task_line("TASK-1", "WORK_BRANCH").unwrap();
    assert!(!test.git(["ls-tree", "--name-only", &branch]).contains("local.txt"), "began from what is not pushed");
}

#[test]
fn submodules() {
    let test = Test::new();
    let tool = test.root().join("tool");
    test.git(["init", "-q", "-b", "main", tool.to_str().unwrap()]);
    fs::write(tool.join("tool.txt"), "x").unwrap();
    test.git_in(&tool, ["add", "."]);
    test.git_in(&tool, ["-c", "user.name=T", "-c", "user.email=t@example.invalid", "commit", "-q", "-m", "Tool"]);
    test.git(["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", tool.to_str().unwrap(), "tool"]);
    test.git(["commit", "-q", "-m", "Add the tool"]);
    fs::write(test.path("tool/tool.txt"), "mine").unwrap();
    ready(&test);
    runs_untouched(&test);
    assert_eq!(fs::read_to_string(test.path("tool/tool.txt")).unwrap(), "mine");
    let branch = test.task_line("TASK-1", "WORK_BRANCH").unwrap();
    let module = |commit: &str| test.git(["ls-tree", commit, "tool"]);
    assert_eq!(module(&branch), module("main"));
}

#[test]
fn a_worktree_that_was_left_half_made() {
    for left in ["nothing in it", "a file", "a broken link", "its registration only"] {
        let test = Test::new();
        ready(&test);
        let worktree = test.orchestrator("agents/impl-1/worktree");
        fs::create_dir_all(worktree.parent().unwrap()).unwrap();
        match left {
            "nothing in it" => fs::create_dir(&worktree).unwrap(),
            "a file" => {
                test.file(".orchestrator/agents/impl-1/worktree/README.md", "half\n");
            }
            "a broken link" => {
                test.file(".orchestrator/agents/impl-1/worktree/.git", "gitdir: /nowhere/at/all\n");
            }
            _ => {
                test.git(["worktree", "add", "-q", "--detach", worktree.to_str().unwrap()]);
                fs::remove_dir_all(&worktree).unwrap();
            }
        }
        runs_untouched(&test);
    }
}

#[test]
fn a_worktree_add_that_was_killed() {
    let test = Test::new();
    ready(&test);
    let real = fs::read_link(test.root().join("tools/git")).unwrap();
    // The first one dies with its folder made and its registration half done.
    let text = format!(
        "#!/bin/sh\ncase \"$*\" in *'worktree add'*) if [ ! -e \"$HOME/died\" ]; then touch \"$HOME/died\"; '{0}' \"$@\" >/dev/null 2>&1\n\
         rm -f '{1}/.git'; kill -KILL $$; fi;; esac\nexec '{0}' \"$@\"\n",
        real.display(),
        test.orchestrator("agents/impl-1/worktree").display()
    );
    test.program("git", &text);
    let before = test.snapshot();
    for _ in 0..3 {
        test.tick_and_wait();
        test.assert_untouched(&before);
        test.later(7_200);
    }
    assert!(test.root().join("home/died").is_file(), "nothing was killed");
    assert_eq!((test.task_state("TASK-1"), test.claude.count()), ("done", 1), "{}", test.task_text("TASK-1"));
}

#[test]
fn the_same_worktree_serves_run_after_run() {
    let test = Test::new();
    ready(&test);
    test.committed_file(".gitignore", "/.orchestrator/\n/cache.bin\n");
    test.claude
        .plays("TASK-1", "write TASK-1.txt work && commit Work; echo built >cache.bin; echo x >left.txt; finish");
    runs_untouched(&test);
    test.task_for("TASK-2", "implement").claude.plays("TASK-2", "[ -e left.txt ] && finish Dirty; [ -e TASK-1.txt ] && finish Old; [ -e cache.bin ] || finish Cold; write b x; finish");
    let before = test.snapshot();
    test.later(120).tick_and_wait();
    test.assert_untouched(&before);
    assert_eq!(test.task_state("TASK-2"), "done", "{}", test.task_text("TASK-2"));
    let worktree = test.orchestrator("agents/impl-1/worktree");
    assert_eq!(test.git_in(&worktree, ["rev-parse", "--abbrev-ref", "HEAD"]), "HEAD");
    test.git(["branch", "-D", &test.task_line("TASK-2", "WORK_BRANCH").unwrap()]);
}
