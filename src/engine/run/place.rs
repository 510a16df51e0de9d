//! Where the agent's worktree is: in the agent's folder, or in `worktree_root` with a link in the agent's folder.
//!
//! It says where, and makes nothing.

use super::Supervisor;
use crate::domain::run::{Assignment, RUN_TAG};
use crate::domain::text::fnv1a;
use crate::engine::project::Project;
use crate::exec::worktree::Worktree;
use crate::store::paths::{AgentPaths, RunPaths};
use crate::store::worktree_name;
use anyhow::Result;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The folder of the worktree itself, whether it is there or not.
pub fn of(supervisor: &Supervisor<'_>, agent: &AgentPaths, assignment: &Assignment) -> Result<PathBuf> {
    Ok(match worktrees_folder(supervisor, assignment) {
        // Links are resolved, for claude and git see the folder by its real name.
        Some(folder) => real(&folder).join([assignment.agent.as_str(), &worktree_name::suffix(agent)?].concat()),
        None => worktree_name::path(agent)?,
    })
}

/// The worktree at a place, with the tag of a run for all of its git commands.
pub fn worktree_at(place: &Path, project: &Project, files: &RunPaths, run_id: &str) -> Worktree {
    let above = place.parent().unwrap_or(place);
    let worktree = Worktree::new(place, above, &project.common_dir).with_env(RUN_TAG, run_id);
    worktree.setting_aside_to(&files.set_aside())
}

/// Where this project's worktrees are, if not in the agents' folders. Another project, or a copy of this one, has
/// another folder, even below the same root.
pub(super) fn worktrees_folder(supervisor: &Supervisor<'_>, assignment: &Assignment) -> Option<PathBuf> {
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

/// The path without links, as far as it exists.
pub(super) fn real(path: &Path) -> PathBuf {
    match (path.canonicalize(), path.parent(), path.file_name()) {
        (Ok(real), _, _) => real,
        (Err(_), Some(above), Some(name)) => real(above).join(name),
        _ => path.to_owned(),
    }
}
