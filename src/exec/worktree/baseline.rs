//! What was changed in a worktree before its agent began: files that git calls modified after each checkout, and what the
//! set-up command did. As long as it stays as it was, it is nobody's work.
//!
//! It lives in the worktree's own git directory, and goes with it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::Result;
use git2::{ObjectType, Oid};
use serde::{Deserialize, Serialize};

use super::Worktree;
use super::status::{self, Change, Kind};
use crate::exec::git::Git;
use crate::sys::atomic;
use crate::sys::dir::link_target;
use crate::sys::read::read_linked_bytes;

pub(super) const FILE: &str = "scheduler-baseline.json";
/// For some hundred thousand files.
pub(super) const MAX_SIZE: usize = 64 << 20;

/// What was changed, by path.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Baseline(BTreeMap<String, Entry>);

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    /// What stood there: mode and digest.
    found: String,
    /// The blob that git would make of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    cleaned: Option<String>,
}

impl Baseline {
    /// Takes down what is changed in the worktree with this git directory now. `changes` is all that git tells.
    pub fn take(worktree: &Worktree, git_dir: &Path, changes: &[Change]) -> Result<()> {
        let git = worktree.git();
        let changes: Vec<_> = changes.iter().filter(|change| !change.is_own_file()).cloned().collect();
        let cleaned = cleaned(&git, &changes);
        let entry = |change: &Change| {
            let (name, found) = (change.name(), signature(worktree, worktree.path(), change));
            (name.clone(), Entry { found, cleaned: cleaned.get(&name).cloned() })
        };
        let baseline = Self(changes.iter().map(entry).collect());
        atomic::write(&git_dir.join(FILE), &atomic::json(&baseline)?)
    }

    /// What was taken down last in this git directory. One that can't be read knows of nothing.
    pub fn load(git_dir: &Path) -> Self {
        let bytes = read_linked_bytes(&git_dir.join(FILE), MAX_SIZE).ok().flatten();
        bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    /// What is changed in the worktree since, as `git`, bound to it with the index to compare with, sees it.
    pub fn changes(&self, worktree: &Worktree, git: &Git) -> Result<Vec<Change>> {
        let mut changes = status::changes(git)?;
        changes.retain(|change| !change.is_own_file() && !self.is_unchanged(worktree, change));
        Ok(changes)
    }

    /// Whether a commit of `blob` at this path is only what git made by itself of what was there before.
    pub fn explains(&self, path: &str, blob: &str) -> bool {
        self.0.get(path).is_some_and(|entry| entry.cleaned.as_deref() == Some(blob))
    }

    /// Whether it is as it was before, or as HEAD has it byte for byte, whatever git would make of it now.
    fn is_unchanged(&self, worktree: &Worktree, change: &Change) -> bool {
        if change.staged || change.kind == Kind::Unmerged {
            return false;
        }
        let known = self.0.get(&change.name());
        let found = || signature(worktree, worktree.path(), change);
        let may_be = known.is_some() || change.kind == Kind::Tracked && !change.gone;
        may_be && {
            let found = found();
            known.is_some_and(|known| known.found == found) || change.kind == Kind::Tracked && change.committed == found
        }
    }
}

/// What stands at a path: mode and digest of its bytes. Of a submodule: its commit and what is changed in it.
fn signature(worktree: &Worktree, top: &Path, change: &Change) -> String {
    let path = top.join(&change.path);
    match fs::symlink_metadata(&path) {
        Ok(meta) if meta.is_dir() && change.kind == Kind::Submodule && !change.gone => of_submodule(worktree, &path),
        _ => of_file(&path),
    }
}

/// The same of what is no submodule.
pub(super) fn of_file(path: &Path) -> String {
    let digest =
        |digest: Result<Oid, git2::Error>| digest.map_or_else(|error| error.message().to_owned(), |id| id.to_string());
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_file() => {
            let mode = if meta.permissions().mode() & 0o100 == 0 { "100644" } else { "100755" };
            format!("{mode} {}", digest(Oid::hash_file(ObjectType::Blob, path)))
        }
        Ok(meta) if meta.is_symlink() => {
            let target = link_target(path).unwrap_or_default();
            format!("120000 {}", digest(Oid::hash_object(ObjectType::Blob, target.as_os_str().as_bytes())))
        }
        Ok(_) => "something else".to_owned(),
        Err(_) => "nothing".to_owned(),
    }
}

fn of_submodule(worktree: &Worktree, inside: &Path) -> String {
    let git = worktree.inner_git(inside);
    let head = git.commit("HEAD").ok().flatten().unwrap_or_default();
    let inner = status::changes(&git).unwrap_or_default();
    let inner = inner.iter().map(|change| format!("{} {}", change.name(), signature(worktree, inside, change)));
    format!("160000 {head} {}", inner.collect::<Vec<_>>().join("\n"))
}

/// The blobs that git would make of tracked files, by name. None if a filter fails.
fn cleaned(git: &Git, changes: &[Change]) -> BTreeMap<String, String> {
    let fits = |change: &&Change| {
        let name = change.path.as_os_str().as_bytes();
        change.kind == Kind::Tracked && !change.gone && !name.contains(&b'\n') && !name.starts_with(b"\"")
    };
    let files: Vec<_> = changes.iter().filter(fits).collect();
    if files.is_empty() {
        return BTreeMap::new();
    }
    let input =
        files.iter().flat_map(|change| [change.path.as_os_str().as_bytes(), b"\n"].concat()).collect::<Vec<_>>();
    match git.run_with_input(["hash-object", "--stdin-paths"], Some(&input)) {
        Ok(output) => files.iter().map(|change| change.name()).zip(output.text().lines().map(str::to_owned)).collect(),
        Err(error) => {
            tracing::warn!("{error}");
            BTreeMap::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::test_project::{TestProject, write};

    #[test]
    fn what_is_as_it_was_is_nobodys_change() {
        let scratch = TestProject::plain();
        scratch.write("crlf.txt", "a\r\nb\r\n");
        scratch.write("mine", "1\n");
        scratch.commit_all("files");
        let worktree = scratch.ready("a");
        let (git_dir, git) = (worktree.verify().unwrap(), worktree.git());
        let names = || {
            let changes = Baseline::load(&git_dir).changes(&worktree, &git).unwrap();
            changes.iter().map(Change::name).collect::<Vec<_>>()
        };
        // Git calls a file modified though it is as HEAD has it.
        write(&worktree.path().join(".gitattributes"), "*.txt text\n");
        write(&worktree.path().join("crlf.txt"), "a\r\nb\r\n");
        assert!(status::changes(&git).unwrap().iter().any(|change| change.name() == "crlf.txt"));
        assert_eq!(names(), [".gitattributes"]);
        write(&worktree.path().join("mine"), "set up\n");
        fs::remove_file(worktree.path().join("f")).unwrap();
        Baseline::take(&worktree, &git_dir, &status::changes(&git).unwrap()).unwrap();
        assert_eq!(names(), [] as [&str; 0]);
        write(&worktree.path().join("mine"), "agent\n");
        write(&worktree.path().join("f"), "again\n");
        write(&worktree.path().join("new"), "x");
        assert_eq!(names(), ["f", "mine", "new"]);
        scratch.run_at(worktree.path(), &["add", "crlf.txt"]);
        let blob = scratch.run_at(worktree.path(), &["rev-parse", ":crlf.txt"]);
        assert!(Baseline::load(&git_dir).explains("crlf.txt", &blob) && names().contains(&"crlf.txt".to_owned()));
    }
}
