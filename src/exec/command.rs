//! Runs one program to its end: in its own process group, with a time limit and bounded output.
//!
//! It never uses a shell, never leaves a program running past its limit and never waits for a
//! background process that kept the output open.

use std::fmt;
use std::io::{self, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::exec::clock::monotonic_now;

/// How long output is still awaited once the program has ended: a background process may hold the pipe for ever.
const DRAIN: Duration = Duration::from_millis(500);
/// How long, all programs together, one that waits for a network may go on once this process was told to end.
const FAREWELL: Duration = Duration::from_secs(4);
/// How often a program that waits for a network is looked after.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Becomes true when this process is told to end. Signals concern the process as a whole, and so does this.
static TOLD_TO_END: OnceLock<Arc<AtomicBool>> = OnceLock::new();
/// When that was seen first.
static TOLD_AT: OnceLock<Instant> = OnceLock::new();

/// From now on programs that wait for a network are stopped soon after `flag` has become true; all others, such as
/// those that save work, are not.
pub fn end_early(flag: &Arc<AtomicBool>) {
    let _ = TOLD_TO_END.set(Arc::clone(flag));
}

/// Which programs may be stopped when this process is told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// It is waited for in any case.
    Full,
    /// It talks to a network, may take long, and can be done again.
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

/// Why a program could not be run to its end.
#[derive(Debug)]
pub enum CommandError {
    /// There is no such program on `PATH`.
    NotFound {
        /// The program as it was asked for.
        program: String,
    },
    /// It was killed, with its whole group, because it took too long.
    TimedOut {
        /// The program as it was asked for.
        program: String,
        /// The limit that it passed.
        after: Duration,
        /// What it had written to standard error until then.
        stderr: String,
    },
    /// It could not be started or waited for.
    Io {
        /// The program as it was asked for.
        program: String,
        /// The cause.
        source: io::Error,
    },
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { program } => write!(f, "`{program}` was not found on PATH"),
            Self::TimedOut { program, after, .. } => {
                write!(f, "`{program}` took longer than {:?} and was stopped", after)
            }
            Self::Io { program, source } => write!(f, "`{program}` could not be run: {source}"),
        }
    }
}

impl std::error::Error for CommandError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// Runs `cmd` as [`run_with`] does, and waits for it in any case.
pub fn run(
    cmd: &mut Command,
    stdin: Option<&[u8]>,
    timeout: Duration,
    max_output: usize,
) -> Result<Captured, CommandError> {
    run_with(cmd, stdin, timeout, Patience::Full, max_output)
}

/// Runs `cmd` in a process group of its own until it ends or `timeout` has passed; then the group is killed.
/// With [`Patience::Network`] that happens earlier if this process is told to end.
///
/// `stdin` is written to its standard input, which is then closed; `None` is `/dev/null`. At most
/// `max_output` bytes are kept of each output. An exit code other than 0 is not an error here.
pub fn run_with(
    cmd: &mut Command,
    stdin: Option<&[u8]>,
    timeout: Duration,
    patience: Patience,
    max_output: usize,
) -> Result<Captured, CommandError> {
    let program = cmd.get_program().to_string_lossy().into_owned();
    let io = |source| CommandError::Io { program: program.clone(), source };
    cmd.process_group(0)
        .stdin(if stdin.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = cmd.spawn().map_err(|e| spawn_error(cmd, &program, e))?;
    feed(&mut child, stdin);
    let stdout = Collector::start(child.stdout.take(), max_output, Keep::First);
    let stderr = Collector::start(child.stderr.take(), max_output, Keep::Last);
    let pid = Pid::from_child(&child);
    if let Err(after) = await_end(&exit_of(pid), timeout, patience) {
        // The leader is still unreaped, so the group's number can't belong to anyone else.
        let _ = kill_process_group(pid, Signal::KILL);
        child.wait().map_err(io)?;
        return Err(CommandError::TimedOut {
            program,
            after,
            stderr: String::from_utf8_lossy(&stderr.take().0).into_owned(),
        });
    }
    let status = child.wait().map_err(io)?;
    let (stdout, truncated) = stdout.take();
    Ok(Captured { status, stdout, stderr: stderr.take().0, truncated })
}

/// Waits for the end; otherwise says after which time it is to be stopped.
fn await_end(ended: &Receiver<()>, timeout: Duration, patience: Patience) -> Result<(), Duration> {
    let flag = TOLD_TO_END.get().filter(|_| patience == Patience::Network);
    let Some(flag) = flag else { return ended.recv_timeout(timeout).map_err(|_| timeout) };
    let begun = monotonic_now();
    loop {
        let passed = begun.elapsed();
        let told_for = flag.load(Ordering::Relaxed).then(|| TOLD_AT.get_or_init(monotonic_now).elapsed());
        if passed >= timeout || told_for.is_some_and(|told_for| told_for >= FAREWELL) {
            return Err(passed);
        }
        match ended.recv_timeout(LOOK_EVERY.min(timeout - passed)) {
            Ok(()) => return Ok(()),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(passed),
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

fn feed(child: &mut Child, stdin: Option<&[u8]>) {
    if let (Some(mut pipe), Some(bytes)) = (child.stdin.take(), stdin) {
        let bytes = bytes.to_vec();
        // A program that doesn't read its input is its own affair; its exit code tells.
        thread::spawn(move || drop(pipe.write_all(&bytes)));
    }
}

/// Sends once when `pid` has ended. It is left for the caller to reap.
fn exit_of(pid: Pid) -> Receiver<()> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(pid), options) {}
        let _ = sender.send(());
    });
    receiver
}

#[derive(Clone, Copy)]
enum Keep {
    First,
    Last,
}

/// Reads one output to its end in the background and keeps a bounded part.
struct Collector {
    kept: Arc<Mutex<(Vec<u8>, bool)>>,
    done: Receiver<()>,
}

impl Collector {
    fn start(pipe: Option<impl Read + Send + 'static>, limit: usize, keep: Keep) -> Self {
        let kept = Arc::new(Mutex::new((Vec::new(), false)));
        let (sender, done) = mpsc::channel();
        let shared = Arc::clone(&kept);
        thread::spawn(move || {
            let mut chunk = vec![0; 64 * 1024];
            let mut pipe = pipe;
            while let Some(read) = pipe.as_mut().and_then(|p| next(p, &mut chunk)) {
                let mut kept = shared.lock().unwrap_or_else(PoisonError::into_inner);
                append(&mut kept, &chunk[..read], limit, keep);
            }
            let _ = sender.send(());
        });
        Self { kept, done }
    }

    /// What was read, and whether anything was left out.
    fn take(self) -> (Vec<u8>, bool) {
        let _ = self.done.recv_timeout(DRAIN);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *kept)
    }
}

fn next(pipe: &mut impl Read, chunk: &mut [u8]) -> Option<usize> {
    loop {
        match pipe.read(chunk) {
            Ok(0) => return None,
            Ok(read) => return Some(read),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

fn append(kept: &mut (Vec<u8>, bool), bytes: &[u8], limit: usize, keep: Keep) {
    let (buffer, cut) = kept;
    match keep {
        Keep::First => {
            let room = limit.saturating_sub(buffer.len()).min(bytes.len());
            buffer.extend_from_slice(&bytes[..room]);
            *cut |= room < bytes.len();
        }
        Keep::Last => {
            buffer.extend_from_slice(bytes);
            let excess = buffer.len().saturating_sub(limit);
            buffer.drain(..excess);
            *cut |= excess > 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
    fn more_input_than_a_pipe_holds_does_not_block() {
        let big = vec![b'x'; 1 << 20];
        let got = run(&mut sh("true"), Some(&big), Duration::from_secs(10), 10).unwrap();
        assert!(got.status.success());
    }

    #[test]
    fn the_whole_group_is_killed_at_the_limit() {
        let dir = tempfile::tempdir().unwrap();
        let pid = dir.path().join("pid");
        let mut cmd = sh(&format!("echo slow >&2; sleep 60 & echo $! > {}; wait", pid.display()));
        let error = run(&mut cmd, None, Duration::from_millis(300), 100).unwrap_err();
        let CommandError::TimedOut { stderr, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(stderr, "slow\n");
        let text = std::fs::read_to_string(pid).unwrap();
        let pid = Pid::from_raw(text.trim().parse().unwrap()).unwrap();
        let deadline = Instant::now() + Duration::from_secs(5);
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

    #[test]
    fn a_background_process_that_keeps_the_output_open_is_not_awaited() {
        let start = Instant::now();
        let got = run(&mut sh("sleep 20 & echo done"), None, Duration::from_secs(19), 100).unwrap();
        assert_eq!(got.stdout, b"done\n");
        assert!(start.elapsed() < Duration::from_secs(10));
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
