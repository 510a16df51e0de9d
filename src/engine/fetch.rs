//! What the remote has, brought here, and how that went: for runs, and for whoever waits for news of the remote.
//!
//! Being offline is no reason to stop.

use super::Clock;
use super::project::Project;
use crate::domain::fetch::LastFetch;
use crate::domain::message::Message;
use crate::domain::time::Time;
use crate::exec::git::Git;
use crate::exec::remote::Remotes;
use crate::exec::stale_ref_locks;
use crate::exec::start_point::{self, Fetched};
use crate::store::paths::Paths;
use crate::store::{cache, messages};
use anyhow::Result;
use std::time::Duration;

/// How long a fetch may take.
pub const LIMIT: Duration = Duration::from_secs(300);

/// How the last fetch from the remote that is used went; `None` if there was none.
pub fn last(paths: &Paths, remotes: &Remotes) -> Option<LastFetch> {
    cache::load(&paths.last_fetch()).filter(|last: &LastFetch| last.remote == remotes.name())
}

/// Fetches, keeps how that went, and tells the user of another default branch. For the holder of the lock of fetches.
///
/// # Errors
/// git can't be run, or how it went can't be kept.
pub fn fetch(project: &Project, remotes: &Remotes, clock: Clock<'_>, is_stopped: &dyn Fn() -> bool) -> Result<()> {
    let (before, begun, remote) = (last(&project.paths, remotes), clock(), remotes.name());
    // Also before an agent's first run, whose worktree isn't there yet.
    stale_ref_locks::remove_forsaken(&project.common_dir)?;
    let git = Git::in_repository(&project.common_dir);
    let last = match start_point::fetch(&git, remotes, LIMIT)? {
        Fetched::NoRemote => return Ok(()),
        Fetched::Done(heads) => {
            let known = before.and_then(|before| before.default_branch);
            let known = known.map_or_else(|| start_point::noted_default(&git, remote), |known| Ok(Some(known)))?;
            if let (Some(old), Some(new)) = (&known, &heads.default)
                && old != new
            {
                tell_of_default(&project.paths, remote, [old, new], clock())?;
            }
            LastFetch::worked(remote, clock(), heads.default.or(known), heads.gone)
        }
        // Cut short, it says nothing of the remote.
        Fetched::Failed(_) if is_stopped() => return Ok(()),
        Fetched::Failed(error) => {
            tracing::warn!("fetch: {error}");
            LastFetch::failed(before, remote, begun, clock(), &error.to_string())
        }
    };
    keep(&project.paths, last, clock())
}

/// Keeps how a fetch went, and tells the user of a remote that has failed for long.
fn keep(paths: &Paths, mut last: LastFetch, now: Time) -> Result<()> {
    if last.is_to_be_told(now) {
        let (remote, problem) = (&last.remote, last.problem(now).unwrap_or_default());
        let body = format!(
            "{problem}\n\nAgents go on with what was fetched before. Does `git fetch {remote}` work by hand, without a password \
             being asked? `scheduler doctor` says how it goes."
        );
        let message = Message::warning(format!("Nothing could be fetched from {remote} for an hour"), body);
        messages::send(paths, &message, now)?;
        last.told = true;
    }
    cache::save(&paths.last_fetch(), &last)
}

fn tell_of_default(paths: &Paths, remote: &str, [old, new]: [&str; 2], now: Time) -> Result<()> {
    let body = format!(
        "The default branch of {remote} is {new} now; here it was {old}. New work begins from {new}.\n\n`git remote set-head \
         {remote} --auto` tells your git, too. To go on with {old}, set `base_branch: {old}` in agents.yaml."
    );
    messages::send(paths, &Message::warning(format!("New work begins from {new}"), body), now).map(drop)
}
