//! What a worktree gets beside its commit: copies of ignored files, and once in its life the set-up command.

use super::{Run, RunError};
use crate::{
    domain::{
        outcome::{Interruption, Outcome},
        run::RUN_TAG,
        state::AgentState,
    },
    exec::{
        include,
        setup::{self, End, Setup},
        worktree::Worktree,
    },
    sys::{atomic, read},
};
use anyhow::Result;
use std::time::Duration;

impl Run<'_> {
    /// Whether worktrees of this project get anything.
    pub(super) fn needs_provisioning(&self) -> bool {
        let wanted = &self.assignment.worktrees;
        wanted.setup.is_some() || !wanted.include.is_empty() || self.project().root().join(include::PATTERNS).is_file()
    }

    /// Copies the files, and runs the command in a worktree that it wasn't run in yet. It may change files that git
    /// knows, so the stand must be taken after it.
    pub(super) fn provision(&self, worktree: &Worktree, state: &mut AgentState) -> Result<(), RunError> {
        self.include(worktree)?;
        let Some(command) = &self.assignment.worktrees.setup else { return Ok(()) };
        if worktree.set_up_with()?.as_ref() == Some(command) {
            return Ok(());
        }
        worktree.note_set_up(None)?;
        let seconds = self.assignment.worktrees.timeout_seconds;
        let call = Setup {
            command: command.clone(),
            worktree: worktree.path().to_owned(),
            log: self.files.setup_log(),
            env: self.variables(),
            mark: (RUN_TAG.to_owned(), self.id().to_owned()),
            timeout: Duration::from_secs(u64::from(seconds)),
        };
        let end = setup::run(&call, self.supervisor.stop, |process| {
            state.process = Some(process);
            self.save(state)
        })?;
        let failed = match end {
            End::Exit(status) if status.success() => {
                worktree.note_set_up(Some(command))?;
                return Ok(());
            }
            End::Exit(status) => crate::exec::command::describe(status),
            End::TimedOut => format!("it took longer than {seconds} s"),
            End::Stopped => return Err(RunError::Outcome(Outcome::Interrupted { by: Interruption::Demand })),
        };
        let log = self.files.setup_log();
        let last = last_words(&read::read_tail(&log, 4_096)?);
        let message = format!(
            "the set-up command of worktrees (worktree.setup) failed: {failed}{last}; its output is in {}",
            log.display()
        );
        Err(RunError::Outcome(Outcome::LaunchFailed { message, everybody: false }))
    }

    fn include(&self, worktree: &Worktree) -> Result<()> {
        let included = include::include(self.project().root(), worktree, &self.assignment.worktrees.include)?;
        let copied = included.copied.iter().map(|path| format!("copied {}\n", path.display()));
        let skipped = included.skipped.iter().map(|(path, why)| format!("not copied: {}: {why}\n", path.display()));
        let log: String = copied.chain(skipped).collect();
        if log.is_empty() {
            return Ok(());
        }
        atomic::write_private(&self.files.setup_log(), log.as_bytes())
    }
}

/// The last line that the command itself printed, for the one line that people read first.
fn last_words(log: &str) -> String {
    let said = log.rsplit_once("\n(").map_or(log, |(said, _)| said);
    let last = said.lines().rev().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("$ "));
    last.map(|line| format!(": {}", crate::domain::text::cut(line, 200))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_are_the_command_s_own() {
        for (log, expected) in [
            ("copied .env\n$ npm ci\nnpm error\n\nnpm error lock\n\n(exit code 1)\n", ": npm error lock"),
            ("$ false\n(exit code 1)\n", ""),
            ("", ""),
        ] {
            assert_eq!(last_words(log), expected, "{log:?}");
        }
    }
}
