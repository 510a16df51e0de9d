//! What a worktree gets beside its commit: copies of ignored files, and once in its life the set-up command.

use crate::domain::sandbox::denial;
use crate::domain::state::AgentState;
use crate::domain::text::cut;
use crate::engine::run::context::{Run, RunError};
use crate::engine::run::environment;
use crate::exec::command::describe;
use crate::exec::include;
use crate::exec::setup::{self, End, Setup};
use crate::sys::{atomic, read};
use anyhow::Result;
use std::time::Duration;

/// Whether worktrees of this project get anything.
pub fn is_wanted(run: &Run<'_>) -> bool {
    let wanted = &run.assignment.worktrees;
    wanted.each.setup.is_some()
        || !wanted.each.include.is_empty()
        || run.project().root().join(include::PATTERNS).is_file()
}

/// Copies the files, and runs the command in a worktree that it wasn't run in yet. It may change files that git
/// knows, so the stand must be taken after it.
pub fn provision(run: &Run<'_>, of_fork: bool, state: &mut AgentState) -> Result<(), RunError> {
    copy_files(run)?;
    let Some(command) = &run.assignment.worktrees.each.setup else { return Ok(()) };
    if run.worktree.set_up_with()?.as_ref() == Some(command) {
        return Ok(());
    }
    run.worktree.note_set_up(None)?;
    run.worktree.begin_set_up()?;
    let (log, seconds) = (run.files.setup_log(), run.assignment.worktrees.each.timeout_seconds.get());
    let call = Setup {
        command: command.clone(),
        worktree: run.worktree.path().to_owned(),
        log: log.clone(),
        environment: environment::of(run, of_fork)?,
        timeout: Duration::from_secs(u64::from(seconds)),
    };
    run.worktree.keep_git_dir(&run.files.git_dir())?;
    let end = setup::run(&call, run.supervisor.stop, |process| {
        state.process = Some(process);
        run.save(state)
    })?;
    run.worktree.put_back_git_dir(&run.files.git_dir())?;
    let failed = match end {
        End::Exit(status) if status.success() => {
            run.worktree.keep_set_up()?;
            return Ok(run.worktree.note_set_up(Some(command))?);
        }
        End::Exit(status) => describe(status),
        End::TimedOut => format!("it took longer than {seconds} s"),
        End::Stopped => return Err(RunError::stopped()),
    };
    let said = read::read_tail(&log, 4_096)?;
    let hint = call
        .environment
        .confinement
        .and_then(|_| denial::hint(&said))
        .map_or(String::new(), |hint| format!("; {hint}"));
    let last = last_words(&said);
    let log = log.display();
    Err(RunError::launch(format!(
        "the set-up command of worktrees (worktree.setup) failed: {failed}{last}; its output is in {log}{hint}"
    )))
}

fn copy_files(run: &Run<'_>) -> Result<()> {
    let included = include::include(run.project().root(), &run.worktree, &run.assignment.worktrees.each.include)?;
    let copied = included.copied.iter().map(|path| format!("copied {}\n", path.display()));
    let skipped = included.skipped.iter().map(|(path, why)| format!("not copied: {}: {why}\n", path.display()));
    let log: String = copied.chain(skipped).collect();
    if log.is_empty() { Ok(()) } else { atomic::write(&run.files.setup_log(), log.as_bytes()) }
}

/// The last line that the command itself printed, for the one line that is read first.
fn last_words(log: &str) -> String {
    let said = log.rsplit_once("\n(").map_or(log, |(said, _)| said);
    let last = said.lines().rev().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("$ "));
    last.map(|line| format!(": {}", cut(line, 200))).unwrap_or_default()
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
