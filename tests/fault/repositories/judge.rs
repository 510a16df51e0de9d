//! What must be there afterwards, and what must not.

use super::TESTS;
use crate::support::Test;
use std::{
    fs,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
    path::{Path, PathBuf},
};

/// Each text is in an object that a ref leads to, or in a file that was set aside; `tool.sh` can still be executed.
#[track_caller]
pub fn nothing_is_lost(test: &Test, written: &[String]) {
    let mut kept = Vec::new();
    for git_dir in git_dirs(&test.root()) {
        kept.extend(objects(test, &git_dir));
        files_below(&git_dir.join("lfs"), &mut |path| kept.extend(fs::read(path).unwrap_or_default()));
    }
    let mut executable = objects_named(test, "tool.sh").contains("100755");
    for run in ["impl", "tests"].iter().flat_map(|agent| test.runs(agent)) {
        files_below(&run.join("set-aside"), &mut |path| {
            let is_link = fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink());
            match fs::read_link(path) {
                Ok(target) if is_link => kept.extend(target.as_os_str().as_bytes()),
                _ => kept.extend(fs::read(path).unwrap_or_default()),
            }
            let mode = fs::symlink_metadata(path).map_or(0, |meta| meta.permissions().mode());
            executable |= path.ends_with("tool.sh") && mode & 0o100 != 0;
        });
    }
    let holds = |text: &[u8]| kept.windows(text.len()).any(|at| at == text);
    let lost: Vec<_> = written.iter().filter(|text| !holds(text.as_bytes()) && !holds(&shifted(text))).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    assert!(written.is_empty() || executable, "tool.sh can't be executed any more");
}

/// No commit, no ref, nothing set aside, no task that is done, and nobody blamed.
#[track_caller]
pub fn nothing_is_invented(test: &Test) {
    let refs = test.git(["for-each-ref", "--format=%(refname)", "refs/salvage/"]);
    assert_eq!(refs, "", "something was salvaged");
    assert_eq!(test.git(["rev-list", "--all", "--not", "main"]), "", "commits that nobody made");
    assert!(test.pushed_branches().is_empty(), "{:?}", test.pushed_branches());
    assert!(test.queue("done").iter().all(|id| id == TESTS), "done: {:?}", test.queue("done"));
    let text = test.task_text(TESTS);
    assert!(!text.contains("old.txt") && !text.contains(".bin"), "blamed for what it didn't touch:\n{text}");
    for run in ["impl", "tests"].iter().flat_map(|agent| test.runs(agent)) {
        assert!(!run.join("set-aside").exists(), "something was set aside in {}", run.display());
    }
}

/// The task is done, and its work is at the remote.
#[track_caller]
pub fn is_published(test: &Test, task: &str) {
    assert_eq!(test.task_state(task), "done", "{}", test.task_text(task));
    assert_eq!(test.pushed_branches().len(), 1, "{:?}", test.messages());
}

/// Whoever had another task did nothing: nothing of it is pushed.
#[track_caller]
pub fn only_work_of(test: &Test, task: &str) {
    let strays: Vec<_> = test.pushed_branches().into_iter().filter(|branch| !branch.contains(task)).collect();
    assert!(strays.is_empty(), "pushed, though nobody did anything: {strays:?}");
}

/// The letters as the passing filter shifts them.
fn shifted(text: &str) -> Vec<u8> {
    let shift = |byte: u8, first: u8| (byte - first + 13) % 26 + first;
    let letter = |byte: u8| match byte {
        b'a'..=b'z' => shift(byte, b'a'),
        b'A'..=b'Z' => shift(byte, b'A'),
        other => other,
    };
    text.bytes().map(letter).collect()
}

/// Every repository below a folder: folders with a HEAD and objects.
fn git_dirs(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(dir) = open.pop() {
        if dir.join("HEAD").is_file() && dir.join("objects").is_dir() {
            found.push(dir.clone());
        }
        let entries = fs::read_dir(&dir).into_iter().flatten().flatten();
        let inside =
            entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path());
        open.extend(inside.filter(|path| !path.ends_with("objects") && !path.ends_with("seed")));
    }
    found
}

/// The contents of all objects that a ref of the repository leads to.
fn objects(test: &Test, git_dir: &Path) -> Vec<u8> {
    let mut shell = test.program_command("sh");
    let script = "git rev-list --objects --all | cut -d ' ' -f 1 | git cat-file --batch";
    shell.args(["-c", script]).env("GIT_DIR", git_dir);
    shell.output().unwrap().stdout
}

/// The entries of this name in the trees of all commits that a ref leads to.
fn objects_named(test: &Test, path: &str) -> String {
    let mut shell = test.program_command("sh");
    let script = "git rev-list --all | while read -r commit; do git ls-tree \"$commit\" -- \"$1\"; done";
    shell.args(["-c", script, "sh", path]);
    test.finish(shell).ok().stdout
}

fn files_below(dir: &Path, each: &mut dyn FnMut(&Path)) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files_below(&entry.path(), each),
            Ok(kind) if kind.is_file() || kind.is_symlink() => each(&entry.path()),
            _ => {}
        }
    }
}
