use super::*;
use crate::exec::test_project::TestProject;

const LIMIT: Duration = Duration::from_secs(30);

fn remotes(scratch: &TestProject) -> Remotes {
    Remotes::read(&scratch.refs(), None).unwrap()
}

fn fetched(scratch: &TestProject) -> Fetched {
    fetch(&scratch.refs(), &remotes(scratch), LIMIT).unwrap()
}

fn done(default: &str) -> Fetched {
    Fetched::Done(Heads { default: Some(default.to_owned()), gone: Vec::new() })
}

/// Another clone pushes a commit to `branch` of origin; its commit is returned.
fn push_elsewhere(scratch: &TestProject, branch: &str) -> String {
    let clone = scratch.path().join(format!("clone-{branch}"));
    scratch.run(&["clone", "-q", scratch.origin().to_str().unwrap(), clone.to_str().unwrap()]);
    scratch.run_at(&clone, &["checkout", "-q", "-B", branch]);
    let commit = scratch.commit_all_at(&clone, "elsewhere");
    scratch.run_at(&clone, &["tag", &format!("tag-{branch}")]);
    scratch.run_at(&clone, &["push", "-q", "--tags", "origin", branch]);
    commit
}

#[test]
fn a_fetch_brings_branches_and_nothing_else() {
    let scratch = TestProject::with_origin();
    let commit = push_elsewhere(&scratch, "main");
    let old = scratch.run(&["rev-parse", "main"]);
    let before = scratch.checkout_state();
    assert_eq!(fetched(&scratch), done("main"));
    assert_eq!(branch(&scratch.refs(), "origin", "main").unwrap(), Some(commit));
    assert_eq!(scratch.run(&["rev-parse", "main"]), old);
    assert_eq!(scratch.run(&["tag"]), "");
    assert!(!scratch.project().join(".git/FETCH_HEAD").exists());
    assert_eq!(scratch.checkout_state(), before);
}

#[test]
fn a_mirror_setting_does_not_overwrite_branches() {
    let scratch = TestProject::with_origin();
    let old = scratch.run(&["rev-parse", "main"]);
    scratch.run(&["config", "remote.origin.fetch", "+refs/*:refs/*"]);
    let commit = push_elsewhere(&scratch, "main");
    assert_eq!(fetched(&scratch), done("main"));
    assert_eq!(scratch.run(&["rev-parse", "main", "origin/main"]), format!("{old}\n{commit}"));
}

#[test]
fn trouble_is_told_apart() {
    let scratch = TestProject::plain();
    assert_eq!(fetched(&scratch), Fetched::NoRemote);
    scratch.run(&["remote", "add", "origin", "/no/such/repository"]);
    let got = fetched(&scratch);
    assert!(matches!(got, Fetched::Failed(RemoteError::Other(_))), "{got:?}");
    scratch.run(&["remote", "set-url", "origin", "git@host:x.git"]);
    type Right = fn(&RemoteError) -> bool;
    let cases: [(&str, Right); 2] = [
        ("echo 'ssh: connect to host h port 22: Connection refused' >&2; exit 255 #", |t| {
            matches!(t, RemoteError::Offline(_))
        }),
        ("echo 'git@host: Permission denied (publickey).' >&2; exit 255 #", |t| matches!(t, RemoteError::Auth(_))),
    ];
    for (ssh, right) in cases {
        scratch.run(&["config", "core.sshCommand", ssh]);
        let got = fetched(&scratch);
        assert!(matches!(&got, Fetched::Failed(trouble) if right(trouble)), "{got:?}");
    }
    scratch.run(&["config", "core.sshCommand", "sleep 30 #"]);
    let got = fetch(&scratch.refs(), &remotes(&scratch), Duration::from_millis(300)).unwrap();
    assert!(matches!(got, Fetched::Failed(RemoteError::Offline(_))), "{got:?}");
}

#[test]
fn names_that_are_no_branch_are_no_such_branch() {
    let scratch = TestProject::plain();
    scratch.run(&["tag", "v1"]);
    for name in
        ["-all", "", "HEAD", "no/such", "a..b", "main~1", "main^{commit}", "refs/heads/main", "v1", "a b", "--", "x\ny"]
    {
        assert_eq!(branch(&scratch.refs(), "origin", name).unwrap(), None, "{name:?}");
    }
    assert!(branch(&scratch.refs(), "origin", "main").unwrap().is_some());
}

#[test]
fn the_first_that_exists_is_the_start() {
    let scratch = TestProject::with_origin();
    let theirs = scratch.run(&["rev-parse", "main"]);
    let mine = scratch.commit_all("not pushed");
    scratch.run(&["branch", "local"]);
    let start = |names: &[Candidate]| resolve(&scratch.refs(), "origin", names).unwrap();
    let named = |name: &str| Candidate::Branch(name.into());
    let found = |from: Candidate, commit: &str| Some(Start { from, commit: commit.into() });
    assert_eq!(start(&[named("gone"), named("main")]), found(named("main"), &theirs));
    assert_eq!(start(&[named("local"), named("main")]), found(named("local"), &mine));
    let saved = Candidate::Commit(mine.clone());
    assert_eq!(start(&[Candidate::Commit("0".repeat(40)), saved.clone()]), found(saved, &mine));
    assert_eq!(start(&[named("gone")]), None);
}

#[test]
fn a_branch_outside_the_configured_ones_can_be_had() {
    let scratch = TestProject::with_origin();
    scratch.run(&["config", "remote.origin.fetch", "+refs/heads/main:refs/remotes/origin/main"]);
    let commit = push_elsewhere(&scratch, "feature");
    assert_eq!(fetched(&scratch), done("main"));
    assert_eq!(branch(&scratch.refs(), "origin", "feature").unwrap(), None);
    assert_eq!(fetch_branch(&scratch.refs(), &remotes(&scratch), "feature", LIMIT).unwrap(), Some(commit));
    let newer = scratch.run(&["rev-parse", "main"]);
    scratch.run_at(&scratch.origin(), &["update-ref", "refs/heads/feature", &newer]);
    assert_eq!(fetch_branch(&scratch.refs(), &remotes(&scratch), "feature", LIMIT).unwrap(), Some(newer));
    assert_eq!(
        branch(&scratch.refs(), "origin", "feature").unwrap(),
        None,
        "what the project fetches is left as it is"
    );
    for odd in ["--upload-pack=x", "gone", "a:b"] {
        assert_eq!(fetch_branch(&scratch.refs(), &remotes(&scratch), odd, LIMIT).unwrap(), None, "{odd}");
    }
}

#[test]
fn the_head_of_a_pull_request_is_found() {
    let scratch = TestProject::with_origin();
    let commit = push_elsewhere(&scratch, "feature");
    let head = |number, name| pull_request(&scratch.refs(), &remotes(&scratch), number, name, false, LIMIT).unwrap();
    assert_eq!(head(7, Some("feature")), PullRequestHead::Current(commit.clone()));
    assert!(matches!(head(8, None), PullRequestHead::Missing(_)));
    scratch.run_at(&scratch.origin(), &["update-ref", "refs/pull/9/head", &commit]);
    assert_eq!(head(9, None), PullRequestHead::Current(commit.clone()));
    assert_eq!(scratch.run(&["rev-parse", "refs/scheduler/pr/9"]), commit);
    scratch.run(&["remote", "set-url", "origin", "git@host:x.git"]);
    scratch.run(&["config", "core.sshCommand", "echo 'Connection refused' >&2; exit 255 #"]);
    assert!(matches!(head(9, None), PullRequestHead::LastKnown(known, _) if known == commit));
    assert!(matches!(head(10, None), PullRequestHead::Missing(_)));
}

#[test]
fn the_only_remote_is_used_whatever_its_name() {
    let scratch = TestProject::with_origin();
    scratch.run(&["remote", "rename", "origin", "up/stream"]);
    let commit = push_elsewhere(&scratch, "main");
    assert_eq!(fetched(&scratch), done("main"));
    assert_eq!(branch(&scratch.refs(), "up/stream", "main").unwrap(), Some(commit));
    scratch.run(&["remote", "add", "fork", "elsewhere"]);
    assert_eq!(fetched(&scratch), Fetched::NoRemote);
    let named = Remotes::read(&scratch.refs(), Some("up/stream")).unwrap();
    assert_eq!(fetch(&scratch.refs(), &named, LIMIT).unwrap(), done("main"));
}

#[test]
fn a_renamed_default_branch_is_seen_and_the_old_one_is_gone() {
    let scratch = TestProject::with_origin();
    for args in [&["branch", "-m", "main", "trunk"][..], &["symbolic-ref", "HEAD", "refs/heads/trunk"]] {
        scratch.run_at(&scratch.origin(), args);
    }
    let now = Heads { default: Some("trunk".into()), gone: vec!["main".into()] };
    assert_eq!(fetched(&scratch), Fetched::Done(now));
    assert_eq!(noted_default(&scratch.refs(), "origin").unwrap().as_deref(), Some("main"));
    assert_eq!(noted_default(&scratch.refs(), "none").unwrap(), None);
}
