use super::*;

#[test]
fn what_runs_or_sends_counts() {
    for key in [
        "core.hookspath",
        "core.sshcommand",
        "core.fsmonitor",
        "core.pager",
        "core.attributesfile",
        "core.worktree",
        "filter.x.clean",
        "filter.x.y.process",
        "filter.lfs.extra",
        "diff.external",
        "diff.word.textconv",
        "diff.word.command",
        "merge.ours.driver",
        "mergetool.x.cmd",
        "url.https://evil/.insteadof",
        "url.git@x.y:.pushinsteadof",
        "credential.helper",
        "credential.https://h.x/.username",
        "include.path",
        "includeif.gitdir:~/a.b/.path",
        "pager.log",
        "gpg.program",
        "gpg.ssh.program",
        "http.proxy",
        "http.https://h.x/.extraheader",
        "protocol.ext.allow",
        "remote.up.url",
        "remote.up.pushurl",
        "remote.up.receivepack",
        "remote.up.vcs",
        "remote.origin.url",
        "remote.other.promisor",
        "remote.other.gh-resolved",
        "remote.pushdefault",
        "branch.main.remote",
        "branch.a.b.pushremote",
        "extensions.partialclone",
        "submodule.lib.update",
        "lfs.url",
        "lfs.customtransfer.x.path",
        "lfs.extension.x.smudge",
    ] {
        assert!(is_dangerous(key, "x", Some("up")), "{key}");
    }
}

#[test]
fn everyday_settings_do_not() {
    for key in [
        "remote.fork.url",
        "remote.fork.fetch",
        "remote.fork.pushurl",
        "remote.up.fetch",
        "remote.pushdefault",
        "alias.st",
        "alias.x.y",
        "user.email",
        "branch.main.remote",
        "branch.a.b.merge",
        "submodule.lib.url",
        "submodule.lib.active",
        "core.sparsecheckout",
        "core.sparsecheckoutcone",
        "core.bare",
        "core.autocrlf",
        "core.excludesfile",
        "index.sparse",
        "extensions.worktreeconfig",
        "core.repositoryformatversion",
        "maintenance.auto",
        "maintenance.strategy",
        "gc.auto",
        "diff.algorithm",
        "diff.word.xfuncname",
        "merge.conflictstyle",
        "merge.x.name",
        "http.postbuffer",
        "pull.rebase",
        "push.default",
        "lfs.https://host/x.git/info/lfs.access",
        "lfs.https://host/x.git/info/lfs.locksverify",
        "lfs.repositoryformatversion",
        "odd",
    ] {
        assert!(!is_dangerous(key, "origin", Some("up")), "{key}");
    }
}

#[test]
fn of_git_lfs_exactly_what_it_writes_is_harmless() {
    for (key, value, dangerous) in [
        ("filter.lfs.clean", "git-lfs clean -- %f", false),
        ("filter.lfs.smudge", "git-lfs smudge -- %f", false),
        ("filter.lfs.smudge", "git-lfs smudge --skip -- %f", false),
        ("filter.lfs.process", "git-lfs filter-process", false),
        ("filter.lfs.required", "true", false),
        ("filter.lfs.clean", "git-lfs clean -- %f; evil", true),
        ("filter.lfs.process", "./git-lfs filter-process", true),
        ("filter.other.clean", "git-lfs clean -- %f", true),
    ] {
        assert_eq!(is_dangerous(key, value, Some("origin")), dangerous, "{key}={value}");
    }
    let why = "Git LFS but 'git-lfs' was not found (set by 'core.hookspath').";
    let hook = |say: &str, rest: &str, last: &str| {
        format!("#!/bin/sh\ncommand -v git-lfs >/dev/null 2>&1 || {{ {say} \"{why}{rest}\"; exit 2; }}\n{last}\n")
    };
    let (printf, call) = (r#"printf >&2 "\n%s\n\n""#, r#"git lfs pre-push "$@""#);
    for (name, content, harmless) in [
        ("pre-push", hook(printf, "", call), true),
        ("pre-push", hook("echo >&2", r"\n", call), true),
        ("pre-push.sample", "anything".to_owned(), true),
        ("post-merge", hook(printf, "", call), false),
        ("pre-push", hook(printf, "$(evil)", call), false),
        ("pre-push", hook(printf, "\"; evil; echo \"", call), false),
        ("pre-push", hook(printf, r"\`evil\`", call), false),
        ("pre-push", hook("evil >&2", "", call), false),
        ("pre-push", hook(printf, "", "git lfs pre-push \"$@\"; evil"), false),
        ("pre-push", hook(printf, "", &format!("{call}\nevil")), false),
        ("pre-push", String::new(), false),
    ] {
        assert_eq!(is_harmless_hook(name, &content), harmless, "{name}: {content}");
    }
}

#[test]
fn a_branch_may_go_with_the_remote_that_is_used() {
    for (value, remote, dangerous) in [
        (".", Some("up"), false),
        ("origin", Some("up"), false),
        ("up", Some("up"), false),
        ("up", None, true),
        ("evil", Some("up"), true),
        ("ext::sh -c evil", Some("up"), true),
    ] {
        for key in ["branch.x.remote", "branch.x/y.pushremote", "remote.pushdefault"] {
            assert_eq!(is_dangerous(key, value, remote), dangerous, "{key}={value}");
        }
    }
    assert!(is_dangerous("remote.any.uploadpack", "x", None));
    assert!(!is_dangerous("remote.any.uploadpack", "x", Some("up")));
}
