//! Running a command to its end with a deadline, and saying what its output must be.

use super::environment::no_program_is_written;
use std::{
    io::{Read, Write},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

/// How long a command may take before the test fails: the machine may be slow and busy.
const DEADLINE: Duration = Duration::from_secs(300);
/// How long after a command's end its pipes may stay open: whoever holds them was not detached.
const PIPES: Duration = Duration::from_secs(20);

/// How a command ended and what it said.
#[derive(Debug)]
pub struct Output {
    /// The words of the command line, for the failure's text.
    pub line: String,
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Everything on stdout.
    pub stdout: String,
    /// Everything on stderr.
    pub stderr: String,
    /// From its start to its end.
    pub elapsed: Duration,
}

impl Output {
    /// Exit code 0.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.code(0)
    }

    /// This exit code.
    #[track_caller]
    pub fn code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "the exit code of {self}");
        self
    }

    /// Stdout holds the text.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "stdout lacks {text:?}: {self}");
        self
    }

    /// Stdout doesn't hold the text.
    #[track_caller]
    pub fn says_not(self, text: &str) -> Self {
        assert!(!self.stdout.contains(text), "stdout has {text:?}: {self}");
        self
    }

    /// Stderr holds the text.
    #[track_caller]
    pub fn complains(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "stderr lacks {text:?}: {self}");
        self
    }

    /// It failed as a refusal does: exit code 1 or 2, something on stderr, no panic.
    #[track_caller]
    pub fn refuses(self) -> Self {
        assert!(matches!(self.code, Some(1 | 2)), "no refusal: {self}");
        assert!(!self.stderr.trim().is_empty(), "a refusal without a word: {self}");
        assert!(!self.stderr.contains("panicked"), "a panic: {self}");
        self
    }

    /// Nothing on stderr.
    #[track_caller]
    pub fn quiet(self) -> Self {
        assert_eq!(self.stderr, "", "stderr of {self}");
        self
    }

    /// Stdout as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no JSON ({error}): {self}"))
    }
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { line, code, stdout, stderr, .. } = self;
        write!(f, "{line}\ncode: {code:?}\n---- stdout\n{stdout}\n---- stderr\n{stderr}\n----")
    }
}

/// A command under way.
pub struct Started {
    line: String,
    child: Child,
    since: Instant,
    stdout: Receiver<Vec<u8>>,
    stderr: Receiver<Vec<u8>>,
}

impl Started {
    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end.
    #[track_caller]
    pub fn wait(mut self) -> Output {
        let status = self.end();
        let elapsed = self.since.elapsed();
        let text = |pipe: &str, from: &Receiver<Vec<u8>>| match from.recv_timeout(PIPES) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(RecvTimeoutError::Timeout) => panic!("{}: its {pipe} is still open {PIPES:?} after its end", self.line),
            Err(RecvTimeoutError::Disconnected) => panic!("{}: its {pipe} could not be read", self.line),
        };
        let (stdout, stderr) = (text("stdout", &self.stdout), text("stderr", &self.stderr));
        Output { line: self.line, code: status.code(), stdout, stderr, elapsed }
    }

    #[track_caller]
    fn end(&mut self) -> ExitStatus {
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            if self.since.elapsed() > DEADLINE {
                let _ = self.child.kill();
                let _ = self.child.wait();
                panic!("{} did not end within {DEADLINE:?}", self.line);
            }
            thread::sleep(Duration::from_millis(2));
        }
    }
}

/// Starts a command with pipes on all three descriptors.
#[track_caller]
pub fn start(command: Command, input: &[u8]) -> Started {
    let mut started = start_with_stdin(command, Stdio::piped());
    let mut stdin = started.child.stdin.take().unwrap();
    let input = input.to_vec();
    // A command that doesn't read its input is no failure of the test.
    thread::spawn(move || stdin.write_all(&input));
    started
}

/// Starts a command with this standard input, and pipes on the other two descriptors.
#[track_caller]
pub fn start_with_stdin(mut command: Command, stdin: impl Into<Stdio>) -> Started {
    let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let program = command.get_program().to_string_lossy().into_owned();
    let line = format!("{} {args:?}", program.rsplit('/').next().unwrap());
    let since = Instant::now();
    command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
    let no_program_is_written = no_program_is_written();
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{line}: {error}"));
    drop(no_program_is_written);
    let (stdout, stderr) = (drain(child.stdout.take().unwrap()), drain(child.stderr.take().unwrap()));
    Started { line, child, since, stdout, stderr }
}

/// Runs a command to its end.
#[track_caller]
pub fn run(command: Command, input: &[u8]) -> Output {
    start(command, input).wait()
}

fn drain(mut pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        let _ = sender.send(bytes);
    });
    receiver
}
