//! Worktrees that were left to runs which nobody could hear of: they go once the run's keeper has said that nothing of it is left.
//!
//! Of a run that never says so nobody knows whether it has ended: its worktree stays, until the user removes it.

use crate::engine::collect;
use crate::engine::project::Project;
use crate::exec::tidy::{self, Removal};
use crate::exec::worktree::Worktree;
use crate::store::paths::{AgentPaths, RunPaths};
use crate::store::state::{self, Loaded};
use crate::store::{runs, worktree_name};
use crate::sys::dir;
use anyhow::Result;
use std::path::{Path, PathBuf};

/// Removes them, and saves before what was never committed.
///
/// # Errors
/// The system's.
pub fn remove(project: &Project, say: &mut dyn FnMut(&str)) -> Result<()> {
    for agent in collect::folders(&project.paths)? {
        let files = project.paths.agent(&agent);
        // One that is just being given up isn't looked at.
        let Loaded::State(state) = state::load(&files)? else { continue };
        for (place, run) in left(&files)? {
            let id = run.dir().file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !run.exit().exists() || state.run_id.as_ref() == Some(&id) {
                continue;
            }
            let worktree = Worktree::new(&place, place.parent().unwrap_or(files.dir()), &project.common_dir);
            let worktree = worktree.setting_aside_to(&run.set_aside());
            let what = format!("the worktree that was left to run {id} of {agent}");
            match tidy::remove_left_worktree(&worktree, &run.git_dir(), &id) {
                Ok(Removal::NotThere) => {}
                Ok(Removal::Removed) => say(&format!("removed {what}")),
                Ok(Removal::Kept(why)) => say(&format!("{what} stays: {why}")),
                Err(error) => say(&format!("{what} stays: {error:#}")),
            }
        }
    }
    Ok(())
}

/// The left worktrees of an agent, each with its run.
fn left(files: &AgentPaths) -> Result<Vec<(PathBuf, RunPaths)>> {
    // With `worktree_root` there is a link to where it was.
    let link = worktree_name::path(files)?;
    let place = dir::link_target(&link).unwrap_or(link);
    let Some(parent) = place.parent() else { return Ok(Vec::new()) };
    let start = worktree_name::start_of_left(&place);
    let names: Vec<_> = dir::names(parent)?.filter(|name| name.starts_with(&start)).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let all = runs::list(files)?;
    let of = |name: String| {
        // One whose removal was cut off has another name.
        let name = name.strip_suffix(tidy::LEAVING).unwrap_or(&name);
        let id = format!("{}-", name.strip_prefix(&start)?);
        let is_its = |run: &&RunPaths| run.dir().file_name().is_some_and(|run| run.to_string_lossy().starts_with(&id));
        let mut found = all.iter().filter(is_its);
        let run = found.next().filter(|_| found.next().is_none())?;
        Some((Path::new(parent).join(name), run.clone()))
    };
    Ok(names.into_iter().filter_map(of).collect())
}
