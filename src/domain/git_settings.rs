//! Which settings of git can make it run a program, or send something elsewhere or as somebody else.
//!
//! It knows names, and no more of the values than what git-lfs writes by itself. All else is the user's everyday business:
//! aliases, further remotes, submodules, sparse checkouts, maintenance, how git merges and shows.

/// Settings without a subsection, as git lists them: in lower case.
const WHOLE: &[&str] = &[
    "core.alternaterefscommand",
    "core.askpass",
    "core.attributesfile",
    "core.editor",
    "core.fsmonitor",
    "core.gitproxy",
    "core.hookspath",
    "core.pager",
    // With these off, a tracked file may be checked out into the git directory.
    "core.protecthfs",
    "core.protectntfs",
    "core.sshcommand",
    "core.worktree",
    "diff.external",
    // From where missing objects are fetched, whenever git stumbles over one.
    "extensions.partialclone",
    "gc.recentobjectshook",
    "init.templatedir",
    "interactive.difffilter",
    "push.pushoption",
    "sequence.editor",
    "ssh.variant",
    "uploadpack.packobjectshook",
    "web.browser",
];

/// Sections of which every setting counts.
const SECTIONS: &[&str] =
    &["browser", "credential", "gpg", "include", "includeif", "man", "pager", "protocol", "sendemail"];

/// Section and last word, whatever stands between.
const NAMED: &[(&str, &[&str])] = &[
    ("diff", &["command", "textconv"]),
    ("difftool", &["cmd", "path"]),
    ("guitool", &["cmd"]),
    (
        "http",
        &[
            "cookiefile",
            "curloptresolve",
            "extraheader",
            "proxy",
            "sslcainfo",
            "sslcapath",
            "sslcert",
            "sslkey",
            "sslverify",
        ],
    ),
    ("lfs", &["clean", "path", "pushurl", "smudge", "standalonetransferagent", "url"]),
    ("merge", &["driver"]),
    ("mergetool", &["cmd", "path"]),
    ("remote", &["promisor"]),
    ("submodule", &["update"]),
    ("tar", &["command"]),
    ("trailer", &["cmd", "command"]),
    ("url", &["insteadof", "pushinsteadof"]),
];

/// What counts of the remote that is used.
const REMOTE: &[&str] =
    &["lfspushurl", "lfsurl", "proxy", "pushurl", "receivepack", "serveroption", "uploadpack", "url", "vcs"];

/// Whether the setting `key` with this value can make git run or send something. The key is as git lists it: section and last
/// word in lower case. `remote` is the remote that is used; one called `origin` would be, once it is there.
pub fn is_dangerous(key: &str, value: &str, remote: &str) -> bool {
    let (section, rest) = key.split_once('.').unwrap_or((key, ""));
    let (sub, name) = rest.rsplit_once('.').map_or((None, rest), |(sub, name)| (Some(sub), name));
    match section {
        "filter" => !is_of_lfs(sub, name, value),
        "remote" if sub == Some(remote) || sub == Some("origin") => REMOTE.contains(&name) || name == "promisor",
        _ => {
            WHOLE.contains(&key)
                || SECTIONS.contains(&section)
                || NAMED.iter().any(|(known, names)| *known == section && names.contains(&name))
        }
    }
}

/// What `git lfs install` writes.
fn is_of_lfs(sub: Option<&str>, name: &str, value: &str) -> bool {
    sub == Some("lfs")
        && match name {
            "clean" => value == "git-lfs clean -- %f",
            "smudge" => ["git-lfs smudge -- %f", "git-lfs smudge --skip -- %f"].contains(&value),
            "process" => ["git-lfs filter-process", "git-lfs filter-process --skip"].contains(&value),
            "required" => ["true", "false"].contains(&value),
            _ => false,
        }
}

/// Whether a file in the folder of hooks runs nothing but git-lfs, as `git lfs install` writes it, in any of its versions; or
/// is one of git's samples, which git doesn't run.
pub fn is_harmless_hook(name: &str, content: &str) -> bool {
    let by_lfs = || {
        let lines: Vec<_> = content.trim_end().lines().collect();
        let [shebang, check, call] = lines[..] else { return false };
        let words = check
            .strip_prefix("command -v git-lfs >/dev/null 2>&1 || { ")
            .and_then(|rest| rest.strip_suffix("\"; exit 2; }"))
            .and_then(|rest| {
                [r#"printf >&2 "\n%s\n\n" ""#, r#"echo >&2 ""#].iter().find_map(|say| rest.strip_prefix(say))
            });
        // Within the quotes nothing may have a meaning to the shell.
        let is_text = |words: &str| !words.replace(r"\n", "").contains(['"', '$', '`', '\\']);
        shebang == "#!/bin/sh" && call == format!("git lfs {name} \"$@\"") && words.is_some_and(is_text)
    };
    name.ends_with(".sample") || by_lfs()
}

/// What a command may begin with that the shell does itself.
const SHELL_WORDS: [&str; 24] = [
    "[", "alias", "case", "cd", "command", "echo", "eval", "exec", "exit", "export", "false", "for", "if", "printf",
    "read", "set", "shift", "test", "trap", "true", "umask", "unset", "until", "while",
];

/// The program that a filter's command starts, if it is told by a plain name or a whole path, in quotes or not.
pub fn filter_program(command: &str) -> Option<&str> {
    let command = command.trim_start();
    let quoted = ['"', '\''].into_iter().find_map(|quote| command.strip_prefix(quote)?.split_once(quote));
    let (word, is_quoted) = match quoted {
        // What follows at once belongs to the same word.
        Some((word, rest)) => (rest.is_empty() || rest.starts_with(char::is_whitespace)).then_some((word, true))?,
        None => (command.split_whitespace().next()?, false),
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._+-".contains(c) || is_quoted && c == ' ';
    let is_told = !word.is_empty() && (word.starts_with('/') || !word.contains('/'));
    (is_told && word.chars().all(is_plain) && !SHELL_WORDS.contains(&word)).then_some(word)
}

#[cfg(test)]
mod tests {
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
            "extensions.partialclone",
            "submodule.lib.update",
            "lfs.url",
            "lfs.customtransfer.x.path",
            "lfs.extension.x.smudge",
        ] {
            assert!(is_dangerous(key, "x", "up"), "{key}");
        }
    }

    #[test]
    fn a_filter_s_program_is_its_first_word() {
        for (command, program) in [
            ("git-lfs clean -- %f", Some("git-lfs")),
            (" nbstripout", Some("nbstripout")),
            ("'/opt/x y/crypt' clean", Some("/opt/x y/crypt")),
            ("\"/opt/x y/crypt\" %f", Some("/opt/x y/crypt")),
            ("/opt/crypt", Some("/opt/crypt")),
            ("\"$HOME/crypt\" %f", None),
            ("'/opt/x'y", None),
            ("\"crypt", None),
            ("KEY=1 crypt", None),
            ("test -e key && crypt", None),
            ("./tools/clean", None),
            ("", None),
        ] {
            assert_eq!(filter_program(command), program, "{command}");
        }
    }

    #[test]
    fn everyday_settings_do_not() {
        for key in [
            "remote.fork.url",
            "remote.fork.fetch",
            "remote.fork.pushurl",
            "remote.up.fetch",
            "remote.up.gh-resolved",
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
            assert!(!is_dangerous(key, "x", "up"), "{key}");
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
            assert_eq!(is_dangerous(key, value, "origin"), dangerous, "{key}={value}");
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
}
