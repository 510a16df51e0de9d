//! Half-made things that a killed git or a lost power leaves: they heal, and the next run is done and published.
#![cfg(target_os = "linux")]

use crate::{
    recovery::{AGENT, HANGS, TASK, assert_goes_on, assert_put_right, git_dir, kill_all, project, worktree},
    support::Test,
};
use std::{
    fs::{self, File},
    path::Path,
    time::{Duration, SystemTime},
};

/// What is broken: in the git directory of the submodule `lib`, with the agent's worktree beside it.
type Damage = fn(modules: &Path, worktree: &Path);

/// Every kind of damage to the git directory of a submodule, by name.
const OF_SUBMODULES: [(&str, Damage); 9] = [
    ("an empty folder and no files", |lib, worktree| {
        empty(lib);
        empty(&worktree.join("lib"));
    }),
    ("an empty folder beside the files", |lib, _| empty(lib)),
    ("no HEAD", |lib, _| fs::remove_file(lib.join("HEAD")).unwrap()),
    ("an empty HEAD", |lib, _| write(&lib.join("HEAD"), "")),
    ("a truncated HEAD", |lib, _| write(&lib.join("HEAD"), "ref: re")),
    ("an empty configuration", |lib, _| write(&lib.join("config"), "")),
    ("a corrupt configuration", |lib, _| write(&lib.join("config"), "[core\n\0\0\0")),
    ("an empty index", |lib, _| write(&lib.join("index"), "")),
    ("nothing but hooks, and of a nested one no HEAD", |lib, _| {
        empty(lib);
        fs::create_dir_all(lib.join("hooks")).unwrap();
        fs::create_dir_all(lib.join("modules/inner/objects")).unwrap();
    }),
];

/// The same of a worktree.
const OF_WORKTREES: [(&str, Damage); 9] = [
    ("an empty index", |git_dir, _| write(&git_dir.join("index"), "")),
    ("a corrupt index", |git_dir, _| write(&git_dir.join("index"), "DIRC\0\0\0\x02\0\0\0\x07")),
    ("an index of zeros", |git_dir, _| write(&git_dir.join("index"), &"\0".repeat(512))),
    ("an empty link", |_, worktree| write(&worktree.join(".git"), "")),
    ("a link to a folder that is gone", |_, worktree| {
        write(&worktree.join(".git"), "gitdir: /nowhere/.git/worktrees/worktree\n");
    }),
    ("a lock of the index", |git_dir, _| write(&git_dir.join("index.lock"), "")),
    ("a lock of HEAD", |git_dir, _| write(&git_dir.join("HEAD.lock"), "")),
    ("a lock of the packed refs", |git_dir, _| abandoned(&git_dir.join("../../packed-refs.lock"))),
    ("a lock of the shallow commits", |git_dir, _| abandoned(&git_dir.join("../../shallow.lock"))),
];

fn write(path: &Path, text: &str) {
    assert!(path.parent().unwrap().is_dir(), "{}", path.display());
    fs::write(path, text).unwrap();
}

fn empty(folder: &Path) {
    fs::remove_dir_all(folder).unwrap();
    fs::create_dir(folder).unwrap();
}

fn abandoned(lock: &Path) {
    File::create(lock).unwrap().set_modified(SystemTime::now() - Duration::from_secs(7_200)).unwrap();
}

/// A repository beside the project, of which a submodule `name` of the one at `outer` is made.
fn add_submodule(test: &Test, outer: &Path, name: &str) {
    let inner = test.root().join(format!("of-{name}"));
    if !inner.exists() {
        test.git(["init", "-q", "-b", "main", inner.to_str().unwrap()]);
        identify(test, &inner);
        fs::write(inner.join("l.c"), "l\n").unwrap();
        test.git_in(&inner, ["add", "."]);
        test.git_in(&inner, ["commit", "-q", "-m", "Library"]);
    }
    let inner = inner.to_str().unwrap();
    test.git_in(outer, ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner, name]);
    test.git_in(outer, ["commit", "-q", "-m", "Add a submodule"]);
}

fn identify(test: &Test, repository: &Path) {
    test.git_in(repository, ["config", "user.name", "P"]);
    test.git_in(repository, ["config", "user.email", "p@example.invalid"]);
}

/// A project with the submodule `lib`, which has the submodule `inner`.
fn with_submodules() -> Test {
    let test = project();
    fs::write(test.root().join("home/.gitconfig"), "[protocol \"file\"]\n\tallow = always\n").unwrap();
    let library = test.root().join("of-lib");
    test.git(["init", "-q", "-b", "main", library.to_str().unwrap()]);
    identify(&test, &library);
    fs::write(library.join("l.c"), "l\n").unwrap();
    test.git_in(&library, ["add", "."]);
    test.git_in(&library, ["commit", "-q", "-m", "Library"]);
    add_submodule(&test, &library, "inner");
    add_submodule(&test, &test.dir(), "lib");
    test.git(["push", "-q", "origin", "main"]);
    test
}

/// The next task is done and pushed, with the submodules as they are recorded.
fn assert_works(test: &Test, kind: &str) {
    let scenario =
        "cat lib/l.c lib/inner/l.c >\"$TASK_ID.txt\" && git add \"$TASK_ID.txt\" && commit Work && finish Done.";
    test.claude.plays("TASK-2", scenario);
    test.task_for("TASK-2", "implement").later(180).tick_and_wait();
    assert_eq!(test.task_state("TASK-2"), "done", "{kind}: {}", test.task_text("TASK-2"));
    let tips = test.pushed_branches().into_iter().filter(|branch| branch.contains("TASK-2"));
    assert_eq!(tips.count(), 1, "{kind}");
}

fn damage_between_runs(kinds: &[(&str, Damage)], broken: impl Fn(&Test) -> std::path::PathBuf) {
    for (kind, damage) in kinds {
        eprintln!("{kind}");
        let test = with_submodules();
        test.claude.implements();
        test.tick_and_wait();
        assert_eq!(test.task_state(TASK), "done", "{kind}");
        damage(&broken(&test), &worktree(&test));
        assert_works(&test, kind);
    }
}

fn damage_before_recovery(kinds: &[(&str, Damage)], broken: impl Fn(&Test) -> std::path::PathBuf) {
    for (kind, damage) in kinds {
        eprintln!("{kind}");
        let test = with_submodules();
        test.claude.plays("implementer", HANGS);
        test.tick();
        test.wait_until("claude to be at work", || test.notes("at-work").exists());
        kill_all(&test);
        damage(&broken(&test), &worktree(&test));
        test.tick();
        assert_put_right(&test);
        assert_goes_on(&test);
        assert_works(&test, kind);
        assert!(test.messages_of("error").is_empty(), "{kind}: {:?}", test.messages());
        assert_eq!(test.runs(AGENT).len(), 3, "{kind}");
    }
}

#[test]
fn submodules_heal_before_the_next_run() {
    damage_between_runs(&OF_SUBMODULES, |test| git_dir(test).join("modules/lib"));
}

#[test]
fn nested_submodules_heal_before_the_next_run() {
    damage_between_runs(&OF_SUBMODULES[2..6], |test| git_dir(test).join("modules/lib/modules/inner"));
}

#[test]
fn submodules_heal_in_a_recovery() {
    damage_before_recovery(&OF_SUBMODULES, |test| git_dir(test).join("modules/lib"));
}

#[test]
fn nested_submodules_heal_in_a_recovery() {
    damage_before_recovery(&OF_SUBMODULES[2..5], |test| git_dir(test).join("modules/lib/modules/inner"));
}

#[test]
fn worktrees_heal_before_the_next_run() {
    damage_between_runs(&OF_WORKTREES, git_dir);
}

#[test]
fn worktrees_heal_in_a_recovery() {
    damage_before_recovery(&OF_WORKTREES, git_dir);
}
