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
    // By `gh-resolved` gh takes another repository than the remote's.
    ("remote", &["gh-resolved", "promisor"]),
    ("submodule", &["update"]),
    ("tar", &["command"]),
    ("trailer", &["cmd", "command"]),
    ("url", &["insteadof", "pushinsteadof"]),
];

/// What counts of the remote that is used.
const REMOTE: &[&str] =
    &["lfspushurl", "lfsurl", "proxy", "pushurl", "receivepack", "serveroption", "uploadpack", "url", "vcs"];

/// Whether the setting `key` with this value can make git run or send something. The key is as git lists it: section and last
/// word in lower case. `remote` is the remote that is used, `None` if any may be; one called `origin` would be, once it is
/// there.
pub fn is_dangerous(key: &str, value: &str, remote: Option<&str>) -> bool {
    let (section, rest) = key.split_once('.').unwrap_or((key, ""));
    let (sub, name) = rest.rsplit_once('.').map_or((None, rest), |(sub, name)| (Some(sub), name));
    let is_used = |name: &str| name == "origin" || remote.is_none_or(|remote| remote == name);
    match (section, name) {
        ("filter", _) => !is_of_lfs(sub, name, value),
        ("remote", _) if sub.is_some_and(is_used) && REMOTE.contains(&name) => true,
        // A branch may go with the remote that is used, as `git push -u` notes down, and with none.
        ("branch", "remote" | "pushremote") | ("remote", "pushdefault") => {
            !matches!(value, "." | "origin") && remote != Some(value)
        }
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
    name.ends_with(".sample") || is_hook_of_lfs(name, content)
}

/// Whether the hook is the one that `git lfs install` writes.
pub fn is_hook_of_lfs(name: &str, content: &str) -> bool {
    let lines: Vec<_> = content.trim_end().lines().collect();
    let [shebang, check, call] = lines[..] else { return false };
    let words = check
        .strip_prefix("command -v git-lfs >/dev/null 2>&1 || { ")
        .and_then(|rest| rest.strip_suffix("\"; exit 2; }"))
        .and_then(|rest| [r#"printf >&2 "\n%s\n\n" ""#, r#"echo >&2 ""#].iter().find_map(|say| rest.strip_prefix(say)));
    // Within the quotes nothing may have a meaning to the shell.
    let is_text = |words: &str| !words.replace(r"\n", "").contains(['"', '$', '`', '\\']);
    shebang == "#!/bin/sh" && call == format!("git lfs {name} \"$@\"") && words.is_some_and(is_text)
}

#[cfg(test)]
mod tests;
