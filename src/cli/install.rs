//! `scheduler install` and `scheduler uninstall`: the timer that does a tick every minute.

use super::{Context, programs, usage};
use crate::{
    domain::timer::{self, Crontab, Timer},
    engine::project::Project,
    exec::timers,
    sys::atomic,
};
use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};

/// Arguments of `scheduler install` and `scheduler uninstall`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What keeps the timer
    #[arg(value_name = "cron|launchd|systemd", hide_possible_values = true)]
    kind: Kind,
    /// Show what would be written or taken away, and change nothing
    #[arg(long)]
    print: bool,
}

/// What keeps the timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// A line in this user's crontab
    Cron,
    /// A launch agent of this user (macOS)
    Launchd,
    /// A user timer (Linux)
    Systemd,
}

/// Installs the timer, or brings it up to date.
pub fn install(args: &Args, context: &Context) -> Result<()> {
    context.refuse_inside_run("install")?;
    let timer = timer_of(context)?;
    if args.print {
        return print(args.kind, &timer, context);
    }
    let search_path = context.env("PATH").unwrap_or_default();
    for (name, remedy) in programs::missing(search_path) {
        context.warn(format!("{name} is not on your PATH: {remedy}"));
    }
    match args.kind {
        Kind::Cron => match timer::add(&timers::read_crontab()?, &timer) {
            Crontab::Changed(text) => {
                timers::write_crontab(&text)?;
                context.line(format!("your crontab has this line now:\n{}", timer.cron_line()))
            }
            Crontab::Unchanged => context.line("your crontab has the line already"),
            Crontab::ByHand(line) => {
                bail!("your crontab does ticks for this project already; remove this line first:\n{line}")
            }
        },
        Kind::Launchd => install_launchd(&timer, context),
        Kind::Systemd => install_systemd(&timer, context),
    }
}

/// Takes the timer away.
pub fn uninstall(args: &Args, context: &Context) -> Result<()> {
    context.refuse_inside_run("uninstall")?;
    let timer = timer_of(context)?;
    if args.print {
        return print_going(args.kind, &timer, context);
    }
    match args.kind {
        Kind::Cron => match timer::remove(&timers::read_crontab()?, &timer) {
            Crontab::Changed(text) => {
                timers::write_crontab(&text)?;
                context.line("the line is gone from your crontab")
            }
            Crontab::Unchanged => context.line("your crontab has no line for this project"),
            Crontab::ByHand(line) => bail!("this line was written by hand; remove it with `crontab -e`:\n{line}"),
        },
        Kind::Launchd => {
            let file = launch_agent(&timer, context)?;
            if file.exists() {
                only_on_macos()?;
                let target = format!("gui/{}/{}", timers::user_id(), timer.launchd_label());
                // It may have been unloaded by hand; what counts is that the file goes.
                let _ = timers::launchctl(&["bootout", &target]);
            }
            removed(atomic::remove(&file)?, &file, context)
        }
        Kind::Systemd => {
            let (service, unit) = systemd_units(&timer, context)?;
            if unit.exists() {
                timers::systemctl(&["disable", "--now", &format!("{}.timer", timer.systemd_name())])?;
            }
            removed(atomic::remove(&unit)?, &unit, context)?;
            removed(atomic::remove(&service)?, &service, context)?;
            timers::systemctl(&["daemon-reload"])
        }
    }
}

/// The timer of the project, with the PATH on which everything is found now.
pub(super) fn timer_of(context: &Context) -> Result<Timer> {
    let project = Project::find(&context.dir)?;
    let program = context.program()?;
    let path = programs::search_path_for_timer(context.env("PATH").unwrap_or_default(), &program);
    Timer::new(&program, project.root(), &path, &project.paths.logs().join("cron.log")).map_err(usage)
}

fn print(kind: Kind, timer: &Timer, context: &Context) -> Result<()> {
    match kind {
        Kind::Cron => context.line(timer.cron_line()),
        Kind::Launchd => context.line(timer.plist().trim_end()),
        Kind::Systemd => {
            let name = timer.systemd_name();
            context.line(format!("# {name}.service\n{}", timer.systemd_service()))?;
            context.line(format!("# {name}.timer\n{}", timer.systemd_timer().trim_end()))
        }
    }
}

/// What `uninstall` would take away.
fn print_going(kind: Kind, timer: &Timer, context: &Context) -> Result<()> {
    let files = match kind {
        Kind::Cron => {
            let crontab = timers::read_crontab()?;
            let line = timer.line_in(&crontab).unwrap_or("your crontab has no line for this project");
            return context.line(line);
        }
        Kind::Launchd => vec![launch_agent(timer, context)?],
        Kind::Systemd => <[PathBuf; 2]>::from(systemd_units(timer, context)?).to_vec(),
    };
    for file in files {
        let words = if file.exists() { "would be removed:" } else { "isn't there:" };
        context.line(format!("{words} {}", file.display()))?;
    }
    Ok(())
}

fn install_launchd(timer: &Timer, context: &Context) -> Result<()> {
    only_on_macos()?;
    let file = launch_agent(timer, context)?;
    write(&file, &timer.plist(), context)?;
    let domain = format!("gui/{}", timers::user_id());
    // One that is loaded has to go before the new one can come.
    let _ = timers::launchctl(&["bootout", &format!("{domain}/{}", timer.launchd_label())]);
    timers::launchctl(&["bootstrap", &domain, &file.display().to_string()])?;
    context.line("it does a tick every minute while you are logged in")
}

fn install_systemd(timer: &Timer, context: &Context) -> Result<()> {
    let (service, unit) = systemd_units(timer, context)?;
    write(&service, &timer.systemd_service(), context)?;
    write(&unit, &timer.systemd_timer(), context)?;
    timers::systemctl(&["daemon-reload"])?;
    timers::systemctl(&["enable", "--now", &format!("{}.timer", timer.systemd_name())])?;
    context.line("it does a tick every minute while you are logged in; `loginctl enable-linger` does them always")
}

fn only_on_macos() -> Result<()> {
    if cfg!(target_os = "macos") {
        Ok(())
    } else {
        bail!("launchd is a part of macOS; here use `scheduler install cron` or `scheduler install systemd`")
    }
}

fn launch_agent(timer: &Timer, context: &Context) -> Result<PathBuf> {
    let home = context.env("HOME").context("HOME is not set")?;
    Ok(Path::new(home).join("Library/LaunchAgents").join(format!("{}.plist", timer.launchd_label())))
}

/// The service and the timer.
fn systemd_units(timer: &Timer, context: &Context) -> Result<(PathBuf, PathBuf)> {
    let config = match context.env("XDG_CONFIG_HOME") {
        Some(config) => PathBuf::from(config),
        None => Path::new(context.env("HOME").context("HOME is not set")?).join(".config"),
    };
    let unit = |ending: &str| config.join("systemd/user").join(format!("{}.{ending}", timer.systemd_name()));
    Ok((unit("service"), unit("timer")))
}

/// The files that hold a timer of the project, apart from the crontab.
pub(super) fn files(timer: &Timer, context: &Context) -> Vec<PathBuf> {
    let units = systemd_units(timer, context).map(|(_, unit)| unit);
    [units, launch_agent(timer, context)].into_iter().flatten().collect()
}

fn write(file: &Path, text: &str, context: &Context) -> Result<()> {
    atomic::write(file, text.as_bytes())?;
    context.line(format!("wrote {}", file.display()))
}

fn removed(was_there: bool, file: &Path, context: &Context) -> Result<()> {
    let words = if was_there { "removed" } else { "was not there:" };
    context.line(format!("{words} {}", file.display()))
}
