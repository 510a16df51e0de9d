//! Runs one program to its end: in its own process group, with a time limit and bounded output.
//!
//! It never uses a shell, never leaves a program running past its limit and never waits for a
//! background process that kept the output open.

mod awaited;
mod exchange;

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use thiserror::Error;

pub use self::awaited::Awaited;
use self::awaited::exit_of;
use self::exchange::Exchange;
use crate::exec::clock::monotonic_now;

/// How long, all programs together, those that wait for a network may go on once this process was told to end.
const NETWORK_GRACE: Duration = Duration::from_secs(4);
/// How long each of the others may go on then, such as one that saves work. What was cut short a recovery does again.
const LOCAL_GRACE: Duration = Duration::from_secs(10);
/// How often one looks whether this process was told to end.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Becomes true when this process is told to end. Signals concern the process as a whole, and so does this.
static SHUTDOWN: OnceLock<Arc<AtomicBool>> = OnceLock::new();
/// When that was seen first.
static TOLD_AT: OnceLock<Instant> = OnceLock::new();

/// From now on programs are stopped some seconds after `flag` has become true.
pub fn end_early(flag: &Arc<AtomicBool>) {
    let _ = SHUTDOWN.set(Arc::clone(flag));
}

/// How long a program may go on when this process is told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grace {
    /// Each has its own few seconds.
    Local,
    /// It talks to a network, may take long, and can be done again: a few seconds for all of them.
    Network,
}

/// What a program that has ended left.
#[derive(Debug)]
pub struct Captured {
    /// How it ended.
    pub status: ExitStatus,
    /// The first `max_output` bytes of its standard output.
    pub stdout: Vec<u8>,
    /// The last `max_output` bytes of its standard error.
    pub stderr: Vec<u8>,
    /// There was more standard output than was kept.
    pub truncated: bool,
}

/// Why a program could not be run to its end. The program is named as it was asked for.
#[derive(Debug, Error)]
pub enum CommandError {
    #[error("`{program}` was not found on PATH")]
    NotFound { program: String },
    /// It was killed, with its whole group.
    #[error("`{program}` took longer than {after:?} and was stopped")]
    TimedOut { program: String, after: Duration },
    #[error("`{program}` could not be run: {source}")]
    Io { program: String, source: io::Error },
}

/// Runs `cmd` as [`run_with`] does, as one that needs no network.
pub fn run(
    cmd: &mut Command,
    stdin: Option<&[u8]>,
    timeout: Duration,
    max_output: usize,
) -> Result<Captured, CommandError> {
    run_with(cmd, stdin, timeout, Grace::Local, max_output)
}

/// Runs `cmd` in a process group of its own until it ends or `timeout` has passed; then the group is killed.
/// That happens earlier if this process is told to end, see [`Grace`].
///
/// `stdin` is written to its standard input, which is then closed; `None` is `/dev/null`. At most
/// `max_output` bytes are kept of each output. An exit code other than 0 is not an error here.
pub fn run_with(
    cmd: &mut Command,
    stdin: Option<&[u8]>,
    timeout: Duration,
    grace: Grace,
    max_output: usize,
) -> Result<Captured, CommandError> {
    let program = cmd.get_program().to_string_lossy().into_owned();
    let io = |source| CommandError::Io { program: program.clone(), source };
    cmd.process_group(0)
        .stdin(if stdin.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = cmd.spawn().map_err(|e| spawn_error(cmd, &program, e))?;
    let pid = Pid::from_child(&child);
    let ended = Exchange::new(&mut child, stdin, max_output).and_then(|mut exchange| {
        let in_time = await_end(&mut exchange, &exit_of(pid)?, timeout, grace)?;
        Ok((exchange, in_time))
    });
    if !matches!(ended, Ok((_, Ok(())))) {
        // The leader is still unreaped, so the group's number can't belong to anyone else.
        let _ = kill_process_group(pid, Signal::KILL);
    }
    let status = child.wait().map_err(io)?;
    let (exchange, in_time) = ended.map_err(io)?;
    let (stdout, truncated, stderr) = exchange.finish().map_err(io)?;
    match in_time {
        Ok(()) => Ok(Captured { status, stdout, stderr, truncated }),
        Err(after) => Err(CommandError::TimedOut { program, after }),
    }
}

/// Waits for the end; otherwise says after which time it is to be stopped.
fn await_end(
    exchange: &mut Exchange<'_>,
    ended: &OwnedFd,
    timeout: Duration,
    grace: Grace,
) -> io::Result<Result<(), Duration>> {
    let flag = SHUTDOWN.get();
    let begun = monotonic_now();
    let told = || flag.filter(|flag| flag.load(Ordering::Relaxed)).map(|_| *TOLD_AT.get_or_init(monotonic_now));
    loop {
        let passed = begun.elapsed();
        let is_cut_short = told().is_some_and(|at| match grace {
            Grace::Network => at.elapsed() >= NETWORK_GRACE,
            Grace::Local => at.max(begun).elapsed() >= LOCAL_GRACE,
        });
        if passed >= timeout || is_cut_short {
            return Ok(Err(passed.min(timeout)));
        }
        let left = timeout - passed;
        if exchange.step(Some(ended.as_fd()), if flag.is_some() { left.min(LOOK_EVERY) } else { left })? {
            return Ok(Ok(()));
        }
    }
}

/// Says in words how a program ended: `exit code 3` or `signal 9`.
pub fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => status.to_string(),
    }
}

/// A working directory that is gone gives the same error as a program that is gone; this tells them apart.
fn spawn_error(cmd: &Command, program: &str, source: io::Error) -> CommandError {
    let program = program.to_owned();
    let missing: Option<PathBuf> = cmd.get_current_dir().filter(|dir| !dir.is_dir()).map(Into::into);
    match (source.kind(), missing) {
        (_, Some(dir)) => CommandError::Io {
            program,
            source: io::Error::new(source.kind(), format!("its working directory {} is not there", dir.display())),
        },
        (io::ErrorKind::NotFound, None) => CommandError::NotFound { program },
        _ => CommandError::Io { program, source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;
    use std::time::Instant;

    fn sh(script: &str) -> Command {
        let mut cmd = Command::new("sh");
        cmd.args(["-c", script]);
        cmd
    }

    #[test]
    fn output_exit_code_and_input_pass_through() {
        let mut cmd = sh("cat; echo err >&2; exit 3");
        let got = run(&mut cmd, Some(b"in"), Duration::from_secs(10), 100).unwrap();
        assert_eq!(got.status.code(), Some(3));
        assert_eq!(got.stdout, b"in");
        assert_eq!(got.stderr, b"err\n");
        assert!(!got.truncated);
        assert_eq!(describe(got.status), "exit code 3");
    }

    #[test]
    fn output_is_bounded_at_the_right_end() {
        let mut cmd = sh("printf 123456789; printf 123456789 >&2");
        let got = run(&mut cmd, None, Duration::from_secs(10), 4).unwrap();
        assert_eq!(got.stdout, b"1234");
        assert_eq!(got.stderr, b"6789");
        assert!(got.truncated);
    }

    #[test]
    fn a_program_that_says_much_before_it_reads_much_is_not_stuck() {
        let big = vec![b'x'; 1 << 20];
        let script = "yes word | head -c 1000000; yes word | head -c 1000000 >&2; wc -c >&2";
        let got = run(&mut sh(script), Some(&big), Duration::from_secs(20), 100_000).unwrap();
        assert_eq!((got.stdout.len(), got.truncated), (100_000, true));
        assert_eq!(got.stderr.len(), 100_000);
        assert!(got.stderr.ends_with(b"1048576\n"), "{}", String::from_utf8_lossy(&got.stderr[99_900..]));
    }

    #[test]
    fn more_input_than_a_pipe_holds_does_not_block() {
        let big = vec![b'x'; 1 << 20];
        let got = run(&mut sh("true"), Some(&big), Duration::from_secs(10), 10).unwrap();
        assert!(got.status.success());
    }

    #[test]
    fn the_whole_group_is_killed_at_the_limit() {
        let dir = tempfile::tempdir().unwrap();
        let pid = dir.path().join("pid");
        let mut cmd = sh(&format!("sleep 600 & echo $! > {}; wait", pid.display()));
        // A busy machine may not come as far as the number within the first limit.
        let number = [300, 3_000, 60_000].into_iter().find_map(|limit| {
            let error = run(&mut cmd, None, Duration::from_millis(limit), 100).unwrap_err();
            assert!(matches!(error, CommandError::TimedOut { .. }), "{error}");
            std::fs::read_to_string(&pid).ok()?.trim().parse().ok()
        });
        let pid = Pid::from_raw(number.unwrap()).unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while rustix::process::test_kill_process(pid).is_ok() && !is_zombie(pid) {
            assert!(Instant::now() < deadline, "the background process lives on");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// In a container without an init nobody reaps orphans.
    fn is_zombie(pid: Pid) -> bool {
        let stat = format!("/proc/{}/stat", pid.as_raw_nonzero());
        std::fs::read_to_string(stat).is_ok_and(|s| s.contains(") Z "))
    }

    const TOLD: &str = "COMMAND_TEST_TOLD";

    /// Not a test of its own: the other side of the test below, which starts this very binary again.
    #[test]
    fn a_process_that_was_told_to_end() {
        if std::env::var_os(TOLD).is_none() {
            return;
        }
        end_early(&Arc::new(AtomicBool::new(true)));
        thread::scope(|scope| {
            for grace in [Grace::Local, Grace::Network] {
                scope.spawn(move || {
                    run_with(&mut sh("sleep 60"), None, Duration::from_secs(60), grace, 10).unwrap_err()
                });
            }
        });
    }

    #[test]
    fn being_told_to_end_cuts_every_program_short() {
        let name = "exec::command::tests::a_process_that_was_told_to_end";
        let mut again = Command::new(std::env::current_exe().unwrap());
        let start = Instant::now();
        let got = run(again.args(["--exact", name]).env(TOLD, "1"), None, Duration::from_secs(55), 1000).unwrap();
        assert!(got.status.success() && start.elapsed() >= LOCAL_GRACE, "{got:?}");
    }

    #[test]
    fn a_background_process_that_keeps_the_output_open_is_not_awaited() {
        let start = Instant::now();
        let got = run(&mut sh("sleep 100 & echo done"), None, Duration::from_secs(99), 100).unwrap();
        assert_eq!(got.stdout, b"done\n");
        assert!(start.elapsed() < Duration::from_secs(90));
    }

    #[test]
    fn missing_programs_and_missing_folders_are_told_apart() {
        let limit = Duration::from_secs(1);
        let error = run(&mut Command::new("no-such-program-here"), None, limit, 10).unwrap_err();
        assert!(matches!(error, CommandError::NotFound { .. }), "{error}");
        let mut cmd = sh("true");
        let error = run(cmd.current_dir("/no/such/folder"), None, limit, 10).unwrap_err();
        assert!(error.to_string().contains("/no/such/folder"), "{error}");
    }
}
