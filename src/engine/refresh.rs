//! Asks GitHub for the open pull requests and keeps the answer for the ticks.
//!
//! It runs detached, and decides nothing.

use super::{
    Clock,
    project::Project,
    snapshot::{OpenPr, OpenPrs},
};
use crate::{
    domain::{config, time::Time},
    exec::github::{GitHub, Pr},
    store::{cache, lock::Lock, read},
};
use anyhow::Result;
use std::time::Duration;

/// How long GitHub may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Adds a pull request that was opened just now to what is known, so that no tick counts without it.
///
/// # Errors
/// It can't be kept.
pub fn note(project: &Project, number: u64, title: &str, head: &str, now: Time) -> Result<()> {
    let path = project.paths.open_prs();
    let _lock = Lock::store(&project.paths)?;
    // Nothing is known yet: the next tick asks.
    let nothing = || OpenPrs { asked_at: Time::UNIX_EPOCH, open: None, error: None };
    let mut known = cache::load::<OpenPrs>(&path).unwrap_or_else(nothing);
    let open = known.open.get_or_insert_default();
    if open.iter().any(|other| other.number == number) {
        return Ok(());
    }
    open.push(OpenPr { number, title: title.to_owned(), head: head.to_owned(), noted_at: Some(now) });
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
    let limit = config.map_or(10, |(config, _)| config.queue_limits.max_open_prs);
    let ask = usize::try_from(limit).unwrap_or(0).saturating_add(200);
    let answer = GitHub::new(project.root(), TIMEOUT).open_agent_prs(ask);
    let _lock = Lock::store(&project.paths)?;
    let known = cache::load::<OpenPrs>(&path).and_then(|known| known.open);
    let answer = match answer {
        Ok(prs) => {
            let answered = |pr: Pr| OpenPr { number: pr.number, title: pr.title, head: pr.head, noted_at: None };
            let mut open: Vec<_> = prs.into_iter().map(answered).collect();
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
