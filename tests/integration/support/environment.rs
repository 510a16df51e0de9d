//! What the commands of a test see: a PATH of the stand-ins, the binary and the named system programs,
//! a home of its own, a fixed zone, and a clock that a test can move.

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    process::Command,
    sync::{PoisonError, RwLock, RwLockReadGuard},
};

/// The system's programs that tests, stand-ins and git may call. No `gh`, no `claude`.
const PROGRAMS: &[&str] = &[
    "awk", "basename", "cat", "chmod", "cp", "cut", "date", "dirname", "env", "expr", "false", "find", "git", "grep",
    "head", "id", "kill", "ln", "ls", "mkdir", "mkfifo", "mktemp", "mv", "ps", "readlink", "rm", "rmdir", "sed",
    "setsid", "sh", "sleep", "sort", "stat", "tail", "tee", "touch", "tr", "true", "uname", "uniq", "wc", "xargs",
];

/// Where the system keeps them, besides the PATH of whoever runs the tests.
const SYSTEM: &[&str] = &["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin", "/opt/homebrew/bin"];

/// The clock that commands see.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The real one, put forward.
    Running(Duration),
    /// Standing still.
    Fixed(DateTime<Utc>),
}

impl Clock {
    /// What it shows.
    pub fn time(self) -> DateTime<Utc> {
        match self {
            Self::Running(ahead) => Utc::now() + ahead,
            Self::Fixed(time) => time,
        }
    }
}

/// The variables and the clock.
pub struct Environment {
    variables: BTreeMap<String, String>,
    clock: Clock,
}

impl Environment {
    pub fn new(root: &Path) -> Self {
        let tools = root.join("tools");
        fs::create_dir_all(&tools).unwrap();
        let own_path = std::env::var("PATH").unwrap_or_default();
        for program in PROGRAMS {
            let found = own_path
                .split(':')
                .chain(SYSTEM.iter().copied())
                .map(|dir| Path::new(dir).join(program))
                .find(|path| path.is_file());
            if let Some(found) = found {
                symlink(found, tools.join(program)).unwrap();
            }
        }
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let binary = Path::new(super::BINARY).parent().unwrap();
        let path = format!("{}:{}:{}", text(&root.join("bin")), text(binary), text(&tools));
        let variables = [
            ("PATH", path),
            ("HOME", text(&root.join("home"))),
            ("TMPDIR", text(&root.join("tmp"))),
            ("CLAUDE_CONFIG_DIR", text(&root.join("claude"))),
            ("TZ", "XST-3".to_owned()),
            ("LC_ALL", "C.UTF-8".to_owned()),
            ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
        ];
        let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { variables, clock: Clock::Running(Duration::zero()) }
    }

    pub fn set(&mut self, name: &str, value: Option<String>) {
        match value {
            Some(value) => self.variables.insert(name.to_owned(), value),
            None => self.variables.remove(name),
        };
    }

    pub fn clock(&self) -> Clock {
        self.clock
    }

    pub fn fix(&mut self, time: &str) {
        self.clock = Clock::Fixed(DateTime::parse_from_rfc3339(time).unwrap().to_utc());
    }

    pub fn later(&mut self, seconds: i64) {
        let by = Duration::seconds(seconds);
        self.clock = match self.clock {
            Clock::Running(ahead) => Clock::Running(ahead + by),
            Clock::Fixed(time) => Clock::Fixed(time + by),
        };
    }

    /// Gives a command these variables and no others.
    pub fn apply(&self, command: &mut Command) {
        command.env_clear().envs(&self.variables);
        let moved = !matches!(self.clock, Clock::Running(ahead) if ahead.is_zero());
        if moved {
            command.env("SCHEDULER_NOW", self.clock.time().to_rfc3339_opts(SecondsFormat::Secs, true));
        }
    }

    /// Takes a program off the PATH that [`Environment::new`] made.
    pub fn forget(root: &Path, name: &str) {
        for dir in ["bin", "tools"] {
            let _ = fs::remove_file(root.join(dir).join(name));
        }
    }
}

/// Held to write a program, and shared by all who start a process: what is open for writing can't be executed, and until it
/// has become its own program a new process has open what this one had.
static NO_PROGRAM_IS_WRITTEN: RwLock<()> = RwLock::new(());

/// Keeps programs from being written as long as it lives, which is as long as a process takes to start.
pub fn no_program_is_written() -> RwLockReadGuard<'static, ()> {
    NO_PROGRAM_IS_WRITTEN.read().unwrap_or_else(PoisonError::into_inner)
}

/// Writes an executable file.
pub fn write_program(path: &Path, text: &str) {
    let _nobody_starts = NO_PROGRAM_IS_WRITTEN.write().unwrap_or_else(PoisonError::into_inner);
    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(new, path).unwrap();
}
