//! The files of a run's folder by which its supervisor and the keeper on the other machine speak to each other.
//!
//! They are neither read nor written here. Beside these there are `alive` and `lease`, see [`super::heartbeat`], and `stop`,
//! which holds the word of a [`Stopped`].

use super::environment::Environment;
use crate::domain::name::Name;
use crate::domain::outcome::{Exit, Stopped};
use crate::domain::run::Limits;
use crate::domain::sandbox::Mode;
use crate::domain::shell;
use crate::domain::state::ProcessId;
use crate::domain::time::Time;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The exit code of a keeper that can't carry the run here: the runner's fault, not the task's.
pub const REFUSED: u8 = 78;
/// The exit code of a keeper that finds the run started already, or given up. It has touched nothing.
pub const ALREADY_STARTED: u8 = 79;

/// The variable that tells a run's processes that their supervisor is on another machine, where locks may not be seen.
pub const ELSEWHERE: &str = "SCHEDULER_ELSEWHERE";

/// `launch.json`: what the keeper is to start, where, and for how long. Only the user may read it, and it is removed at
/// the end of the run: it may hold secrets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LaunchOrder {
    /// That of the program that wrote it, which the keeper must have too.
    pub version: String,
    pub run_id: String,
    pub agent: Name,
    /// The main checkout.
    pub root: PathBuf,
    /// The agent's state.json: as long as it names this run, the run is its.
    pub state: PathBuf,
    pub worktree: PathBuf,
    /// The git directory to which the worktree must be linked.
    pub git_dir: PathBuf,
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// The same to begin anew, if `argv` goes on with a conversation that may not be there.
    pub argv_anew: Option<Vec<String>>,
    pub environment: Environment,
    /// Becomes the standard input.
    pub prompt: PathBuf,
    /// Takes the standard output; appended to.
    pub output: PathBuf,
    /// Takes the standard error; appended to.
    pub stderr: PathBuf,
    pub limits: Limits,
    /// After so long without a change of `lease` the keeper ends the run.
    pub lease_seconds: u32,
    /// Whether the run is to be confined to what `profile.json` says; there is none where it is off.
    pub sandbox: Mode,
}

/// The same without what other versions may have otherwise.
#[derive(Clone, Debug, Deserialize)]
pub struct OrderHead {
    pub version: String,
    pub run_id: String,
}

/// Who made `started.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StartedBy {
    /// The run is, or was, carried there.
    Keeper,
    /// A tombstone: no keeper may start it any more.
    Supervisor,
}

/// Whether what the keeper starts is confined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confined {
    /// It is, or nothing is started.
    Yes,
    /// It isn't, as it was wanted.
    Off,
    /// It isn't, for this reason, though it should have been where possible.
    Unable(String),
}

/// `started.json`: made once, by whoever is first, and never replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    pub by: StartedBy,
    /// The name of the machine.
    pub host: String,
    /// Its id, as it is in /etc/machine-id; empty where there is none.
    pub machine: String,
    pub boot: String,
    /// The keeper or the supervisor.
    pub process: ProcessId,
    /// Slurm's number of the job.
    pub job: Option<String>,
    pub confined: Confined,
    pub at: Time,
}

/// `exit.json`: written when nothing of the run is left; nothing else ends a run that was started elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitReport {
    /// How claude ended.
    pub exit: Exit,
    /// Why the keeper ended it.
    pub stopped: Option<Stopped>,
    /// How long it ran.
    pub duration_seconds: u64,
    /// Why it was never started: this machine can't carry the run.
    #[serde(default)]
    pub refused: Option<String>,
}

/// The script that a runner is given to execute: the only word of it that isn't fixed is a path.
pub fn start_script(program: &Path, run: &Path) -> String {
    script(program, "keep", run)
}

/// A script that calls a command of the program with a folder.
pub fn script(program: &Path, command: &str, folder: &Path) -> String {
    let word = |path: &Path| shell::word(&path.to_string_lossy());
    format!("#!/bin/sh\nexec {} {command} {}\n", word(program), word(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_holds_two_paths() {
        let script = start_script("/opt/it's/scheduler".as_ref(), "/p/.orchestrator/agents/a/runs/1".as_ref());
        assert_eq!(script, "#!/bin/sh\nexec '/opt/it'\\''s/scheduler' keep /p/.orchestrator/agents/a/runs/1\n");
    }

    #[test]
    fn what_earlier_versions_left_out_can_be_read() {
        let report: ExitReport = serde_json::from_str(
            r#"{"exit": {"code": 1, "signal": null}, "stopped": "stalled", "duration_seconds": 2}"#,
        )
        .unwrap();
        let expected = ExitReport {
            exit: Exit { code: Some(1), signal: None },
            stopped: Some(Stopped::Stalled),
            duration_seconds: 2,
            ..ExitReport::default()
        };
        assert_eq!(report, expected);
    }
}
