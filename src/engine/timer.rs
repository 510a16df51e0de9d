//! The timer that starts a tick every minute: a line of the crontab, a launch agent, a systemd timer. It is installed, brought
//! up to date, removed and found here; what it says is made in [`crate::domain::timer`].

use super::Env;
use super::project::Project;
use crate::domain::timer::{self, Crontab, Timer};
use crate::exec::{programs, timers};
use crate::sys::atomic;
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
        Ok(Self { timer: timer.at_home(env("HOME").unwrap_or_default()), env })
    }

    /// Installs the timer, or brings it up to date. `say` is told what was done.
    ///
    /// # Errors
    /// A line in the crontab that the user wrote; a keeper that isn't here or refuses; the system's.
    pub fn install(&self, keeper: Keeper, say: &mut dyn FnMut(String) -> Result<()>) -> Result<()> {
        if keeper == Keeper::Launchd {
            only_on_macos()?;
        }
        let files = self.files(keeper)?;
        let new: Vec<_> = files.iter().map(|(file, _)| file).filter(|file| !file.exists()).cloned().collect();
        for (file, text) in &files {
            atomic::write_shared(file, text.as_bytes())?;
            say(format!("wrote {}", file.display()))?;
        }
        let started = self.start(keeper, &files, say);
        if started.is_err() {
            // What nobody runs looks like a timer.
            for file in &new {
                atomic::remove(file)?;
                say(format!("removed {}", file.display()))?;
            }
        }
        started
    }

    /// Has the keeper run it.
    fn start(
        &self,
        keeper: Keeper,
        files: &[(PathBuf, String)],
        say: &mut dyn FnMut(String) -> Result<()>,
    ) -> Result<()> {
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
                // One that is loaded has to go before the new one can come.
                let _ = self.unload();
                for (file, _) in files {
                    timers::launchctl(&["bootstrap", &launchd_domain(), &file.display().to_string()])?;
                }
                say("it runs a tick every minute while you are logged in".to_owned())
            }
            Keeper::Systemd => {
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
        let files = self.files(keeper)?;
        let is_there = files.last().is_some_and(|(file, _)| file.exists());
        match keeper {
            Keeper::Cron => match timer::remove(&timers::read_crontab()?, &self.timer) {
                Crontab::Changed(text) => {
                    timers::write_crontab(&text)?;
                    say("the line is gone from your crontab".to_owned())?;
                }
                Crontab::Unchanged => say(NO_LINE.to_owned())?,
                Crontab::ByHand(line) => bail!("this line was written by hand; remove it with `crontab -e`:\n{line}"),
            },
            Keeper::Launchd if is_there => {
                only_on_macos()?;
                // It may have been unloaded by hand; what counts is that the file goes.
                let _ = self.unload();
            }
            Keeper::Systemd if is_there => {
                timers::systemctl(&["disable", "--now", &format!("{}.timer", self.timer.systemd_name())])?;
            }
            Keeper::Launchd | Keeper::Systemd => {}
        }
        for (file, _) in files.iter().rev() {
            let words = if atomic::remove(file)? { "removed" } else { "was not there:" };
            say(format!("{words} {}", file.display()))?;
        }
        if keeper == Keeper::Systemd { timers::systemctl(&["daemon-reload"]) } else { Ok(()) }
    }

    /// What [`Place::install`] would write.
    ///
    /// # Errors
    /// Nobody knows where the files are.
    pub fn text(&self, keeper: Keeper) -> Result<String> {
        let files = self.files(keeper)?;
        let named = |(file, text): &(PathBuf, String)| format!("# {}\n{text}", file.display());
        Ok(match files.as_slice() {
            [] => self.timer.cron_line(),
            [(_, text)] => text.clone(),
            many => many.iter().map(named).collect::<Vec<_>>().join("\n"),
        })
    }

    /// What [`Place::uninstall`] would take away, a line each.
    ///
    /// # Errors
    /// The crontab can't be read; nobody knows where the files are.
    pub fn going(&self, keeper: Keeper) -> Result<Vec<String>> {
        if keeper == Keeper::Cron {
            return Ok(vec![self.timer.line_in(&timers::read_crontab()?).unwrap_or(NO_LINE).to_owned()]);
        }
        let words = |file: &Path| if file.exists() { "would be removed:" } else { "isn't there:" };
        Ok(self.files(keeper)?.iter().map(|(file, _)| format!("{} {}", words(file), file.display())).collect())
    }

    /// The line of this user's crontab that runs the Python system in the project.
    pub fn python_line(&self) -> Option<String> {
        self.timer.python_line(&timers::read_crontab().ok()?).map(str::to_owned)
    }

    /// The line of this user's crontab that runs ticks for the project.
    pub(super) fn crontab_line(&self) -> Option<String> {
        self.timer.line_in(&timers::read_crontab().ok()?).map(str::to_owned)
    }

    /// The keeper that has it, and why that doesn't run it after all.
    pub(super) fn kept(&self) -> Option<(Keeper, Option<&'static str>)> {
        let has_files = |keeper| self.files(keeper).is_ok_and(|files| files.iter().all(|(file, _)| file.is_file()));
        let is_active =
            || timers::systemctl(&["is-active", "--quiet", &format!("{}.timer", self.timer.systemd_name())]);
        if self.crontab_line().is_some() {
            let idle = timers::cron_runs() == Some(false);
            return Some((Keeper::Cron, idle.then_some("no cron runs on this machine")));
        }
        if has_files(Keeper::Systemd) {
            return Some((Keeper::Systemd, is_active().is_err().then_some("systemd doesn't run it")));
        }
        has_files(Keeper::Launchd).then_some((Keeper::Launchd, None))
    }

    /// The files that a keeper reads, with what they are to say. The crontab is none of them.
    fn files(&self, keeper: Keeper) -> Result<Vec<(PathBuf, String)>> {
        let timer = &self.timer;
        let home = || (self.env)("HOME").map(PathBuf::from).context("HOME is not set");
        Ok(match keeper {
            Keeper::Cron => Vec::new(),
            Keeper::Launchd => {
                let name = format!("{}.plist", timer.launchd_label());
                vec![(home()?.join("Library/LaunchAgents").join(name), timer.plist())]
            }
            Keeper::Systemd => {
                let config = (self.env)("XDG_CONFIG_HOME").map(PathBuf::from);
                let units = config.map_or_else(|| home().map(|home| home.join(".config")), Ok)?.join("systemd/user");
                let unit = |ending: &str| units.join(format!("{}.{ending}", timer.systemd_name()));
                vec![(unit("service"), timer.systemd_service()), (unit("timer"), timer.systemd_timer())]
            }
        })
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
