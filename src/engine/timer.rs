//! The timer that starts a tick every minute: a line of the crontab, a launch agent, a systemd timer. It is installed, brought
//! up to date, removed and found here; what it says is made in [`crate::domain::timer`].

use super::{Env, project::Project};
use crate::{
    domain::timer::{self, Crontab, Timer},
    exec::{programs, timers},
    sys::atomic,
};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

/// What keeps the timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Keeper {
    Cron,
    Launchd,
    Systemd,
}

/// A timer, and where it is kept on this machine.
pub struct Place<'a> {
    pub timer: Timer,
    pub env: Env<'a>,
}

impl<'a> Place<'a> {
    /// The timer of a project, with the PATH on which everything is found now.
    ///
    /// # Errors
    /// No crontab or unit can hold one of the paths.
    pub fn new(project: &Project, program: &Path, env: Env<'a>) -> Result<Self, String> {
        let path = programs::search_path_for_timer(env("PATH").unwrap_or_default(), program);
        let timer = Timer::new(program, project.root(), &path, &project.paths.logs().join("cron.log"))?;
        Ok(Self { timer, env })
    }

    /// Installs the timer, or brings it up to date. `say` is told what was done.
    ///
    /// # Errors
    /// A line in the crontab that the user wrote; a keeper that isn't here or refuses; the system's.
    pub fn install(&self, keeper: Keeper, say: &mut dyn FnMut(String) -> Result<()>) -> Result<()> {
        let timer = &self.timer;
        match keeper {
            Keeper::Cron => match timer::add(&timers::read_crontab()?, timer) {
                Crontab::Changed(text) => {
                    timers::write_crontab(&text)?;
                    say(format!("your crontab has this line now:\n{}", timer.cron_line()))
                }
                Crontab::Unchanged => say("your crontab has the line already".to_owned()),
                Crontab::ByHand(line) => {
                    bail!("your crontab already runs ticks for this project; remove this line first:\n{line}")
                }
            },
            Keeper::Launchd => {
                only_on_macos()?;
                let file = self.launch_agent()?;
                write(&file, &timer.plist(), say)?;
                // One that is loaded has to go before the new one can come.
                let _ = self.unload();
                timers::launchctl(&["bootstrap", &launchd_domain(), &file.display().to_string()])?;
                say("it runs a tick every minute while you are logged in".to_owned())
            }
            Keeper::Systemd => {
                let [service, unit] = self.systemd_units()?;
                write(&service, &timer.systemd_service(), say)?;
                write(&unit, &timer.systemd_timer(), say)?;
                timers::systemctl(&["daemon-reload"])?;
                timers::systemctl(&["enable", "--now", &format!("{}.timer", timer.systemd_name())])?;
                let always = "`loginctl enable-linger` keeps it running when you are not";
                say(format!("it runs a tick every minute while you are logged in; {always}"))
            }
        }
    }

    /// Takes the timer away. `say` is told what was done.
    ///
    /// # Errors
    /// A line in the crontab that the user wrote; a keeper that isn't here or refuses; the system's.
    pub fn uninstall(&self, keeper: Keeper, say: &mut dyn FnMut(String) -> Result<()>) -> Result<()> {
        match keeper {
            Keeper::Cron => match timer::remove(&timers::read_crontab()?, &self.timer) {
                Crontab::Changed(text) => {
                    timers::write_crontab(&text)?;
                    say("the line is gone from your crontab".to_owned())
                }
                Crontab::Unchanged => say(NO_LINE.to_owned()),
                Crontab::ByHand(line) => bail!("this line was written by hand; remove it with `crontab -e`:\n{line}"),
            },
            Keeper::Launchd => {
                let file = self.launch_agent()?;
                if file.exists() {
                    only_on_macos()?;
                    // It may have been unloaded by hand; what counts is that the file goes.
                    let _ = self.unload();
                }
                remove(&file, say)
            }
            Keeper::Systemd => {
                let [service, unit] = self.systemd_units()?;
                if unit.exists() {
                    timers::systemctl(&["disable", "--now", &format!("{}.timer", self.timer.systemd_name())])?;
                }
                remove(&unit, say)?;
                remove(&service, say)?;
                timers::systemctl(&["daemon-reload"])
            }
        }
    }

    /// What [`Place::install`] would write.
    pub fn text(&self, keeper: Keeper) -> String {
        match keeper {
            Keeper::Cron => self.timer.cron_line(),
            Keeper::Launchd => self.timer.plist(),
            Keeper::Systemd => {
                let (name, service) = (self.timer.systemd_name(), self.timer.systemd_service());
                format!("# {name}.service\n{service}\n# {name}.timer\n{}", self.timer.systemd_timer())
            }
        }
    }

    /// What [`Place::uninstall`] would take away, a line each.
    ///
    /// # Errors
    /// The crontab can't be read; nobody knows where the files are.
    pub fn going(&self, keeper: Keeper) -> Result<Vec<String>> {
        let files = match keeper {
            Keeper::Cron => {
                return Ok(vec![self.timer.line_in(&timers::read_crontab()?).unwrap_or(NO_LINE).to_owned()]);
            }
            Keeper::Launchd => vec![self.launch_agent()?],
            Keeper::Systemd => self.systemd_units()?.to_vec(),
        };
        let words = |file: &Path| if file.exists() { "would be removed:" } else { "isn't there:" };
        Ok(files.iter().map(|file| format!("{} {}", words(file), file.display())).collect())
    }

    /// The line of this user's crontab that runs ticks for the project.
    pub(super) fn crontab_line(&self) -> Option<String> {
        self.timer.line_in(&timers::read_crontab().ok()?).map(str::to_owned)
    }

    /// Whether any keeper has it.
    pub(super) fn is_installed(&self) -> bool {
        let is_file = |file: Result<PathBuf>| file.is_ok_and(|file| file.is_file());
        self.crontab_line().is_some()
            || is_file(self.systemd_units().map(|[_, unit]| unit))
            || is_file(self.launch_agent())
    }

    fn launch_agent(&self) -> Result<PathBuf> {
        Ok(self.home()?.join("Library/LaunchAgents").join(format!("{}.plist", self.timer.launchd_label())))
    }

    /// The service and the timer.
    fn systemd_units(&self) -> Result<[PathBuf; 2]> {
        let config = match (self.env)("XDG_CONFIG_HOME") {
            Some(config) => PathBuf::from(config),
            None => self.home()?.join(".config"),
        };
        let name = self.timer.systemd_name();
        Ok(["service", "timer"].map(|ending| config.join("systemd/user").join(format!("{name}.{ending}"))))
    }

    fn home(&self) -> Result<&'a Path> {
        (self.env)("HOME").map(Path::new).context("HOME is not set")
    }

    fn unload(&self) -> Result<()> {
        timers::launchctl(&["bootout", &format!("{}/{}", launchd_domain(), self.timer.launchd_label())])
    }
}

const NO_LINE: &str = "your crontab has no line for this project";

fn launchd_domain() -> String {
    format!("gui/{}", timers::user_id())
}

fn only_on_macos() -> Result<()> {
    if cfg!(target_os = "macos") {
        return Ok(());
    }
    bail!("launchd is a part of macOS; here use `scheduler install cron` or `scheduler install systemd`")
}

fn write(file: &Path, text: &str, say: &mut dyn FnMut(String) -> Result<()>) -> Result<()> {
    atomic::write(file, text.as_bytes())?;
    say(format!("wrote {}", file.display()))
}

fn remove(file: &Path, say: &mut dyn FnMut(String) -> Result<()>) -> Result<()> {
    let words = if atomic::remove(file)? { "removed" } else { "was not there:" };
    say(format!("{words} {}", file.display()))
}
