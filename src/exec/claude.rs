//! Starts claude for one run: its command line, its environment, its files.
//!
//! No text of a task reaches the command line: the prompt is the standard input. Unless it is allowed, the started
//! process has no way to publish: no tokens, no keys, and a git that refuses to push.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use anyhow::{Context, anyhow};
use thiserror::Error;

use crate::domain::state::ProcessId;
use crate::exec::{git::LOCAL, processes};
use crate::sys::{atomic::open_log, read};

/// Variables of the parent that say it is itself a session of claude.
const NESTING: [&str; 2] = ["CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT"];

/// What of the parent's environment would mislead a process in a worktree: who it runs under, and which repository
/// git is to use.
pub(super) fn foreign() -> impl Iterator<Item = &'static str> {
    [NESTING.as_slice(), LOCAL, &["GIT_CEILING_DIRECTORIES"]].into_iter().flatten().copied()
}

/// Variables that let a process act in the user's name elsewhere.
const CREDENTIALS: [&str; 8] = [
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "GH_ENTERPRISE_TOKEN",
    "GITHUB_ENTERPRISE_TOKEN",
    "SSH_AUTH_SOCK",
    "SSH_AGENT_PID",
    "SSH_ASKPASS",
    "GIT_SSH",
];

/// Where pushes go: git looks for a helper of this name, finds none, and names it in its error.
const NO_PUSH: &str = "url.publishing-is-left-to-scheduler::.pushInsteadOf";

/// Everything that one start of claude needs.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The program and its first arguments.
    pub command: Vec<String>,
    /// The working directory.
    pub worktree: PathBuf,
    /// Becomes the standard input.
    pub prompt_file: PathBuf,
    /// Takes the standard output; appended to.
    pub output_file: PathBuf,
    /// Takes the standard error; appended to.
    pub stderr_file: PathBuf,
    /// A UUID; claude accepts each once.
    pub session_id: String,
    /// claude's default if `None`.
    pub model: Option<String>,
    /// The turn limit.
    pub max_turns: u32,
    /// The most that this run may cost, in US dollars.
    pub max_budget_usd: Option<f64>,
    /// `acceptEdits` or `dontAsk`.
    pub permission_mode: String,
    /// Tools that may not be used.
    pub disallowed_tools: Vec<String>,
    /// Tools that need no permission.
    pub allowed_tools: Vec<String>,
    /// All tools that there are; empty: claude's usual ones.
    pub only_tools: Vec<String>,
    /// Settings of this run, JSON.
    pub settings: Option<String>,
    /// Variables added last, over all others.
    pub env: Vec<(String, String)>,
    /// The `PATH` of this process.
    pub path: Option<OsString>,
    /// The folder put first on `PATH`: that of our own binary.
    pub path_first: PathBuf,
    /// The variable (name, value) that only this run's processes carry.
    pub mark: (String, String),
    /// Leaves the ways to publish as they are.
    pub allow_network_git: bool,
    /// An empty folder, in which gh finds no account.
    pub empty_gh_config: PathBuf,
    /// The list of what git is to ignore, in place of the user's.
    pub excludes_file: Option<PathBuf>,
    /// Name and mail address for commits, where git knows none.
    pub identity: Option<(String, String)>,
}

/// What is done to the inherited environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Taken out.
    pub removed: Vec<&'static str>,
    /// Set, in this order.
    pub set: Vec<(String, OsString)>,
}

impl Environment {
    /// The names that are set, for a log. Values may be secret.
    pub fn names(&self) -> Vec<&str> {
        self.set.iter().map(|(name, _)| name.as_str()).collect()
    }
}

/// A claude that runs.
#[derive(Debug)]
pub struct Started {
    /// To be waited for.
    pub child: Child,
    /// Its number, which is also that of its process group.
    pub id: ProcessId,
}

/// Why claude could not be started. The program is named as it is configured.
#[derive(Debug, Error)]
pub enum StartError {
    #[error("`{program}` was not found; install it or set `command` in agents.yaml to its full path")]
    NotFound { program: String },
    #[error("`{program}` may not be executed")]
    PermissionDenied { program: String },
    #[error("{0:#}")]
    Other(#[from] anyhow::Error),
}

/// The program and its arguments.
pub fn command_line(launch: &Launch) -> Vec<String> {
    let mut line = launch.command.clone();
    line.extend(["-p", "--verbose", "--output-format", "stream-json"].map(str::to_owned));
    let mut option = |name: &str, value: Option<String>| {
        line.extend(value.map(|value| [name.to_owned(), value]).into_iter().flatten());
    };
    option("--session-id", Some(launch.session_id.clone()));
    option("--max-turns", Some(launch.max_turns.to_string()));
    option("--max-budget-usd", launch.max_budget_usd.map(|dollars| dollars.to_string()));
    option("--model", launch.model.clone());
    option("--permission-mode", Some(launch.permission_mode.clone()));
    // These take any number of values: one value, separated by commas, can't swallow what follows.
    option("--allowedTools", joined(&launch.allowed_tools));
    option("--disallowedTools", joined(&launch.disallowed_tools));
    option("--tools", joined(&launch.only_tools));
    option("--settings", launch.settings.clone());
    line
}

fn joined(tools: &[String]) -> Option<String> {
    (!tools.is_empty()).then(|| tools.join(","))
}

/// What the run's environment has other than this process's.
pub fn environment(launch: &Launch) -> Environment {
    let mut removed: Vec<&'static str> = foreign().collect();
    let mut set: Vec<(String, OsString)> = vec![
        ("PATH".to_owned(), search_path(&launch.path_first, launch.path.as_deref())),
        ("CLAUDE_CODE_DISABLE_BACKGROUND_TASKS".to_owned(), "1".into()),
        ("GIT_TERMINAL_PROMPT".to_owned(), "0".into()),
        (launch.mark.0.clone(), launch.mark.1.clone().into()),
    ];
    // Nobody is there to unlock a key, and a person's signature is not the agent's to give.
    let mut config = vec![("commit.gpgsign", "false"), ("tag.gpgsign", "false")];
    if let Some((name, mail)) = &launch.identity {
        config.extend([("user.name", name.as_str()), ("user.email", mail.as_str())]);
    }
    if let Some(file) = launch.excludes_file.as_ref().and_then(|file| file.to_str()) {
        config.push(("core.excludesFile", file));
    }
    if !launch.allow_network_git {
        removed.extend(CREDENTIALS);
        set.push(("GH_CONFIG_DIR".to_owned(), launch.empty_gh_config.clone().into()));
        set.push(("GIT_SSH_COMMAND".to_owned(), "false".into()));
        // Empty, it stops git from asking any program for a password, whatever is configured.
        set.push(("GIT_ASKPASS".to_owned(), "".into()));
        // An empty helper clears the list of helpers, an empty prefix fits every address.
        config.extend([("credential.helper", ""), (NO_PUSH, "")]);
    }
    set.push(("GIT_CONFIG_COUNT".to_owned(), config.len().to_string().into()));
    for (at, (key, value)) in config.into_iter().enumerate() {
        set.push((format!("GIT_CONFIG_KEY_{at}"), key.into()));
        set.push((format!("GIT_CONFIG_VALUE_{at}"), value.into()));
    }
    set.extend(launch.env.iter().map(|(name, value)| (name.clone(), value.into())));
    Environment { removed, set }
}

fn search_path(first: &Path, rest: Option<&OsStr>) -> OsString {
    let mut path = first.as_os_str().to_owned();
    if let Some(rest) = rest.filter(|rest| !rest.is_empty()) {
        path.push(":");
        path.push(rest);
    }
    path
}

/// Starts claude in the worktree, in a process group of its own. It isn't waited for.
pub fn start(launch: &Launch) -> Result<Started, StartError> {
    let line = command_line(launch);
    let (program, arguments) = match line.split_first() {
        Some((program, arguments)) if !launch.command.is_empty() => (program, arguments),
        _ => return Err(StartError::NotFound { program: String::new() }),
    };
    if !launch.worktree.is_dir() {
        return Err(anyhow!("there is no folder {}", launch.worktree.display()).into());
    }
    let prompt = read::open_file(&launch.prompt_file)?;
    let prompt = prompt.with_context(|| format!("{} is gone", launch.prompt_file.display()))?;
    let environment = environment(launch);
    tracing::debug!(variables = ?environment.names(), "environment of the run");
    let mut command = Command::new(program);
    for name in &environment.removed {
        command.env_remove(name);
    }
    command
        .args(arguments)
        .envs(environment.set.iter().map(|(name, value)| (name, value)))
        .current_dir(&launch.worktree)
        .stdin(prompt)
        .stdout(open_log(&launch.output_file)?)
        .stderr(open_log(&launch.stderr_file)?)
        .process_group(0);
    let mut child = command.spawn().map_err(|source| spawn_error(program, source))?;
    match processes::identity(child.id()) {
        Some(id) => Ok(Started { child, id }),
        None => {
            let _ = child.kill();
            let _ = child.wait();
            Err(anyhow!("`{program}` was ended again: the process table can't be read").into())
        }
    }
}

fn spawn_error(program: &str, source: io::Error) -> StartError {
    let program = program.to_owned();
    match source.kind() {
        ErrorKind::NotFound => StartError::NotFound { program },
        ErrorKind::PermissionDenied => StartError::PermissionDenied { program },
        _ => anyhow::Error::new(source).context(format!("cannot start `{program}`")).into(),
    }
}

#[cfg(test)]
pub(crate) mod tests;
