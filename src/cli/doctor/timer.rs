//! The timer: whether one is installed, and when it last did a tick.

use super::Finding;
use crate::{
    cli::{Context, install},
    domain::time,
    engine::{overview, project::Project},
    exec::timers,
};

/// Looks at the timer and its last tick.
pub(super) fn look(context: &Context, project: &Project) -> Vec<Finding> {
    let installed = line(context).is_some() || unit_is_there(context);
    let timer = if installed {
        Finding::ok("a timer is installed")
    } else {
        let kind = if cfg!(target_os = "macos") { "launchd" } else { "cron" };
        Finding::warning("no timer is installed for this project", format!("`scheduler install {kind}`"))
    };
    let health = overview::tick_health(&project.paths, context.now);
    let age = health.last_tick.map(|last| format!("the last tick was {} ago", time::between(last, context.now)));
    let tick = match age {
        None => Finding::warning("there was no tick yet", "start `scheduler` once by hand, then install a timer"),
        Some(age) if health.late => {
            let remedy = format!("look into {}", project.paths.logs().join("cron.log").display());
            if installed { Finding::error(age, remedy) } else { Finding::warning(age, remedy) }
        }
        Some(age) => Finding::ok(age),
    };
    vec![timer, tick]
}

/// The PATH of the project's line in the crontab.
pub(super) fn search_path(context: &Context) -> Option<String> {
    let line = line(context)?;
    let path = line.split_whitespace().find_map(|word| word.strip_prefix("PATH="))?;
    Some(path.trim_matches('\'').replace(r"\%", "%"))
}

/// The line of this user's crontab that does ticks for the project.
fn line(context: &Context) -> Option<String> {
    let timer = install::timer_of(context).ok()?;
    timer.line_in(&timers::read_crontab().ok()?).map(str::to_owned)
}

fn unit_is_there(context: &Context) -> bool {
    let Ok(timer) = install::timer_of(context) else { return false };
    install::files(&timer, context).iter().any(|file| file.is_file())
}
