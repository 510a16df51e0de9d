use super::*;
use crate::exec::sandbox::Sandbox;

const LIMIT: Duration = Duration::from_secs(30);

fn remotes(sandbox: &Sandbox) -> Remotes {
    Remotes::read(&sandbox.refs(), None).unwrap()
}

fn fetched(sandbox: &Sandbox) -> Fetched {
    fetch(&sandbox.refs(), &remotes(sandbox), LIMIT).unwrap()
}

fn done(default: &str) -> Fetched {
    Fetched::Done(Heads { default: Some(default.to_owned()), gone: Vec::new() })
}

/// Another clone pushes a commit to `branch` of origin; its commit is returned.
fn push_elsewhere(sandbox: &Sandbox, branch: &str) -> String {
    let clone = sandbox.path().join(format!("clone-{branch}"));
    sandbox.run(&["clone", "-q", sandbox.origin().to_str().unwrap(), clone.to_str().unwrap()]);
    sandbox.run_at(&clone, &["checkout", "-q", "-B", branch]);
    let commit = sandbox.commit_all_at(&clone, "elsewhere");
    sandbox.run_at(&clone, &["tag", &format!("tag-{branch}")]);
    sandbox.run_at(&clone, &["push", "-q", "--tags", "origin", branch]);
    commit
}

#[test]
fn a_fetch_brings_branches_and_nothing_else() {
    let sandbox = Sandbox::with_origin();
    let commit = push_elsewhere(&sandbox, "main");
    let old = sandbox.run(&["rev-parse", "main"]);
    let before = sandbox.checkout_state();
    assert_eq!(fetched(&sandbox), done("main"));
    assert_eq!(branch(&sandbox.refs(), "origin", "main").unwrap(), Some(commit));
    assert_eq!(sandbox.run(&["rev-parse", "main"]), old);
    assert_eq!(sandbox.run(&["tag"]), "");
    assert!(!sandbox.project().join(".git/FETCH_HEAD").exists());
    assert_eq!(sandbox.checkout_state(), before);
}

#[test]
fn a_mirror_setting_does_not_overwrite_branches() {
    let sandbox = Sandbox::with_origin();
    let old = sandbox.run(&["rev-parse", "main"]);
    sandbox.run(&["config", "remote.origin.fetch", "+refs/*:refs/*"]);
    let commit = push_elsewhere(&sandbox, "main");
    assert_eq!(fetched(&sandbox), done("main"));
    assert_eq!(sandbox.run(&["rev-parse", "main", "origin/main"]), format!("{old}\n{commit}"));
}

#[test]
fn trouble_is_told_apart() {
    let sandbox = Sandbox::plain();
    assert_eq!(fetched(&sandbox), Fetched::NoRemote);
    sandbox.run(&["remote", "add", "origin", "/no/such/repository"]);
    let got = fetched(&sandbox);
    assert!(matches!(got, Fetched::Failed(RemoteError::Other(_))), "{got:?}");
    sandbox.run(&["remote", "set-url", "origin", "git@host:x.git"]);
    type Right = fn(&RemoteError) -> bool;
    let cases: [(&str, Right); 2] = [
        ("echo 'ssh: connect to host h port 22: Connection refused' >&2; exit 255 #", |t| {
            matches!(t, RemoteError::Offline(_))
        }),
        ("echo 'git@host: Permission denied (publickey).' >&2; exit 255 #", |t| matches!(t, RemoteError::Auth(_))),
    ];
    for (ssh, right) in cases {
        sandbox.run(&["config", "core.sshCommand", ssh]);
        let got = fetched(&sandbox);
        assert!(matches!(&got, Fetched::Failed(trouble) if right(trouble)), "{got:?}");
    }
    sandbox.run(&["config", "core.sshCommand", "sleep 30 #"]);
    let got = fetch(&sandbox.refs(), &remotes(&sandbox), Duration::from_millis(300)).unwrap();
    assert!(matches!(got, Fetched::Failed(RemoteError::Offline(_))), "{got:?}");
}

#[test]
fn names_that_are_no_branch_are_no_such_branch() {
    let sandbox = Sandbox::plain();
    sandbox.run(&["tag", "v1"]);
    for name in
        ["-all", "", "HEAD", "no/such", "a..b", "main~1", "main^{commit}", "refs/heads/main", "v1", "a b", "--", "x\ny"]
    {
        assert_eq!(branch(&sandbox.refs(), "origin", name).unwrap(), None, "{name:?}");
    }
    assert!(branch(&sandbox.refs(), "origin", "main").unwrap().is_some());
}

#[test]
fn the_first_that_exists_is_the_start() {
    let sandbox = Sandbox::with_origin();
    let theirs = sandbox.run(&["rev-parse", "main"]);
    let mine = sandbox.commit_all("not pushed");
    sandbox.run(&["branch", "local"]);
    let start = |names: &[Candidate]| resolve(&sandbox.refs(), "origin", names).unwrap();
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
    let sandbox = Sandbox::with_origin();
    sandbox.run(&["config", "remote.origin.fetch", "+refs/heads/main:refs/remotes/origin/main"]);
    let commit = push_elsewhere(&sandbox, "feature");
    assert_eq!(fetched(&sandbox), done("main"));
    assert_eq!(branch(&sandbox.refs(), "origin", "feature").unwrap(), None);
    assert_eq!(fetch_branch(&sandbox.refs(), &remotes(&sandbox), "feature", LIMIT).unwrap(), Some(commit));
    let newer = sandbox.run(&["rev-parse", "main"]);
    sandbox.run_at(&sandbox.origin(), &["update-ref", "refs/heads/feature", &newer]);
    assert_eq!(fetch_branch(&sandbox.refs(), &remotes(&sandbox), "feature", LIMIT).unwrap(), Some(newer));
    assert_eq!(
        branch(&sandbox.refs(), "origin", "feature").unwrap(),
        None,
        "what the project fetches is left as it is"
    );
    for odd in ["--upload-pack=x", "gone", "a:b"] {
        assert_eq!(fetch_branch(&sandbox.refs(), &remotes(&sandbox), odd, LIMIT).unwrap(), None, "{odd}");
    }
}

#[test]
fn the_head_of_a_pull_request_is_found() {
    let sandbox = Sandbox::with_origin();
    let commit = push_elsewhere(&sandbox, "feature");
    let head = |number, name| pull_request(&sandbox.refs(), &remotes(&sandbox), number, name, LIMIT).unwrap();
    assert_eq!(head(7, Some("feature")), PullRequestHead::Current(commit.clone()));
    assert!(matches!(head(8, None), PullRequestHead::Missing(_)));
    sandbox.run_at(&sandbox.origin(), &["update-ref", "refs/pull/9/head", &commit]);
    assert_eq!(head(9, None), PullRequestHead::Current(commit.clone()));
    assert_eq!(sandbox.run(&["rev-parse", "refs/scheduler/pr/9"]), commit);
    sandbox.run(&["remote", "set-url", "origin", "git@host:x.git"]);
    sandbox.run(&["config", "core.sshCommand", "echo 'Connection refused' >&2; exit 255 #"]);
    assert!(matches!(head(9, None), PullRequestHead::LastKnown(known, _) if known == commit));
    assert!(matches!(head(10, None), PullRequestHead::Missing(_)));
}

#[test]
fn the_only_remote_is_used_whatever_its_name() {
    let sandbox = Sandbox::with_origin();
    sandbox.run(&["remote", "rename", "origin", "up/stream"]);
    let commit = push_elsewhere(&sandbox, "main");
    assert_eq!(fetched(&sandbox), done("main"));
    assert_eq!(branch(&sandbox.refs(), "up/stream", "main").unwrap(), Some(commit));
    sandbox.run(&["remote", "add", "fork", "elsewhere"]);
    assert_eq!(fetched(&sandbox), Fetched::NoRemote);
    let named = Remotes::read(&sandbox.refs(), Some("up/stream")).unwrap();
    assert_eq!(fetch(&sandbox.refs(), &named, LIMIT).unwrap(), done("main"));
}

#[test]
fn a_renamed_default_branch_is_seen_and_the_old_one_is_gone() {
    let sandbox = Sandbox::with_origin();
    for args in [&["branch", "-m", "main", "trunk"][..], &["symbolic-ref", "HEAD", "refs/heads/trunk"]] {
        sandbox.run_at(&sandbox.origin(), args);
    }
    let now = Heads { default: Some("trunk".into()), gone: vec!["main".into()] };
    assert_eq!(fetched(&sandbox), Fetched::Done(now));
    assert_eq!(noted_default(&sandbox.refs(), "origin").unwrap().as_deref(), Some("main"));
    assert_eq!(noted_default(&sandbox.refs(), "none").unwrap(), None);
}
