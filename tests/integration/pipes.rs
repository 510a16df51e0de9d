//! Named pipes where the program or its git reads: nobody waits for what will never be written, and the run is settled.

use crate::support::Test;

const TASK: &str = "TASK-1";
/// `pipe PATH`: a named pipe in place of whatever is there.
const PIPE: &str = r#"
pipe() { mkdir -p "$(dirname "$1")" && rm -rf "$1" && mkfifo "$1"; }
own=$(git rev-parse --absolute-git-dir)
common=$(git rev-parse --path-format=absolute --git-common-dir)
"#;

/// A run that commits, and then makes the pipes.
fn after_a_run(pipes: &str) -> Test {
    let test = Test::new();
    test.with_origin().agents(&[("impl-1", "implementer")]).task_for(TASK, "implement");
    test.claude.plays("implementer", &format!("write a.txt one && commit 'First part'\n{PIPE}\n{pipes}"));
    test.tick_and_wait();
    test
}

#[test]
fn where_git_reads_they_are_removed_and_the_work_is_published() {
    for pipes in [
        "pipe \"$own/MERGE_AUTOSTASH\"; pipe \"$own/logs/HEAD\"; pipe \"$own/config.worktree\"; pipe \"$own/index\"",
        "pipe \"$common/packed-refs\"; pipe \"$common/refs/heads/x\"; pipe \"$common/objects/info/alternates\"; pipe \"$common/worktrees/x/gitdir\"",
        "pipe .gitignore; pipe .gitattributes; pipe .gitmodules; pipe sub/.gitignore; pipe README.md
         pipe .agent-instructions.md; pipe .claude/commands
         mkdir nested && git -C nested init -q && pipe nested/.git/HEAD
         mkfifo ../elsewhere && ln -sf \"$PWD/../elsewhere\" \"$own/MERGE_AUTOSTASH\"",
    ] {
        let test = after_a_run(pipes);
        let branch = test.task_line(TASK, "WORK_BRANCH").unwrap();
        assert_eq!((test.task_state(TASK), test.pushed_branches()), ("done", vec![branch.clone()]), "{pipes}");
        assert_eq!(test.git(["show", &format!("{branch}:a.txt")]), "one", "{pipes}");
        test.task_for("TASK-2", "implement").later(600).tick_and_wait();
        assert_eq!(test.task_state("TASK-2"), "done", "{pipes}");
    }
}

#[test]
fn in_place_of_what_is_lost_they_hold_nobody_up() {
    for pipes in [
        "pipe \"$own/HEAD\"",
        "pipe \"$own/commondir\"",
        "pipe .git",
        "pipe \"$common/info/exclude\"; pipe \"$common/info/attributes\"",
        "pipe ../state.json; for file in ../runs/*; do pipe \"$file/stderr.log\"; pipe \"$file/assignment.json\"; done",
    ] {
        let test = after_a_run(pipes);
        assert_ne!(test.task_state(TASK), "claimed", "{pipes}");
        let held = |branch: &String| test.git(["ls-tree", "--name-only", branch]).contains("a.txt");
        assert!(test.agent_branches().iter().any(held), "{pipes}");
    }
}
