use super::*;
use crate::exec::test_project::TestProject;

fn take(scratch: &TestProject) -> Fingerprint {
    fingerprint(&scratch.refs(), &scratch.project().join(".git"), None, "origin").unwrap()
}

#[test]
fn what_others_change_is_told_in_words() {
    let scratch = TestProject::plain();
    type Act = fn(&TestProject);
    let cases: [(Act, &str, bool); 6] = [
        (|s| drop(s.run(&["config", "core.sshCommand", "evil"])), "the git setting core.sshcommand was added", true),
        (|s| drop(s.run(&["config", "core.sshCommand", "worse"])), "the git setting core.sshcommand was changed", true),
        (
            |s| drop(s.run(&["config", "--unset", "core.sshCommand"])),
            "the git setting core.sshcommand was removed",
            true,
        ),
        (|s| s.hook("pre-push", "true"), "the file hooks/pre-push was added", true),
        (|s| drop(s.run(&["tag", "v1"])), "tag v1 was added", false),
        (|s| drop(s.run(&["branch", "feature"])), "branch feature was added", false),
    ];
    for (act, words, trusted) in cases {
        let before = take(&scratch);
        act(&scratch);
        let want = Change { trusted, words: words.into() };
        assert_eq!(diff(&before, &take(&scratch)), [want]);
    }
    for level in [".git/info/attributes", "attributes"] {
        scratch.run(&["config", "core.attributesFile", scratch.project().join("attributes").to_str().unwrap()]);
        let before = take(&scratch);
        scratch.write(level, "* filter=x");
        let words = format!("the file {} was added", scratch.project().join(level).display());
        assert_eq!(diff(&before, &take(&scratch)), [Change { trusted: true, words }]);
    }
    let before = take(&scratch);
    let old = scratch.run(&["rev-parse", "main"]);
    let new = scratch.commit_all("moved");
    let words = format!("branch main moved from {} to {}", &old[..10], &new[..10]);
    assert_eq!(diff(&before, &take(&scratch)), [Change { trusted: false, words }]);
}

#[test]
fn a_hook_that_becomes_executable_is_a_change() {
    let scratch = TestProject::plain();
    let path = scratch.project().join(".git/hooks/pre-push");
    scratch.write(".git/hooks/pre-push", "#!/bin/sh\n");
    let before = take(&scratch);
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(diff(&before, &take(&scratch))[0].words.contains("hooks/pre-push"));
}

#[test]
fn what_a_run_or_the_user_does_every_day_is_no_change() {
    let scratch = TestProject::with_origin();
    let before = take(&scratch);
    let commit = scratch.run(&["rev-parse", "HEAD"]);
    for name in ["refs/heads/agent/x", "refs/salvage/x", "refs/remotes/origin/x", "refs/scheduler/pr/1"] {
        scratch.run(&["update-ref", name, &commit]);
    }
    scratch.run(&["push", "-q", "-u", "origin", "main"]);
    for key in ["lfs.https://host/x.git/info/lfs.access", "lfs.repositoryformatversion", "alias.st", "user.email"] {
        scratch.run(&["config", key, "basic"]);
    }
    scratch.run(&["config", "filter.lfs.process", "git-lfs filter-process"]);
    scratch.run(&["remote", "add", "fork", "elsewhere"]);
    scratch.run(&["sparse-checkout", "set", "src"]);
    scratch.write(".git/info/exclude", "*.log\n");
    scratch.ready("a");
    assert_eq!(diff(&before, &take(&scratch)), []);
}

#[test]
fn it_survives_being_written_down_and_holds_no_secret() {
    let scratch = TestProject::plain();
    scratch.run(&["config", "remote.origin.url", "https://me:secret@host/x"]);
    let before = take(&scratch);
    let text = serde_json::to_string(&before).unwrap();
    assert!(!text.contains("secret"));
    assert_eq!(serde_json::from_str::<Fingerprint>(&text).unwrap(), before);
}

#[test]
fn settings_that_git_cannot_read_are_compared_as_a_whole() {
    let scratch = TestProject::plain();
    let git = scratch.git_at(scratch.path());
    let folder = scratch.path().join("odd");
    let mut found = Fingerprint::default();
    crate::exec::test_project::write(&folder.join("config"), "[broken");
    read_settings(&git, &folder.join("config"), "", "origin", &mut found).unwrap();
    assert_eq!(found.settings.keys().collect::<Vec<_>>(), ["(unreadable)"]);
}
