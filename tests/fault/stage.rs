//! A project that is set up once and put back before every fault, and what must hold after each.

use crate::support::{Output, Test};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

/// Where the clock stands when a fault is injected.
pub const NOW: &str = "2026-03-01T10:00:00Z";

/// More ticks than any recovery needs.
const TICKS: usize = 15;

/// A test whose folder can be put back to what it was.
pub struct Stage {
    /// The project and its surroundings.
    pub test: Test,
    saved: TempDir,
}

/// Everything that a tick could change: files of `.orchestrator/`, and the refs here and in origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Everything {
    files: BTreeMap<PathBuf, Vec<u8>>,
    refs: String,
}

impl Stage {
    /// Keeps the test as it stands, to return to.
    pub fn new(test: Test) -> Self {
        let saved = tempfile::Builder::new().prefix("scheduler-saved-").tempdir().unwrap();
        let stage = Self { test, saved };
        stage.copy(&stage.test.root(), &stage.saved.path().join("root"));
        stage.test.now(NOW);
        stage
    }

    /// Keeps it as it stands now, instead of what was kept before.
    pub fn keep(&mut self) {
        self.saved = tempfile::Builder::new().prefix("scheduler-saved-").tempdir().unwrap();
        self.copy(&self.test.root(), &self.saved.path().join("root"));
    }

    /// Puts everything back to what it was.
    pub fn restore(&self) {
        let root = self.test.root();
        // The folder itself stays: a process that stood in it would be missed afterwards.
        for entry in fs::read_dir(&root).unwrap().flatten() {
            let path = entry.path();
            let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
        self.copy(&self.saved.path().join("root"), &root);
        self.test.now(NOW);
    }

    /// Ticks, an hour apart, until there is nothing left to do; then once more, which must change nothing.
    #[track_caller]
    pub fn settle(&self) {
        let mut before = None;
        for _ in 0..TICKS {
            self.test.later(3_600);
            let output = self.test.tick();
            self.test.wait_quiet();
            let now = self.everything();
            if output.stdout.is_empty() && before.as_ref() == Some(&now) {
                return;
            }
            before = Some(now);
        }
        panic!("after {TICKS} ticks there is still something going on: {:#?}", before.unwrap().files.keys());
    }

    /// What could have been changed.
    pub fn everything(&self) -> Everything {
        let mut files = BTreeMap::new();
        collect(&self.test.orchestrator(""), &mut files);
        let refs = |dir: PathBuf| self.test.git_in(dir, ["for-each-ref", "--format=%(refname) %(objectname)"]);
        let origin = self.test.origin();
        let theirs = if origin.is_dir() { refs(origin) } else { String::new() };
        Everything { files, refs: format!("{}\n{theirs}", refs(self.test.dir())) }
    }

    fn copy(&self, from: &Path, to: &Path) {
        let mut command = Command::new("cp");
        // -T: the folder itself, not into it.
        command.args(["-aT", "--"]).arg(from).arg(to);
        let output: Output = self.test.finish(command);
        output.ok();
    }
}

/// The files below a directory, without logs, cache and the agents' worktrees.
fn collect(dir: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => {
                if !["logs", "cache", "worktree"].iter().any(|skipped| name == *skipped) {
                    collect(&path, files);
                }
            }
            _ => drop(files.insert(path.clone(), fs::read(&path).unwrap_or_default())),
        }
    }
}
