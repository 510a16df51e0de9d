//! What a run's processes may write in their worktree's own git directory although git and this program rely on it: kept
//! before they begin, and put back once none of them is left. Nothing there leads out of it then, and HEAD stands on a commit
//! or on a branch of agents.
//!
//! What they may not write is nobody's concern here, and neither is what is work: index, commits, files.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::{SET_UP, Worktree, baseline, claude_files, excludes, link, stand};
use crate::exec::libgit2;
use crate::sys::atomic::{self, discard, discard_dir, ensure_dir};
use crate::sys::dir::{link_target, readable};
use crate::sys::read::{read_json, read_linked_bytes, read_text};

/// Where git finds the rest of the repository and settings, and what this program knows of the worktree.
const KEPT: [&str; 8] = [
    "commondir",
    "gitdir",
    "config.worktree",
    SET_UP,
    baseline::FILE,
    claude_files::FILE,
    excludes::FILE,
    stand::STANDING,
];
/// Beside the copies.
const LIST: &str = "list.json";
/// The largest of them is the baseline.
const MAX_SIZE: usize = baseline::MAX_SIZE;

/// What was copied.
#[derive(Serialize, Deserialize)]
struct List {
    /// The git directory, a character for each byte.
    place: String,
    /// How long each file is that was there: a copy of another length is one that a power failure spoilt.
    lengths: BTreeMap<String, usize>,
}

/// Keeps copies in the folder `kept`, which the run can't write.
pub(super) fn keep(worktree: &Worktree, kept: &Path) -> Result<()> {
    let git_dir = worktree.verify()?;
    let place = git_dir.as_os_str().as_bytes().iter().copied().map(char::from).collect();
    let mut list = List { place, lengths: BTreeMap::new() };
    // As long as there is no list nothing is put back.
    discard(&kept.join(LIST))?;
    ensure_dir(kept)?;
    for name in KEPT {
        if let Some(bytes) = read_linked_bytes(&git_dir.join(name), MAX_SIZE)? {
            atomic::write(&kept.join(name), &bytes)?;
            list.lengths.insert(name.to_owned(), bytes.len());
        }
    }
    atomic::write(&kept.join(LIST), &atomic::json(&list)?)
}

/// Puts everything back as it was kept. Without copies only what leads out of the git directory goes.
pub(super) fn put_back(worktree: &Worktree, kept: &Path) -> Result<()> {
    let Some(list) = read_json::<List>(&kept.join(LIST))? else { return close(worktree) };
    let place = list.place.chars().filter_map(|byte| u8::try_from(byte).ok()).collect();
    let git_dir = PathBuf::from(OsString::from_vec(place));
    if !git_dir.is_dir() {
        return Ok(());
    }
    for name in KEPT {
        let copy = read_linked_bytes(&kept.join(name), MAX_SIZE)?.filter(|_| list.lengths.contains_key(name));
        if copy.as_ref().map(Vec::len) == list.lengths.get(name).copied() {
            put(&git_dir.join(name), copy.as_deref())?;
        }
    }
    let link = worktree.path.join(".git");
    // A repository in its place is kept when the link is mended. A worktree that was deleted is made anew: with nothing but a
    // link in it, it would pass for one whose files were all removed.
    if worktree.path.is_dir() && !fs::symlink_metadata(&link).is_ok_and(|meta| meta.is_dir()) {
        put(&link, Some(&[b"gitdir: ", git_dir.as_os_str().as_bytes(), b"\n"].concat()))?;
    }
    close_at(worktree, &git_dir)?;
    discard(&kept.join(LIST))?;
    discard_dir(kept).map(drop)
}

fn put(path: &Path, wanted: Option<&[u8]>) -> Result<()> {
    let meta = fs::symlink_metadata(path);
    let as_wanted = match &meta {
        Ok(meta) if meta.is_file() => read_linked_bytes(path, MAX_SIZE).is_ok_and(|found| found.as_deref() == wanted),
        Ok(_) => false,
        Err(error) => error.kind() == ErrorKind::NotFound && wanted.is_none(),
    };
    if as_wanted {
        return Ok(());
    }
    tracing::warn!("the run changed {}: put back", path.display());
    match meta {
        Ok(meta) if meta.is_dir() => discard_dir(path)?,
        _ => discard(path)?,
    };
    wanted.map_or(Ok(()), |wanted| atomic::write(path, wanted))
}

/// The same without knowing what was there: only what leads out goes.
pub(super) fn close(worktree: &Worktree) -> Result<()> {
    let entries = worktree.common_dir.join("worktrees");
    match link::read_link(&worktree.path.join(".git")).filter(|place| place.parent() == Some(&entries)) {
        Some(git_dir) => close_at(worktree, &git_dir),
        None => Ok(()),
    }
}

fn close_at(worktree: &Worktree, git_dir: &Path) -> Result<()> {
    let keys = worktree.common_dir.join("git-crypt");
    remove_links(git_dir, &keys);
    mend_head(worktree, git_dir)?;
    for folder in ["refs/heads/agent", "logs/refs/heads/agent"] {
        remove_links(&worktree.common_dir.join(folder), &keys);
    }
    Ok(())
}

/// git follows links when it appends to its logs, and to files that it locks.
pub(super) fn remove_links(folder: &Path, but: &Path) {
    for entry in readable(folder) {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && entry.file_name() != "objects" => remove_links(&path, but),
            Ok(kind) if kind.is_dir() || kind.is_file() => {}
            Ok(kind) if kind.is_symlink() && link_target(&path).is_some_and(|to| to == but) => {}
            _ => {
                tracing::warn!("removed {}, which is no file", path.display());
                if let Err(error) = discard(&path) {
                    tracing::warn!("{error:#}");
                }
            }
        }
    }
}

/// A HEAD on any branch but an agent's own, or on one that stands for another, is let go of it: nothing that is committed here
/// may move that.
fn mend_head(worktree: &Worktree, git_dir: &Path) -> Result<()> {
    let head = git_dir.join("HEAD");
    let Some(branch) =
        read_text(&head).ok().flatten().and_then(|text| Some(text.strip_prefix("ref:")?.trim().to_owned()))
    else {
        return Ok(());
    };
    let file = worktree.common_dir.join(&branch);
    let is_alias = || {
        fs::symlink_metadata(&file).is_ok_and(|meta| meta.is_symlink())
            || read_text(&file).ok().flatten().is_some_and(|text| text.starts_with("ref:"))
    };
    if branch.starts_with("refs/heads/agent/") && !branch.contains("..") && !is_alias() {
        return Ok(());
    }
    // Of the same repository, whatever `branch` is.
    let Some(commit) = libgit2::commit(&worktree.common_dir, &branch).flatten() else { return Ok(()) };
    tracing::warn!("HEAD of the run stood on {branch}: it is let go of it");
    atomic::write(&head, format!("{commit}\n").as_bytes())?;
    if branch.starts_with("refs/heads/agent/") {
        discard(&file)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::test_project::{TestProject, write};
    use std::os::unix::fs::symlink;

    #[test]
    fn what_a_run_must_not_write_is_as_it_was() {
        let project = TestProject::plain();
        let worktree = project.ready("a");
        let (git_dir, kept) = (worktree.verify().unwrap(), project.path().join("kept"));
        write(&git_dir.join(SET_UP), "make");
        let all = || KEPT.map(|name| fs::read(git_dir.join(name)).ok());
        let before = all();
        keep(&worktree, &kept).unwrap();
        for name in KEPT {
            discard(&git_dir.join(name)).unwrap();
            write(&git_dir.join(name), "/evil\n");
        }
        write(&worktree.path().join(".git"), "gitdir: /evil\n");
        put_back(&worktree, &kept).unwrap();
        assert_eq!(all(), before);
        worktree.verify().unwrap();
        assert!(!kept.exists());
    }

    #[test]
    fn a_copy_that_a_power_failure_spoilt_is_not_put_back() {
        let project = TestProject::plain();
        let worktree = project.ready("a");
        let kept = project.path().join("kept");
        keep(&worktree, &kept).unwrap();
        write(&kept.join("commondir"), "");
        put_back(&worktree, &kept).unwrap();
        worktree.verify().unwrap();
    }

    #[test]
    fn nothing_leads_out() {
        let project = TestProject::plain();
        let worktree = project.ready("a");
        let (git_dir, common) = (worktree.verify().unwrap(), project.project().join(".git"));
        let out = project.path().join("out");
        write(&out, "the user's\n");
        fs::create_dir_all(common.join("git-crypt")).unwrap();
        symlink(common.join("git-crypt"), git_dir.join("git-crypt")).unwrap();
        for place in [git_dir.join("logs/HEAD"), git_dir.join("index"), common.join("logs/refs/heads/agent/a")] {
            discard(&place).unwrap();
            symlink(&out, &place).unwrap();
        }
        write(&common.join("refs/heads/agent/a"), "ref: refs/heads/main\n");
        close(&worktree).unwrap();
        assert!(!git_dir.join("index").is_symlink() && !common.join("logs/refs/heads/agent/a").is_symlink());
        assert!(git_dir.join("git-crypt").is_symlink());
        assert_eq!(fs::read_to_string(git_dir.join("HEAD")).unwrap().trim(), project.main());
        project.commit_all_at(worktree.path(), "work");
        assert_eq!(fs::read_to_string(&out).unwrap(), "the user's\n");
    }
}
