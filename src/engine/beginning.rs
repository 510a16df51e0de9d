//! Files that agents go by and that differ from what they find where their work begins: what isn't committed, or isn't
//! pushed, they don't see. It only asks git.

use super::base_branch;
use super::project::Project;
use crate::domain::config::Config;
use crate::exec::git::Git;
use crate::exec::remote::Remotes;
use crate::exec::start_point;
use crate::store::trusted;
use anyhow::Result;

/// What counts, from the top of the main checkout.
const FILES: [&str; 3] = [".orchestrator/agents.yaml", "CLAUDE.md", ".claude/CLAUDE.md"];

/// A file that agents don't see as it is here, and what the user does about it.
pub struct Unseen {
    pub what: String,
    pub remedy: String,
}

/// Those files.
///
/// # Errors
/// git can't be asked.
pub fn unseen(project: &Project, config: &Config) -> Result<Vec<Unseen>> {
    let git = Git::at(project.root());
    // While git isn't to be trusted, none of its programs is to run.
    if trusted::hold(&project.paths).is_some() || !git.ok(["rev-parse", "--quiet", "--verify", "HEAD"]).unwrap_or(false)
    {
        return Ok(Vec::new());
    }
    let repository = Git::in_repository(&project.common_dir);
    let remotes = Remotes::read(&repository, config.remote.as_deref())?;
    let mut named = config.agents.iter().map(|agent| &agent.settings.base_branch);
    let branch = match named.next().filter(|first| named.all(|other| other == *first)) {
        Some(Some(branch)) => Some(branch.clone()),
        _ => base_branch::default_branch(project, &repository, &remotes)?,
    };
    let Some(branch) = branch else { return Ok(Vec::new()) };
    let Some(start) = start_point::branch(&repository, remotes.name(), &branch)? else { return Ok(Vec::new()) };
    let uncommitted =
        git.run([&["status", "--porcelain", "--untracked-files=all", "-z", "--"], &FILES[..]].concat())?.entries();
    let uncommitted: Vec<_> = uncommitted.iter().filter_map(|entry| entry.get(3..)).collect();
    let unpushed = git.run([&["diff", "--name-only", "-z", &start, "HEAD", "--"], &FILES[..]].concat())?.entries();
    let from = match remotes.is_there() {
        true => format!("{branch} of {}", remotes.name()),
        false => branch,
    };
    let push = if remotes.is_there() { "commit and push it" } else { "commit it" };
    let unseen = |file: &&str| {
        let remedy = match () {
            () if uncommitted.contains(file) => push.to_owned(),
            () if !unpushed.iter().any(|path| path == file) => return None,
            () if remotes.is_there() => "push it, or have it merged".to_owned(),
            () => format!("have it merged into {from}"),
        };
        Some(Unseen { what: format!("{file} is not here as agents find it, who begin from {from}"), remedy })
    };
    Ok(FILES.iter().filter_map(unseen).collect())
}
