//! What keeps git, or this program, from seeing what is in a worktree: named pipes, for whoever opens one waits until
//! somebody writes, for ever if need be; folders that their owner took the right to from himself; and things called `.git`
//! that are no repository, which git passes over, and clears away with what is around them.
//!
//! Pipes hold nothing and go. Nothing else is removed, and nothing in the main checkout outside its git directory is touched.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;

use anyhow::Result;
use rustix::fs::{Mode, OFlags};

use super::{Worktree, set_aside};
use crate::sys::atomic::discard;
use crate::sys::dir::readable;
use crate::sys::read::read_bytes;

/// Removes the pipes in a worktree and in the git directory that it shares, where git follows links, too; opens folders, and
/// sets aside what only looks like a repository. A pipe that can't be removed is left: git has its time limits.
pub(super) fn clear(worktree: &Worktree) -> Result<()> {
    let mut left = vec![(worktree.path.clone(), false), (worktree.common_dir.clone(), true)];
    while let Some((folder, of_git)) = left.pop() {
        for entry in readable(&folder) {
            let (path, is_git) = (entry.path(), entry.file_name() == ".git");
            match entry.file_type() {
                Ok(_) if is_git && !of_git && folder != worktree.path && !is_link(&path) => move_away(worktree, &path)?,
                Ok(kind) if kind.is_dir() && holds_objects(&path) => {}
                Ok(kind) if kind.is_dir() => {
                    if !of_git {
                        open_up(&path);
                    }
                    left.push((path, of_git || is_git));
                }
                Ok(kind) if kind.is_fifo() || of_git && kind.is_symlink() && leads_to_pipe(&path) => remove_one(&path),
                _ => {}
            }
        }
    }
    Ok(())
}

/// Whether git would take this for a repository, or for a link to one.
fn is_link(dot_git: &Path) -> bool {
    let says_so = || read_bytes(dot_git).ok().flatten().is_some_and(|(text, _)| text.starts_with(b"gitdir:"));
    dot_git.join("HEAD").exists() || says_so()
}

fn move_away(worktree: &Worktree, path: &Path) -> Result<()> {
    let Ok(inside) = path.strip_prefix(&worktree.path) else { return Ok(()) };
    // A worktree that isn't linked yet can't be asked.
    let above = inside.parent().unwrap_or(inside);
    let args = [OsStr::new("check-ignore"), OsStr::new("-q"), OsStr::new("--"), above.as_os_str()];
    if worktree.verify().is_err() || worktree.git().ok(args)? {
        return Ok(());
    }
    set_aside::move_to(worktree, inside).map(drop)
}

/// Gives its owner the right to a folder again: else nobody sees what is in it, and it can't be moved.
fn open_up(folder: &Path) {
    let Ok(mode) = fs::symlink_metadata(folder).map(|meta| meta.permissions().mode()) else { return };
    if mode & 0o700 != 0o700
        && let Err(error) = fs::set_permissions(folder, fs::Permissions::from_mode(mode | 0o700))
    {
        tracing::warn!(folder = %folder.display(), "{error}");
    }
}

/// Whether these are git's loose objects: there may be very many, and git opens few of them.
fn holds_objects(folder: &Path) -> bool {
    let is_hex = |name: &str| name.len() == 2 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    folder.file_name().and_then(|name| name.to_str()).is_some_and(is_hex)
        && folder.parent().is_some_and(|above| above.ends_with("objects"))
}

fn leads_to_pipe(link: &Path) -> bool {
    fs::metadata(link).is_ok_and(|meta| meta.file_type().is_fifo())
}

fn remove_one(path: &Path) {
    // Whoever waits for a writer has seen one then, and goes on.
    let _ =
        rustix::fs::open(path, OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty());
    match discard(path) {
        Ok(_) => tracing::warn!(path = %path.display(), "removed a named pipe"),
        Err(error) => tracing::warn!("{error:#}"),
    }
}
