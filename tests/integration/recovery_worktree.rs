//! Whatever state the worktree of a dead run is in, its work is saved, the worktree repaired, and the run goes on.
#![cfg(target_os = "linux")]

use crate::{recovery::*, support::Test};
use std::fs;

#[test]
fn whatever_state_git_is_in_the_work_is_saved_and_the_worktree_repaired() {
    type Damage = fn(&Test);
    let damages: [(&str, Damage); 6] = [
        ("stale locks", |test| {
            let git_dir = git_dir(test);
            for name in ["index.lock", "HEAD.lock"] {
                fs::write(git_dir.join(name), "").unwrap();
            }
            let branch = test.git_in(worktree(test), ["symbolic-ref", "HEAD"]);
            fs::write(test.path(".git").join(format!("{branch}.lock")), "").unwrap();
        }),
        ("a stale lock on the branch, with HEAD elsewhere", |test| {
            let branch = test.git_in(worktree(test), ["symbolic-ref", "HEAD"]);
            test.git_in(worktree(test), ["checkout", "-q", "--detach"]);
            test.git_in(worktree(test), ["commit", "-q", "--allow-empty", "-m", "Beside"]);
            fs::write(test.path(".git").join(format!("{branch}.lock")), "").unwrap();
        }),
        ("an empty index", |test| fs::write(git_dir(test).join("index"), "").unwrap()),
        ("a link that leads elsewhere, as after a move of the project", |test| {
            fs::write(git_dir(test).join("gitdir"), "/gone/.orchestrator/agents/impl-1/worktree/.git\n").unwrap();
            let entry = git_dir(test).file_name().unwrap().to_str().unwrap().to_owned();
            fs::write(worktree(test).join(".git"), format!("gitdir: /gone/.git/worktrees/{entry}\n")).unwrap();
        }),
        ("no entry in the repository", |test| fs::remove_dir_all(git_dir(test)).unwrap()),
        ("a creation cut short", |test| fs::write(git_dir(test).join("locked"), "initializing\n").unwrap()),
    ];
    for (what, damage) in damages {
        eprintln!("with {what}");
        let test = hanging(HANGS);
        kill_all(&test);
        let before = test.snapshot();
        damage(&test);
        test.tick();
        assert_put_right(&test);
        test.assert_untouched(&before);
        assert_goes_on(&test);
        test.assert_untouched(&before);
    }
}

#[test]
fn a_deleted_worktree_loses_no_commit() {
    let test = hanging(HANGS);
    kill_all(&test);
    fs::remove_dir_all(worktree(&test)).unwrap();
    test.tick_and_wait();
    assert_eq!((test.task_state(TASK), test.attempts(TASK)), ("incoming", 0));
    assert!(!refs_with(&test, "a.txt", "one").is_empty());
    assert_goes_on(&test);
}

#[test]
fn a_rebase_in_progress_is_saved_and_quit() {
    let test = hanging(
        "write a.txt one && commit 'First part' && git checkout -q --detach HEAD~1 && echo other >a.txt && git add . && \
         git commit -q -m 'Other' && other=$(git rev-parse HEAD) && git checkout -q - && \
         { git rebase -q \"$other\" >/dev/null 2>&1; echo two >b.txt; touch $CLAUDE_CONFIG_DIR/debug/at-work; hang; }",
    );
    kill_all(&test);
    assert!(git_dir(&test).join("rebase-merge").exists(), "no rebase was in progress");
    test.tick();
    assert_put_right(&test);
    assert!(!git_dir(&test).join("rebase-merge").exists());
    assert!(!refs_with(&test, "a.txt", "one").is_empty());
    assert_goes_on(&test);
}

#[test]
fn repositories_inside_the_worktree_are_kept_and_named() {
    let test = hanging(
        "write a.txt one && commit 'First part' && write b.txt two && mkdir inner && git -C inner init -q && \
         echo precious >inner/deep.txt && touch $CLAUDE_CONFIG_DIR/debug/at-work && hang",
    );
    kill_all(&test);
    test.tick();
    assert_put_right(&test);
    let aside = test.runs(AGENT)[0].join("set-aside");
    assert_eq!(fs::read_to_string(aside.join("inner/deep.txt")).unwrap(), "precious\n");
    assert!(test.task_text(TASK).contains("set-aside"), "{}", test.task_text(TASK));
    assert_goes_on(&test);
}

/// A project with the submodule `lib`, pushed.
fn with_submodule() -> Test {
    let test = project();
    test.with_submodule();
    test
}

#[test]
fn a_dirty_submodule_is_kept() {
    let test = with_submodule();
    test.claude.plays("implementer", &format!("echo mine >lib/mine.txt && {HANGS}"));
    test.tick();
    test.wait_until("claude to be at work", || test.notes("at-work").exists());
    kill_all(&test);
    test.tick();
    assert_put_right(&test);
    assert_eq!(fs::read_to_string(test.runs(AGENT)[0].join("set-aside/lib/mine.txt")).unwrap(), "mine\n");
    assert!(!test.path("lib/mine.txt").exists());
    assert_goes_on(&test);
}

#[test]
fn what_lies_in_the_folder_of_a_submodule_that_could_not_be_had_is_kept() {
    let test = with_submodule();
    fs::rename(test.root().join("library"), test.root().join("elsewhere")).unwrap();
    fs::remove_dir_all(test.path(".git/modules/lib")).unwrap();
    test.claude.plays("implementer", "echo mine >lib/mine.txt && write a.txt one && finish Done.");
    test.tick_and_wait();
    assert_eq!(test.task_state(TASK), "done", "{}", test.task_text(TASK));
    assert_eq!(fs::read_to_string(test.runs(AGENT)[0].join("set-aside/lib/mine.txt")).unwrap(), "mine\n");
    let branch = test.pushed_branches().pop().unwrap();
    assert_eq!(test.git(["diff", "--name-only", "main", &branch]), "a.txt");
    assert_goes_on(&test);
}

#[test]
fn a_commit_that_only_a_submodule_of_the_worktree_has_is_kept_and_never_pushed() {
    let inner = "echo deep >lib/deep.txt && git -C lib add . && \
                 git -C lib -c user.name=P -c user.email=p@example.invalid commit -q -m Deep && write a.txt one";
    let deep = |test: &Test| fs::read_to_string(test.runs(AGENT)[0].join("set-aside/lib/deep.txt")).unwrap();
    // Left uncommitted in the project: the leftovers go on without it.
    let test = with_submodule();
    test.claude.plays("implementer", &format!("{inner} && turn_limit"));
    test.tick_and_wait();
    assert_eq!((test.task_state(TASK), deep(&test)), ("incoming", "deep\n".to_owned()));
    let branch = test.task_line(TASK, "WORK_BRANCH").unwrap();
    let lib = |revision: &str| test.git(["rev-parse", &format!("{revision}:lib")]);
    assert_eq!(test.git(["show", &format!("{branch}:a.txt")]), "one");
    assert_eq!(lib(&branch), lib("main"));
    assert_goes_on(&test);
    // Committed in the project: nobody else could check that out.
    let test = with_submodule();
    test.claude.plays("implementer", &format!("{inner} && git add . && git commit -q -m Work && finish Done."));
    test.tick_and_wait();
    assert_eq!((test.task_state(TASK), deep(&test)), ("failed", "deep\n".to_owned()));
    assert!(test.pushed_branches().is_empty());
    assert!(
        test.messages_of("error")[0].contains("of the submodule lib, which no remote has"),
        "{:?}",
        test.messages()
    );
}

#[test]
fn files_that_wait_for_a_new_link_are_saved_before_the_worktree_is_cleared() {
    let test = project();
    test.claude.implements();
    test.tick_and_wait();
    let aside = worktree(&test).with_extension("adopting");
    fs::write(worktree(&test).join("by-hand.txt"), "precious").unwrap();
    fs::rename(worktree(&test), &aside).unwrap();
    test.task_for("TASK-2", "implement");
    test.later(180).tick_and_wait();
    assert_eq!(test.task_state("TASK-2"), "done", "{}", test.task_text("TASK-2"));
    assert!(!refs_with(&test, "by-hand.txt", "precious").is_empty());
    assert!(!aside.exists());
}

#[test]
fn a_git_that_cannot_work_loses_nothing() {
    let test = project();
    test.claude.implements();
    test.tick_and_wait();
    fs::write(worktree(&test).join("by-hand.txt"), "precious").unwrap();
    fill_the_disk_for_git(&test);
    test.task_for("TASK-2", "implement");
    test.later(180).tick_and_wait();
    assert_eq!((test.task_state("TASK-2"), test.attempts("TASK-2")), ("incoming", 0));
    assert_eq!(fs::read_to_string(worktree(&test).join("by-hand.txt")).unwrap(), "precious");
    make_room(&test);
    test.later(3_600).tick_and_wait();
    assert_eq!(test.task_state("TASK-2"), "done", "{}", test.task_text("TASK-2"));
    assert!(!refs_with(&test, "by-hand.txt", "precious").is_empty());
}

#[test]
fn what_an_earlier_run_left_is_saved_and_named() {
    let test = project();
    test.claude.implements();
    test.tick_and_wait();
    // Somebody worked there by hand.
    fs::write(worktree(&test).join("by-hand.txt"), "precious").unwrap();
    test.task_for("TASK-2", "implement");
    test.later(180).tick_and_wait();
    assert_eq!(test.task_state("TASK-2"), "done");
    let salvage = test.record(AGENT)["salvage"][0].as_str().unwrap().to_owned();
    assert_eq!(test.git(["show", &format!("{salvage}:by-hand.txt")]), "precious");
    assert!(test.task_text("TASK-2").contains(&salvage), "{}", test.task_text("TASK-2"));
    test.run(["task", "show", "TASK-2"]).ok().says(&format!("set aside in {salvage}"));
}

#[test]
fn a_project_that_is_moved_beside_an_orphan_goes_on_where_it_is_now() {
    let test = hanging(HANGS);
    test.kill_supervisor(AGENT);
    assert!(!test.leftovers().is_empty(), "claude outlives its supervisor");
    let (here, there) = (test.dir(), test.root().join("moved"));
    fs::rename(&here, &there).unwrap();
    let tick = || {
        let mut tick = test.later(180).command([] as [&str; 0]);
        tick.current_dir(&there);
        let output = test.finish(tick).ok();
        test.wait_until("the end of what the tick started", || test.leftovers().is_empty());
        output
    };
    tick().says("recovering");
    test.claude.plays("implementer", "[ -f a.txt ] && write c.txt three && commit 'Last part' && finish 'Done.'");
    tick().says(&format!("with {TASK}"));
    for path in test.git_in(&there, ["worktree", "list", "--porcelain"]).lines() {
        assert!(!path.starts_with("worktree ") || path.contains("/moved"), "{path}");
    }
    assert!(!here.exists(), "something is written where the project was");
    // Back again, where this test looks for it.
    fs::rename(&there, &here).unwrap();
    assert_eq!(test.task_state(TASK), "done", "{}", test.task_text(TASK));
    assert_eq!(test.pushed_branches().len(), 1);
    assert!(!refs_with(&test, "a.txt", "one").is_empty() && !refs_with(&test, "b.txt", "two").is_empty());
    tick_after_return(&test);
}

/// Moved once more, with nothing under way: the worktree is found again.
fn tick_after_return(test: &Test) {
    test.claude.implements();
    test.task_for("TASK-2", "implement");
    test.later(180).tick_and_wait();
    assert_eq!(test.task_state("TASK-2"), "done", "{}", test.task_text("TASK-2"));
}
