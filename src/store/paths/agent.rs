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

    /// The paths of one run.
    ///
    /// # Errors
    /// `run_id` is not a UUID with hyphens: then it must not become a path.
    pub fn run(&self, run_id: &str) -> Result<RunPaths> {
        refuse_other_than_uuid(run_id)?;
        Ok(RunPaths { dir: self.runs().join(run_id) })
    }

    paths! {
        /// Held for the whole of a run.
        lock = dir / "lock";
        /// What is remembered between ticks.
        state = dir / STATE;
        /// The environment of a run, to `source` by hand.
        env_sh = dir / "env.sh";
        /// The run to which a worktree of its was left last.
        left_to = dir / "left-to";
        /// Temporary files of its runs: each begins with none.
        tmp = dir / "tmp";
        /// What programs keep between its runs.
        cache = dir / "cache";
        /// An empty directory, in which gh finds no account.
        gh_config = dir / "gh-config";
        /// The directory with one directory per run.
        runs = dir / "runs";
    }
}

/// The paths of one run.
#[derive(Clone, Debug)]
pub struct RunPaths {
    dir: PathBuf,
}

impl RunPaths {
    /// The same of a directory that is a run's by its name.
    ///
    /// # Errors
    /// As for [`AgentPaths::run`].
    pub fn at(dir: &Path) -> Result<Self> {
        refuse_other_than_uuid(&dir.file_name().unwrap_or_default().to_string_lossy())?;
        Ok(Self { dir: dir.to_owned() })
    }

    /// Its directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    paths! {
        /// What it was started for.
        assignment = dir / "assignment.json";
        /// What was copied into the worktree, and what the set-up command printed.
        setup_log = dir / "setup.log";
        /// What the hook `pre-push` printed.
        hook_log = dir / "pre-push.log";
        /// What `verify` printed on its work.
        verify_log = dir / "verify.log";
        /// The same on what the work began from.
        verify_base_log = dir / "verify-base.log";
        /// Of the worktree's own git directory, what its processes may write and must not.
        git_dir = dir / "git-dir";
        /// Where it works.
        prepared = dir / "prepared.json";
        /// The verdict of a reviewer.
        review = dir / "review.json";
        /// The proposals that a curator was shown.
        curation = dir / "curation.json";
        /// What a gatekeeper recorded.
        check = dir / "check.json";
        /// What the agent asks of its supervisor, and the answers.
        requests = dir / "requests";
        /// Programs that its processes find first, if they are confined.
        bin = dir / "bin";
        /// What its processes are confined to, if they are.
        profile = dir / "profile.json";
        /// What was found in the worktree and no commit could hold, moved out of it.
        set_aside = dir / "set-aside";
        /// What claude was told.
        prompt = dir / "prompt.md";
        /// What it is told if there is no conversation to go on with.
        prompt_anew = dir / "prompt-anew.md";
        /// The conversation that it begins or goes on with.
        session = dir / "session.json";
        /// The MCP servers that the user gives it.
        mcp = dir / "mcp.json";
        /// What claude wrote to its standard output.
        output = dir / "output.jsonl";
        /// What claude wrote to its standard error.
        stderr = dir / "stderr.log";
        /// On another machine: what the keeper is to start there, and the script that starts the keeper.
        launch = dir / "launch.json";
        start = dir / "start";
        /// What is known here of a run on another machine, and what the runner's commands printed.
        remote = dir / "remote.json";
        runner_log = dir / "runner.log";
        /// Where it was started, or that it may not be any more.
        started = dir / "started.json";
        /// What the keeper changes as long as it lives, and its supervisor.
        alive = dir / "alive";
        lease = dir / "lease";
        /// There once the keeper is to end it; says why.
        stop = dir / "stop";
        /// How it ended there.
        exit = dir / "exit.json";
        /// How it ended, as far as that can be said before its work is verified.
        unverified = dir / "unverified.json";
        /// How it ended.
        record = dir / "record.json";
        /// What it found: the refs, which it may not move, and whether it was confined.
        before = dir / "before.json";
    }
}

fn refuse_other_than_uuid(run_id: &str) -> Result<()> {
    let is_uuid = run_id.len() == 36 && uuid::Uuid::try_parse(run_id).is_ok();
    if !is_uuid {
        bail!("{:?} is not the id of a run: it must be a UUID", crate::domain::text::cut(run_id, 80));
    }
    Ok(())
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
