//! Starts claude for one run: its command line, its environment, its files.
//!
//! No text of a task reaches the command line: the prompt is the standard input. Unless it is allowed, the started
//! process has no way to publish: no tokens, no keys, and a git that refuses to push.

use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use anyhow::{Context, anyhow};
use rustix::fs::{Access, access};
use serde_json::Value;
use thiserror::Error;

use crate::domain::claude_flags::{EFFORT, FALLBACK_MODEL, JSON_SCHEMA, KnownFlags, SAME_SYSTEM_PROMPT, TOOLS};
use crate::domain::state::ProcessId;
use crate::domain::tools::Tools;
use crate::exec::confine::{self, Confiner};
use crate::exec::environment::RunEnvironment;
use crate::exec::{processes, programs};
use crate::sys::atomic::open_log;
use crate::sys::read;

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
    /// The session is there, and goes on.
    pub resumes: bool,
    /// claude's default if `None`.
    pub model: Option<String>,
    /// What is used while that one is overloaded.
    pub fallback_model: Option<String>,
    pub effort: Option<String>,
    /// Further options, known to be none of those here.
    pub claude_args: Vec<String>,
    /// The turn limit.
    pub max_turns: u32,
    /// The most that this run may cost, in US dollars.
    pub max_budget_usd: Option<f64>,
    /// `acceptEdits` or `dontAsk`.
    pub permission_mode: String,
    pub tools: Tools,
    /// The form in which its last answer is asked for.
    pub form: Option<Value>,
    /// Which of the flags that may be missing this claude knows.
    pub flags: KnownFlags,
    pub environment: RunEnvironment,
}

/// A claude that runs.
#[derive(Debug)]
pub struct Process {
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
    option(if launch.resumes { "--resume" } else { "--session-id" }, Some(launch.session_id.clone()));
    option("--max-turns", Some(launch.max_turns.to_string()));
    option("--max-budget-usd", launch.max_budget_usd.map(|dollars| dollars.to_string()));
    option("--model", launch.model.clone());
    option(FALLBACK_MODEL, launch.fallback_model.clone().filter(|_| launch.flags.knows(FALLBACK_MODEL)));
    option(EFFORT, launch.effort.clone().filter(|_| launch.flags.knows(EFFORT)));
    let form = launch.form.as_ref().filter(|_| launch.flags.knows(JSON_SCHEMA));
    option(JSON_SCHEMA, form.map(Value::to_string));
    option("--permission-mode", Some(launch.permission_mode.clone()));
    // These take any number of values: one value, separated by commas, can't swallow what follows.
    let tools = &launch.tools;
    option(TOOLS, joined(&tools.offered).filter(|_| launch.flags.knows(TOOLS)));
    option("--allowedTools", joined(&tools.allowed));
    option("--disallowedTools", joined(&tools.denied));
    option("--mcp-config", tools.mcp_config.as_ref().map(|file| file.display().to_string()));
    option("--setting-sources", (!tools.project_settings).then(|| "user".to_owned()));
    option("--settings", (!tools.settings.is_empty()).then(|| Value::Object(tools.settings.clone()).to_string()));
    line.extend((!tools.mcp_servers).then(|| "--strict-mcp-config".to_owned()));
    line.extend(launch.flags.knows(SAME_SYSTEM_PROMPT).then(|| SAME_SYSTEM_PROMPT.to_owned()));
    // Last: an option of these that lacks its value can't take one of the others for it.
    line.extend(launch.claude_args.iter().cloned());
    line
}

fn joined(tools: &[String]) -> Option<String> {
    (!tools.is_empty()).then(|| tools.join(","))
}

/// One start of a program, on whatever machine: its words, its files, and what it is confined to.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    pub line: &'a [String],
    pub worktree: &'a Path,
    pub prompt_file: &'a Path,
    pub output_file: &'a Path,
    pub stderr_file: &'a Path,
    /// Where the program is looked for, if it isn't named by a path.
    pub search_path: &'a OsStr,
    pub confinement: Option<&'a Confiner>,
}

/// Starts claude in the worktree, in a process group of its own. It isn't waited for.
pub fn start(launch: &Launch) -> Result<Process, StartError> {
    if launch.command.is_empty() {
        return Err(StartError::NotFound { program: String::new() });
    }
    let Launch { worktree, prompt_file, output_file, stderr_file, environment, .. } = launch;
    let (line, search_path) = (command_line(launch), environment.search_path());
    let (line, search_path, confinement) = (&line[..], &search_path[..], environment.confinement.as_ref());
    let call = Call { line, worktree, prompt_file, output_file, stderr_file, search_path, confinement };
    call.start(|command| environment.apply(command))
}

impl Call<'_> {
    /// Starts it, in an environment that `surround` gives it.
    pub fn start(&self, surround: impl FnOnce(&mut Command)) -> Result<Process, StartError> {
        let Some((program, arguments)) = self.line.split_first() else {
            return Err(StartError::NotFound { program: String::new() });
        };
        if !self.worktree.is_dir() {
            return Err(anyhow!("there is no folder {}", self.worktree.display()).into());
        }
        let prompt = read::open_file(self.prompt_file)?;
        let prompt = prompt.with_context(|| format!("{} is gone", self.prompt_file.display()))?;
        self.find(program)?;
        let mut command = confine::command(self.confinement, program);
        surround(&mut command);
        command
            .args(arguments)
            .current_dir(self.worktree)
            .stdin(prompt)
            .stdout(open_log(self.output_file)?)
            .stderr(open_log(self.stderr_file)?)
            .process_group(0);
        let mut child = command.spawn().map_err(|source| spawn_error(program, source))?;
        match processes::identity(child.id()) {
            Some(id) => Ok(Process { child, id }),
            None => {
                let _ = child.kill();
                let _ = child.wait();
                Err(anyhow!("`{program}` was ended again: the process table can't be read").into())
            }
        }
    }

    /// Of a program that is started by another one, nobody else learns that it isn't there.
    fn find(&self, program: &str) -> Result<(), StartError> {
        let found = match program.contains('/') {
            true => Some(self.worktree.join(program)).filter(|place| place.is_file()),
            false => {
                let folder = programs::folder_of(program, &self.search_path.to_string_lossy());
                folder.map(|folder| folder.join(program))
            }
        };
        match found {
            _ if self.confinement.is_none() => Ok(()),
            Some(place) if access(&place, Access::EXEC_OK).is_ok() => Ok(()),
            Some(_) => Err(StartError::PermissionDenied { program: program.to_owned() }),
            None => Err(StartError::NotFound { program: program.to_owned() }),
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
