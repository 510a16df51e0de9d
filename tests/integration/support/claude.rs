//! The stand-in for `claude`, seen from a test: what it is to do, and how it was called.

use super::environment::write_program;
use std::{
    fs,
    path::{Path, PathBuf},
};

const SCRIPT: &str = include_str!("../../../templates/stand_ins/claude.sh");

/// The stage of the stand-in: a folder with its scenarios and the record of its calls.
pub struct Claude {
    root: PathBuf,
    stage: PathBuf,
}

/// One start of the stand-in.
#[derive(Debug)]
pub struct ClaudeCall {
    /// Its arguments.
    pub args: Vec<String>,
    /// What it read from stdin.
    pub prompt: String,
    /// Its working directory.
    pub cwd: PathBuf,
    /// Its process id.
    pub pid: i32,
    /// Its environment, `NAME=value`; a value with several lines is several entries.
    pub env: Vec<String>,
    /// The descriptors that it had open, `ls`'s own included.
    pub descriptors: Vec<String>,
}

impl ClaudeCall {
    /// A variable of its environment.
    pub fn env(&self, name: &str) -> Option<&str> {
        self.env.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
    }

    /// The value of a flag, given as `--flag value` or `--flag=value`.
    pub fn flag(&self, name: &str) -> Option<&str> {
        let after = self.args.iter().position(|arg| arg == name).and_then(|at| self.args.get(at + 1));
        let joined = || self.args.iter().find_map(|arg| arg.strip_prefix(name)?.strip_prefix('='));
        after.map(String::as_str).or_else(joined)
    }
}

impl Claude {
    pub(super) fn new(root: &Path) -> Self {
        let stage = root.join("claude");
        for dir in ["debug/calls", "debug/played", "debug/sessions", "scenarios"] {
            fs::create_dir_all(stage.join(dir)).unwrap();
        }
        Self { root: root.to_owned(), stage }
    }

    /// Puts it on PATH.
    pub fn install(&self) {
        write_program(&self.path(), SCRIPT);
    }

    /// Where it is on PATH.
    pub fn path(&self) -> PathBuf {
        self.root.join("bin/claude")
    }

    /// What it does when it is started for `who`: a task's id, an agent's name, a role, or `default`. With `.2` at the
    /// end: only at the second start. The text is shell; see the functions of the script that it is read into
    /// (`say`, `run`, `write`, `edit`, `commit`, `finish`, `turn_limit`, `api_error`, `hang` …).
    pub fn plays(&self, who: &str, scenario: &str) -> &Self {
        fs::write(self.stage.join("scenarios").join(who), format!("{scenario}\n")).unwrap();
        self
    }

    /// An implementer's good run: one file, one commit.
    pub fn implements(&self) -> &Self {
        self.plays(
            "implementer",
            "write \"$TASK_ID.txt\" \"work\" && commit \"Work on $TASK_ID\" && finish 'It is done.'",
        )
    }

    /// How often it was started.
    pub fn count(&self) -> usize {
        fs::read_dir(self.stage.join("debug/calls")).unwrap().count()
    }

    /// Every start whose prompt was read, in order.
    pub fn calls(&self) -> Vec<ClaudeCall> {
        (1..=self.count()).map(|number| self.read(number)).collect()
    }

    /// The only start there was.
    #[track_caller]
    pub fn only_call(&self) -> ClaudeCall {
        assert_eq!(self.count(), 1, "starts of claude");
        self.read(1)
    }

    /// The last start.
    #[track_caller]
    pub fn last_call(&self) -> ClaudeCall {
        self.read(self.count())
    }

    fn read(&self, number: usize) -> ClaudeCall {
        let call = self.stage.join("debug/calls").join(number.to_string());
        let text = |name: &str| String::from_utf8_lossy(&fs::read(call.join(name)).unwrap_or_default()).into_owned();
        let lines = |name: &str| text(name).lines().map(str::to_owned).collect();
        ClaudeCall {
            args: text("args").split_terminator('\0').map(str::to_owned).collect(),
            prompt: text("prompt"),
            cwd: text("cwd").trim_end().into(),
            pid: text("pid").trim_end().parse().unwrap_or(0),
            env: lines("env"),
            descriptors: lines("descriptors"),
        }
    }

    pub(super) fn tell(&self) {
        for (at, call) in self.calls().iter().enumerate() {
            eprintln!("==== claude call {}: {:?} in {}", at + 1, call.args, call.cwd.display());
        }
    }
}
