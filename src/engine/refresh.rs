//! Asks GitHub for the open pull requests and keeps the answer for the ticks, with what of each can be in the way of tasks.
//!
//! It runs detached, and decides nothing.

use super::Clock;
use super::fetch;
use super::project::Project;
use super::snapshot::OpenPrs;
use crate::domain::config::{self, PullRequests, RepositoryPath};
use crate::domain::fetch::LastFetch;
use crate::domain::name::Name;
use crate::domain::pull_request::PullRequest;
use crate::domain::schedule::OpenPr;
use crate::domain::task::TaskState;
use crate::domain::time::{self, Time};
use crate::exec::git::Git;
use crate::exec::github::{GitHub, Place};
use crate::exec::remote::Remotes;
use crate::exec::start_point;
use crate::store::cache;
use crate::store::paths::Paths;
use crate::store::queue::Queue;
use crate::sys::lock::Lock;
use crate::sys::read;
use anyhow::Result;
use std::time::Duration;

/// The most files of one pull request that are kept.
const MAX_FILES: usize = 300;
/// The most tasks whose earlier work is compared with the open pull requests.
const MAX_COMPARED: usize = 40;
/// After how many seconds without a look at the remote another is due.
const STALE: i64 = 600;
/// How long GitHub may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Adds a pull request that was opened just now to what is known, so that no tick counts without it.
///
/// # Errors
/// It can't be kept.
pub fn note(project: &Project, remotes: &Remotes, pr: &PullRequest, now: Time) -> Result<()> {
    let path = project.paths.open_prs();
    let number = pr.number;
    let noted = InFlight::new(project, remotes).open(pr, Some(now));
    let _lock = crate::store::lock(&project.paths)?;
    // Nothing is known yet: the next tick asks.
    let nothing = || OpenPrs { asked_at: Time::UNIX_EPOCH, open: None, error: None };
    let mut known = cache::load::<OpenPrs>(&path).unwrap_or_else(nothing);
    let open = known.open.get_or_insert_default();
    if open.iter().any(|other| other.number == number) {
        return Ok(());
    }
    open.push(noted);
    cache::save(&path, &known)
}

/// Whether it is long ago that the remote was looked at, if there is one. Who waits for news of it has that done now and then.
pub(super) fn is_stale(paths: &Paths, now: Time) -> bool {
    let is_long_ago = |at| !time::is_within(STALE, at, now);
    let fetched = cache::load(&paths.last_fetch()).is_some_and(|last: LastFetch| is_long_ago(last.at));
    fetched && cache::load(&paths.open_prs()).is_none_or(|prs: OpenPrs| is_long_ago(prs.asked_at))
}

/// Refreshes `cache/open-prs.json`, and fetches if that is long ago. What was known stays where GitHub can't be asked.
///
/// # Errors
/// The answer can't be kept.
pub fn refresh(project: &Project, clock: Clock<'_>) -> Result<()> {
    let path = project.paths.open_prs();
    let asked_at = clock();
    // One more than the limit is enough to know that it is reached; foreign branches stand between.
    let config = read::read_linked_text(&project.paths.config())?.and_then(|text| config::read(&text).ok());
    let (limit, wanted, pull_requests) = config.map_or((10, None, PullRequests::default()), |(config, _)| {
        (config.queue_limits.max_open_prs.get(), config.remote, config.pull_requests)
    });
    let remotes = Remotes::read(&Git::in_repository(&project.common_dir), wanted.as_deref())?;
    // Unless a run does that just now.
    if is_stale(&project.paths, asked_at)
        && let Some(_lock) = Lock::try_take(&project.paths.fetch_lock())?
    {
        fetch::fetch(project, &remotes, clock, &|| false)?;
    }
    let ask = usize::try_from(limit).unwrap_or(0).saturating_add(200);
    let place = Place::of(&remotes, pull_requests.to.as_ref().map(RepositoryPath::as_str));
    let answer = GitHub::new(project.root(), place, TIMEOUT).open_agent_prs(ask);
    let in_flight = InFlight::new(project, &remotes);
    let answer = answer.map(|prs| prs.iter().map(|pr| in_flight.open(pr, None)).collect::<Vec<_>>());
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

/// What the open pull requests have in common with tasks, from what the repository knows without fetching.
struct InFlight<'a> {
    git: Git,
    remote: &'a str,
    /// The incoming tasks whose work an earlier run left on a branch, with its commit.
    work: Vec<(Name, String)>,
}

impl<'a> InFlight<'a> {
    fn new(project: &Project, remotes: &'a Remotes) -> Self {
        let git = Git::in_repository(&project.common_dir);
        let remote = remotes.name();
        let incoming = Queue::new(&project.paths).good(TaskState::Incoming).unwrap_or_default();
        let work = incoming.into_iter().filter_map(|task| {
            let commit = start_point::branch(&git, remote, &task.work_branch?).ok()??;
            Some((task.id, commit))
        });
        let work = work.take(MAX_COMPARED).collect();
        Self { git, remote, work }
    }

    /// What is not known is left out: at worst somebody has to bring the two together later.
    fn open(&self, pr: &PullRequest, noted_at: Option<Time>) -> OpenPr {
        let commit = |name: &str| start_point::branch(&self.git, self.remote, name).ok().flatten();
        let head = commit(&pr.branch);
        let files = match (commit(&pr.base), &head) {
            (Some(base), Some(head)) => self.files(&base, head),
            _ => Vec::new(),
        };
        let conflicts = head.map_or(Vec::new(), |head| self.conflicts(&head));
        OpenPr { number: pr.number, title: pr.title.clone(), head: pr.branch.clone(), noted_at, files, conflicts }
    }

    fn files(&self, base: &str, head: &str) -> Vec<String> {
        let range = format!("{base}...{head}");
        let names = self.git.run(["diff", "--name-only", "-z", "--no-ext-diff", &range, "--"]);
        names.map(|names| names.entries()).unwrap_or_default().into_iter().take(MAX_FILES).collect()
    }

    /// The tasks whose work can't be merged with `head`; a git that can't tell (before 2.38) names none.
    fn conflicts(&self, head: &str) -> Vec<Name> {
        let conflict = |work: &String| {
            let merged = self.git.try_run(["merge-tree", "--write-tree", "--no-messages", head, work]);
            merged.is_ok_and(|merged| merged.status.code() == Some(1))
        };
        self.work.iter().filter(|(_, work)| conflict(work)).map(|(task, _)| task.clone()).collect()
    }
}
