//! Projects to measure in: a repository, agents of all kinds, and whatever has grown in it.

use crate::{
    measure::Subject,
    tools::{Tools, run},
};
use anyhow::{Result, bail, ensure};
use std::{
    fmt::Write,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Command,
    thread::sleep,
    time::{Duration, Instant, SystemTime},
};
use tempfile::TempDir;

/// When every agent was started last.
const STARTED: &str = "2024-01-15T10:30:00Z";
/// A minute later: nobody is due.
pub const IDLE: &str = "2024-01-15T10:31:00Z";
/// An hour later: everybody is.
pub const DUE: &str = "2024-01-15T11:30:00Z";

/// One project, gone with this value.
pub struct Scene {
    dir: TempDir,
}

impl Scene {
    /// A project that is set up, with so many agents that have run before. `more` goes to the top of agents.yaml.
    pub fn new(tools: &Tools, agents: usize, more: &str) -> Result<Self> {
        let scene = Self { dir: tempfile::Builder::new().prefix("ticks-").tempdir_in(&tools.scratch)? };
        run(scene.git().args(["init", "--quiet", "--initial-branch=main"]))?;
        run(scene.git().args(["commit", "--quiet", "--allow-empty", "--message=first"]))?;
        let mut yaml = format!("{more}\nagents:\n");
        for n in 0..agents {
            let role = ["implementer", "tester", "reviewer"][n % 3];
            writeln!(yaml, "  - name: agent-{n}\n    role: {role}\n    interval_seconds: 300")?;
            scene.idle_agent(&format!("agent-{n}"))?;
        }
        scene.file("agents.yaml", &yaml)?;
        for folder in ["incoming", "claimed", "done", "failed"] {
            fs::create_dir_all(scene.dot().join("shared/queue").join(folder))?;
        }
        for folder in ["active", "promoted", "deferred", "rejected"] {
            fs::create_dir_all(scene.dot().join("shared/proposals").join(folder))?;
        }
        Ok(scene)
    }

    fn idle_agent(&self, name: &str) -> Result<()> {
        let state = serde_json::json!({
            "phase": "idle", "last_started": STARTED, "last_finished": STARTED, "last_outcome": "finished",
            "consecutive_failures": 0, "total_runs": 1, "total_successes": 1, "total_failures": 0
        });
        self.file(&format!("agents/{name}/lock"), "")?;
        self.file(&format!("agents/{name}/state.json"), &state.to_string())
    }

    /// The top folder.
    pub fn root(&self) -> &Path {
        self.dir.path()
    }

    /// `.orchestrator`.
    pub fn dot(&self) -> PathBuf {
        self.root().join(".orchestrator")
    }

    /// Writes a file below `.orchestrator`.
    pub fn file(&self, path: &str, text: &str) -> Result<()> {
        let path = self.dot().join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(fs::write(path, text)?)
    }

    /// Writes so many files below `.orchestrator`, named by their number.
    pub fn files(&self, count: usize, name: impl Fn(usize) -> String, text: &str) -> Result<()> {
        (0..count).try_for_each(|n| self.file(&name(n), text))
    }

    /// Removes a file below `.orchestrator`, if it is there.
    pub fn forget(&self, path: &str) -> Result<()> {
        match fs::remove_file(self.dot().join(path)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Removes a folder below `.orchestrator`, if it is there.
    pub fn forget_all(&self, path: &str) -> Result<()> {
        match fs::remove_dir_all(self.dot().join(path)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// When the file with such a name, in this folder below `.orchestrator` or in one inside it, was created.
    pub fn created(&self, folder: &str, name: &str) -> Result<SystemTime> {
        let mut folders = vec![self.dot().join(folder)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    folders.push(entry.path());
                } else if entry.file_name().to_string_lossy().starts_with(name) {
                    return Ok(entry.metadata()?.created()?);
                }
            }
        }
        bail!("no {name} below {folder}")
    }

    /// Waits until no run is under way.
    pub fn wait_until_idle(&self) -> Result<()> {
        let begun = Instant::now();
        for agent in fs::read_dir(self.dot().join("agents"))? {
            let state = agent?.path().join("state.json");
            let is_idle = || -> Result<bool> {
                let state: serde_json::Value = serde_json::from_str(&fs::read_to_string(&state)?)?;
                Ok(state["phase"] == "idle")
            };
            while state.exists() && !is_idle()? {
                ensure!(begun.elapsed() < Duration::from_secs(120), "{} doesn't become idle", state.display());
                sleep(Duration::from_millis(20));
            }
        }
        Ok(())
    }

    /// How long the outputs of all runs are, in bytes.
    pub fn outputs(&self) -> Result<Vec<u64>> {
        let mut lengths = Vec::new();
        for agent in fs::read_dir(self.dot().join("agents"))? {
            let Ok(runs) = fs::read_dir(agent?.path().join("runs")) else { continue };
            for run in runs {
                lengths.extend(fs::metadata(run?.path().join("output.jsonl")).map(|file| file.len()));
            }
        }
        Ok(lengths)
    }

    /// git in the main checkout, whoever uses this machine.
    pub fn git(&self) -> Command {
        let mut git = Command::new("git");
        git.arg("-C").arg(self.root()).args(["-c", "user.name=Bench", "-c", "user.email=bench@localhost"]);
        git
    }

    /// A tick at a time, after a first one that isn't measured: it makes what every later one finds.
    pub fn tick(&self, scheduler: &Path, now: &str, more: &[&str]) -> Result<Subject> {
        let root = self.root().display().to_string();
        let mut tick = Subject::new(scheduler, &[&["-C", root.as_str()], more].concat());
        tick.now = Some(now.to_owned());
        run(Command::new(scheduler).args(&tick.args).env("SCHEDULER_NOW", now))?;
        Ok(tick)
    }

    /// The floor program over the configuration, every agent's state, and these paths below `.orchestrator`.
    pub fn floor(&self, floor: &Path, agents: usize, more: impl IntoIterator<Item = String>) -> Result<Subject> {
        let states = (0..agents).map(|n| format!("agents/agent-{n}/state.json"));
        let shared = ["agents.yaml", "agents/", "shared/queue/incoming/", "shared/queue/claimed/"];
        let mut list = String::new();
        for path in shared.into_iter().map(str::to_owned).chain(states).chain(more) {
            writeln!(list, "{}/{path}", self.dot().display())?;
        }
        let place = self.root().join("floor.list");
        fs::write(&place, list)?;
        Ok(Subject::new(floor, &[&place.display().to_string()]))
    }
}
