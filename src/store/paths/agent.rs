//! The paths of one agent and of its runs.

use anyhow::{Result, bail};
use std::path::{Path, PathBuf};

/// The name of the file with what is remembered between ticks.
pub(in crate::store) const STATE: &str = "state.json";

/// The paths of one agent.
#[derive(Clone, Debug)]
pub struct AgentPaths {
    dir: PathBuf,
}

impl AgentPaths {
    pub(super) fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// Its directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Held for the whole of a run.
    pub fn lock(&self) -> PathBuf {
        self.dir.join("lock")
    }

    /// What is remembered between ticks.
    pub fn state(&self) -> PathBuf {
        self.dir.join(STATE)
    }

    /// The environment of a run, to `source` by hand.
    pub fn env_sh(&self) -> PathBuf {
        self.dir.join("env.sh")
    }

    /// Its git worktree.
    pub fn worktree(&self) -> PathBuf {
        self.dir.join("worktree")
    }

    /// The directory with one directory per run.
    pub fn runs(&self) -> PathBuf {
        self.dir.join("runs")
    }

    /// The paths of one run.
    ///
    /// # Errors
    /// `run_id` is not a UUID with hyphens: then it must not become a path.
    pub fn run(&self, run_id: &str) -> Result<RunPaths> {
        let is_uuid = run_id.len() == 36 && uuid::Uuid::try_parse(run_id).is_ok();
        if !is_uuid {
            bail!("{:?} is not the id of a run: it must be a UUID", crate::domain::text::cut(run_id, 80));
        }
        Ok(RunPaths { dir: self.runs().join(run_id) })
    }
}

/// The paths of one run.
#[derive(Clone, Debug)]
pub struct RunPaths {
    dir: PathBuf,
}

impl RunPaths {
    /// Its directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What it was started for.
    pub fn assignment(&self) -> PathBuf {
        self.dir.join("assignment.json")
    }

    /// What was copied into the worktree, and what the set-up command printed.
    pub fn setup_log(&self) -> PathBuf {
        self.dir.join("setup.log")
    }

    /// Where it works.
    pub fn prepared(&self) -> PathBuf {
        self.dir.join("prepared.json")
    }

    /// The verdict of a reviewer.
    pub fn review(&self) -> PathBuf {
        self.dir.join("review.json")
    }

    /// The proposals that a curator was shown.
    pub fn curation(&self) -> PathBuf {
        self.dir.join("curation.json")
    }

    /// What a gatekeeper recorded.
    pub fn check(&self) -> PathBuf {
        self.dir.join("check.json")
    }

    /// What was found in the worktree and no commit could hold, moved out of it.
    pub fn set_aside(&self) -> PathBuf {
        self.dir.join("set-aside")
    }

    /// What claude was told.
    pub fn prompt(&self) -> PathBuf {
        self.dir.join("prompt.md")
    }

    /// What claude wrote to its standard output.
    pub fn output(&self) -> PathBuf {
        self.dir.join("output.jsonl")
    }

    /// What claude wrote to its standard error.
    pub fn stderr(&self) -> PathBuf {
        self.dir.join("stderr.log")
    }

    /// How it ended.
    pub fn record(&self) -> PathBuf {
        self.dir.join("record.json")
    }

    /// What must not have changed at its end: hashes of git's settings, hooks and refs.
    pub fn fingerprint(&self) -> PathBuf {
        self.dir.join("fingerprint.json")
    }
}

#[cfg(test)]
mod tests {
    use crate::store::paths::Paths;
    use std::path::Path;

    #[test]
    fn a_run_is_named_by_a_uuid() {
        let agent = Paths::new(Path::new("/p")).agent(&"a".parse().unwrap());
        for bad in ["", "..", "../../x", "0190d1c27f1a4e5b8c3d1a2b3c4d5e6f", "{0190d1c2-7f1a-4e5b-8c3d-1a2b3c4d5e6f}"] {
            assert!(agent.run(bad).is_err(), "{bad:?}");
        }
    }
}
