//! Brings the worktree to where it is configured to be.
//!
//! What one elsewhere holds is saved before it goes; one that isn't this project's is left alone.

use crate::engine::run::context::{Run, RunError};
use crate::engine::run::place::{real, worktree_at, worktrees_folder};
use crate::store::worktree_name;
use crate::sys::{atomic, dir};
use anyhow::{Context, Result, bail};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::{fs, io};

/// Sees to it that the worktree's place is as configured: gives up one elsewhere, and makes the link.
pub fn make_ready(run: &Run<'_>) -> Result<(), RunError> {
    if let Some(folder) = worktrees_folder(run.supervisor, &run.assignment) {
        atomic::ensure_dir(&folder)?;
        if real(&folder).starts_with(real(run.project().root())) {
            let folder = folder.display();
            return Err(RunError::launch_of_all(format!(
                "worktree_root in agents.yaml leads into the project, to {folder}: choose a folder outside"
            )));
        }
    }
    let (link, wanted) = (worktree_name::path(&run.agent)?, run.worktree.path());
    let at = || format!("cannot read {}", link.display());
    let old = match fs::symlink_metadata(&link) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Its files may wait beside it.
            let left = worktree_at(&link, run.project(), &run.files, run.id()).has_files()?;
            (left && wanted != link).then(|| link.clone())
        }
        Ok(metadata) if metadata.is_symlink() => dir::link_target(&link),
        Ok(_) => Some(link.clone()),
        Err(error) => return Err(anyhow::Error::from(error).context(at()).into()),
    };
    if let Some(old) = old.as_deref().filter(|old| *old != wanted) {
        leave(run, old, &link)?;
        if old != link {
            fs::remove_file(&link).with_context(|| format!("cannot remove {}", link.display()))?;
        }
    }
    if wanted != link && old.as_deref() != Some(wanted) {
        symlink(wanted, &link).with_context(|| format!("cannot create the link {}", link.display()))?;
    }
    Ok(())
}

/// Saves what a worktree holds and removes it; one that is not this project's is left alone.
fn leave(run: &Run<'_>, old: &Path, link: &Path) -> Result<()> {
    let worktree = worktree_at(old, run.project(), &run.files, run.id());
    // Where the folder is gone, its files wait beside it, in a folder that no other project has.
    if old != link && old.exists() && worktree.has_files()? {
        if !old.join(".git").exists() {
            bail!("{} leads to {}, which is no worktree: remove the link", link.display(), old.display());
        }
        if worktree.is_foreign() {
            tracing::warn!(old = %old.display(), "a worktree of another project was left as it is");
            return Ok(());
        }
    }
    if run.save_leftovers(&worktree, "Left in the worktree before it was moved")? {
        tracing::info!(old = %old.display(), "the worktree is given up for one elsewhere");
        worktree.remove()?;
    }
    Ok(())
}
