//! Asks GitHub for the open pull requests and keeps the answer for the ticks.
//!
//! It runs detached, and decides nothing.

use super::{
    Clock,
    project::Project,
    snapshot::{OpenPr, OpenPrs},
};
use crate::{
    domain::config,
    exec::github::GitHub,
    store::{cache, read},
};
use anyhow::Result;
use std::time::Duration;

/// How long GitHub may take.
const TIMEOUT: Duration = Duration::from_secs(60);

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
    let answer = match GitHub::new(project.root(), TIMEOUT).open_agent_prs(ask) {
        Ok(prs) => {
            let open = prs.into_iter().map(|pr| OpenPr { number: pr.number, title: pr.title, head: pr.head });
            OpenPrs { asked_at, open: Some(open.collect()), error: None }
        }
        Err(error) => {
            let known = cache::load::<OpenPrs>(&path).and_then(|known| known.open);
            OpenPrs { asked_at, open: known, error: Some(format!("{error}; {}", error.remedy())) }
        }
    };
    cache::save(&path, &answer)
}
