//! The worktree, made ready: what an earlier run left is saved, the newest base is fetched, a fresh branch is there.
//!
//! The main checkout is never touched.

pub mod fetch;
mod provision;
mod relocate;
mod start;

use super::confinement;
use super::context::{Run, RunError};
use crate::domain::message::Message;
use crate::domain::run::Prepared;
use crate::domain::state::AgentState;
use crate::domain::task::{Edit, key};
use crate::engine::init::claude_md;
use crate::engine::trust::Before;
use crate::exec::git::Git;
use crate::exec::worktree::Ensured;
use crate::exec::{filters, moved_refs, repo};
use crate::store::queue::Queue;
use crate::store::{messages, runs};
use std::ffi::OsStr;

/// Tells the user, once, of filters whose program the timer doesn't find; whether git can do without is git's to say.
fn tell_of_filters(run: &Run<'_>) -> Result<(), RunError> {
    let search_path = run.supervisor.environment.get(OsStr::new("PATH")).map(|path| path.to_string_lossy());
    let search_path = search_path.unwrap_or_default();
    for (filter, program) in filters::missing(&Git::at(run.project().root()), &search_path)? {
        let body = format!(
            "Files of this repository go through the git filter {filter}. Its program, {program}, is not on the PATH of the \
             timer:\n{search_path}\n\nInstall it, or add its folder there; `scheduler doctor --cron` shows whether it is found."
        );
        let message = Message::warning(format!("The filter {filter} doesn't run under the timer"), body);
        messages::send(run.paths(), &message.key(format!("filter {filter}")), run.now())?;
    }
    Ok(())
}

/// Tells the user, once, that their lines for Claude Code aren't where work begins: only their own checkout has them.
fn tell_of_instructions(run: &Run<'_>) -> Result<(), RunError> {
    let (here, there) = (claude_md::look(run.project().root()), claude_md::look(run.worktree.path()));
    if !here.exists || (there.exists && there.missing.len() <= here.missing.len()) {
        return Ok(());
    }
    let file = here.path.display();
    let body = format!(
        "{file} isn't the same, or isn't there, where work begins: agents work without what it tells them.\n\nCommit it, and \
         push it if there is a remote. `scheduler doctor` says whether they find it then."
    );
    let message = Message::warning("Agents don't see your CLAUDE.md as it is", body).key("instructions");
    messages::send(run.paths(), &message, run.now())?;
    Ok(())
}

/// Makes the worktree ready and writes down where the run works.
pub fn prepare(run: &Run<'_>, state: &mut AgentState) -> Result<Prepared, RunError> {
    const LEFT: &str = "Left in the worktree before this run";
    if run.assignment.job.task().is_some() && run.task.is_none() {
        // The user has moved it since the claim.
        return Err(RunError::stopped());
    }
    let worktree = &run.worktree;
    relocate::make_ready(run)?;
    run.save_leftovers(worktree, LEFT)?;
    run.unless_stopped()?;
    fetch::fetch(run)?;
    run.unless_stopped()?;
    tell_of_filters(run)?;
    let branch = repo::branch_in_the_way(&run.project().common_dir, run.remotes()?.name());
    if let Some(branch) = branch.filter(|_| run.assignment.job.task().is_some()) {
        return Err(RunError::launch(format!("{branch}; {}", branch.remedy())));
    }
    let prepared = start::find(run)?;
    run.unless_stopped()?;
    // From here on what runs may be anybody's.
    let before = Before { confinement: confinement::of_trust(run), refs: moved_refs::all(&worktree.repository())? };
    runs::write_json(&run.files.before(), &before)?;
    match worktree.ensure(&prepared.start)? {
        Ensured::Created => {
            worktree.note_set_up(None)?;
            tell_of_instructions(run)?;
        }
        // What was found only now is not to be cleared away either.
        Ensured::Repaired => drop(run.save_leftovers(worktree, LEFT)?),
        Ensured::Whole => {}
    }
    if worktree.clear_claude_files()? {
        tracing::warn!("what an earlier run left for claude was set aside");
    }
    if provision::is_wanted(run) {
        // On no branch: what the set-up command does to it and to files that git knows is undone by the stand below.
        worktree.stand_detached(&prepared.start)?;
        provision::provision(run, prepared.fork, state)?;
        worktree.keep_claude_files()?;
        run.unless_stopped()?;
    }
    let warnings = match &prepared.branch {
        Some(branch) => worktree.stand_on_branch(branch, &prepared.start)?,
        None => worktree.stand_detached(&prepared.start)?,
    };
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    if let (Some(branch), Some(task)) = (&prepared.branch, run.task()) {
        // The next attempt finds it whatever happens to this one.
        let edit = Edit::new().set(key::WORK_BRANCH, branch);
        Queue::new(run.paths()).edit_claimed(&task.id, run.id(), &edit)?;
    }
    worktree.keep_git_dir(&run.files.git_dir())?;
    runs::write_json(&run.files.prepared(), &prepared)?;
    tracing::debug!(?prepared, "worktree is ready");
    Ok(prepared)
}
