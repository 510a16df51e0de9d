//! Where the agent's worktree is: in the agent's folder, or in `worktree_root` with a link in the agent's folder.
//!
//! When the configuration has moved it, what the old one holds is saved before it goes.

use super::{
    Supervisor,
    context::{Run, RunError},
};
use crate::{
    domain::{
        run::{Assignment, RUN_TAG},
        text::fnv1a,
    },
    engine::project::Project,
    exec::worktree::Worktree,
    store::paths::{AgentPaths, RunPaths},
    sys::{atomic, dir},
};
use anyhow::{Context, Result, bail};
use std::{
    ffi::OsStr,
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

/// The folder of the worktree itself, whether it is there or not.
pub fn of(supervisor: &Supervisor<'_>, agent: &AgentPaths, assignment: &Assignment) -> PathBuf {
    match worktrees_folder(supervisor, assignment) {
        // Links are resolved, for claude and git see the folder by its real name.
        Some(folder) => real(&folder).join(assignment.agent.as_str()),
        None => agent.worktree(),
    }
}

/// The worktree at a place, with the tag of a run for all of its git commands.
pub fn worktree_at(place: &Path, project: &Project, files: &RunPaths, run_id: &str) -> Worktree {
    let above = place.parent().unwrap_or(place);
    let worktree = Worktree::new(place, above, &project.common_dir).with_env(RUN_TAG, run_id);
    worktree.setting_aside_to(&files.set_aside())
}

/// Where this project's worktrees are, if not in the agents' folders. Another project, or a copy of this one, has
/// another folder, even below the same root.
fn worktrees_folder(supervisor: &Supervisor<'_>, assignment: &Assignment) -> Option<PathBuf> {
    let root = assignment.worktrees.root.as_deref()?;
    let project = real(supervisor.project.root());
    let home = supervisor.environment.get(OsStr::new("HOME")).map(PathBuf::from);
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
    let (link, wanted) = (run.agent.worktree(), run.worktree.path());
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

/// The path without links, as far as it exists.
fn real(path: &Path) -> PathBuf {
    match (path.canonicalize(), path.parent(), path.file_name()) {
        (Ok(real), _, _) => real,
        (Err(_), Some(above), Some(name)) => real(above).join(name),
        _ => path.to_owned(),
    }
}
