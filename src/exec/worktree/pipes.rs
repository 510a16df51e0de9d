//! Named pipes where git, or this program, opens files: whoever opens one waits until somebody writes, for ever if need be.
//! They hold nothing. An agent may make one by accident or not, and git itself makes none, so they go. And folders that
//! their owner took the right to from himself, which nobody can look into.
//!
//! Never touches anything else, nor one in the main checkout outside its git directory.

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use crate::sys::{atomic::discard, dir::readable};

/// Removes the pipes in a worktree and in the git directory that it shares, where git follows links, too. What can't be
/// removed is left: git has its time limits.
pub(super) fn remove(worktree: &Path, common_dir: &Path) {
    let mut left = vec![(worktree.to_owned(), false), (common_dir.to_owned(), true)];
    while let Some((folder, of_git)) = left.pop() {
        for entry in readable(&folder) {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && holds_objects(&path) => {}
                Ok(kind) if kind.is_dir() => {
                    if !of_git {
                        open_up(&path);
                    }
                    left.push((path, of_git || entry.file_name() == ".git"));
                }
                Ok(kind) if kind.is_fifo() || of_git && kind.is_symlink() && leads_to_pipe(&path) => remove_one(&path),
                _ => {}
            }
        }
    }
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
