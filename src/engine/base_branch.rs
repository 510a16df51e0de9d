//! The branch that work begins from when nobody names one: the default branch of the remote, else what the main checkout
//! shows. Never one of an agent, and never the branch that the user happens to look at where the remote has a default one.

use super::fetch;
use super::project::Project;
use crate::exec::git::Git;
use crate::exec::remote::Remotes;
use crate::exec::repo;
use crate::exec::start_point::{branch, noted_default};
use anyhow::Result;

/// The branch, by its name. `None` if there is none that is nobody's work.
///
/// # Errors
/// git can't be asked.
pub fn default_branch(project: &Project, git: &Git, remotes: &Remotes) -> Result<Option<String>> {
    let remote = remotes.name();
    let known = fetch::last(&project.paths, remotes);
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
