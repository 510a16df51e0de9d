use super::*;
use crate::exec::test_project::TestProject;

#[test]
fn versions_are_read_from_what_git_says() {
    let cases = [
        ("git version 2.47.3", Some((2, 47))),
        ("git version 2.39.3 (Apple Git-146)", Some((2, 39))),
        ("git version 2.31.0.windows.1", Some((2, 31))),
        ("git version 3", None),
        ("something else", None),
    ];
    for (text, want) in cases {
        let want = want.map(|(major, minor)| GitVersion { major, minor });
        assert_eq!(parse_version(text), want, "{text}");
    }
    assert!(git_version().unwrap() >= MINIMUM);
    let old = GitError::TooOld("1.8.3".into());
    assert_eq!(old.to_string(), "git 1.8.3 is too old, need ≥ 2.31: update it");
}

#[test]
fn passwords_never_appear() {
    let cases = [
        ("fatal: 'https://me:secret@host/x.git' gone", "fatal: 'https://host/x.git' gone"),
        ("https://token@host https://a:b@c/d@e", "https://host https://c/d@e"),
        ("git@host:x.git", "git@host:x.git"),
        ("https://host/x@y", "https://host/x@y"),
    ];
    for (text, want) in cases {
        assert_eq!(without_passwords(text), want);
    }
}

#[test]
fn a_failure_names_command_code_and_words() {
    let scratch = TestProject::plain();
    let error = scratch.git().run(["rev-parse", "--verify", "nothing"]).unwrap_err();
    let GitError::Failed { code: Some(128), ref stderr, .. } = error else {
        panic!("{error:?}");
    };
    assert!(stderr.contains("Needed a single revision"), "{stderr}");
    assert!(error.to_string().starts_with("`git rev-parse --verify nothing` failed with exit code 128: "));
}

#[test]
fn a_command_that_hangs_is_ended() {
    let scratch = TestProject::plain();
    let git = scratch.git().with_timeout(Duration::from_millis(200));
    let error = git.run(["-c", "alias.hang=!sleep 30", "hang"]).unwrap_err();
    assert!(matches!(error, GitError::TimedOut { .. }), "{error}");
}

#[test]
fn questions_are_yes_no_or_an_error() {
    let scratch = TestProject::plain();
    let git = scratch.git();
    assert!(git.ok(["merge-base", "--is-ancestor", "HEAD", "HEAD"]).unwrap());
    assert!(!git.ok(["config", "--get", "no.such"]).unwrap());
    assert!(git.ok(["merge-base", "--is-ancestor", "HEAD", "nothing"]).is_err());
    assert!(git.commit("HEAD").unwrap().is_some());
    for odd in ["nothing", "--all", "", "a b", "HEAD:f"] {
        assert_eq!(git.commit(odd).unwrap(), None, "{odd}");
    }
}

#[test]
fn nothing_above_the_ceiling_is_found() {
    let scratch = TestProject::plain();
    let agent = scratch.project().join("agents/a");
    let worktree = agent.join("worktree");
    std::fs::create_dir_all(&worktree).unwrap();
    let found = Git::in_worktree(&worktree, &agent).run(["rev-parse", "--show-toplevel"]);
    assert!(matches!(found, Err(GitError::Failed { .. })), "{found:?}");
}

#[test]
fn hooks_run_only_when_asked() {
    let scratch = TestProject::plain();
    let ran = scratch.path().join("ran");
    scratch.hook("pre-commit", &format!("touch '{}'", ran.display()));
    let git = scratch.git().with_identity().unwrap();
    git.run(["commit", "-q", "--allow-empty", "-m", "quiet"]).unwrap();
    assert!(!ran.exists());
    git.with_hooks().run(["commit", "-q", "--allow-empty", "-m", "loud"]).unwrap();
    assert!(ran.exists());
}

#[test]
fn only_what_the_user_has_not_set_gets_a_fallback() {
    let scratch = TestProject::plain();
    let author = || {
        let git = scratch.git().with_identity().unwrap();
        git.run(["commit", "-q", "--allow-empty", "-m", "x"]).unwrap();
        git.text(["log", "-1", "--format=%an <%ae> %cn <%ce>"]).unwrap()
    };
    assert_eq!(author(), "scheduler <scheduler@localhost> scheduler <scheduler@localhost>");
    scratch.run(&["config", "user.name", "Ann"]);
    scratch.run(&["config", "committer.email", "c@example.com"]);
    assert_eq!(author(), "Ann <scheduler@localhost> Ann <c@example.com>");
}

#[test]
fn a_chosen_ssh_command_is_respected() {
    let scratch = TestProject::plain();
    let ssh = |git: &Git| git.environment.iter().any(|(name, _)| name == "GIT_SSH_COMMAND");
    assert!(ssh(&scratch.git().with_network().unwrap()));
    scratch.run(&["config", "core.sshCommand", "my-ssh"]);
    assert!(!ssh(&scratch.git().with_network().unwrap()));
}

#[test]
fn a_worktree_that_is_half_added_is_waited_for() {
    let scratch = TestProject::plain();
    let entry = scratch.project().join(".git/worktrees/half");
    std::fs::create_dir_all(&entry).unwrap();
    std::fs::write(entry.join("gitdir"), "/nowhere/half/.git\n").unwrap();
    std::fs::write(entry.join("HEAD"), scratch.run(&["rev-parse", "HEAD"])).unwrap();
    std::fs::write(entry.join("commondir"), "").unwrap();
    let git = scratch.git();
    assert!(saw_half_added(&git.start_once(&["worktree".into(), "list".into()], None).unwrap().stderr));
    let rest = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(80));
        std::fs::write(entry.join("commondir"), "../..\n").unwrap();
    });
    assert!(git.text(["worktree", "list"]).unwrap().contains("/nowhere/half"));
    rest.join().unwrap();
}

#[test]
fn a_replaced_commit_is_judged_as_it_is() {
    let scratch = TestProject::plain();
    scratch.write("f", "two\n");
    let real = scratch.commit_all("second");
    scratch.run(&["replace", &real, "HEAD~1"]);
    assert_eq!(scratch.git().text(["diff", "--name-only", "HEAD~1", "HEAD"]).unwrap(), "f");
}
