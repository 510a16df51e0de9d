//! The timer: whether one is installed, and when the last tick was.

use super::{Caller, Probe};
use crate::domain::time;
use crate::engine::overview;
use crate::engine::project::Project;
use crate::engine::timer::{Keeper, Place};

/// Looks at the timer and its last tick.
pub(super) fn probe(project: &Project, caller: Caller<'_>) -> Vec<Probe> {
    let kept = place(project, caller).and_then(|place| place.kept());
    let installed = kept.is_some();
    let timer = match kept {
        Some((_, None)) => Probe::ok("a timer is installed"),
        Some((Keeper::Cron, Some(why))) => Probe::warning(
            format!("the crontab has a line for this project, but {why}"),
            "start cron, or take `scheduler install systemd`",
        ),
        Some((_, Some(why))) => Probe::warning(
            format!("the files of a timer are there, but {why}"),
            "`scheduler install systemd` starts it, `scheduler uninstall systemd` takes them away",
        ),
        None => {
            let keeper = if cfg!(target_os = "macos") { "launchd" } else { "cron" };
            Probe::warning("no timer is installed for this project", format!("`scheduler install {keeper}`"))
        }
    };
    let health = overview::tick_health(&project.paths, caller.now);
    let age = health.last_tick.map(|last| format!("the last tick was {} ago", time::between(last, caller.now)));
    let tick = match age {
        None => Probe::warning("there was no tick yet", "start `scheduler` once by hand, then install a timer"),
        Some(age) if health.late => {
            let remedy = format!("look into {}", project.paths.logs().join("cron.log").display());
            if installed { Probe::error(age, remedy) } else { Probe::warning(age, remedy) }
        }
        Some(age) => Probe::ok(age),
    };
    let python = place(project, caller).and_then(|place| place.python_line());
    let both = |line| {
        Probe::error(
            format!("the Python system still runs here, too: {line}"),
            "`scheduler install cron` replaces its line in your crontab",
        )
    };
    [timer, tick].into_iter().chain(python.map(both)).collect()
}

/// The PATH of the project's line in the crontab.
pub(super) fn search_path(project: &Project, caller: Caller<'_>) -> Option<String> {
    let line = place(project, caller)?.crontab_line()?;
    let path = line.split_whitespace().find_map(|word| word.strip_prefix("PATH="))?;
    Some(path.trim_matches('\'').replace(r"\%", "%"))
}

fn place<'a>(project: &Project, caller: Caller<'a>) -> Option<Place<'a>> {
    Place::new(project, caller.program, caller.env).ok()
}
