//! The test bed: [`Test`] makes a project in a temporary directory, with stand-ins for `claude` and `gh`,
//! runs the binary there with an environment of its own, and at the end looks for what was left behind.
//!
//! Nothing outside the temporary directory is read but the system's programs, and nothing is written.

mod claude;
mod engine;
mod environment;
pub mod gate;
mod github;
mod output;
mod processes;
mod project;
pub mod proposals;
mod queue;
mod wait;

pub use claude::{Claude, ClaudeCall};
pub use environment::Clock;
pub use github::{GhCall, Github};
pub use output::{Output, Started};
pub use processes::Leftover;
pub use project::GITHUB;

use environment::Environment;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// The binary under test.
pub const BINARY: &str = env!("CARGO_BIN_EXE_scheduler");

/// One project, its surroundings and what runs in them.
pub struct Test {
    root: TempDir,
    environment: Mutex<Environment>,
    /// The stand-in for `claude`.
    pub claude: Claude,
    /// The stand-in for `gh`.
    pub github: Github,
}

impl Test {
    /// A git repository with one commit on `main`, an identity in its own configuration, a `claude` on PATH
    /// that has no scenario yet, no `gh` and no `origin`. Nothing of `scheduler` is set up.
    pub fn new() -> Self {
        let test = Self::without_repository();
        test.make_repository();
        test
    }

    /// As [`Test::new`], but the project is an empty folder.
    pub fn without_repository() -> Self {
        let root = tempfile::Builder::new().prefix("scheduler-test-").tempdir().unwrap();
        let path = root.path().canonicalize().unwrap();
        for dir in ["home", "tmp", "bin", "my project"] {
            fs::create_dir_all(path.join(dir)).unwrap();
        }
        let claude = Claude::new(&path);
        let github = Github::new(&path);
        let environment = Mutex::new(Environment::new(&path));
        claude.install();
        Self { root, environment, claude, github }
    }

    /// As [`Test::new`], with an `origin`, a `gh`, and one implementer that would carry out its one task well.
    pub fn with_implementer() -> Self {
        let test = Self::new();
        test.with_origin().agents(&[("impl-1", "implementer")]).task_for("TASK-1", "implement");
        test.github.install();
        test.claude.implements();
        test
    }

    /// The temporary directory that holds everything.
    pub fn root(&self) -> PathBuf {
        self.root.path().canonicalize().unwrap()
    }

    /// The project's main checkout. Its name has a space.
    pub fn dir(&self) -> PathBuf {
        self.root().join("my project")
    }

    /// A path in the project.
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.dir().join(relative)
    }

    /// A path under `.orchestrator/`.
    pub fn orchestrator(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.dir().join(".orchestrator").join(relative)
    }

    /// What a scenario wrote into `$CLAUDE_CONFIG_DIR/debug`, where a confined run may write.
    pub fn notes(&self, name: &str) -> PathBuf {
        self.root().join("claude/debug").join(name)
    }

    /// Changes what every later command sees in its environment.
    pub fn set_env(&self, name: &str, value: impl Into<String>) -> &Self {
        self.environment.lock().unwrap().set(name, Some(value.into()));
        self
    }

    /// Takes a variable out of the environment of every later command.
    pub fn unset_env(&self, name: &str) -> &Self {
        self.environment.lock().unwrap().set(name, None);
        self
    }

    /// Takes a program off PATH: a stand-in, or one of the system's.
    pub fn without_program(&self, name: &str) -> &Self {
        Environment::forget(&self.root(), name);
        self
    }

    /// Puts a program on PATH, in place of a system program of that name: `text` is its whole file.
    pub fn program(&self, name: &str, text: &str) -> &Self {
        environment::write_program(&self.root().join("bin").join(name), text);
        self
    }

    /// The clock that the commands see: the real one until the test moves it.
    pub fn clock(&self) -> Clock {
        self.environment.lock().unwrap().clock()
    }

    /// Fixes the clock at a time such as `2026-03-01T10:00:00Z`.
    pub fn now(&self, time: &str) -> &Self {
        self.environment.lock().unwrap().fix(time);
        self
    }

    /// Puts the clock forward; it goes on from there.
    pub fn later(&self, seconds: i64) -> &Self {
        self.environment.lock().unwrap().later(seconds);
        self
    }

    /// Any program with the environment of this test, in the project.
    pub fn program_command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        self.environment.lock().unwrap().apply(&mut command);
        command.current_dir(self.dir());
        command
    }

    /// The binary with the environment of this test, in the project: for what [`Test::run`] can't say.
    pub fn command<S: AsRef<std::ffi::OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.program_command(BINARY);
        command.args(args);
        command
    }

    /// Runs the binary to its end, with nothing on its input.
    pub fn run<S: AsRef<std::ffi::OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Output {
        output::run(self.command(args), b"")
    }

    /// Runs the binary to its end with a text on its input.
    pub fn run_with_input<S: AsRef<std::ffi::OsStr>>(&self, args: impl IntoIterator<Item = S>, input: &str) -> Output {
        output::run(self.command(args), input.as_bytes())
    }

    /// Starts the binary and goes on.
    pub fn start<S: AsRef<std::ffi::OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Started {
        output::start(self.command(args), b"")
    }

    /// Starts any prepared command with this standard input and goes on.
    #[allow(dead_code, reason = "the fault tests hand on a lock")]
    pub fn start_with_stdin(&self, command: Command, stdin: impl Into<std::process::Stdio>) -> Started {
        output::start_with_stdin(command, stdin)
    }

    /// Starts any prepared command and goes on.
    pub fn start_any(&self, command: Command) -> Started {
        output::start(command, b"")
    }

    /// Runs any prepared command to its end.
    pub fn finish(&self, command: Command) -> Output {
        output::run(command, b"")
    }

    /// One tick, which must succeed.
    pub fn tick(&self) -> Output {
        self.run([] as [&str; 0]).ok()
    }

    /// One tick, and everything that it started to its end.
    pub fn tick_and_wait(&self) -> Output {
        let output = self.tick();
        self.wait_quiet();
        output
    }

    /// Every process that belongs to this test.
    pub fn leftovers(&self) -> Vec<Leftover> {
        processes::of(&self.root())
    }

    /// Kills every process that belongs to this test.
    pub fn end_all(&self) {
        processes::end_all(&self.root());
    }

    /// What the stand-ins complained of, which then no longer fails the test.
    pub fn take_complaints(&self) -> String {
        let take = |path: &str| {
            let path = self.root().join(path);
            let text = fs::read_to_string(&path).unwrap_or_default();
            let _ = fs::remove_file(path);
            text
        };
        [take("complaints"), take("claude/debug/complaints")].concat()
    }

    /// What doesn't end by itself: a tick's detached helpers may outlive the test by a moment.
    fn left_for_good(&self) -> Vec<Leftover> {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let left = self.leftovers();
            if left.is_empty() || thread::panicking() || Instant::now() > deadline {
                return left;
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Prints what explains a failure: the files of the project, and what the stand-ins were asked.
    pub fn tell(&self) {
        eprintln!("---- what the test left ----");
        for line in project::tree(&self.orchestrator("")) {
            eprintln!("{line}");
        }
        for text in project::telling_files(&self.orchestrator("")) {
            eprintln!("{text}");
        }
        self.claude.tell();
        self.github.tell();
    }
}

impl Drop for Test {
    fn drop(&mut self) {
        let mut problems = Vec::new();
        let left = self.left_for_good();
        if !left.is_empty() {
            problems.push(format!("processes were left behind: {left:#?}"));
            self.end_all();
        }
        let complaints = self.take_complaints();
        if !complaints.is_empty() {
            problems.push(format!("a stand-in was called as no test expects:\n{complaints}"));
        }
        problems.extend(self.doubled_tasks().into_iter().map(|id| format!("{id} is in two state directories")));
        if thread::panicking() {
            self.tell();
            eprintln!("{}", problems.join("\n"));
        } else if !problems.is_empty() {
            self.tell();
            panic!("{}", problems.join("\n"));
        }
    }
}
