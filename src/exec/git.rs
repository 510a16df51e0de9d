//! Runs git so that it does the same everywhere: whatever the environment, the hooks and the
//! configuration of the machine are, it asks nothing, signs nothing and stays where it was sent.
//!
//! It decides nothing about what git is run for, and never lets a hook run unless it is told to.

mod error;
mod settings;

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use crate::domain::secrets::without_passwords;
use crate::exec::command::{self, CommandError, Grace};
use crate::exec::libgit2;
pub(in crate::exec) use settings::LOCAL;
use settings::{CONFIGURATION, ENVIRONMENT};

pub use error::GitError;

/// The oldest git that knows all that is used here (`rev-parse --path-format`).
pub const MINIMUM: GitVersion = GitVersion { major: 2, minor: 31 };

/// How long a command that needs no network may take: the checkout of a large repository on a busy disk.
pub const LOCAL_TIMEOUT: Duration = Duration::from_secs(600);

/// How often a command is tried again that saw a worktree half added, and how long it waits before that.
const HALF_ADDED_TURNS: u32 = 20;
const HALF_ADDED_TURN: Duration = Duration::from_millis(50);

/// The most output that is kept of one command, in bytes.
const MAX_OUTPUT: usize = 64 << 20;

/// A version of git.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct GitVersion {
    /// The first number.
    pub major: u32,
    /// The second number.
    pub minor: u32,
}

impl fmt::Display for GitVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// What a git command left.
#[derive(Debug)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// Its whole standard output.
    pub stdout: Vec<u8>,
    /// The end of its standard error, without passwords in URLs.
    pub stderr: String,
}

impl Output {
    /// The standard output as text without the last line break.
    pub fn text(&self) -> String {
        let text = String::from_utf8_lossy(&self.stdout);
        text.strip_suffix('\n').unwrap_or(&text).to_owned()
    }

    /// The standard output as a path, byte for byte, without the last line break.
    pub fn path(&self) -> PathBuf {
        use std::os::unix::ffi::OsStrExt;
        let bytes = self.stdout.strip_suffix(b"\n").unwrap_or(&self.stdout);
        PathBuf::from(OsStr::from_bytes(bytes))
    }

    /// The entries of NUL-terminated output (`-z`); bytes that are no UTF-8 are replaced.
    pub fn entries(&self) -> Vec<String> {
        self.stdout
            .split(|b| *b == 0)
            .filter(|entry| !entry.is_empty())
            .map(|entry| String::from_utf8_lossy(entry).into_owned())
            .collect()
    }

    /// The settings that `git config -z` listed with their values; one without a value has an empty one.
    pub fn settings(&self) -> Vec<(String, String)> {
        let split = |entry: String| match entry.split_once('\n') {
            Some((key, value)) => (key.to_owned(), value.to_owned()),
            None => (entry, String::new()),
        };
        self.entries().into_iter().map(split).collect()
    }
}

const FALLBACK_NAME: &str = "scheduler";
const FALLBACK_EMAIL: &str = "scheduler@localhost";

/// Runs git at one place.
#[derive(Debug, Clone)]
pub struct Git {
    directory: PathBuf,
    git_dir: Option<PathBuf>,
    configuration: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    timeout: Duration,
    grace: Grace,
}

impl Git {
    /// git in the working tree `worktree`; it looks for a repository there and not in `ceiling` or above.
    pub fn in_worktree(worktree: &Path, ceiling: &Path) -> Self {
        let git = Self::at(worktree);
        git.with_env("GIT_CEILING_DIRECTORIES", ceiling)
    }

    /// git on the repository `git_dir` without any working tree: for refs, fetches and the list of worktrees.
    pub fn in_repository(git_dir: &Path) -> Self {
        Self { git_dir: Some(git_dir.to_owned()), ..Self::at(git_dir) }
    }

    /// git in `directory`, which may be anywhere in a repository. For questions only.
    pub fn at(directory: &Path) -> Self {
        let configuration = CONFIGURATION.iter().map(OsString::from);
        Self {
            directory: directory.to_owned(),
            git_dir: None,
            configuration: configuration.chain(["core.hooksPath=/dev/null".into()]).collect(),
            environment: Vec::new(),
            timeout: LOCAL_TIMEOUT,
            grace: Grace::Local,
        }
    }

    /// The same with another time limit for each command.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The same with one more variable in git's environment.
    pub fn with_env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// The same with one more setting, `key=value`, which overrules the user's.
    pub fn with_config(mut self, setting: impl AsRef<OsStr>) -> Self {
        self.configuration.push(setting.as_ref().to_owned());
        self
    }

    /// The same with the repository's hooks switched on.
    pub fn with_hooks(mut self) -> Self {
        self.configuration.retain(|setting| setting != "core.hooksPath=/dev/null");
        self
    }

    /// A name and an address for commits, if the user has set no name or no address.
    pub fn fallback_identity(&self) -> Result<Option<(String, String)>, GitError> {
        let known = self.try_run(["config", "--get-regexp", r"^user\.(name|email)$"])?.text();
        let knows = |part: &str| known.lines().any(|line| line.starts_with(&format!("user.{part} ")));
        let complete = knows("name") && knows("email");
        Ok((!complete).then(|| (FALLBACK_NAME.to_owned(), FALLBACK_EMAIL.to_owned())))
    }

    /// The same with a name and an address for commits wherever the user has set none (cron, containers).
    pub fn with_identity(self) -> Result<Self, GitError> {
        let known = self.try_run(["config", "--get-regexp", r"^(user|author|committer)\.(name|email)$"])?;
        let known = known.text();
        let mut git = self;
        for role in ["author", "committer"] {
            for (part, fallback) in [("name", FALLBACK_NAME), ("email", FALLBACK_EMAIL)] {
                let variable = format!("GIT_{}_{}", role.to_uppercase(), part.to_uppercase());
                let configured = known.lines().any(|line| {
                    line.starts_with(&format!("user.{part} ")) || line.starts_with(&format!("{role}.{part} "))
                });
                if !configured && !is_set(&variable) {
                    git = git.with_env(variable, fallback);
                }
            }
        }
        Ok(git)
    }

    /// The same for talking to a remote: ssh asks nothing, unless the user has chosen an ssh command. What it does may
    /// be cut short when this process is told to end.
    pub fn with_network(self) -> Result<Self, GitError> {
        let chosen = self.ok(["config", "--get", "core.sshCommand"])?;
        Ok(self.over_network(chosen))
    }

    /// The same where it is known whether the configuration has an ssh command.
    pub fn over_network(mut self, has_ssh_command: bool) -> Self {
        self.grace = Grace::Network;
        let chosen = has_ssh_command || is_set("GIT_SSH_COMMAND") || is_set("GIT_SSH");
        if chosen { self } else { self.with_env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes") }
    }

    /// Runs git with `args`; an exit code other than 0 is an error.
    pub fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Result<Output, GitError> {
        self.run_with_input(args, None)
    }

    /// Like [`Git::run`], with `input` on its standard input.
    pub fn run_with_input<A: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = A>,
        input: Option<&[u8]>,
    ) -> Result<Output, GitError> {
        let args: Vec<OsString> = args.into_iter().map(|a| a.as_ref().to_owned()).collect();
        let output = self.start(&args, input)?;
        if output.status.success() { Ok(output) } else { Err(failed(&args, output)) }
    }

    /// Runs git with `args` and returns what it left, whatever its exit code.
    pub fn try_run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Result<Output, GitError> {
        let args: Vec<OsString> = args.into_iter().map(|a| a.as_ref().to_owned()).collect();
        self.start(&args, None)
    }

    /// Runs git with `args` and returns its output as text without the last line break.
    pub fn text<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Result<String, GitError> {
        Ok(self.run(args)?.text())
    }

    /// Runs a git question: exit code 0 is yes, 1 is no, any other an error.
    pub fn ok<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Result<bool, GitError> {
        let args: Vec<OsString> = args.into_iter().map(|a| a.as_ref().to_owned()).collect();
        let output = self.start(&args, None)?;
        match output.status.code() {
            Some(0) => Ok(true),
            Some(1) => Ok(false),
            _ => Err(failed(&args, output)),
        }
    }

    /// The commit that `revision` names, if it names one. The text may come from anywhere.
    pub fn commit(&self, revision: &str) -> Result<Option<String>, GitError> {
        if let Some(found) = libgit2::commit(self.git_dir.as_ref().unwrap_or(&self.directory), revision) {
            return Ok(found);
        }
        let wanted = format!("{revision}^{{commit}}");
        let output = self.try_run(["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted])?;
        Ok(output.status.success().then(|| output.text()))
    }

    /// Runs git, again if it stumbled over a worktree that another git is just about to add.
    fn start(&self, args: &[OsString], input: Option<&[u8]>) -> Result<Output, GitError> {
        for _ in 0..HALF_ADDED_TURNS {
            let output = self.start_once(args, input)?;
            if output.status.success() || !saw_half_added(&output.stderr) {
                return Ok(output);
            }
            std::thread::sleep(HALF_ADDED_TURN);
        }
        self.start_once(args, input)
    }

    fn start_once(&self, args: &[OsString], input: Option<&[u8]>) -> Result<Output, GitError> {
        let mut cmd = Command::new("git");
        cmd.current_dir(&self.directory).arg("--no-pager");
        for setting in &self.configuration {
            cmd.arg("-c").arg(setting);
        }
        if let Some(git_dir) = &self.git_dir {
            let mut option = OsString::from("--git-dir=");
            option.push(git_dir);
            cmd.arg(option);
        }
        // A version of ssh that doesn't know SSH_ASKPASS_REQUIRE would ask through this one.
        for name in LOCAL.iter().chain(&["SSH_ASKPASS"]) {
            cmd.env_remove(name);
        }
        cmd.args(args).envs(ENVIRONMENT.iter().copied());
        cmd.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let captured =
            command::run_with(&mut cmd, input, self.timeout, self.grace, MAX_OUTPUT).map_err(|e| match e {
                CommandError::NotFound { .. } => GitError::NotFound,
                CommandError::TimedOut { after, .. } => GitError::TimedOut { command: words(args), after },
                CommandError::Io { source, .. } => GitError::Io(source),
            })?;
        if captured.truncated {
            return Err(GitError::TooMuchOutput(words(args)));
        }
        Ok(Output {
            status: captured.status,
            stdout: captured.stdout,
            stderr: without_passwords(&String::from_utf8_lossy(&captured.stderr)),
        })
    }
}

/// The version of the git on `PATH`; an error if there is none or it is older than [`MINIMUM`].
pub fn git_version() -> Result<GitVersion, GitError> {
    let text = Git::at(Path::new("/")).with_timeout(Duration::from_secs(30)).text(["version"])?;
    match parse_version(&text) {
        Some(version) if version >= MINIMUM => Ok(version),
        _ => Err(GitError::TooOld(text.trim_start_matches("git version ").to_owned())),
    }
}

fn parse_version(text: &str) -> Option<GitVersion> {
    let mut numbers = text.strip_prefix("git version ")?.split('.');
    let mut next = || numbers.next()?.parse().ok();
    Some(GitVersion { major: next()?, minor: next()? })
}

#[expect(clippy::disallowed_methods, reason = "what the user has set for git itself must not be overruled")]
fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

/// git creates the files of a new worktree's entry one after the other, and dies of an entry in which one is empty.
fn saw_half_added(stderr: &str) -> bool {
    stderr.lines().any(|line| {
        line.contains("fatal: failed to read ") && line.contains("/worktrees/") && line.contains("/commondir: ")
    })
}

fn failed(args: &[OsString], output: Output) -> GitError {
    GitError::Failed { command: words(args), code: output.status.code(), stderr: output.stderr }
}

fn words(args: &[OsString]) -> String {
    let all: Vec<_> = args.iter().map(|a| a.to_string_lossy()).collect();
    without_passwords(&all.join(" "))
}

#[cfg(test)]
mod tests;
