use super::*;
use crate::exec::sandbox::Sandbox;

fn take(sandbox: &Sandbox) -> Fingerprint {
    fingerprint(&sandbox.refs(), &sandbox.project().join(".git"), None, "origin").unwrap()
}

#[test]
fn what_others_change_is_told_in_words() {
    let sandbox = Sandbox::plain();
    type Act = fn(&Sandbox);
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
        let before = take(&sandbox);
        act(&sandbox);
        let want = Change { trusted, words: words.into() };
        assert_eq!(diff(&before, &take(&sandbox)), [want]);
    }
    for level in [".git/info/attributes", "attributes"] {
        sandbox.run(&["config", "core.attributesFile", sandbox.project().join("attributes").to_str().unwrap()]);
        let before = take(&sandbox);
        sandbox.write(level, "* filter=x");
        let words = format!("the file {} was added", sandbox.project().join(level).display());
        assert_eq!(diff(&before, &take(&sandbox)), [Change { trusted: true, words }]);
    }
    let before = take(&sandbox);
    let old = sandbox.run(&["rev-parse", "main"]);
    let new = sandbox.commit_all("moved");
    let words = format!("branch main moved from {} to {}", &old[..10], &new[..10]);
    assert_eq!(diff(&before, &take(&sandbox)), [Change { trusted: false, words }]);
}

#[test]
fn a_hook_that_becomes_executable_is_a_change() {
    let sandbox = Sandbox::plain();
    let path = sandbox.project().join(".git/hooks/pre-push");
    sandbox.write(".git/hooks/pre-push", "#!/bin/sh\n");
    let before = take(&sandbox);
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(diff(&before, &take(&sandbox))[0].words.contains("hooks/pre-push"));
}

#[test]
fn what_a_run_or_the_user_does_every_day_is_no_change() {
    let sandbox = Sandbox::with_origin();
    let before = take(&sandbox);
    let commit = sandbox.run(&["rev-parse", "HEAD"]);
    for name in ["refs/heads/agent/x", "refs/salvage/x", "refs/remotes/origin/x", "refs/scheduler/pr/1"] {
        sandbox.run(&["update-ref", name, &commit]);
    }
    sandbox.run(&["push", "-q", "-u", "origin", "main"]);
    for key in ["lfs.https://host/x.git/info/lfs.access", "lfs.repositoryformatversion", "alias.st", "user.email"] {
        sandbox.run(&["config", key, "basic"]);
    }
    sandbox.run(&["config", "filter.lfs.process", "git-lfs filter-process"]);
    sandbox.run(&["remote", "add", "fork", "elsewhere"]);
    sandbox.run(&["sparse-checkout", "set", "src"]);
    sandbox.write(".git/info/exclude", "*.log\n");
    sandbox.ready("a");
    assert_eq!(diff(&before, &take(&sandbox)), []);
}

#[test]
fn it_survives_being_written_down_and_holds_no_secret() {
    let sandbox = Sandbox::plain();
    sandbox.run(&["config", "remote.origin.url", "https://me:secret@host/x"]);
    let before = take(&sandbox);
    let text = serde_json::to_string(&before).unwrap();
    assert!(!text.contains("secret"));
    assert_eq!(serde_json::from_str::<Fingerprint>(&text).unwrap(), before);
}

#[test]
fn settings_that_git_cannot_read_are_compared_as_a_whole() {
    let sandbox = Sandbox::plain();
    let git = sandbox.git_at(sandbox.path());
    let folder = sandbox.path().join("odd");
    let mut found = Fingerprint::default();
    crate::exec::sandbox::write(&folder.join("config"), "[broken");
    read_settings(&git, &folder.join("config"), "", "origin", &mut found).unwrap();
    assert_eq!(found.settings.keys().collect::<Vec<_>>(), ["(unreadable)"]);
}
