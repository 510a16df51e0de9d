use super::*;
use crate::exec::test_project::{TestProject, read_in, write};

#[test]
fn a_deleted_folder_is_created_again() {
    let scratch = TestProject::plain();
    let worktree = scratch.ready("a");
    fs::remove_dir_all(worktree.path()).unwrap();
    assert_eq!(worktree.ensure(&scratch.main()).unwrap(), Ensured::Created);
    worktree.stand_on_branch("agent/b", &scratch.main()).unwrap();
    assert_eq!(read_in(&worktree, "f").as_deref(), Some("one\n"));
    assert_eq!(fs::read_dir(scratch.project().join(".git/worktrees")).unwrap().count(), 1);
}

#[test]
fn an_interrupted_creation_is_finished() {
    let scratch = TestProject::plain();
    let main = scratch.main();
    type Break = fn(&Worktree, &Path);
    let cases: [(&str, Break); 6] = [
        ("no .git, no files", |w, _| {
            fs::remove_dir_all(w.path()).unwrap();
            fs::create_dir(w.path()).unwrap();
        }),
        ("still locked, no folder", |w, entry| {
            fs::remove_dir_all(w.path()).unwrap();
            write(&entry.join("locked"), "initializing\n");
        }),
        ("entry without HEAD", |w, entry| {
            fs::remove_file(entry.join("HEAD")).unwrap();
            fs::remove_file(w.path().join("f")).unwrap();
        }),
        ("entry with an empty link to the repository", |w, entry| {
            fs::remove_file(w.path().join("f")).unwrap();
            write(&entry.join("commondir"), "");
        }),
        ("empty .git", |w, _| write(&w.path().join(".git"), "")),
        ("locked, files half there, no index", |_, entry| {
            write(&entry.join("locked"), "initializing\n");
            write(&entry.join("index.lock"), "");
            fs::remove_file(entry.join("index")).unwrap();
        }),
    ];
    for (n, (name, damage)) in cases.into_iter().enumerate() {
        let worktree = scratch.ready(&format!("a{n}"));
        let entry = worktree.verify().unwrap();
        damage(&worktree, &entry);
        worktree.ensure(&main).unwrap_or_else(|e| panic!("{name}: {e:#}"));
        worktree.stand_on_branch(&format!("agent/next{n}"), &main).unwrap_or_else(|e| panic!("{name}: {e:#}"));
        assert_eq!(read_in(&worktree, "f").as_deref(), Some("one\n"), "{name}");
        let own = worktree.verify().unwrap();
        assert!(!own.join("locked").exists(), "{name}");
    }
}

#[test]
fn a_lost_link_is_mended_and_files_and_head_stay() {
    let scratch = TestProject::plain();
    let worktree = scratch.ready("a");
    scratch.ready("b");
    write(&worktree.path().join("unsaved"), "x");
    let tip = scratch.commit_all_at(worktree.path(), "work");
    fs::remove_file(worktree.path().join(".git")).unwrap();
    assert!(worktree.verify().is_err(), "git would work on the main checkout");
    assert_eq!(worktree.ensure(&scratch.main()).unwrap(), Ensured::Repaired);
    assert_eq!(scratch.run_at(worktree.path(), &["rev-parse", "agent/a", "HEAD"]), format!("{tip}\n{tip}"));
    assert_eq!(scratch.branch_of(&worktree), "agent/a");
}

#[test]
fn a_pruned_worktree_keeps_its_files() {
    let scratch = TestProject::plain();
    let worktree = scratch.ready("a");
    write(&worktree.path().join("unsaved"), "x");
    fs::remove_dir_all(worktree.verify().unwrap()).unwrap();
    assert_eq!(worktree.ensure(&scratch.main()).unwrap(), Ensured::Repaired);
    assert_eq!(read_in(&worktree, "unsaved").as_deref(), Some("x"));
    let status = scratch.run_at(worktree.path(), &["status", "--porcelain"]);
    assert_eq!(status, "?? unsaved");
}

#[test]
fn adopting_files_can_be_interrupted_anywhere() {
    let scratch = TestProject::plain();
    let main = scratch.main();
    type Break = fn(&Worktree, &Path);
    let cases: [Break; 3] = [
        |w, aside| fs::rename(w.path(), aside).unwrap(),
        |w, aside| {
            fs::rename(w.path(), aside).unwrap();
            write(&w.path().join(".git"), "gitdir: nowhere");
        },
        |w, aside| {
            fs::rename(w.path(), aside).unwrap();
            fs::create_dir(w.path()).unwrap();
        },
    ];
    for (n, damage) in cases.into_iter().enumerate() {
        let worktree = scratch.ready(&format!("a{n}"));
        write(&worktree.path().join("unsaved"), "x");
        let aside = worktree.path().with_file_name("worktree.adopting");
        damage(&worktree, &aside);
        assert_eq!(worktree.ensure(&main).unwrap(), Ensured::Repaired);
        assert_eq!(read_in(&worktree, "unsaved").as_deref(), Some("x"));
        assert!(!aside.exists());
    }
}

#[test]
fn a_moved_project_works_on() {
    let scratch = TestProject::plain();
    let worktree = scratch.ready("a");
    let tip = scratch.commit_all_at(worktree.path(), "work");
    let moved = scratch.path().join("elsewhere");
    fs::rename(scratch.project(), &moved).unwrap();
    let agent = moved.join("agents/a");
    let worktree = Worktree::new(&agent.join("worktree"), &agent, &moved.join(".git"));
    assert_eq!(worktree.ensure(&tip).unwrap(), Ensured::Repaired);
    assert_eq!(scratch.run_at(worktree.path(), &["rev-parse", "HEAD"]), tip);
    assert_eq!(scratch.branch_of(&worktree), "agent/a");
}

#[test]
fn a_copied_project_lets_go_of_the_original() {
    let scratch = TestProject::plain();
    let original = scratch.ready("a");
    let entry = original.verify().unwrap();
    let gitdir = fs::read_to_string(entry.join("gitdir")).unwrap();
    let copy = scratch.path().join("copy");
    let status = std::process::Command::new("cp").arg("-a").arg(scratch.project()).arg(&copy).status().unwrap();
    assert!(status.success());
    let agent = copy.join("agents/a");
    let worktree = Worktree::new(&agent.join("worktree"), &agent, &copy.join(".git"));
    assert!(worktree.verify().unwrap_err().to_string().contains("another repository"));
    let main = scratch.main();
    assert_eq!(worktree.ensure(&main).unwrap(), Ensured::Repaired);
    worktree.stand_on_branch("agent/copy", &main).unwrap();
    assert_eq!(fs::read_to_string(entry.join("gitdir")).unwrap(), gitdir);
    assert_eq!(scratch.branch_of(&original), "agent/a");
    assert!(original.git().commit("refs/heads/agent/copy").unwrap().is_none());
}

#[test]
fn a_repository_in_place_of_the_link_is_kept() {
    let scratch = TestProject::plain();
    let worktree = scratch.ready("a");
    fs::remove_file(worktree.path().join(".git")).unwrap();
    scratch.run_at(worktree.path(), &["init", "-q"]);
    scratch.commit_all_at(worktree.path(), "own");
    assert_eq!(worktree.ensure(&scratch.main()).unwrap(), Ensured::Repaired);
    assert!(worktree.path().join("git-directory-0/HEAD").exists());
    worktree.verify().unwrap();
}

#[test]
fn the_entry_of_another_worktree_is_not_shared() {
    let scratch = TestProject::plain();
    let (a, b) = (scratch.ready("a"), scratch.ready("b"));
    fs::copy(b.path().join(".git"), a.path().join(".git")).unwrap();
    assert!(a.verify().unwrap_err().to_string().contains("shares"));
    assert_eq!(a.ensure(&scratch.main()).unwrap(), Ensured::Repaired);
    assert_ne!(a.verify().unwrap(), b.verify().unwrap());
    assert_eq!(scratch.branch_of(&b), "agent/b");
}

#[test]
fn a_file_in_the_place_of_the_worktree_is_an_error_that_says_so() {
    let scratch = TestProject::plain();
    let worktree = scratch.worktree("a");
    write(worktree.path(), "a file");
    let error = worktree.ensure(&scratch.main()).unwrap_err();
    assert!(error.to_string().contains("is not a folder: move it away"), "{error}");
}

#[test]
fn commits_that_only_a_deleted_worktree_held_come_back() {
    let scratch = TestProject::plain();
    let worktree = scratch.ready("a");
    scratch.run_at(worktree.path(), &["checkout", "-q", "--detach"]);
    write(&worktree.path().join("work"), "x");
    let commit = scratch.commit_all_at(worktree.path(), "held by nothing else");
    fs::remove_dir_all(worktree.path()).unwrap();
    assert_eq!(worktree.ensure(&scratch.main()).unwrap(), Ensured::Created);
    assert_eq!(scratch.run_at(worktree.path(), &["rev-parse", "HEAD"]), commit);
    assert_eq!(scratch.run_at(worktree.path(), &["status", "--porcelain"]), "");
}

#[test]
fn only_a_link_that_is_known_to_be_broken_is_made_anew() {
    let failed = |code, stderr: &str| GitError::Failed { command: "rev-parse".into(), code, stderr: stderr.into() };
    let cases = [
        (failed(Some(128), "fatal: not a git repository: /gone"), true),
        (failed(Some(128), "fatal: invalid gitfile format: /x/.git"), true),
        (failed(Some(128), "fatal: this operation must be run in a work tree"), true),
        (failed(Some(128), "fatal: unable to write: No space left on device"), false),
        (failed(Some(128), "fatal: detected dubious ownership in repository at '/x'"), false),
        (failed(Some(127), "git: not found"), false),
        (failed(None, ""), false),
        (GitError::NotFound, false),
    ];
    for (error, broken) in cases {
        let words = error.to_string();
        assert_eq!(is_broken_link(&anyhow::Error::from(error).context("asked")), broken, "{words}");
    }
    assert!(is_broken_link(&anyhow::anyhow!("it shares an entry")));
    assert!(!is_broken_link(&anyhow::Error::from(io::Error::from(io::ErrorKind::PermissionDenied)).context("read")));
}
