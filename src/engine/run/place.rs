//! Where the agent's worktree is: in the agent's folder, or in `worktree_root` with a link in the agent's folder.
//!
//! When the configuration has moved it, what the old one holds is saved before it goes.

use super::{Run, RunError};
use crate::{
    domain::{outcome::Outcome, run::RUN_TAG, text::fnv1a},
    exec::{salvage, worktree::Worktree},
    sys::atomic,
};
use anyhow::{Context, Result, bail};
use std::{
    ffi::OsStr,
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

impl Run<'_> {
    /// The folder of the worktree itself, whether it is there or not.
    pub(super) fn worktree_path(&self) -> PathBuf {
        match self.worktrees_folder() {
            // Links are resolved, for claude and git see the folder by its real name.
            Some(folder) => real(&folder).join(self.assignment.agent.as_str()),
            None => self.agent.worktree(),
        }
    }

    /// Where this project's worktrees are, if not in the agents' folders. Another project, or a copy of this one, has
    /// another folder, even below the same root.
    fn worktrees_folder(&self) -> Option<PathBuf> {
        let root = self.assignment.worktrees.root.as_deref()?;
        let project = real(self.project().root());
        let home = self.supervisor.environment.get(OsStr::new("HOME")).map(PathBuf::from);
        let root = match (root.strip_prefix("~/"), home) {
            (Some(below), Some(home)) => home.join(below),
            _ => project.join(root),
        };
        let name = project.file_name().unwrap_or_default().to_string_lossy();
        let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let hash = fnv1a(project.to_string_lossy().bytes()) & 0xffff_ffff;
        Some(root.join(format!("{name}-{hash:08x}")))
    }

    /// Sees to it that the worktree's place is as configured: gives up one elsewhere, and makes the link.
    pub(super) fn settle_place(&self) -> Result<(), RunError> {
        let link = self.agent.worktree();
        if let Some(folder) = self.worktrees_folder() {
            atomic::ensure_dir(&folder)?;
            if real(&folder).starts_with(real(self.project().root())) {
                let folder = folder.display();
                let message = format!(
                    "worktree_root in agents.yaml leads into the project, to {folder}: choose a folder outside"
                );
                return Err(RunError::Outcome(Outcome::LaunchFailed { message, everybody: true }));
            }
        }
        let wanted = self.worktree_path();
        let at = || format!("cannot read {}", link.display());
        let old = match fs::symlink_metadata(&link) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Its files may wait beside it.
                let left = self.worktree_at(&link).has_files()?;
                (left && wanted != link).then(|| link.clone())
            }
            Ok(metadata) if metadata.is_symlink() => Some(fs::read_link(&link).with_context(at)?),
            Ok(_) => Some(link.clone()),
            Err(error) => return Err(anyhow::Error::from(error).context(at()).into()),
        };
        if let Some(old) = old.as_deref().filter(|old| *old != wanted) {
            self.leave(old)?;
            if old != link {
                fs::remove_file(&link).with_context(|| format!("cannot remove {}", link.display()))?;
            }
        }
        if wanted != link && old.as_ref() != Some(&wanted) {
            symlink(&wanted, &link).with_context(|| format!("cannot create the link {}", link.display()))?;
        }
        Ok(())
    }

    fn worktree_at(&self, place: &Path) -> Worktree {
        let above = place.parent().unwrap_or(place);
        Worktree::new(place, above, &self.project().common_dir).with_env(RUN_TAG, self.id())
    }

    /// Saves what a worktree holds and removes it; one that is not this project's is left alone.
    fn leave(&self, old: &Path) -> Result<()> {
        let worktree = self.worktree_at(old);
        if !worktree.has_files()? {
            return Ok(());
        }
        let inside = old == self.agent.worktree();
        // Where the folder is gone, its files wait beside it, in a folder that no other project has.
        let elsewhere = !inside && old.exists();
        if elsewhere && !old.join(".git").exists() {
            let link = self.agent.worktree();
            bail!("{} leads to {}, which is no worktree: remove the link", link.display(), old.display());
        }
        if elsewhere && worktree.is_foreign() {
            tracing::warn!(old = %old.display(), "a worktree of another project was left as it is");
            return Ok(());
        }
        let head = worktree.repository().commit("HEAD")?.context("the repository has no commit")?;
        worktree.ensure(&head)?;
        let saved = salvage::salvage(
            &worktree,
            self.id(),
            "Left in the worktree before it was moved",
            &self.files.set_aside(),
        )?;
        tracing::info!(?saved, old = %old.display(), "the worktree is given up for one elsewhere");
        worktree.remove()
    }
}

/// The path without links, as far as it exists.
fn real(path: &Path) -> PathBuf {
    match (path.canonicalize(), path.parent(), path.file_name()) {
        (Ok(real), _, _) => real,
        (Err(_), Some(above), Some(name)) => real(above).join(name),
        _ => path.to_owned(),
    }
}
