//! The scratch folder: a project with a bare origin, and a world of its own for every program that is started there.

use super::play::{FILES, Play};
use super::show::Show;
use crate::cli::Context;
use crate::domain::config::{self, Config};
use crate::exec::command;
use crate::exec::git::{self, Git};
use crate::exec::processes::{self, Family, Grace};
use crate::store::paths::Paths;
use crate::sys::atomic;
use anyhow::{Context as _, Result, anyhow, bail};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// The variable that every process of a demo carries: its folder.
const RUN_TAG: &str = "SCHEDULER_DEMO";

/// How long one of the short commands may take.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How long what is left at the end has to end by itself.
const GRACE: Duration = Duration::from_secs(1);
/// Beside git: what the stand-ins call, and what finds processes where there is no `/proc`.
const PROGRAMS: [&str; 21] = [
    "basename", "cat", "cut", "dirname", "env", "find", "grep", "id", "ls", "mkdir", "mv", "ps", "rm", "sed", "setsid",
    "sh", "sleep", "sort", "tr", "true", "wc",
];
const CLAUDE: &str = include_str!("../../../templates/stand_ins/claude.sh");
const GH: &str = include_str!("../../../templates/stand_ins/gh.sh");
const SET_UP: &str = include_str!("../../../templates/demo/set_up.sh");
const LIB: &str = include_str!("../../../templates/demo/lib.sh");

const GIT_CONFIG: &str = "[user]\n\tname = Demo\n\temail = demo@localhost\n[init]\n\tdefaultBranch = main\n";

/// The scratch folder.
pub(super) struct Stage {
    pub(super) play: &'static Play,
    pub(super) root: PathBuf,
    pub(super) program: PathBuf,
    git_programs: String,
    dir: TempDir,
}

impl Stage {
    /// An empty one. It is removed when it is dropped.
    pub(super) fn new(context: &Context, play: &'static Play) -> Result<Self> {
        git::git_version()?;
        let git_programs = Git::at(Path::new("/")).text(["--exec-path"])?;
        let program = context.program()?;
        let dir = tempfile::Builder::new().prefix("scheduler-demo-").tempdir().context("no temporary folder")?;
        let root = dir.path().canonicalize().context("the temporary folder")?;
        let stage = Self { play, root, program, git_programs, dir };
        for name in ["home", "tmp", "bin", "project", "claude/scenarios", "github"] {
            atomic::ensure_dir(&stage.root.join(name))?;
        }
        atomic::write_cache(&stage.root.join("home/.gitconfig"), GIT_CONFIG.as_bytes())?;
        stage.program("claude", CLAUDE)?;
        let script = [LIB, play.script].concat();
        atomic::write_cache(&stage.root.join("claude/scenarios/default"), script.as_bytes())?;
        let system = ["/bin", "/usr/bin"].map(PathBuf::from);
        let path: Vec<_> = context.env("PATH").unwrap_or_default().split(':').map(PathBuf::from).collect();
        stage.link("git", &[&[PathBuf::from(&stage.git_programs)], &path[..]].concat())?;
        for name in PROGRAMS {
            stage.link(name, &[&system[..], &path[..]].concat())?;
        }
        Ok(stage)
    }

    /// Puts a stand-in on the PATH.
    fn program(&self, name: &str, text: &str) -> Result<()> {
        let path = self.root.join("bin").join(name);
        atomic::write_cache(&path, text.as_bytes())?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).with_context(|| path.display().to_string())
    }

    /// Puts a program on the PATH of the demo, which leads to nothing else: no claude, no gh of the user's.
    fn link(&self, name: &str, folders: &[PathBuf]) -> Result<()> {
        match folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file()) {
            Some(found) => symlink(&found, self.root.join("bin").join(name)).with_context(|| name.to_owned()),
            None => Ok(()),
        }
    }

    pub(super) fn project(&self) -> PathBuf {
        self.root.join("project")
    }

    pub(super) fn origin(&self) -> PathBuf {
        self.root.join("origin.git")
    }

    pub(super) fn paths(&self) -> Paths {
        Paths::new(&self.project())
    }

    /// agents.yaml of the play.
    pub(super) fn config(&self) -> Result<Config> {
        config::read(self.play.config).map(|(config, _)| config).map_err(|wrong| anyhow!("agents.yaml: {wrong:?}"))
    }

    /// Makes the repository and its origin, sets the project up, and opens the pull request of the play.
    pub(super) fn set_up(&self, show: &Show<'_>) -> Result<()> {
        show.heading("Set-up", "")?;
        for (name, text) in FILES {
            atomic::write_cache(&self.project().join(name), text.as_bytes())?;
        }
        atomic::write_cache(&self.root.join("agents.yaml"), self.play.config.as_bytes())?;
        if self.play.pull_request.is_some() {
            self.program("gh", GH)?;
        }
        let script = [SET_UP, self.play.pull_request.unwrap_or_default()].concat();
        atomic::write_cache(&self.root.join("set_up.sh"), script.as_bytes())?;
        let (program, origin) = (self.program.display().to_string(), self.origin().display().to_string());
        let said = self.call(&self.root.join("bin/sh"), "sh", &["../set_up.sh", &program, &origin])?;
        show.line(said.trim_end())
    }

    /// Runs git in the project; its output.
    pub(super) fn git(&self, arguments: &[&str]) -> Result<String> {
        self.call(&self.root.join("bin/git"), "git", arguments)
    }

    /// Runs this very program there, as cron or the user would; its output.
    pub(super) fn scheduler(&self, arguments: &[&str]) -> Result<String> {
        self.call(&self.program, "scheduler", arguments)
    }

    fn call(&self, program: &Path, name: &str, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.project()).env_clear();
        command.env(RUN_TAG, &self.root).env("PATH", self.root.join("bin")).env("HOME", self.root.join("home"));
        command.env("TMPDIR", self.root.join("tmp")).env("LC_ALL", "C").env("GIT_CONFIG_NOSYSTEM", "1");
        command.env("GIT_EXEC_PATH", &self.git_programs).env("CLAUDE_CONFIG_DIR", self.root.join("claude"));
        let ended = command::run(&mut command, None, TIMEOUT, 1 << 20)?;
        if !ended.status.success() {
            let said = String::from_utf8_lossy(&ended.stderr).trim().to_owned();
            bail!("{name} {}: {}: {said}", arguments.join(" "), command::describe(ended.status));
        }
        Ok(String::from_utf8_lossy(&ended.stdout).into_owned())
    }

    /// Ends the runs that are under way, and every process that is left.
    ///
    /// # Errors
    /// A process that can't be ended.
    pub(super) fn end_all(&self) -> Result<()> {
        for agent in self.config()?.agents {
            // One that has never run, or that can't be stopped like this, is ended with what is left.
            let _ = self.scheduler(&["agent", "stop", agent.name.as_str()]);
        }
        let root = self.root.display().to_string();
        let family = Family { leader: None, tag: Some((RUN_TAG, &root)), own_descendants: false };
        let left = processes::end(&family, &Grace::new(GRACE)).left;
        if !left.is_empty() {
            bail!("processes of the demo can't be ended: {left:?}");
        }
        Ok(())
    }

    /// Leaves the folder where it is; the folder.
    pub(super) fn keep(self) -> PathBuf {
        let _ = self.dir.keep();
        self.root
    }

    /// Removes the folder.
    pub(super) fn remove(self) -> Result<()> {
        let place = self.root.display().to_string();
        self.dir.close().with_context(|| format!("{place} can't be removed"))
    }
}
