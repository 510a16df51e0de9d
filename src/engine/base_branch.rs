//! The branch that work begins from when nobody names one: the default branch of the remote, else what the main checkout
//! shows. Never one of an agent, and never the branch that the user happens to look at where the remote has a default one.

use super::project::Project;
use crate::domain::fetch::LastFetch;
use crate::domain::message::Message;
use crate::domain::time::Time;
use crate::exec::git::Git;
use crate::exec::remote::Remotes;
use crate::exec::repo;
use crate::exec::start_point::{branch, noted_default};
use crate::store::paths::Paths;
use crate::store::{cache, messages};
use anyhow::Result;
use std::time::Duration;

/// How long a fetch may take.
pub const FETCH_LIMIT: Duration = Duration::from_secs(300);

/// How the last fetch from the remote that is used went; `None` if there was none.
pub fn last_fetch(paths: &Paths, remotes: &Remotes) -> Option<LastFetch> {
    cache::load(&paths.last_fetch()).filter(|last: &LastFetch| last.remote == remotes.name())
}

/// Keeps how a fetch went, and tells the user of a remote that has failed for long.
///
/// # Errors
/// Neither can be written.
pub fn keep_fetch(paths: &Paths, mut last: LastFetch, now: Time) -> Result<()> {
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

/// The branch, by its name. `None` if there is none that is nobody's work.
///
/// # Errors
/// git can't be asked.
pub fn default_branch(project: &Project, git: &Git, remotes: &Remotes) -> Result<Option<String>> {
    let remote = remotes.name();
    let known = last_fetch(&project.paths, remotes);
    let gone = |name: &String| known.as_ref().is_some_and(|known| known.gone.contains(name));
    let there = |name: &String| Ok::<_, anyhow::Error>(!gone(name) && branch(git, remote, name)?.is_some());
    if remotes.is_there() {
        let said = known.as_ref().and_then(|known| known.default_branch.clone());
        for name in [said, noted_default(git, remote)?].into_iter().flatten() {
            if there(&name)? {
                return Ok(Some(name));
            }
        }
    }
    let current = repo::discover(project.root())?.branch.filter(|name| !name.starts_with("agent/"));
    for name in current.into_iter().chain(["main", "master"].map(str::to_owned)) {
        if there(&name)? {
            return Ok(Some(name));
        }
    }
    Ok(None)
}
