use super::*;
use crate::exec::test_project::{TestProject, write};
use std::fs;

/// Both ways of asking must agree.
fn both(scratch: &TestProject, start: &Path) -> Repository {
    let start = start.canonicalize().unwrap();
    let quick = by_libgit2::discover(&start).unwrap();
    assert_eq!(by_git::discover(&scratch.git_at(&start)).unwrap(), quick);
    quick
}

#[test]
fn a_plain_project() {
    let scratch = TestProject::with_origin();
    let project = scratch.project();
    write(&project.join("deep/er/x"), "");
    let want = Repository {
        top_level: Some(project.clone()),
        main_checkout: Some(project.clone()),
        common_dir: project.join(".git"),
        linked_worktree: false,
        bare: false,
        has_commit: true,
        branch: Some("main".into()),
        superproject: None,
    };
    assert_eq!(both(&scratch, &project.join("deep/er")), want);
    assert_eq!(want.candidates().unwrap(), [project]);
}

#[test]
fn the_current_branch() {
    let scratch = TestProject::plain();
    scratch.run(&["checkout", "-q", "-b", "feature/x"]);
    assert_eq!(both(&scratch, &scratch.project()).branch.as_deref(), Some("feature/x"));
    scratch.run(&["checkout", "-q", "--detach"]);
    assert_eq!(both(&scratch, &scratch.project()).branch, None);
}

#[test]
fn a_branch_called_agent_is_in_the_way() {
    let scratch = TestProject::with_origin();
    let common_dir = scratch.project().join(".git");
    let look = || branch_in_the_way(&common_dir, "origin").map(|branch| branch.remedy());
    scratch.run(&["branch", "agent/x"]);
    assert_eq!(look(), None);
    scratch.run(&["update-ref", "refs/remotes/origin/agent", "HEAD"]);
    assert!(look().unwrap().contains("git branch -d -r origin/agent"));
    scratch.run(&["branch", "-D", "-q", "agent/x"]);
    scratch.run(&["branch", "agent"]);
    scratch.run(&["pack-refs", "--all"]);
    assert!(look().unwrap().contains("git branch -m agent"));
}

#[test]
fn a_project_without_a_commit() {
    let scratch = TestProject::plain();
    let fresh = scratch.path().join("fresh");
    scratch.run(&["init", "-q", "-b", "start", fresh.to_str().unwrap()]);
    let found = both(&scratch, &fresh);
    assert!(!found.has_commit);
    assert_eq!(found.branch.as_deref(), Some("start"));
}

#[test]
fn a_linked_worktree_leads_to_its_main_checkout() {
    let scratch = TestProject::plain();
    let worktree = scratch.ready("a");
    let found = both(&scratch, worktree.path());
    assert!(found.linked_worktree);
    assert_eq!(found.main_checkout, Some(scratch.project()));
    assert_eq!(found.candidates().unwrap(), [worktree.path().to_owned(), scratch.project()]);
}

#[test]
fn a_bare_repository_and_its_worktree() {
    let scratch = TestProject::with_origin();
    let found = both(&scratch, &scratch.origin());
    assert_eq!((found.bare, found.top_level, found.main_checkout), (true, None, None));
    let linked = scratch.path().join("linked");
    scratch.run_at(&scratch.origin(), &["worktree", "add", "-q", linked.to_str().unwrap()]);
    let found = both(&scratch, &linked);
    assert_eq!((found.bare, found.linked_worktree, found.main_checkout.clone()), (true, true, None));
    assert_eq!(found.candidates().unwrap(), [linked]);
}

#[test]
fn a_submodule_leads_to_its_superproject() {
    let scratch = TestProject::plain();
    let library = scratch.path().join("library");
    scratch.run(&["clone", "-q", scratch.project().to_str().unwrap(), library.to_str().unwrap()]);
    scratch.run(&["submodule", "--quiet", "add", library.to_str().unwrap(), "deps/sub"]);
    scratch.commit_all("submodule");
    let sub = scratch.project().join("deps/sub");
    let found = both(&scratch, &sub);
    assert_eq!(found.superproject, Some(scratch.project()));
    assert_eq!(found.candidates().unwrap(), [sub, scratch.project()]);
    // From a submodule of a linked worktree: the submodule, the worktree, the main checkout.
    let worktree = scratch.ready("a");
    let inner = worktree.path().join("deps/sub");
    let found = both(&scratch, &inner).candidates().unwrap();
    assert_eq!(found, [inner, worktree.path().to_owned(), scratch.project()]);
}

#[test]
fn a_repository_inside_another_is_not_its_submodule() {
    let scratch = TestProject::plain();
    let inner = scratch.project().join("inner");
    scratch.run(&["init", "-q", inner.to_str().unwrap()]);
    assert_eq!(both(&scratch, &inner).superproject, None);
}

#[test]
fn a_git_directory_kept_elsewhere() {
    let scratch = TestProject::plain();
    let (apart, checkout) = (scratch.path().join("apart"), scratch.path().join("checkout"));
    let option = format!("--separate-git-dir={}", apart.display());
    scratch.run(&["init", "-q", &option, checkout.to_str().unwrap()]);
    let found = discover(&checkout).unwrap();
    assert_eq!((found.main_checkout, found.common_dir), (Some(checkout), apart));
}

#[test]
fn formats_that_libgit2_cannot_open_are_answered_by_git() {
    let scratch = TestProject::plain();
    let odd = scratch.path().join("odd");
    scratch.run(&["init", "-q", "--ref-format=reftable", "-b", "main", odd.to_str().unwrap()]);
    scratch.commit_all_at(&odd, "first");
    assert!(by_libgit2::discover(&odd).is_none());
    let found = discover(&odd).unwrap();
    assert_eq!((found.branch.as_deref(), found.has_commit), (Some("main"), true));
}

#[test]
fn no_repository_is_an_error_that_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let error = discover(dir.path()).unwrap_err();
    assert!(error.to_string().contains("is not in a git repository: run `git init` first"), "{error}");
    fs::remove_dir_all(dir.path()).unwrap();
    assert!(discover(dir.path()).unwrap_err().to_string().starts_with("cannot read"));
}
