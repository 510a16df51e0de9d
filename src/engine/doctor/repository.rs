//! The repository: which remote is used, how the last fetch went, and a branch that keeps agents from having theirs.

use super::Probe;
use super::programs::View;
use crate::domain::config::Config;
use crate::domain::remote::Chosen;
use crate::domain::time::{self, Time};
use crate::engine::fetch;
use crate::engine::project::Project;
use crate::exec::git::Git;
use crate::exec::remote::Remotes;
use crate::exec::{filters, repo};
use crate::store::trusted;
use anyhow::Result;

/// Looks at the repository.
pub(super) fn probe(view: &View, project: &Project, config: Option<&Config>, now: Time) -> Result<Vec<Probe>> {
    let wanted = config.and_then(|config| config.remote.as_deref());
    let remotes = Remotes::read(&Git::in_repository(&project.common_dir), wanted)?;
    let mut probes = vec![remote(&remotes)];
    if trusted::hold(&project.paths).is_some() {
        let what = "git's settings or hooks are not as you accepted them: nothing is fetched, pushed or started";
        probes.push(Probe::error(what, "`scheduler trust` shows what has changed, and accepts it"));
    }
    if let Some(last) = fetch::last(&project.paths, &remotes) {
        let by_hand = format!("does `git fetch {}` work by hand, without a password being asked?", last.remote);
        probes.push(match last.problem(now) {
            Some(problem) => Probe::warning(problem, by_hand),
            None => {
                let ago = time::span((now - last.at).num_seconds());
                Probe::ok(format!("the last fetch from {} was {ago} ago", last.remote))
            }
        });
    }
    if let Some(branch) = repo::branch_in_the_way(&project.common_dir, remotes.name()) {
        probes.push(Probe::error(branch.to_string(), branch.remedy()));
    }
    for (filter, program) in filters::missing(&Git::at(project.root()), &view.search_path)? {
        let what = format!(
            "files go through the git filter {filter}, and its program {program} is not on {}",
            view.search_path
        );
        probes.push(Probe::error(what, format!("install {program}, or add its folder to the PATH of the timer")));
    }
    Ok(probes)
}

/// Working without any remote is a choice, a remote that can't be told is not.
fn remote(remotes: &Remotes) -> Probe {
    match remotes.chosen.problem() {
        None => Probe::ok(format!("work is fetched from and pushed to {}", remotes.name())),
        Some((why, _)) if remotes.chosen == Chosen::None => Probe::ok(format!("{why}: work stays on its branches")),
        Some((why, remedy)) => Probe::warning(format!("{why}: nothing is fetched or pushed"), remedy),
    }
}
