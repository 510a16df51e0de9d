//! The cooldowns that hold: of everybody, and of each runner.

use super::Probe;
use crate::domain::config::Config;
use crate::domain::outcome::Cooldown;
use crate::domain::time::{self, Time};
use crate::engine::project::Project;
use crate::store::cache;
use std::path::Path;

/// Names each, with its cause.
pub(super) fn probe(project: &Project, config: Option<&Config>, now: Time) -> Vec<Probe> {
    let paths = &project.paths;
    let runners = config.into_iter().flat_map(|config| config.runners.keys());
    let of_runners = runners.map(|name| (format!("no agent of the runner {name}"), paths.runner_cooldown(name)));
    let all = [("no agent".to_owned(), paths.cooldown())].into_iter().chain(of_runners);
    all.filter_map(|(whom, file)| Some(words(&whom, &held(&file, now)?, now))).collect()
}

fn held(file: &Path, now: Time) -> Option<Cooldown> {
    cache::load(file).filter(|cooldown: &Cooldown| cooldown.holds(now))
}

fn words(whom: &str, cooldown: &Cooldown, now: Time) -> Probe {
    let for_long = time::between(now, cooldown.until);
    Probe::warning(
        format!("{whom} is started for {for_long} more: {}", cooldown.reason),
        "once that is mended, `scheduler agent run NAME` tries at the next tick",
    )
}
