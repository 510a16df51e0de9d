//! Runs a command of the user's in a worktree, `sh -c` with the text of the configuration: what makes it ready for work, what
//! verifies the work, the hook before a push.
//!
//! It ends with everything that it started, at its limit or when the run is stopped. Its text comes from the project's
//! configuration alone, never from a task; what it runs is often the branch's, so its environment is that of the run.

mod bounded_log;

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use bounded_log::BoundedLog;

use crate::domain::state::ProcessId;
use crate::exec::clock::monotonic_now;
use crate::exec::command::{Awaited, describe};
use crate::exec::environment::RunEnvironment;
use crate::exec::processes::{self, Family, Grace};
use crate::sys::atomic::open_log;

const WAKE_UP: Duration = Duration::from_millis(250);
/// Between TERM and KILL.
const GRACE: Duration = Duration::from_secs(5);

/// One call of a command.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The text for `sh -c`.
    pub command: String,
    /// The working directory.
    pub worktree: PathBuf,
    /// Takes its output, as much as is worth reading; appended to, readable for its owner only.
    pub log: PathBuf,
    pub environment: RunEnvironment,
    /// The longest that it may take.
    pub timeout: Duration,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself.
    Exit(ExitStatus),
    /// At its limit.
    TimedOut,
    /// Because the run is to end.
    Stopped,
}

/// Runs the command to its end. `started` learns which process it is before it is waited for.
///
/// # Errors
/// It can't be started, or its log can't be written.
pub fn run(setup: &Setup, stop: &AtomicBool, started: impl FnOnce(ProcessId) -> Result<()>) -> Result<End> {
    let at = || format!("cannot write {}", setup.log.display());
    let mut log = open_log(&setup.log)?;
    writeln!(log, "$ {}", setup.command).with_context(at)?;
    let (output, bounded) = BoundedLog::begin(log.try_clone().with_context(at)?).with_context(at)?;
    let child = setup
        .environment
        .command("sh")
        .args(["-c", &setup.command])
        .current_dir(&setup.worktree)
        .stdin(Stdio::null())
        .stdout(output.try_clone().with_context(at)?)
        .stderr(output)
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot start `sh -c` in {}", setup.worktree.display()))?;
    let id = processes::identity(child.id());
    let (name, value) = &setup.environment.tag;
    let family = Family { leader: id.as_ref(), tag: Some((name, value)), own_descendants: processes::is_subreaper() };
    let noted = id.clone().map_or(Ok(()), started);
    let mut child = Awaited::new(child);
    let end = match noted {
        Ok(()) => until_end(&mut child, setup.timeout, stop),
        Err(error) => Err(error),
    };
    // Also what it left in the background: nothing else is to work in the worktree.
    let on_demand = matches!(end, Ok(End::Stopped));
    processes::end(&family, &if on_demand { Grace::on_demand() } else { Grace::new(GRACE) });
    bounded.end().with_context(at)?;
    let end = end?;
    let words = match end {
        End::Exit(status) => describe(status),
        End::TimedOut => format!("stopped after {} s", setup.timeout.as_secs()),
        End::Stopped => "stopped with the run".to_owned(),
    };
    writeln!(log, "({words})").with_context(at)?;
    Ok(end)
}

fn until_end(child: &mut Awaited, timeout: Duration, stop: &AtomicBool) -> Result<End> {
    let begun = monotonic_now();
    loop {
        match child.wait(WAKE_UP).context("the command can't be waited for")? {
            Some(status) => return Ok(End::Exit(status)),
            None if stop.load(Ordering::Relaxed) => return Ok(End::Stopped),
            None if begun.elapsed() >= timeout => return Ok(End::TimedOut),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::environment::tests::environment;
    use std::fs;

    fn setup(command: &str) -> (tempfile::TempDir, Setup) {
        let dir = tempfile::tempdir().unwrap();
        let setup = Setup {
            command: command.to_owned(),
            worktree: dir.path().to_owned(),
            log: dir.path().join("setup.log"),
            environment: RunEnvironment {
                env: vec![("AGENT_NAME".to_owned(), "a".to_owned())],
                ..environment(dir.path())
            },
            timeout: Duration::from_secs(60),
        };
        (dir, setup)
    }

    fn go(setup: &Setup, stop: bool) -> (End, String) {
        let mut noted = None;
        let end = run(setup, &AtomicBool::new(stop), |id| {
            noted = Some(id);
            Ok(())
        });
        assert!(noted.is_some());
        (end.unwrap(), fs::read_to_string(&setup.log).unwrap())
    }

    fn tagged(setup: &Setup) -> Vec<ProcessId> {
        let (name, value) = &setup.environment.tag;
        processes::tagged(name, value)
    }

    #[test]
    fn its_output_and_its_end_are_in_the_log() {
        let (_dir, setup) = setup("echo $AGENT_NAME; echo wrong >&2; pwd -P > where; exit 3");
        let (end, log) = go(&setup, false);
        assert!(matches!(end, End::Exit(status) if status.code() == Some(3)), "{end:?}");
        assert_eq!(log, format!("$ {}\na\nwrong\n(exit code 3)\n", setup.command));
        let place = fs::read_to_string(setup.worktree.join("where")).unwrap();
        assert_eq!(std::path::Path::new(place.trim()), setup.worktree.canonicalize().unwrap());
    }

    #[test]
    fn it_ends_with_all_that_it_started() {
        let (_dir, short) = setup("sleep 61 & sleep 62");
        for (timeout, stop, expected) in [(Duration::ZERO, false, End::TimedOut), (short.timeout, true, End::Stopped)] {
            let setup = Setup { timeout, ..short.clone() };
            assert_eq!(go(&setup, stop).0, expected);
            assert_eq!(tagged(&setup), []);
        }
        let (_dir, background) = setup("sleep 63 & echo done");
        assert!(matches!(go(&background, false).0, End::Exit(status) if status.success()));
        assert_eq!(tagged(&background), []);
    }

    #[test]
    fn a_flood_loses_its_middle() {
        let (_dir, setup) = setup("echo begin; yes word | head -c 9000000; echo end");
        let (_, log) = go(&setup, false);
        assert!(log.len() < 5 << 20 && log.contains("\nbegin\nword\n"), "{}", log.len());
        assert!(log.ends_with("word\nend\n(exit code 0)\n") && log.contains(" bytes are left out"));
    }

    #[test]
    fn a_place_that_is_gone_is_an_error() {
        let (dir, setup) = setup("true");
        let setup = Setup { worktree: dir.path().join("gone"), ..setup };
        let error = run(&setup, &AtomicBool::new(false), |_| Ok(())).unwrap_err();
        assert!(format!("{error:#}").contains("gone"), "{error:#}");
    }
}
