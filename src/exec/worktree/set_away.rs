//! Sets a whole worktree aside with its git directory, where somebody may still be at work in it: whoever stands in it goes on
//! there, on its own branch, and a new one can take its place.

use super::{Worktree, disarm, link, own_git_dir};
use crate::sys::atomic::{self, Moved};
use crate::sys::dir::readable;
use anyhow::{Result, bail};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// See [`Worktree::set_away`].
pub(super) fn set_away(worktree: &Worktree, to: &Path) -> Result<()> {
    let path = worktree.path();
    match atomic::move_no_replace(path, to)? {
        Moved::Done | Moved::NotFound => {}
        Moved::AlreadyExists => {
            bail!("both {} and {} are there: look at both and remove one", path.display(), to.display())
        }
    }
    // The entry stays the one that it was: only the way back from it changes.
    let Some(entry) = entry(worktree, to).map_or_else(|| link::named_entry(worktree), |entry| Ok(Some(entry)))? else {
        return Ok(());
    };
    lead_back(&entry, to)?;
    free_submodules(worktree, &entry.join("modules"))
}

/// See [`Worktree::put_back_left`]. What was kept leads back to where it was.
pub(super) fn put_back(worktree: &Worktree, kept: &Path) -> Result<()> {
    own_git_dir::put_back(worktree, kept)?;
    entry(worktree, worktree.path()).map_or(Ok(()), |entry| lead_back(&entry, worktree.path()))
}

/// The entry that the worktree at `place` leads to.
fn entry(worktree: &Worktree, place: &Path) -> Option<PathBuf> {
    let entry = link::read_link(&place.join(".git")).filter(|entry| entry.join("HEAD").is_file());
    entry.filter(|entry| entry.starts_with(worktree.common_dir().join("worktrees")))
}

fn lead_back(entry: &Path, place: &Path) -> Result<()> {
    let mut back = place.join(".git").into_os_string().into_vec();
    back.push(b'\n');
    atomic::write_shared(&entry.join("gitdir"), &back)
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
