//! Runs a command under `strace`: to see what it changes, or to kill or refuse it at one of these calls.

use crate::support::{Output, Started, Test};
use std::{
    collections::{HashMap, HashSet},
    fs,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::Command,
};

/// The calls that change files or start programs. A question mark: not every processor has it.
pub const CHANGES: &[&str] = &[
    "?rename",
    "renameat",
    "renameat2",
    "?link",
    "linkat",
    "?unlink",
    "unlinkat",
    "?rmdir",
    "?open",
    "openat",
    "write",
    "pwrite64",
    "writev",
    "?mkdir",
    "mkdirat",
    "?symlink",
    "symlinkat",
    "truncate",
    "ftruncate",
    "?vfork",
    "?fork",
    "clone",
    "clone3",
];

/// The calls that bring changes to the disk, or belong to a change and change nothing by themselves.
const SYNCS: &[&str] = &["fsync", "fdatasync", "fchmod", "?chmod", "fchmodat"];

/// One call of the traced process that changes the project, as the first trace saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// The name of the call.
    pub call: String,
    /// Which one of this name it is, counted from 1: strace counts the same way.
    pub ordinal: usize,
    /// Its arguments.
    pub args: String,
}

impl Point {
    /// Whether it only brings to the disk what was changed before.
    pub fn is_sync(&self) -> bool {
        SYNCS.iter().any(|name| name.trim_start_matches('?') == self.call)
    }

    /// Whether it starts a process.
    pub fn is_spawn(&self) -> bool {
        is_spawn(&self.call)
    }
}

impl std::fmt::Display for Point {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.call, self.ordinal, self.args)
    }
}

/// What is done to the call.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// The process is killed as it enters the call.
    Kill,
    /// The call fails with this error, such as `ENOSPC`.
    Error(&'static str),
}

/// A command under strace. `stdin` is handed on.
pub struct Traced<'a> {
    /// The test that it belongs to.
    pub test: &'a Test,
    /// Arguments of the program under test.
    pub args: &'a [&'a str],
    /// Its standard input, if it isn't empty.
    pub stdin: Option<OwnedFd>,
}

impl Traced<'_> {
    /// Runs it to its end and returns every change that its first thread made to the project, in order.
    ///
    /// Its other threads may change nothing: their points would be missed.
    #[track_caller]
    pub fn points(self) -> Vec<Point> {
        let log = self.log();
        let dir = self.test.dir();
        let dir = dir.to_str().unwrap();
        let set = CHANGES.iter().chain(SYNCS).copied().collect::<Vec<_>>().join(",");
        // With the filter in the kernel all other calls cost nothing.
        let output = self.run(&["-f", "--seccomp-bpf", "-y", "-e", &format!("trace={set}"), "-e", "signal=none"]);
        assert_eq!(output.code, Some(0), "what was only traced failed: {output}");
        let text = whole_lines(&fs::read_to_string(log).unwrap_or_default());
        let first = text.split_whitespace().next().unwrap_or_else(|| panic!("an empty trace: {output}")).to_owned();
        let strays = of_threads(&text, &first).filter(|(call, args)| changes(call, args, dir) && !is_beat(call, args));
        let strays: Vec<_> = strays.collect();
        assert!(strays.is_empty(), "a thread changes the project: {strays:#?}");
        let of_first = |(process, call, args)| (process == first).then_some((call, args));
        counted(text.lines().filter_map(parse).filter_map(of_first), dir)
    }

    /// Runs it with a fault at a point; returns how it ended, and the call that was hit, if any.
    #[track_caller]
    pub fn with(self, point: &Point, fault: Fault) -> (Output, Option<String>) {
        let log = self.log();
        let what = match fault {
            Fault::Kill => "signal=SIGKILL".to_owned(),
            Fault::Error(error) => format!("error={error}"),
        };
        let (trace, inject) =
            (format!("trace={}", point.call), format!("inject={}:{what}:when={}", point.call, point.ordinal));
        let output = self.run(&["-y", "-e", &trace, "-e", &inject]);
        let text = fs::read_to_string(log).unwrap_or_default();
        let hit = match fault {
            // The call that was entered last has no result.
            Fault::Kill if text.contains("+++ killed by SIGKILL") => {
                text.lines().rfind(|line| line.starts_with(&point.call)).map(str::to_owned)
            }
            Fault::Kill => None,
            Fault::Error(_) => text.lines().find(|line| line.contains("(INJECTED)")).map(str::to_owned),
        };
        (output, hit)
    }

    /// Starts it, held for a while before the call at a point and again after it.
    pub fn slowly(self, point: &Point) -> Started {
        const WHILE: &str = "10s";
        let (trace, inject) = (
            format!("trace={}", point.call),
            format!("inject={}:delay_enter={WHILE}:delay_exit={WHILE}:when={}", point.call, point.ordinal),
        );
        self.test.start_any(self.command(&["-e", &trace, "-e", &inject]))
    }

    fn log(&self) -> PathBuf {
        self.test.root().join("strace.log")
    }

    fn command(&self, options: &[&str]) -> Command {
        let mut command = strace(self.test);
        command.arg("-o").arg(self.log()).args(options).arg("--").arg(crate::support::BINARY).args(self.args);
        command
    }

    #[track_caller]
    fn run(self, options: &[&str]) -> Output {
        let command = self.command(options);
        match self.stdin {
            None => self.test.finish(command),
            Some(stdin) => self.test.start_with_stdin(command, stdin).wait(),
        }
    }
}

/// `strace`, without which nothing here can be proven.
fn strace(test: &Test) -> Command {
    let found = std::env::var("PATH").unwrap_or_default();
    let program = found.split(':').map(|dir| Path::new(dir).join("strace")).find(|path| path.is_file());
    let program = program.expect("strace is not installed: apt-get install strace (or your system's way)");
    test.program_command(program)
}

/// Those of the calls of one process that change something below a directory, each with its count.
pub fn counted<'a>(calls: impl Iterator<Item = (&'a str, &'a str)>, dir: &str) -> Vec<Point> {
    let mut counts = HashMap::<&str, usize>::new();
    let mut points = Vec::new();
    for (call, args) in calls {
        let ordinal = counts.entry(call).or_default();
        *ordinal += 1;
        if changes(call, args, dir) {
            points.push(Point { call: call.to_owned(), ordinal: *ordinal, args: args.to_owned() });
        }
    }
    points
}

/// The trace with each call on one line: where another process came in between, strace parts them.
fn whole_lines(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut open = HashMap::<&str, usize>::new();
    for line in text.lines() {
        let process = line.split_whitespace().next().unwrap_or_default();
        if let Some(begun) = line.strip_suffix(" <unfinished ...>") {
            open.insert(process, lines.len());
            lines.push(begun.to_owned());
        } else if let Some((_, rest)) = line.split_once(" resumed>")
            && let Some(at) = open.remove(process)
        {
            lines[at].push_str(rest);
        } else {
            lines.push(line.to_owned());
        }
    }
    lines.join("\n")
}

/// A line of the trace: process or thread, call, arguments and what follows.
fn parse(line: &str) -> Option<(&str, &str, &str)> {
    let (process, rest) = line.split_once(char::is_whitespace)?;
    let (call, args) = call(rest.trim_start())?;
    Some((process, call, args))
}

/// A line of the trace of one process: call, arguments and what follows.
pub fn call(line: &str) -> Option<(&str, &str)> {
    let (call, args) = line.split_once('(')?;
    let is_name = !call.is_empty() && call.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then_some((call, args))
}

/// The calls of the other threads of the first process. Their numbers are given to others once they have ended.
fn of_threads<'a>(text: &'a str, first: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let mut live = HashSet::new();
    text.lines().filter_map(move |line| {
        let Some((process, call, args)) = parse(line) else {
            if line.contains(" +++ ") {
                live.remove(line.split_whitespace().next().unwrap_or_default());
            }
            return None;
        };
        if process == first && is_spawn(call) && args.contains("CLONE_THREAD") {
            live.extend(args.rsplit_once("= ").map(|(_, id)| id.trim()));
        }
        live.contains(process).then_some((call, args))
    })
}

fn is_spawn(call: &str) -> bool {
    matches!(call, "vfork" | "fork" | "clone" | "clone3")
}

/// A part of what a keeper's other thread does now and then, sooner than the rest on a busy machine: it says that it lives.
fn is_beat(call: &str, args: &str) -> bool {
    match call {
        "fsync" => true,
        _ if call.starts_with("rename") => args.contains("/alive\""),
        _ => args.contains("/.tmp-"),
    }
}

/// Whether a call changes something below a directory, or starts a process.
fn changes(call: &str, args: &str, dir: &str) -> bool {
    if is_spawn(call) {
        return !args.contains("CLONE_THREAD");
    }
    let opens = matches!(call, "open" | "openat");
    let for_writing = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC"].iter().any(|flag| args.contains(flag));
    (!opens || for_writing) && without_unused_folders(args).contains(dir)
}

/// Without the working directory before an absolute path, which has no part in it.
fn without_unused_folders(args: &str) -> String {
    const HERE: &str = "AT_FDCWD<";
    let mut text = String::new();
    let mut rest = args;
    while let Some((before, after)) = rest.split_once(HERE) {
        text.push_str(before);
        match after.split_once(">, \"/") {
            Some((folder, path)) if !folder.contains('>') => {
                text.push_str("\"/");
                rest = path;
            }
            _ => rest = after,
        }
    }
    text + rest
}
