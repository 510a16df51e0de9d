//! What git can't take into a commit is moved aside and named; everything else is saved as if it weren't there.

use super::saved;
use crate::support::Test;
use std::fs;

/// Two new files and a tracked one that git refuses to read: their filter fails.
fn with_filter() -> Test {
    let test = Test::with_implementer();
    test.git(["config", "filter.enc.clean", "test -e \"$HOME/key\" && cat"]);
    test.git(["config", "filter.enc.smudge", "cat"]);
    test.git(["config", "filter.enc.required", "true"]);
    fs::write(test.root().join("home/key"), "").unwrap();
    test.committed_file(".gitattributes", "*.enc filter=enc\n").committed_file("old.enc", "as it was\n");
    test.git(["push", "-q", "origin", "main"]);
    fs::remove_file(test.root().join("home/key")).unwrap();
    test
}

/// The files that the last run set aside, by name.
fn aside(test: &Test) -> Vec<String> {
    let record = test.record("impl-1");
    let names = record["set_aside"].as_array().unwrap_or_else(|| panic!("{record:#}"));
    names.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

fn text_of(test: &Test, name: &str) -> String {
    fs::read_to_string(test.runs("impl-1").last().unwrap().join("set-aside").join(name)).unwrap()
}

fn assert_named(test: &Test, name: &str) {
    assert!(test.task_text("TASK-1").contains(name), "{}", test.task_text("TASK-1"));
    test.run(["task", "show", "TASK-1"]).ok().says(name);
    let told = test.messages_of("warning");
    assert!(told.len() == 1 && told[0].contains(name) && told[0].contains("set-aside"), "{told:?}");
}

/// The agent's next run is like any other.
fn assert_goes_on(test: &Test) {
    // It leaves the commit to the scheduler: where a filter fails its own git can't make one.
    test.claude.plays("TASK-2", "echo more >more.txt; finish Done.");
    test.task_for("TASK-2", "implement").later(600).tick_and_wait();
    assert_eq!(test.task_state("TASK-2"), "done", "{}", test.task_text("TASK-2"));
    assert_eq!(aside(test), [] as [&str; 0]);
    let refs = test.git(["for-each-ref", "--format=%(refname)", "refs/salvage"]);
    assert_eq!(refs.lines().count(), 0, "{refs}");
}

#[test]
fn a_filter_that_fails_sets_aside_its_files_alone() {
    let test = with_filter();
    let work = "echo secret >new.enc; mkdir -p deep/er; echo secret2 >deep/er/x.enc; echo secret3 >>old.enc; \
                echo plain >plain.txt; finish Done.";
    test.claude.plays("TASK-1", work);
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done", "{}", test.task_text("TASK-1"));
    let branch = &test.pushed_branches()[0];
    assert_eq!(test.git_in(test.origin(), ["diff", "--name-only", "main", branch]), "plain.txt");
    assert_eq!(aside(&test), ["deep/er/x.enc", "new.enc", "old.enc"]);
    assert_eq!((text_of(&test, "new.enc"), text_of(&test, "deep/er/x.enc")), ("secret\n".into(), "secret2\n".into()));
    assert_eq!(text_of(&test, "old.enc"), "as it was\nsecret3\n");
    assert_named(&test, "new.enc");
    assert_eq!(test.record("impl-1")["usage"]["cost_usd"], 0.01);
    assert_goes_on(&test);
}

#[test]
fn names_that_git_refuses_are_set_aside() {
    let test = Test::with_implementer();
    let work = "echo one >'git~1'; mkdir -p .GIT dir odd/.git; echo two >.GIT/config; echo three >dir/ok; \
                echo four >odd/.git/notes; finish Done.";
    test.claude.plays("TASK-1", work);
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done", "{}", test.task_text("TASK-1"));
    assert!(saved(&test, "dir/ok", "three"));
    assert_eq!(aside(&test), [".GIT/config", "git~1", "odd/"]);
    assert_eq!((text_of(&test, "git~1"), text_of(&test, "odd/.git/notes")), ("one\n".into(), "four\n".into()));
    assert_named(&test, "git~1");
    assert_goes_on(&test);
}

#[test]
fn what_a_failed_attempt_leaves_is_set_aside_before_anything_is_cleared() {
    let test = with_filter();
    test.claude.plays("TASK-1", "echo secret >new.enc; echo plain >plain.txt; turn_limit");
    test.tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("incoming", 1));
    assert_eq!((aside(&test), text_of(&test, "new.enc")), (vec!["new.enc".to_owned()], "secret\n".to_owned()));
    assert!(saved(&test, "plain.txt", "plain"));
    assert_named(&test, "new.enc");
}

#[test]
fn what_git_no_longer_ignores_or_would_write_over_is_set_aside() {
    let test = Test::with_implementer();
    test.claude.plays("TASK-1", "echo local >>.gitignore; commit Ignore; echo mine >local; finish Done.");
    test.tick_and_wait();
    // On the main branch nobody ignores it.
    test.claude.plays("TASK-2", "echo build >>.gitignore; commit Ignore; echo mine too >build; finish Done.");
    test.task_for("TASK-2", "implement").later(600).tick_and_wait();
    assert_eq!((aside(&test), text_of(&test, "local")), (vec!["local".to_owned()], "mine\n".to_owned()));
    // The main branch has a file of that name now.
    test.committed_file("build", "theirs\n");
    test.git(["push", "-q", "origin", "main"]);
    test.claude.implements();
    test.task_for("TASK-3", "implement").later(600).tick_and_wait();
    assert_eq!(test.task_state("TASK-3"), "done");
    assert_eq!((aside(&test), text_of(&test, "build")), (vec!["build".to_owned()], "mine too\n".to_owned()));
}

#[test]
fn a_text_that_cannot_be_encoded_is_set_aside() {
    let test = Test::with_implementer();
    test.committed_file(".gitattributes", "*.u16 text working-tree-encoding=UTF-16LE\n");
    test.git(["push", "-q", "origin", "main"]);
    test.claude.plays("TASK-1", "printf 'odd' >broken.u16; echo plain >plain.txt; finish Done.");
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done", "{}", test.task_text("TASK-1"));
    assert!(saved(&test, "plain.txt", "plain"));
    assert_eq!((aside(&test), text_of(&test, "broken.u16")), (vec!["broken.u16".to_owned()], "odd".to_owned()));
    assert_goes_on(&test);
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_that_is_killed_loses_nothing_that_git_refuses() {
    let test = with_filter();
    test.claude
        .plays("TASK-1", "echo secret >new.enc; echo plain >plain.txt; touch $CLAUDE_CONFIG_DIR/debug/at-work; hang");
    test.tick();
    test.wait_until("claude to be at work", || test.notes("at-work").exists());
    crate::recovery::kill_all(&test);
    test.tick_and_wait();
    assert!(saved(&test, "plain.txt", "plain"));
    assert_eq!((aside(&test), text_of(&test, "new.enc")), (vec!["new.enc".to_owned()], "secret\n".to_owned()));
    assert_named(&test, "new.enc");
}
