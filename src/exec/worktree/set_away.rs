//! Sets a whole worktree aside with its git directory, where somebody may still be at work in it: whoever stands in it goes on
//! there, on its own branch, and a new one can take its place.

use super::{Worktree, disarm, link};
use crate::sys::atomic::{self, Moved};
use crate::sys::dir::readable;
use anyhow::{Result, bail};
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

/// See [`Worktree::set_away`].
pub(super) fn set_away(worktree: &Worktree, to: &Path) -> Result<()> {
    let path = worktree.path();
    match atomic::move_no_replace(path, to)? {
        Moved::Done | Moved::NotFound => {}
        Moved::AlreadyExists => {
            bail!("both {} and {} are there: look at both and remove one", path.display(), to.display())
        }
    }
    let dot_git = to.join(".git");
    // The entry stays the one that it was: only the way back from it changes.
    let entry = link::read_link(&dot_git).filter(|entry| entry.join("HEAD").is_file());
    let entry = entry.filter(|entry| entry.starts_with(worktree.common_dir().join("worktrees")));
    let Some(entry) = entry.map_or_else(|| link::named_entry(worktree), |entry| Ok(Some(entry)))? else {
        return Ok(());
    };
    let mut back = dot_git.into_os_string().into_vec();
    back.push(b'\n');
    atomic::write_shared(&entry.join("gitdir"), &back)?;
    free_submodules(worktree, &entry.join("modules"))
}

/// The settings of submodules name the place where their files were: git would work there, on what takes this one's place.
/// Without such settings it works where it stands.
fn free_submodules(worktree: &Worktree, folder: &Path) -> Result<()> {
    for found in readable(folder).filter(|found| found.file_type().is_ok_and(|kind| kind.is_dir())) {
        let folder = found.path();
        if folder.join("HEAD").is_file() {
            disarm::git_directory(worktree, &folder)?;
            free_submodules(worktree, &folder.join("modules"))?;
        } else {
            // Their names may have slashes.
            free_submodules(worktree, &folder)?;
        }
    }
    Ok(())
}
