//! Copies files that git ignores from the main checkout into a worktree: what an agent needs and no commit holds.
//!
//! Git itself says which files the patterns mean and that both sides ignore them, so nothing that is copied can ever be
//! committed. No link is followed, and nothing outside the worktree is written.

use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};

use crate::exec::git::{Git, GitError};
use crate::exec::worktree::{Worktree, is_own_file};
use crate::sys::atomic::{discard, ensure_dir};
use crate::sys::copy::copy_new;
use crate::sys::dir::link_target;

/// The file with patterns at the top of the main checkout.
pub const PATTERNS: &str = ".worktreeinclude";

/// What became of the files that the patterns mean.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Included {
    /// Copied, because they were not there or differed.
    pub copied: Vec<PathBuf>,
    /// How many were there already.
    pub current: usize,
    /// Not copied, with the reason.
    pub skipped: Vec<(PathBuf, String)>,
}

/// Copies the ignored files of `main` that `patterns`, or those in its file [`PATTERNS`], mean, to where they are in
/// `main`. Patterns are those of `.gitignore`. What the same path already holds is replaced.
pub fn include(main: &Path, worktree: &Worktree, patterns: &[String]) -> Result<Included> {
    let mut included = Included::default();
    let mut files = Vec::new();
    for path in ignored(&Git::at(main), meant(main, patterns)?)? {
        match obstacle(worktree.path(), &path) {
            Some(reason) => included.skipped.push((path, reason)),
            None => files.push(path),
        }
    }
    // What the worktree's commit tracks or doesn't ignore would be taken for the agent's work.
    let fit = ignored(&worktree.git(), files.clone())?;
    for path in files {
        let copied = match fit.contains(&path) {
            true => copy(main, worktree.path(), &path),
            false => Err("git doesn't ignore it in the worktree".to_owned()),
        };
        match copied {
            Ok(true) => included.copied.push(path),
            Ok(false) => included.current += 1,
            Err(reason) => included.skipped.push((path, reason)),
        }
    }
    Ok(included)
}

/// The untracked files of `main` that the patterns mean, but for those of this program.
fn meant(main: &Path, patterns: &[String]) -> Result<Vec<PathBuf>> {
    let mut args: Vec<OsString> = ["ls-files", "-z", "--others", "--ignored"].map(OsString::from).to_vec();
    let file = main.join(PATTERNS);
    if file.is_file() {
        args.push(join("--exclude-from=", file.as_os_str()));
    }
    args.extend(patterns.iter().map(|pattern| join("--exclude=", OsStr::new(pattern))));
    if args.len() == 4 {
        return Ok(Vec::new());
    }
    args.extend(["--", ".", ":(exclude,top).orchestrator"].map(OsString::from));
    let listed = Git::at(main).run(args).with_context(|| format!("cannot look for files in {}", main.display()))?;
    Ok(paths(&listed.stdout).filter(|path| !path.to_str().is_some_and(is_own_file)).collect())
}

/// Those of `paths` that are untracked and that git ignores at its place.
fn ignored(git: &Git, paths: Vec<PathBuf>) -> Result<Vec<PathBuf>> {
    if paths.is_empty() {
        return Ok(paths);
    }
    let mut input = Vec::new();
    for path in &paths {
        input.extend_from_slice(path.as_os_str().as_bytes());
        input.push(0);
    }
    match git.run_with_input(["check-ignore", "-z", "--stdin"], Some(&input)) {
        // That is its word for "none of them".
        Err(GitError::Failed { code: Some(1), .. }) => Ok(Vec::new()),
        output => Ok(self::paths(&output.context("cannot ask git what it ignores")?.stdout).collect()),
    }
}

fn paths(listed: &[u8]) -> impl Iterator<Item = PathBuf> {
    listed.split(|byte| *byte == 0).filter(|path| !path.is_empty()).map(|path| PathBuf::from(OsStr::from_bytes(path)))
}

fn join(option: &str, value: &OsStr) -> OsString {
    let mut word = OsString::from(option);
    word.push(value);
    word
}

/// What stands in the way of a file at `path` in the worktree: a link in its folders would lead elsewhere.
fn obstacle(worktree: &Path, path: &Path) -> Option<String> {
    if path.as_os_str().as_bytes().ends_with(b"/") {
        return Some("a repository of its own".to_owned());
    }
    let mut above = worktree.to_owned();
    for part in path.parent()?.components() {
        above.push(part);
        match fs::symlink_metadata(&above) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => return Some(format!("{} is no folder in the worktree", above.display())),
            Err(_) => return None,
        }
    }
    match fs::symlink_metadata(worktree.join(path)) {
        Ok(metadata) if metadata.is_dir() => Some("a folder stands there in the worktree".to_owned()),
        _ => None,
    }
}

/// Copies one file or link; `false` if it was there already.
fn copy(main: &Path, worktree: &Path, path: &Path) -> Result<bool, String> {
    let (from, to) = (main.join(path), worktree.join(path));
    let source = fs::symlink_metadata(&from).map_err(|error| error.to_string())?;
    let there = fs::symlink_metadata(&to).ok();
    if source.is_symlink() {
        return copy_link(path, &from, &to);
    }
    if !source.is_file() {
        return Err("not a file".to_owned());
    }
    if there.as_ref().is_some_and(|there| there.is_file() && same(&source, there)) {
        return Ok(false);
    }
    make_room(&to)?;
    copy_new(&from, &to).map_err(words)?;
    Ok(true)
}

/// Copies a link as a link, if it leads from its folder to something in the project.
fn copy_link(path: &Path, from: &Path, to: &Path) -> Result<bool, String> {
    let target = link_target(from).ok_or("not a link any more")?;
    if !stays_inside(path, &target) {
        return Err("a link that leads out of the project".to_owned());
    }
    if link_target(to).is_some_and(|old| old == target) {
        return Ok(false);
    }
    make_room(to)?;
    symlink(&target, to).map_err(|error| error.to_string())?;
    Ok(true)
}

/// Whether a relative link at `path` leads to something at or below the top.
fn stays_inside(path: &Path, target: &Path) -> bool {
    let mut depth = path.components().count() - 1;
    for part in target.components() {
        match part {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 => depth -= 1,
            _ => return false,
        }
    }
    true
}

/// Makes the folders above, and takes away what is there: a link is never written through.
fn make_room(to: &Path) -> Result<(), String> {
    let above = to.parent().map_or(Ok(()), ensure_dir);
    above.and_then(|()| discard(to)).map(drop).map_err(words)
}

fn words(error: anyhow::Error) -> String {
    format!("{error:#}")
}

/// By size, time and permissions, which a copy takes over.
fn same(a: &Metadata, b: &Metadata) -> bool {
    (a.len(), a.mtime(), a.mtime_nsec(), a.mode()) == (b.len(), b.mtime(), b.mtime_nsec(), b.mode())
}

#[cfg(test)]
mod tests;
