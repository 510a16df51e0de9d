//! What could make git run or send something before a run (settings, hooks, attributes), and its refs: to see afterwards what
//! somebody changed. What the user changes every day isn't among it.
//!
//! It keeps digests, never contents: settings hold passwords. What a change means is for others to decide.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::domain::git_settings;
use crate::exec::git::{Git, GitError};
use crate::sys::dir;
use crate::sys::read::{self, Refused};

/// Hooks may be programs; what is larger is told apart by no digest.
const MAX_FILE: usize = 64 << 20;

/// Refs that a run, a fetch or this program itself changes.
const OWN_REFS: &[&str] =
    &["refs/heads/agent/", "refs/salvage/", "refs/remotes/", "refs/scheduler/", "refs/stash", "refs/bisect/"];

/// The state of a repository at one moment. Kept between processes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Setting → digest of its values.
    settings: BTreeMap<String, String>,
    /// Hook or file of attributes → digest of content and executable bit.
    files: BTreeMap<String, String>,
    /// Full ref name → what it points at.
    refs: BTreeMap<String, String>,
}

/// One thing that changed, in words for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// It could make git run or send something else: settings, hooks, attributes.
    pub trusted: bool,
    /// What changed.
    pub words: String,
}

/// Reads the state of the repository whose common git directory is `common_dir`; `git` is bound to it, and `remote` is the one
/// that is used. `git_dir` is a worktree's own git directory, whose settings count too.
pub fn fingerprint(git: &Git, common_dir: &Path, git_dir: Option<&Path>, remote: &str) -> Result<Fingerprint> {
    let mut found = Fingerprint::default();
    read_settings(git, &common_dir.join("config"), "", remote, &mut found)?;
    read_settings(git, &common_dir.join("config.worktree"), "main checkout: ", remote, &mut found)?;
    if let Some(own) = git_dir {
        read_settings(git, &own.join("config.worktree"), "worktree: ", remote, &mut found)?;
    }
    read_hooks(&common_dir.join("hooks"), "hooks", &mut found.files)?;
    for path in attributes(git, common_dir)? {
        read_file(&path, path.display().to_string(), &mut found.files)?;
    }
    found.refs = refs(git)?;
    found.refs.retain(|name, _| !OWN_REFS.iter().any(|own| name.starts_with(own)));
    Ok(found)
}

/// The files beyond the working tree in which git looks for attributes, and so for filters and drivers.
fn attributes(git: &Git, common_dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = vec![common_dir.join("info/attributes")];
    for level in ["GIT_ATTR_GLOBAL", "GIT_ATTR_SYSTEM"] {
        // A git before 2.42 doesn't tell.
        let answer = git.try_run(["var", level])?;
        found.extend(answer.status.success().then(|| answer.path()));
    }
    Ok(found)
}

/// Every ref, with what it points at: an object, and the ref that it stands for.
fn refs(git: &Git) -> Result<BTreeMap<String, String>> {
    let listed = git.text(["for-each-ref", "--format=%(refname) %(objectname) %(symref)"])?;
    let split = |line: &str| {
        let (name, target) = line.split_once(' ').unwrap_or((line, ""));
        (name.to_owned(), target.trim().to_owned())
    };
    Ok(listed.lines().map(split).collect())
}

/// What is different in `after`, settings and hooks first.
pub fn diff(before: &Fingerprint, after: &Fingerprint) -> Vec<Change> {
    let settings = compare(&before.settings, &after.settings, |name, what, _, _| Change {
        trusted: true,
        words: format!("the git setting {name} was {what}"),
    });
    let files = compare(&before.files, &after.files, |name, what, _, _| Change {
        trusted: true,
        words: format!("the file {name} was {what}"),
    });
    let refs = compare(&before.refs, &after.refs, |name, what, old, new| Change {
        trusted: false,
        words: match (old, new) {
            (Some(old), Some(new)) => format!("{} moved from {} to {}", label(name), short(old), short(new)),
            _ => format!("{} was {what}", label(name)),
        },
    });
    settings.into_iter().chain(files).chain(refs).collect()
}

type Words<'a> = &'a dyn Fn(&str, &str, Option<&str>, Option<&str>) -> Change;

fn compare(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    words: impl Fn(&str, &str, Option<&str>, Option<&str>) -> Change,
) -> Vec<Change> {
    let words: Words = &words;
    let gone = before.iter().filter(|(name, _)| !after.contains_key(*name));
    let gone = gone.map(|(name, old)| words(name, "removed", Some(old), None));
    let there = after.iter().filter_map(|(name, new)| match before.get(name) {
        Some(old) if old == new => None,
        Some(old) => Some(words(name, "changed", Some(old), Some(new))),
        None => Some(words(name, "added", None, Some(new))),
    });
    gone.chain(there).collect()
}

fn label(name: &str) -> String {
    match (name.strip_prefix("refs/heads/"), name.strip_prefix("refs/tags/")) {
        (Some(branch), _) => format!("branch {branch}"),
        (_, Some(tag)) => format!("tag {tag}"),
        _ => name.to_owned(),
    }
}

fn short(target: &str) -> &str {
    target.get(..10).unwrap_or(target)
}

fn read_settings(git: &Git, path: &Path, label: &str, remote: &str, found: &mut Fingerprint) -> Result<()> {
    if !path.exists() {
        return Ok(());
    }
    let listed = match settings_in(git, path) {
        Ok(listed) => listed,
        // What git itself can't read is compared as a whole.
        Err(_) => {
            found.settings.insert(format!("{label}(unreadable)"), digest_of(path)?);
            return Ok(());
        }
    };
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    for (key, value) in listed.iter().filter(|(key, value)| git_settings::is_dangerous(key, value, remote)) {
        let all = values.entry(format!("{label}{key}")).or_default();
        all.push_str(value);
        all.push('\n');
    }
    for (key, value) in values {
        found.settings.insert(key, digest(value.as_bytes())?);
    }
    Ok(())
}

fn settings_in(git: &Git, path: &Path) -> Result<Vec<(String, String)>, GitError> {
    let args = ["config".as_ref(), "--file".as_ref(), path.as_os_str(), "-z".as_ref(), "--list".as_ref()];
    Ok(git.run(args)?.settings())
}

/// The hooks, and what lies beside them, for they may call it.
fn read_hooks(folder: &Path, name: &str, files: &mut BTreeMap<String, String>) -> Result<()> {
    for entry in dir::entries(folder)? {
        let entry = entry?;
        let (path, file) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let name = format!("{name}/{file}");
        if path.is_dir() {
            read_hooks(&path, &name, files)?;
        } else if !matches!(read::read_linked_text(&path), Ok(Some(text)) if git_settings::is_harmless_hook(&file, &text))
        {
            read_file(&path, name, files)?;
        }
    }
    Ok(())
}

fn read_file(path: &Path, name: String, files: &mut BTreeMap<String, String>) -> Result<()> {
    let state = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Ok(meta) if meta.is_file() => {
            let executable = meta.permissions().mode() & 0o111 != 0;
            format!("{}{}", digest_of(path)?, if executable { " x" } else { "" })
        }
        _ => "no file".to_owned(),
    };
    files.insert(name, state);
    Ok(())
}

/// The digest of a file, or the reason why it isn't read.
fn digest_of(path: &Path) -> Result<String> {
    match read::read_linked_bytes(path, MAX_FILE) {
        Ok(content) => digest(&content.unwrap_or_default()),
        Err(error) => error.downcast::<Refused>().map(|refused| refused.why().to_owned()),
    }
}

fn digest(content: &[u8]) -> Result<String> {
    Ok(git2::Oid::hash_object(git2::ObjectType::Blob, content)?.to_string())
}

#[cfg(test)]
mod tests;
