//! Tidies up, once a day and apart from the ticks: old runs, logs and rejected proposals, merged branches, abandoned worktrees and files.
//!
//! Every removal is told to the log as it happens. Unfinished work is never removed: neither what was set aside under
//! `refs/salvage/`, nor a worktree with anything unsaved in it.

pub mod left_worktrees;

use super::project::Project;
use super::{Clock, base_branch, collect, configuration};
use crate::domain::config::Config;
use crate::domain::message::Message;
use crate::domain::name::Name;
use crate::domain::proposal::ProposalState;
use crate::domain::retention::{self, RunFolder};
use crate::domain::state::AgentState;
use crate::domain::task::{self, TaskState};
use crate::domain::time::{self, Time};
use crate::exec::git::Git;
use crate::exec::remote::Remotes;
use crate::exec::tidy::{self, Removal};
use crate::exec::worktree::Worktree;
use crate::exec::{salvage, start_point};
use crate::store::paths::Paths;
use crate::store::proposals::{Proposals, REJECTED_DAYS};
use crate::store::queue::Queue;
use crate::store::state::{self, Loaded};
use crate::store::{cache, messages, runs, worktree_name};
use crate::sys::lock::Lock;
use crate::sys::{atomic, dir, read};
use anyhow::Result;
use std::time::Duration;

/// A temporary file of a living writer is seconds old at most.
const STALE: Duration = Duration::from_secs(2 * 86_400);

/// A rewrite under way has its text under a temporary name for milliseconds.
const RESTING: Duration = Duration::from_secs(60);

/// Whether it is time to tidy up. Where that was never done, the first day begins now: there is nothing old yet.
///
/// # Errors
/// The time can't be written down.
pub fn is_due(paths: &Paths, now: Time) -> Result<bool> {
    match cache::last_time(&paths.last_housekeeping()) {
        Some(last) => Ok(retention::is_due(last, now)),
        None => cache::save_time(&paths.last_housekeeping(), now).map(|()| false),
    }
}

/// Tidies up. `say` is told of every removal, and of what couldn't be done; the rest is done all the same.
///
/// # Errors
/// The time can't be written down: then nothing is begun, or it would be begun every minute.
pub fn run(project: &Project, clock: Clock<'_>, say: &mut dyn FnMut(&str)) -> Result<()> {
    let paths = &project.paths;
    let now = clock();
    cache::save_time(&paths.last_housekeeping(), now)?;
    let config = configuration::read(paths)?.understand().ok().map(|(config, _)| config);
    let mut parts: Vec<Result<()>> = vec![
        old_runs(project, say),
        old_rejections(paths, now, say),
        temporary_files(paths, now, say),
        // A branch that a left worktree stands on is in use.
        left_worktrees::remove(project, say),
        branches(project, config.as_ref(), say),
    ];
    // Without a configuration nobody knows who works here and how long to keep what.
    if let Some(config) = &config {
        parts.push(old_logs(paths, config, now, say));
        parts.push(abandoned_worktrees(project, config, say));
    }
    for trouble in parts.into_iter().filter_map(Result::err) {
        say(&format!("{trouble:#}"));
    }
    Ok(())
}

fn old_runs(project: &Project, say: &mut dyn FnMut(&str)) -> Result<()> {
    let paths = &project.paths;
    let mut texts = Vec::new();
    for agent in collect::folders(paths)? {
        let files = paths.agent(&agent);
        // What the state doesn't tell isn't known to be over.
        let Loaded::State(state) = state::load(&files)? else { continue };
        let folders: Vec<RunFolder> = runs::list(&files)?
            .iter()
            .filter_map(|run| {
                let id = run.dir().file_name()?.to_str()?.to_owned();
                let current = state.run_id.as_ref() == Some(&id);
                Some(RunFolder { current, holds_repositories: run.set_aside().exists(), id })
            })
            .collect();
        if folders.len() <= retention::RUNS_KEPT {
            continue;
        }
        if texts.is_empty() {
            texts = texts_that_name_runs(paths)?;
            // By its folder a task's history finds what was set aside.
            texts.extend(salvage::refs(&Git::in_repository(&project.common_dir))?);
        }
        for run in retention::surplus_runs(&folders, &|id| texts.iter().any(|text| text.contains(id))) {
            runs::remove(&files.run(&run.id)?)?;
            say(&format!("removed run {} of {agent}", run.id));
        }
    }
    Ok(())
}

fn old_rejections(paths: &Paths, now: Time, say: &mut dyn FnMut(&str)) -> Result<()> {
    for id in Proposals::new(paths).forget(now)? {
        say(&format!("removed proposal {id}, which was rejected more than {REJECTED_DAYS} days ago"));
    }
    Ok(())
}

/// The texts of failed tasks and of messages. A task that can't be read stops it: it might name a run.
fn texts_that_name_runs(paths: &Paths) -> Result<Vec<String>> {
    let queue = Queue::new(paths);
    let mut texts = Vec::new();
    for id in queue.list(TaskState::Failed)?.ids {
        texts.extend(queue.read(TaskState::Failed, &id)?);
    }
    let (listed, strays) = messages::list(paths)?;
    let files = listed.into_iter().map(|listed| listed.path).chain(strays.into_iter().map(|stray| stray.path));
    for path in files {
        // What is no file with a text names nothing.
        texts.extend(read::read_text(&path).ok().flatten());
    }
    Ok(texts)
}

fn old_logs(paths: &Paths, config: &Config, now: Time, say: &mut dyn FnMut(&str)) -> Result<()> {
    let known: Vec<Name> = collect::folders(paths)?;
    let is_agent = |name: &str| {
        name.parse::<Name>()
            .is_ok_and(|name| known.contains(&name) || config.agents.iter().any(|agent| agent.name == name))
    };
    let today = time::local_date(now);
    let logs = paths.logs();
    let names: Vec<String> = dir::names(&logs)?.filter(|name| logs.join(name).is_file()).collect();
    for name in retention::old_logs(&names, &is_agent, today, config.log_retention_days.get()) {
        atomic::discard(&logs.join(name))?;
        say(&format!("removed log {name}"));
    }
    Ok(())
}

fn branches(project: &Project, config: Option<&Config>, say: &mut dyn FnMut(&str)) -> Result<()> {
    let git = Git::in_repository(&project.common_dir);
    let remotes = Remotes::read(&git, config.and_then(|config| config.remote.as_deref()))?;
    let Some(default) = base_branch::default_branch(project, &git, &remotes)? else { return Ok(()) };
    // As the remote has it: what is only merged here isn't safe yet.
    let Some(into) = start_point::branch(&git, remotes.name(), &default)? else { return Ok(()) };
    let merged = tidy::merged_branches(&git, &into)?;
    if merged.is_empty() {
        return Ok(());
    }
    let used = branches_in_use(&project.paths)?;
    for branch in retention::surplus_branches(&merged, &|name| used.iter().any(|used| used == name)) {
        tidy::remove_branch(&git, branch)?;
        say(&format!("removed branch {}, merged, at {}", branch.name, branch.tip));
    }
    Ok(())
}

/// The branches that tasks name which may still be worked on.
fn branches_in_use(paths: &Paths) -> Result<Vec<String>> {
    let queue = Queue::new(paths);
    let mut used = Vec::new();
    for state in [TaskState::Incoming, TaskState::Claimed, TaskState::Failed] {
        for id in queue.list(state)?.ids {
            let Some(task) = queue.read(state, &id)?.and_then(|text| task::parse(&id, &text).ok()) else { continue };
            used.extend(task.work_branch.into_iter().chain(task.branch));
        }
    }
    Ok(used)
}

fn abandoned_worktrees(project: &Project, config: &Config, say: &mut dyn FnMut(&str)) -> Result<()> {
    for agent in collect::folders(&project.paths)? {
        if config.agents.iter().any(|configured| configured.name == agent) {
            continue;
        }
        let files = project.paths.agent(&agent);
        let Some(_lock) = Lock::try_take(&files.lock())? else { continue };
        let is_free = |state: &AgentState| state.is_idle() && !collect::is_python_at_work(state);
        if !matches!(state::load(&files)?, Loaded::State(state) if is_free(&state)) {
            continue;
        }
        // With `worktree_root` there is a link to it.
        let link = worktree_name::path(&files)?;
        let place = dir::link_target(&link).unwrap_or_else(|| link.clone());
        let worktree = Worktree::new(&place, place.parent().unwrap_or(files.dir()), &project.common_dir);
        let removal = tidy::remove_worktree(&worktree)?;
        if place != link && !matches!(removal, Removal::Kept(_)) {
            atomic::remove(&link)?;
        }
        match removal {
            Removal::NotThere => {}
            Removal::Removed => say(&format!("removed the worktree of {agent}, which is not configured any more")),
            Removal::Kept(why) => {
                say(&format!("the worktree of {agent}, which is not configured any more, stays: {why}"));
            }
        }
    }
    Ok(())
}

fn temporary_files(paths: &Paths, now: Time, say: &mut dyn FnMut(&str)) -> Result<()> {
    let mut dirs = vec![paths.dot().to_owned(), paths.messages(), paths.cache(), paths.logs(), paths.agents_dir()];
    dirs.push(paths.ended_elsewhere());
    dirs.extend(TaskState::ALL.map(|state| paths.queue(state)));
    dirs.extend(ProposalState::ALL.map(|state| paths.proposals(state)));
    for agent in collect::folders(paths)? {
        let files = paths.agent(&agent);
        dirs.push(files.dir().to_owned());
        dirs.extend(runs::list(&files)?.into_iter().map(|run| run.dir().to_owned()));
    }
    let swept = atomic::sweep(&dirs, RESTING, STALE)?;
    for path in swept.removed {
        say(&format!("removed {}, which a killed process had left", path.display()));
    }
    for (target, kept) in swept.edits {
        let (target, kept) = (target.display(), kept.display());
        say(&format!("an edit of {target}, which a killed process had left under another name, is kept as {kept}"));
        let body = format!(
            "You changed {target} at the moment in which the program did, and it was killed then. Your text is kept in\n{kept}\n\n\
             Put in what you want of it by hand, then remove that file."
        );
        let message = Message::warning("An edit of yours is kept beside its file", body);
        messages::send(paths, &message.key(format!("kept edit {kept}")), now)?;
    }
    Ok(())
}
