//! The link between a worktree and its repository: a file `.git` here, and there a folder
//! `worktrees/<id>` with `gitdir` pointing back. Creates it, proves it and mends it.
//!
//! Never removes a file of the worktree: what can't be linked again is taken into a new entry as it is.

use std::ffi::OsStr;
use std::fs::{self, DirEntry};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use super::{Ensured, Worktree, operations};
use crate::exec::git::{Git, GitError};
use crate::exec::libgit2;
use crate::sys::atomic::{self, discard, discard_dir, ensure_dir};
use crate::sys::dir::entries;
use crate::sys::read::read_bytes;

/// See [`Worktree::verify`].
pub(super) fn verify(worktree: &Worktree) -> Result<PathBuf> {
    let at = worktree.path.display();
    let real = worktree.path.canonicalize().with_context(|| format!("there is no worktree {at}"))?;
    let known = libgit2::places(&worktree.path).filter(|[top, ..]| canonical(top).is_some_and(|top| top == real));
    let [top, common, git_dir] = match known {
        Some(places) => places,
        None => places(&worktree.git()).with_context(|| format!("{at} is not a working git worktree"))?,
    };
    ensure!(
        canonical(&top).is_some_and(|top| top == real),
        "{at} is not a worktree: git there works on {}",
        top.display()
    );
    ensure!(
        canonical(&common).is_some_and(|c| Some(c) == canonical(&worktree.common_dir)),
        "{at} is a worktree of another repository: {}",
        common.display()
    );
    ensure!(points_to(&git_dir, &real), "{at} shares {} with another worktree", git_dir.display());
    Ok(git_dir)
}

/// Whether a worktree and its own git directory lead to each other; no git is asked.
pub fn is_linked(worktree: &Path, git_dir: &Path) -> bool {
    let leads_there = read_link(&worktree.join(".git")).is_some_and(|dir| canonical(&dir) == canonical(git_dir));
    leads_there && canonical(git_dir).is_some() && points_to(git_dir, worktree)
}

/// Where git finds itself: the top folder, the git directory that is shared, the one that isn't.
fn places(git: &Git) -> Result<[PathBuf; 3], GitError> {
    const QUESTIONS: [&str; 3] = ["--show-toplevel", "--git-common-dir", "--absolute-git-dir"];
    let ask = |questions: &[&str]| git.run([&["rev-parse", "--path-format=absolute"], questions].concat());
    let all = ask(&QUESTIONS)?.stdout;
    let lines: Vec<_> = all.strip_suffix(b"\n").unwrap_or(&all).split(|byte| *byte == b'\n').collect();
    if let [top, common, git_dir] = lines[..] {
        return Ok([top, common, git_dir].map(|line| OsStr::from_bytes(line).into()));
    }
    // A path with a line break in it.
    let [top, common, git_dir] = QUESTIONS.map(|question| ask(&[question]).map(|answer| answer.path()));
    Ok([top?, common?, git_dir?])
}

/// Creates or mends the link, whatever was interrupted before. Returns the worktree's own git directory, too.
pub(super) fn ensure(worktree: &Worktree, start: &str) -> Result<(Ensured, PathBuf)> {
    fill_commondir(worktree)?;
    if !is_dir(&adopting(worktree))? && is_dir(&worktree.path)? {
        match verify(worktree) {
            Ok(git_dir) => return Ok((Ensured::Whole, git_dir)),
            Err(e) if !is_broken_link(&e) => return Err(e),
            Err(_) => {}
        }
    }
    let ensured = mend(worktree, start)?;
    Ok((ensured, verify(worktree)?))
}

fn mend(worktree: &Worktree, start: &str) -> Result<Ensured> {
    let adopting = adopting(worktree);
    if is_dir(&adopting)? {
        return adopt(worktree, start);
    }
    if !is_dir(&worktree.path)? {
        if !revive(worktree)? {
            create(worktree, start)?;
        }
        return Ok(Ensured::Created);
    }
    if relink(worktree)? {
        return Ok(Ensured::Repaired);
    }
    if holds_only_git_file(&worktree.path)? {
        create(worktree, start)?;
        return Ok(Ensured::Created);
    }
    fs::rename(&worktree.path, &adopting).with_context(|| format!("cannot move {} aside", worktree.path.display()))?;
    adopt(worktree, start)
}

/// See [`Worktree::has_files`].
pub(super) fn has_files(worktree: &Worktree) -> Result<bool> {
    Ok(is_dir(&worktree.path)? || is_dir(&adopting(worktree))?)
}

/// A killed `worktree add` may leave its entry with an empty `commondir`. As long as it is there every git that lists
/// worktrees gives up, the user's in the main checkout too.
fn fill_commondir(worktree: &Worktree) -> Result<()> {
    for entry in named_entries(worktree)? {
        let commondir = entry.join("commondir");
        if content(&commondir).is_some_and(|content| content.trim_ascii().is_empty()) {
            atomic::write_shared(&commondir, b"../..\n")?;
        }
    }
    Ok(())
}

/// Brings back a folder that was removed while its entry lives on: HEAD may be all that holds some commits.
/// Whether that worked; if not, there is no folder.
fn revive(worktree: &Worktree) -> Result<bool> {
    let Some(entry) = own_entry(worktree)? else {
        return Ok(false);
    };
    ensure_dir(&worktree.path)?;
    operations::remove_locks(worktree, &entry)?;
    if relink(worktree)? && worktree.git().run(["reset", "--hard", "--quiet"]).is_ok() {
        return Ok(true);
    }
    discard_dir(&worktree.path)?;
    Ok(false)
}

/// Whether the link is what is wrong: our own checks say so, or git does in its words. A git that couldn't do its work, for
/// want of memory, space or rights, says nothing of the link, and neither does a file that can't be read.
fn is_broken_link(error: &anyhow::Error) -> bool {
    error.chain().all(|cause| match cause.downcast_ref() {
        Some(GitError::Failed { code: Some(128), stderr, .. }) => {
            ["not a git repository", "gitfile", "must be run in a work tree"].iter().any(|words| stderr.contains(words))
        }
        Some(_) => false,
        None => !cause.is::<io::Error>(),
    })
}

/// A new entry and an empty worktree; whatever entry there was for this path is given up.
fn create(worktree: &Worktree, start: &str) -> Result<()> {
    discard(&worktree.path.join(".git"))?;
    if let Some(parent) = worktree.path.parent() {
        ensure_dir(parent)?;
    }
    let mut args = ["worktree", "add", "--force", "--force", "--detach", "--no-checkout", "--"]
        .map(std::ffi::OsString::from)
        .to_vec();
    args.push(worktree.path.clone().into_os_string());
    args.push(start.into());
    worktree
        .repository()
        .run(args)
        .with_context(|| format!("cannot create the worktree {}", worktree.path.display()))?;
    Ok(())
}

/// Points both ends at each other again, if this worktree's entry still exists: the project was moved or copied,
/// or `.git` is lost.
fn relink(worktree: &Worktree) -> Result<bool> {
    let dot_git = worktree.path.join(".git");
    if fs::symlink_metadata(&dot_git).is_ok_and(|m| !m.is_file()) {
        return Ok(false);
    }
    let Some(entry) = own_entry(worktree)? else {
        return Ok(false);
    };
    let mut link = b"gitdir: ".to_vec();
    link.extend_from_slice(entry.as_os_str().as_bytes());
    link.push(b'\n');
    atomic::write_shared(&dot_git, &link)?;
    let mut back = dot_git.into_os_string().into_vec();
    back.push(b'\n');
    atomic::write_shared(&entry.join("gitdir"), &back)?;
    Ok(verify(worktree).is_ok())
}

/// The entry of this worktree in its repository: the one that names its path, else the one that its `.git`
/// names and that no other worktree uses.
fn own_entry(worktree: &Worktree) -> Result<Option<PathBuf>> {
    if let Some(named) = named_entries(worktree)?.next() {
        return Ok(usable(named));
    }
    let id = read_link(&worktree.path.join(".git")).and_then(|to| Some(to.file_name()?.to_owned()));
    let Some(entry) = id.and_then(|id| usable(worktree.common_dir.join("worktrees").join(id))) else {
        return Ok(None);
    };
    let taken = read_path(&entry.join("gitdir"))
        .and_then(|dot_git| read_link(&dot_git))
        .is_some_and(|back| canonical(&back) == canonical(&entry) && canonical(&entry).is_some());
    Ok((!taken).then_some(entry))
}

/// The entries that name the path of this worktree; a killed `worktree add` may have left one more.
fn named_entries(worktree: &Worktree) -> Result<impl Iterator<Item = PathBuf>> {
    let entries = entries(&worktree.common_dir.join("worktrees"))?.flatten().map(|entry| entry.path());
    Ok(entries.filter(|entry| points_to(entry, &worktree.path)))
}

/// The first of them.
pub(super) fn named_entry(worktree: &Worktree) -> Result<Option<PathBuf>> {
    Ok(named_entries(worktree)?.next())
}

fn usable(entry: PathBuf) -> Option<PathBuf> {
    let head = content(&entry.join("HEAD"))?;
    (entry.join("commondir").is_file() && !head.trim_ascii().is_empty()).then_some(entry)
}

/// Where the files of a worktree wait while it gets a new entry.
fn adopting(worktree: &Worktree) -> PathBuf {
    let mut name = worktree.path.clone().into_os_string();
    name.push(".adopting");
    name.into()
}

/// Gives the files that wait in the folder beside a new entry and moves them back. Can be interrupted anywhere.
fn adopt(worktree: &Worktree, start: &str) -> Result<Ensured> {
    let adopting = adopting(worktree);
    take_in(worktree, &adopting, start)
        .with_context(|| format!("the files of the worktree wait in {}", adopting.display()))?;
    Ok(Ensured::Repaired)
}

fn take_in(worktree: &Worktree, adopting: &Path, start: &str) -> Result<()> {
    let paths = || format!("from {} to {}", adopting.display(), worktree.path.display());
    if is_dir(&worktree.path)? && !holds_only_git_file(&worktree.path)? {
        bail!("both {} and {} have files: look at both and remove one", worktree.path.display(), adopting.display());
    }
    create(worktree, start)?;
    let (fresh, old) = (worktree.path.join(".git"), adopting.join(".git"));
    if is_dir(&old)? {
        // The agent made a repository of its own here; it is kept beside its files.
        let kept = (0..).map(|n| adopting.join(format!("git-directory-{n}"))).find(|p| !p.exists());
        let kept = kept.context("no free name")?;
        fs::rename(&old, &kept).with_context(|| format!("cannot move {} aside", old.display()))?;
    }
    fs::rename(&fresh, &old).with_context(|| format!("cannot move the link {}", paths()))?;
    fs::remove_dir(&worktree.path).with_context(|| format!("cannot remove {}", worktree.path.display()))?;
    fs::rename(adopting, &worktree.path).with_context(|| format!("cannot move {}", paths()))?;
    verify(worktree)?;
    worktree.git().run(["read-tree", "HEAD"])?;
    Ok(())
}

fn is_dir(path: &Path) -> Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => Ok(true),
        Ok(_) if path.ends_with(".git") => Ok(false),
        Ok(_) => bail!("{} is not a folder: move it away", path.display()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(e).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Whether a folder is empty but for the link: the creation of the worktree was interrupted early.
fn holds_only_git_file(folder: &Path) -> Result<bool> {
    let is_link = |entry: DirEntry| entry.file_name() == ".git" && entry.file_type().is_ok_and(|kind| !kind.is_dir());
    Ok(entries(folder)?.all(|entry| entry.is_ok_and(is_link)))
}

/// Whether the entry `git_dir` names the worktree `path` as its own.
fn points_to(git_dir: &Path, path: &Path) -> bool {
    read_path(&git_dir.join("gitdir")).is_some_and(|dot_git| {
        let own = path.join(".git");
        dot_git == own || dot_git.parent().and_then(canonical).is_some_and(|p| Some(p) == canonical(path))
    })
}

/// git-crypt keeps its keys in the git directory, and in a linked worktree looks for them in that of the worktree.
pub(super) fn share_filter_keys(worktree: &Worktree, git_dir: &Path) -> Result<()> {
    let (keys, link) = (worktree.common_dir.join("git-crypt"), git_dir.join("git-crypt"));
    if keys.is_dir() && fs::symlink_metadata(&link).is_err() {
        symlink(&keys, &link).with_context(|| format!("cannot create the link {}", link.display()))?;
    }
    Ok(())
}

/// The path that the file `.git` of a worktree holds.
pub(super) fn read_link(dot_git: &Path) -> Option<PathBuf> {
    let target = read_path(dot_git)?;
    let target = target.as_os_str().as_bytes().strip_prefix(b"gitdir: ")?;
    let target = Path::new(OsStr::from_bytes(target));
    Some(dot_git.parent()?.join(target))
}

/// The path in the one-line file `file`; a relative one starts at the folder of the file.
fn read_path(file: &Path) -> Option<PathBuf> {
    let content = content(file)?;
    let path = Path::new(OsStr::from_bytes(content.trim_ascii_end()));
    if content.starts_with(b"gitdir: ") { Some(path.to_owned()) } else { Some(file.parent()?.join(path)) }
}

/// What a small file of git says; `None` if there is none that can be read.
fn content(file: &Path) -> Option<Vec<u8>> {
    Some(read_bytes(file).ok()??.0)
}

fn canonical(path: &Path) -> Option<PathBuf> {
    path.canonicalize().ok()
}

#[cfg(test)]
mod tests;
