use super::*;
use crate::exec::sandbox::{Sandbox, write};
use std::fs;

/// Both ways of asking must agree.
fn both(sandbox: &Sandbox, start: &Path) -> Repository {
    let start = start.canonicalize().unwrap();
    let quick = by_libgit2::discover(&start).unwrap();
    assert_eq!(by_git::discover(&sandbox.git_at(&start)).unwrap(), quick);
    quick
}

#[test]
fn a_plain_project() {
    let sandbox = Sandbox::with_origin();
    let project = sandbox.project();
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
    assert_eq!(both(&sandbox, &project.join("deep/er")), want);
    assert_eq!(want.candidates().unwrap(), [project]);
}

#[test]
fn the_current_branch() {
    let sandbox = Sandbox::plain();
    sandbox.run(&["checkout", "-q", "-b", "feature/x"]);
    assert_eq!(both(&sandbox, &sandbox.project()).branch.as_deref(), Some("feature/x"));
    sandbox.run(&["checkout", "-q", "--detach"]);
    assert_eq!(both(&sandbox, &sandbox.project()).branch, None);
}

#[test]
fn a_branch_called_agent_is_in_the_way() {
    let sandbox = Sandbox::with_origin();
    let common_dir = sandbox.project().join(".git");
    let look = || branch_in_the_way(&common_dir, "origin").map(|branch| branch.remedy());
    sandbox.run(&["branch", "agent/x"]);
    assert_eq!(look(), None);
    sandbox.run(&["update-ref", "refs/remotes/origin/agent", "HEAD"]);
    assert!(look().unwrap().contains("git branch -d -r origin/agent"));
    sandbox.run(&["branch", "-D", "-q", "agent/x"]);
    sandbox.run(&["branch", "agent"]);
    sandbox.run(&["pack-refs", "--all"]);
    assert!(look().unwrap().contains("git branch -m agent"));
}

#[test]
fn a_project_without_a_commit() {
    let sandbox = Sandbox::plain();
    let fresh = sandbox.path().join("fresh");
    sandbox.run(&["init", "-q", "-b", "start", fresh.to_str().unwrap()]);
    let found = both(&sandbox, &fresh);
    assert!(!found.has_commit);
    assert_eq!(found.branch.as_deref(), Some("start"));
}

#[test]
fn a_linked_worktree_leads_to_its_main_checkout() {
    let sandbox = Sandbox::plain();
    let worktree = sandbox.ready("a");
    let found = both(&sandbox, worktree.path());
    assert!(found.linked_worktree);
    assert_eq!(found.main_checkout, Some(sandbox.project()));
    assert_eq!(found.candidates().unwrap(), [worktree.path().to_owned(), sandbox.project()]);
}

#[test]
fn a_bare_repository_and_its_worktree() {
    let sandbox = Sandbox::with_origin();
    let found = both(&sandbox, &sandbox.origin());
    assert_eq!((found.bare, found.top_level, found.main_checkout), (true, None, None));
    let linked = sandbox.path().join("linked");
    sandbox.run_at(&sandbox.origin(), &["worktree", "add", "-q", linked.to_str().unwrap()]);
    let found = both(&sandbox, &linked);
    assert_eq!((found.bare, found.linked_worktree, found.main_checkout.clone()), (true, true, None));
    assert_eq!(found.candidates().unwrap(), [linked]);
}

#[test]
fn a_submodule_leads_to_its_superproject() {
    let sandbox = Sandbox::plain();
    let library = sandbox.path().join("library");
    sandbox.run(&["clone", "-q", sandbox.project().to_str().unwrap(), library.to_str().unwrap()]);
    sandbox.run(&["submodule", "--quiet", "add", library.to_str().unwrap(), "deps/sub"]);
    sandbox.commit_all("submodule");
    let sub = sandbox.project().join("deps/sub");
    let found = both(&sandbox, &sub);
    assert_eq!(found.superproject, Some(sandbox.project()));
    assert_eq!(found.candidates().unwrap(), [sub, sandbox.project()]);
    // From a submodule of a linked worktree: the submodule, the worktree, the main checkout.
    let worktree = sandbox.ready("a");
    let inner = worktree.path().join("deps/sub");
    let found = both(&sandbox, &inner).candidates().unwrap();
    assert_eq!(found, [inner, worktree.path().to_owned(), sandbox.project()]);
}

#[test]
fn a_repository_inside_another_is_not_its_submodule() {
    let sandbox = Sandbox::plain();
    let inner = sandbox.project().join("inner");
    sandbox.run(&["init", "-q", inner.to_str().unwrap()]);
    assert_eq!(both(&sandbox, &inner).superproject, None);
}

#[test]
fn a_git_directory_kept_elsewhere() {
    let sandbox = Sandbox::plain();
    let (apart, checkout) = (sandbox.path().join("apart"), sandbox.path().join("checkout"));
    let option = format!("--separate-git-dir={}", apart.display());
    sandbox.run(&["init", "-q", &option, checkout.to_str().unwrap()]);
    let found = discover(&checkout).unwrap();
    assert_eq!((found.main_checkout, found.common_dir), (Some(checkout), apart));
}

#[test]
fn formats_that_libgit2_cannot_open_are_answered_by_git() {
    let sandbox = Sandbox::plain();
    let odd = sandbox.path().join("odd");
    sandbox.run(&["init", "-q", "--ref-format=reftable", "-b", "main", odd.to_str().unwrap()]);
    sandbox.commit_all_at(&odd, "first");
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
