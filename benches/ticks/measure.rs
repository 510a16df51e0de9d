//! Measures one command: wall time with hyperfine, system calls with strace, memory with GNU time.

use crate::tools::run;
use anyhow::{Context, Result};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::NamedTempFile;

/// A command that is measured.
#[derive(Clone)]
pub struct Subject {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// What it takes for the present, as `SCHEDULER_NOW`.
    pub now: Option<String>,
    /// A command that is run before each start, unmeasured.
    pub prepare: Option<String>,
}

impl Subject {
    /// A program with arguments.
    pub fn new(program: &Path, args: &[&str]) -> Self {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        Self { program: program.to_owned(), args, now: None, prepare: None }
    }

    fn line(&self) -> String {
        let program = self.program.display().to_string();
        let words = std::iter::once(&program).chain(&self.args);
        words.map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ")
    }

    /// `tool` with this command at its end.
    fn under(&self, tool: &str, options: &[&str]) -> Command {
        let mut command = Command::new(tool);
        command.args(options).arg("--").arg(&self.program).args(&self.args);
        self.environment(&mut command);
        command
    }

    fn environment(&self, command: &mut Command) {
        command.env_remove("SCHEDULER_NOW").envs(self.now.as_ref().map(|now| ("SCHEDULER_NOW", now)));
    }

    fn once_prepared(&self) -> Result<()> {
        let Some(prepare) = &self.prepare else { return Ok(()) };
        run(Command::new("sh").args(["-c", prepare])).map(drop)
    }
}

/// The wall time of a subject and of its floor, in milliseconds: the shortest of some runs each, at the same moment. Of all
/// turns it is the one whose ratio is in the middle, so that neither a lucky moment nor a busy one tells.
pub fn beside(subject: &Subject, floor: &Subject, turns: u32, runs: u32) -> Result<[f64; 2]> {
    let mut all = Vec::new();
    for _ in 0..turns {
        all.push([shortest(subject, runs)?, shortest(floor, runs)?]);
    }
    all.sort_by(|[a, floor_a], [b, floor_b]| (a / floor_a).total_cmp(&(b / floor_b)));
    all.get(all.len() / 2).copied().context("no turn was measured")
}

/// The shortest wall time of some runs, in milliseconds.
pub fn shortest(subject: &Subject, runs: u32) -> Result<f64> {
    let answer = NamedTempFile::new()?;
    let mut hyperfine = Command::new("hyperfine");
    hyperfine.args(["-N", "--style=none", "--warmup=1", "--runs", &runs.max(2).to_string(), "--export-json"]);
    hyperfine.arg(answer.path());
    if let Some(prepare) = &subject.prepare {
        hyperfine.arg("--prepare").arg(format!("sh -c '{prepare}'"));
    }
    subject.environment(&mut hyperfine);
    run(hyperfine.arg(subject.line()))?;
    let answer: serde_json::Value = serde_json::from_str(&fs::read_to_string(answer.path())?)?;
    let seconds = answer["results"][0]["min"].as_f64().context("hyperfine told no time")?;
    Ok(seconds * 1_000.0)
}

/// How many system calls it makes, with all its threads and children.
pub fn calls(subject: &Subject) -> Result<f64> {
    subject.once_prepared()?;
    let table = NamedTempFile::new()?;
    let path = table.path().display().to_string();
    run(&mut subject.under("strace", &["-f", "-c", "-U", "calls,name", "-o", &path]))?;
    let text = fs::read_to_string(table.path())?;
    let total = text.lines().find_map(|line| line.trim().strip_suffix("total")?.trim().parse().ok());
    total.with_context(|| format!("strace told no total: {text}"))
}

/// The lines that strace writes of some calls, with paths beside descriptors and the time before each.
pub fn trace(subject: &Subject, calls: &str, more: &[&str]) -> Result<Vec<String>> {
    subject.once_prepared()?;
    let lines = NamedTempFile::new()?;
    let path = lines.path().display().to_string();
    let filter = format!("trace={calls}");
    let options = [&["-y", "-s", "200", "-e", &filter, "-o", &path], more].concat();
    run(&mut subject.under("strace", &options))?;
    Ok(fs::read_to_string(lines.path())?.lines().map(str::to_owned).collect())
}

/// The most memory that it had at once, shared pages included, in MiB.
pub fn peak(subject: &Subject) -> Result<f64> {
    subject.once_prepared()?;
    let answer = NamedTempFile::new()?;
    let path = answer.path().display().to_string();
    run(&mut subject.under("time", &["-f", "%M", "-o", &path]))?;
    let kib: f64 = fs::read_to_string(answer.path())?.trim().parse()?;
    Ok(kib / 1_024.0)
}
