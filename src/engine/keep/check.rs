//! Whether a machine finds what it needs for a run: the right folder, the right worktree, the right program. It changes nothing.

use super::NotKept;
use crate::domain::runner::files::{LaunchOrder, OrderHead};
use crate::domain::state::AgentState;
use crate::exec::worktree;
use crate::store::paths::{Paths, RunPaths};
use crate::sys::read;
use anyhow::Result;
use std::path::Path;

/// The files of the run whose folder this is. As long as that isn't sure, nothing may be written there.
pub fn folder(folder: &Path) -> Result<RunPaths> {
    let refused = |why: String| NotKept::refused(why);
    let real = folder.canonicalize().map_err(|error| refused(format!("{}: {error}", folder.display())))?;
    let files = RunPaths::at(&real).map_err(|error| refused(format!("{error:#}")))?;
    let head = read::read_json::<OrderHead>(&files.launch()).map_err(|error| refused(format!("{error:#}")))?;
    match head {
        Some(head) if real.ends_with(&head.run_id) => Ok(files),
        Some(head) => Err(refused(format!("{} is of run {}", files.launch().display(), head.run_id)).into()),
        // It is removed when the run has ended.
        None if files.started().exists() => Err(NotKept::AlreadyStarted.into()),
        None => Err(refused(format!("there is no {}", files.launch().display())).into()),
    }
}

/// What is to be started; or why that can't be here.
pub fn order(files: &RunPaths) -> Result<LaunchOrder, String> {
    let own = env!("CARGO_PKG_VERSION");
    let of = |error: anyhow::Error| format!("{error:#}");
    let gone = || format!("{} is gone", files.launch().display());
    let head = read::read_json::<OrderHead>(&files.launch()).map_err(of)?.ok_or_else(gone)?;
    if head.version != own {
        return Err(format!("scheduler there is version {own}, and {} where the ticks are", head.version));
    }
    let order = read::read_json::<LaunchOrder>(&files.launch()).map_err(of)?.ok_or_else(gone)?;
    let known = Paths::new(&order.root).agent(&order.agent).run(&order.run_id).map_err(of)?;
    if known.dir().canonicalize().ok().as_deref() != Some(files.dir()) {
        return Err(format!("{} isn't the folder {}", known.dir().display(), files.dir().display()));
    }
    let state = read::read_json::<AgentState>(&order.state).map_err(of)?;
    if state.and_then(|state| state.run_id).as_ref() != Some(&order.run_id) {
        return Err(format!("{} doesn't name this run", order.state.display()));
    }
    if !worktree::is_linked(&order.worktree, &order.git_dir) {
        let (worktree, git_dir) = (order.worktree.display(), order.git_dir.display());
        return Err(format!("{worktree} isn't the worktree of {git_dir}"));
    }
    Ok(order)
}
