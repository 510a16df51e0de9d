//! The stand-in for an engine that starts runs somewhere else: it starts them here.

use super::Test;
use super::environment::write_program;
use std::{
    fs,
    path::{Path, PathBuf},
};

const SCRIPT: &str = include_str!("engine.sh");

impl Test {
    /// Puts it on PATH, with agents.yaml for these agents, NAME, ROLE and RUNNER: `cluster`, `attached` or `local`.
    pub fn with_engine(&self, agents: &[(&str, &str, &str)], limits: &str) -> &Self {
        fs::create_dir_all(self.engine("jobs")).unwrap();
        write_program(&self.root().join("bin/engine"), SCRIPT);
        let mut yaml = "model: task\nrunners:\n".to_owned();
        for (name, start, ping) in [("cluster", "start", "[engine, ping, x]"), ("attached", "attach", "[]")] {
            yaml.push_str(&format!(
                "  {name}: {{ping: {ping}, start: [engine, {start}, '{{run}}'], cancel: [engine, cancel, '{{run}}'], \
                 explain: [engine, explain, '{{run}}']{limits}}}\n"
            ));
        }
        yaml.push_str("agents:\n");
        for (name, role, runner) in agents {
            yaml.push_str(&format!("  - {{name: {name}, role: {role}, runner: {runner}, interval_seconds: 60}}\n"));
        }
        self.config(&yaml)
    }

    /// A file of the engine's.
    pub fn engine(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root().join("engine").join(name)
    }

    /// Makes the engine be so.
    pub fn engine_is(&self, how: &str, is_so: bool) -> &Self {
        if is_so {
            fs::write(self.engine(how), "").unwrap();
        } else {
            fs::remove_file(self.engine(how)).unwrap();
        }
        self
    }

    /// What is in a file of the agent's last run's job.
    pub fn job(&self, agent: &str, name: &str) -> Option<String> {
        let run = self.runs(agent).pop()?;
        let job = self.engine("jobs").join(run.file_name()?).join(name);
        fs::read_to_string(job).ok().map(|text| text.trim().to_owned())
    }
}
