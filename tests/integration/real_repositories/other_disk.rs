//! Worktrees on another disk than the project: what is set aside there isn't lost on the way.
#![cfg(target_os = "linux")]

use crate::recovery::{AGENT, TASK, project};
use std::{fs, os::unix::fs::MetadataExt, path::Path};

#[test]
fn a_submodule_with_changes_is_set_aside_whole() {
    let test = project();
    let other_disk = ["/dev/shm", "/var/tmp", "/tmp"].into_iter().find(|dir| {
        let disk = |path: &Path| fs::metadata(path).map(|meta| meta.dev()).ok();
        disk(Path::new(dir)).is_some_and(|other| Some(other) != disk(&test.root()))
    });
    let Some(trees) = other_disk.and_then(|dir| tempfile::tempdir_in(dir).ok()) else { return };
    test.with_submodule();
    test.agents_and(&[(AGENT, "implementer")], &format!("worktree_root: {}", trees.path().display()));
    let in_lib = "git -C lib -c user.name=P -c user.email=p@example.invalid";
    let work = format!("echo deep >lib/deep && git -C lib add . && {in_lib} commit -q -m Deep && echo left >lib/left");
    test.claude.plays("implementer", &format!("{work}; write a.txt one && finish Done."));
    test.tick_and_wait();
    assert_eq!(test.task_state(TASK), "done", "{}", test.task_text(TASK));
    let lib = test.runs(AGENT)[0].join("set-aside/lib");
    assert_eq!(fs::read_to_string(lib.join("left")).unwrap(), "left\n");
    assert_eq!(test.git_in(&lib, ["log", "--format=%s"]), "Deep\nLibrary");
    assert_eq!(test.git_in(&lib, ["status", "--porcelain"]), "?? left");
    // The next run has a submodule again.
    test.claude.plays("implementer", "git submodule status >&2 && write b.txt two && finish Done.");
    test.task_for("TASK-2", "implement").later(180).tick_and_wait();
    assert_eq!(test.task_state("TASK-2"), "done", "{}", test.task_text("TASK-2"));
    let log = fs::read_to_string(test.runs(AGENT)[1].join("stderr.log")).unwrap();
    assert!(log.starts_with(' '), "not as recorded: {log}");
}
