use super::*;
use crate::exec::test_project::{TestProject, read_in, write};
use std::fs;

#[test]
fn a_new_worktree_stands_on_a_fresh_branch() {
    let scratch = TestProject::with_origin();
    let worktree = scratch.worktree("a");
    let main = scratch.main();
    let before = scratch.checkout_state();
    assert_eq!(worktree.ensure(&main).unwrap(), Ensured::Created);
    assert_eq!(worktree.stand_on_branch("agent/TASK-1-x", &main).unwrap(), Vec::<String>::new());
    assert_eq!(worktree.ensure(&main).unwrap(), Ensured::Whole);
    assert_eq!(scratch.branch_of(&worktree), "agent/TASK-1-x");
    assert_eq!(read_in(&worktree, "f").as_deref(), Some("one\n"));
    assert_eq!(scratch.checkout_state(), before);
    let upstream = scratch.run(&["for-each-ref", "--format=%(upstream)", "refs/heads/agent"]);
    assert_eq!(upstream, "");
}

#[test]
fn the_main_checkout_is_never_touched() {
    let scratch = TestProject::plain();
    scratch.write("f", "edited by the user\n");
    scratch.write("new", "untracked\n");
    scratch.write("staged", "staged\n");
    scratch.run(&["add", "staged"]);
    for head in [&["checkout", "-q", "main"][..], &["checkout", "-q", "--detach"]] {
        scratch.run(head);
        let before = scratch.checkout_state();
        let worktree = scratch.ready(&format!("a{}", head.len()));
        write(&worktree.path().join("junk"), "x");
        worktree.stand_detached(&scratch.main()).unwrap();
        worktree.detach().unwrap();
        assert_eq!(scratch.checkout_state(), before);
    }
}

#[test]
fn leftovers_go_and_ignored_files_stay() {
    let scratch = TestProject::plain();
    scratch.write(".gitignore", "build/\n");
    scratch.commit_all("ignore");
    let worktree = scratch.ready("a");
    for name in ["build/cache", "junk", "folder/junk", "f"] {
        write(&worktree.path().join(name), "changed");
    }
    scratch.run_at(worktree.path(), &["init", "-q", "inner"]);
    scratch.run_at(worktree.path(), &["add", "junk"]);
    worktree.stand_on_branch("agent/next", &scratch.main()).unwrap();
    let there = |name: &str| worktree.path().join(name).exists();
    assert!(there("build/cache"));
    assert!(!there("junk") && !there("folder") && !there("inner"));
    assert_eq!(read_in(&worktree, "f").as_deref(), Some("one\n"));
}

#[test]
fn a_branch_is_never_reset() {
    let scratch = TestProject::plain();
    let worktree = scratch.ready("a");
    write(&worktree.path().join("work"), "x");
    let tip = scratch.commit_all_at(worktree.path(), "work");
    let error = worktree.stand_on_branch("agent/a", &scratch.main()).unwrap_err();
    assert!(error.to_string().contains("agent/a exists already"), "{error}");
    assert_eq!(scratch.run(&["rev-parse", "agent/a"]), tip);
    worktree.stand_on_branch("agent/a", &tip).unwrap();
    assert_eq!(scratch.branch_of(&worktree), "agent/a");
}

#[test]
fn detaching_lets_go_of_the_branch_and_keeps_files() {
    let scratch = TestProject::plain();
    let worktree = scratch.ready("a");
    write(&worktree.path().join("f"), "unsaved");
    worktree.detach().unwrap();
    assert_eq!(scratch.branch_of(&worktree), "HEAD");
    assert_eq!(read_in(&worktree, "f").as_deref(), Some("unsaved"));
    scratch.run(&["branch", "-D", "agent/a"]);
}

#[test]
fn stale_locks_are_removed() {
    let scratch = TestProject::plain();
    let worktree = scratch.ready("a");
    let entry = worktree.verify().unwrap();
    let branch = scratch.project().join(".git/refs/heads/agent/a.lock");
    let locks = [entry.join("index.lock"), entry.join("HEAD.lock"), entry.join("logs/HEAD.lock"), branch];
    locks.iter().for_each(|lock| write(lock, ""));
    let foreign = scratch.project().join(".git/index.lock");
    write(&foreign, "");
    worktree.ensure(&scratch.main()).unwrap();
    assert!(locks.iter().all(|lock| !lock.exists()));
    assert!(foreign.exists(), "the user's own lock is not ours");
    worktree.stand_on_branch("agent/next", &scratch.main()).unwrap();
}

#[test]
fn operations_in_progress_are_ended() {
    let scratch = TestProject::plain();
    let main = scratch.main();
    for (n, operation) in ["rebase", "merge", "cherry-pick", "bisect"].into_iter().enumerate() {
        let worktree = scratch.ready(&format!("a{n}"));
        let at = worktree.path();
        write(&at.join("f"), "mine");
        scratch.commit_all_at(at, "mine");
        scratch.run_at(at, &["checkout", "-q", "-b", &format!("agent/other{n}"), &main]);
        write(&at.join("f"), "theirs");
        scratch.commit_all_at(at, "theirs");
        let other = format!("agent/a{n}");
        let args = if operation == "bisect" { vec!["bisect", "start", "HEAD", &main] } else { vec![operation, &other] };
        let _ = scratch.git_at(at).with_identity().unwrap().try_run(&args).unwrap();
        assert_eq!(Worktree::operation_in_progress(&worktree.verify().unwrap()), operation != "bisect", "{operation}");
        worktree.stand_on_branch(&format!("agent/next{n}"), &main).unwrap();
        assert!(!Worktree::operation_in_progress(&worktree.verify().unwrap()));
        let status = scratch.run_at(at, &["status"]);
        assert_eq!(status, format!("On branch agent/next{n}\nnothing to commit, working tree clean"));
        worktree.detach().unwrap();
        scratch.run(&["branch", "-D", &format!("agent/other{n}")]);
    }
}

#[test]
fn a_broken_index_is_built_anew() {
    let scratch = TestProject::plain();
    let worktree = scratch.ready("a");
    write(&worktree.verify().unwrap().join("index"), "garbage");
    worktree.stand_on_branch("agent/next", &scratch.main()).unwrap();
    assert_eq!(scratch.run_at(worktree.path(), &["status", "--porcelain"]), "");
}

#[test]
fn a_bare_project_can_have_worktrees() {
    let scratch = TestProject::with_origin();
    let agent = scratch.path().join("agents/a");
    let worktree = Worktree::new(&agent.join("worktree"), &agent, &scratch.origin());
    worktree.ensure("main").unwrap();
    worktree.stand_on_branch("agent/a", &scratch.main()).unwrap();
    assert_eq!(read_in(&worktree, "f").as_deref(), Some("one\n"));
}

/// The commit that has a submodule, and where that comes from.
fn with_submodule(scratch: &TestProject) -> (String, PathBuf) {
    let library = scratch.path().join("library");
    scratch.run(&["init", "-q", "-b", "main", library.to_str().unwrap()]);
    write(&library.join("lib"), "1\n");
    scratch.commit_all_at(&library, "library");
    scratch.run(&["submodule", "--quiet", "add", library.to_str().unwrap(), "sub"]);
    (scratch.commit_all("submodule"), library)
}

#[test]
fn submodules_are_filled_without_touching_the_configuration() {
    let scratch = TestProject::with_origin();
    let (with_sub, library) = with_submodule(&scratch);
    let config = fs::read(scratch.project().join(".git/config")).unwrap();
    // The remote is gone: what the project has must do.
    fs::rename(&library, scratch.path().join("gone")).unwrap();
    let worktree = scratch.ready("a");
    assert_eq!(read_in(&worktree, "sub/lib").as_deref(), Some("1\n"));
    let origin = scratch.run_at(&worktree.path().join("sub"), &["config", "remote.origin.url"]);
    assert_eq!(Path::new(&origin), library);
    assert_eq!(fs::read(scratch.project().join(".git/config")).unwrap(), config);

    write(&worktree.path().join("sub/lib"), "dirty");
    write(&worktree.path().join("sub/junk"), "dirty");
    assert_eq!(worktree.stand_detached(&with_sub).unwrap(), Vec::<String>::new());
    assert_eq!(read_in(&worktree, "sub/lib").as_deref(), Some("1\n"));
    assert!(read_in(&worktree, "sub/junk").is_none());

    fs::remove_dir_all(scratch.project().join(".git/modules")).unwrap();
    let other = scratch.worktree("b");
    other.ensure(&with_sub).unwrap();
    let warnings = other.stand_on_branch("agent/b", &with_sub).unwrap();
    assert!(warnings.iter().any(|w| w.contains("submodules could not be brought up to date")), "{warnings:?}");
}

#[test]
fn the_exclude_line_is_added_once_and_the_rest_stays() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("info/exclude");
    assert!(exclude_line(dir.path(), INSTRUCTIONS).unwrap());
    assert!(!exclude_line(dir.path(), INSTRUCTIONS).unwrap());
    assert_eq!(fs::read(&path).unwrap(), b".agent-instructions.md\n");
    fs::write(&path, b"# mine\r\n\xff*.o").unwrap();
    assert!(exclude_line(dir.path(), INSTRUCTIONS).unwrap());
    assert!(!exclude_line(dir.path(), INSTRUCTIONS).unwrap());
    assert_eq!(fs::read(&path).unwrap(), b"# mine\r\n\xff*.o\n.agent-instructions.md\n");
}

#[test]
fn own_files_are_known_by_their_path() {
    let cases = [
        (".agent-instructions.md", true),
        (".claude/commands/scheduler", true),
        (".claude/commands/scheduler/x.md", true),
        (".claude/commands/scheduler2/x.md", false),
        ("sub/.agent-instructions.md", false),
        (".claude/commands/x.md", false),
    ];
    for (path, want) in cases {
        assert_eq!(is_own_file(path), want, "{path}");
    }
}

#[test]
fn one_that_is_set_away_keeps_its_git_directory() {
    let scratch = TestProject::plain();
    let (worktree, main) = (scratch.worktree("a"), scratch.main());
    worktree.ensure(&main).unwrap();
    worktree.stand_on_branch("agent/old", &main).unwrap();
    let entry = worktree.verify().unwrap();
    let away = worktree.path().with_file_name("away");
    // Cut off after the move, and begun again.
    fs::rename(worktree.path(), &away).unwrap();
    worktree.set_away(&away).unwrap();
    worktree.set_away(&away).unwrap();
    assert_eq!(worktree.ensure(&main).unwrap(), Ensured::Created);
    worktree.stand_on_branch("agent/new", &main).unwrap();
    assert_ne!(worktree.verify().unwrap(), entry);
    // Who stands there goes on there.
    write(&away.join("ghost"), "boo");
    scratch.run_at(&away, &["add", "ghost"]);
    scratch.run_at(&away, &["-c", "user.name=G", "-c", "user.email=g@example.invalid", "commit", "-q", "-m", "Ghost"]);
    assert_eq!(scratch.run(&["rev-list", "--count", "main..agent/old"]), "1");
    assert_eq!(scratch.run(&["rev-list", "--count", "main..agent/new"]), "0");
    assert_eq!(scratch.branch_of(&worktree), "agent/new");
    assert!(worktree.set_away(&away).is_err(), "both are there");
}

#[test]
fn submodules_of_one_that_is_set_away_go_with_it() {
    let scratch = TestProject::with_origin();
    let (with_sub, _) = with_submodule(&scratch);
    let worktree = scratch.ready("a");
    let away = worktree.path().with_file_name("away");
    worktree.set_away(&away).unwrap();
    assert_eq!(worktree.ensure(&with_sub).unwrap(), Ensured::Created);
    worktree.stand_on_branch("agent/new", &with_sub).unwrap();
    write(&worktree.path().join("sub/lib"), "new\n");
    // Who stands there throws away what is there.
    write(&away.join("sub/lib"), "old\n");
    scratch.run_at(&away.join("sub"), &["reset", "-q", "--hard"]);
    assert_eq!(fs::read_to_string(away.join("sub/lib")).unwrap(), "1\n");
    assert_eq!(read_in(&worktree, "sub/lib").as_deref(), Some("new\n"));
}
