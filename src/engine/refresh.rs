//! Asks GitHub for the open pull requests and keeps the answer for the ticks.
//!
//! It runs detached, and decides nothing.

use super::project::Project;
use super::snapshot::{OpenPr, OpenPrs};
use super::{Clock, base_branch};
use crate::domain::config;
use crate::domain::pull_request::PullRequest;
use crate::domain::time::Time;
use crate::exec::git::Git;
use crate::exec::github::GitHub;
use crate::exec::remote::Remotes;
use crate::exec::start_point;
use crate::store::cache;
use crate::sys::read;
use anyhow::Result;
use std::time::Duration;

/// The most files of one pull request that are kept.
const MAX_FILES: usize = 300;
/// How long GitHub may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Adds a pull request that was opened just now to what is known, so that no tick counts without it.
///
/// # Errors
/// It can't be kept.
pub fn note(project: &Project, number: u64, title: &str, head: &str, now: Time) -> Result<()> {
    let path = project.paths.open_prs();
    let _lock = crate::store::lock(&project.paths)?;
    // Nothing is known yet: the next tick asks.
    let nothing = || OpenPrs { asked_at: Time::UNIX_EPOCH, open: None, error: None };
    let mut known = cache::load::<OpenPrs>(&path).unwrap_or_else(nothing);
    let open = known.open.get_or_insert_default();
    if open.iter().any(|other| other.number == number) {
        return Ok(());
    }
    open.push(OpenPr {
        number,
        title: title.to_owned(),
        head: head.to_owned(),
        noted_at: Some(now),
        files: Vec::new(),
    });
    cache::save(&path, &known)
}

/// Refreshes `cache/open-prs.json`. What was known stays where GitHub can't be asked.
///
/// # Errors
/// The answer can't be kept.
pub fn refresh(project: &Project, clock: Clock<'_>) -> Result<()> {
    let path = project.paths.open_prs();
    let asked_at = clock();
    // One more than the limit is enough to know that it is reached; foreign branches stand between.
    let config = read::read_linked_text(&project.paths.config())?.and_then(|text| config::read(&text).ok());
    let (limit, wanted) =
        config.map_or((10, None), |(config, _)| (config.queue_limits.max_open_prs.get(), config.remote));
    let git = Git::in_repository(&project.common_dir);
    let remotes = Remotes::read(&git, wanted.as_deref())?;
    let ask = usize::try_from(limit).unwrap_or(0).saturating_add(200);
    let files = Files::new(project, git, &remotes);
    let answered = |pr: PullRequest| OpenPr {
        files: files.of(&pr.branch),
        number: pr.number,
        title: pr.title,
        head: pr.branch,
        noted_at: None,
    };
    let answer = GitHub::new(project.root(), TIMEOUT).of(remotes.github()).open_agent_prs(ask);
    let answer = answer.map(|prs| prs.into_iter().map(answered).collect::<Vec<_>>());
    let _lock = crate::store::lock(&project.paths)?;
    let known = cache::load::<OpenPrs>(&path).and_then(|known| known.open);
    let answer = match answer {
        Ok(prs) => {
            let mut open = prs;
            // Opened since it was asked: the answer can't have it.
            let later = |pr: &OpenPr| pr.noted_at.is_some_and(|noted_at| noted_at >= asked_at);
            let missing = |pr: &OpenPr| open.iter().all(|other| other.number != pr.number);
            let kept: Vec<_> = known.into_iter().flatten().filter(|pr| later(pr) && missing(pr)).collect();
            open.extend(kept);
            OpenPrs { asked_at, open: Some(open), error: None }
        }
        Err(error) => OpenPrs { asked_at, open: known, error: Some(format!("{error}; {}", error.remedy())) },
    };
    cache::save(&path, &answer)
}

/// The files that branches change, from what the repository knows without fetching.
struct Files {
    git: Git,
    remote: String,
    base: Option<String>,
}

impl Files {
    fn new(project: &Project, git: Git, remotes: &Remotes) -> Self {
        let default = base_branch::default_branch(project, &git, remotes).ok().flatten();
        let base = default.and_then(|name| start_point::branch(&git, remotes.name(), &name).ok().flatten());
        Self { git, remote: remotes.name().to_owned(), base }
    }

    /// What is not known is left out: it is a hint for the score of proposals, nothing more.
    fn of(&self, head: &str) -> Vec<String> {
        let (Some(base), Ok(Some(head))) = (&self.base, start_point::branch(&self.git, &self.remote, head)) else {
            return Vec::new();
        };
        let range = format!("{base}...{head}");
        let names = self.git.run(["diff", "--name-only", "-z", "--no-ext-diff", &range, "--"]);
        names.map(|names| names.entries()).unwrap_or_default().into_iter().take(MAX_FILES).collect()
    }
}
