//! A run's folder as a supervisor on another machine leaves it, and keepers that are started before it, each in a session of its
//! own with an environment of its own: as much of another machine as one machine has.

use crate::support::{BINARY, Output, Started, Test};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::Duration,
};

/// The exit codes of a keeper that refuses, and of one that comes late.
pub const REFUSED: i32 = 78;
pub const ALREADY_STARTED: i32 = 79;
/// A line of shell with which the program says its result.
pub const RESULT: &str =
    r#"echo '{"type":"result","subtype":"success","is_error":false,"result":"done","num_turns":2}'"#;

pub struct Node {
    pub test: Test,
    /// Its id; another one for each, for processes are found by it.
    pub id: String,
    pub run: PathBuf,
    pub order: Value,
}

impl Node {
    /// A run that starts a shell with this script in place of claude.
    pub fn new(script: &str) -> Self {
        let test = Test::new();
        test.agents(&[("impl-1", "implementer")]);
        let agent = test.orchestrator("agents/impl-1");
        let id = uuid::Uuid::new_v4().to_string();
        let (run, worktree) = (agent.join("runs").join(&id), agent.join("worktree"));
        fs::create_dir_all(&run).unwrap();
        test.git(["worktree", "add", "-q", "--detach", worktree.to_str().unwrap()]);
        fs::write(run.join("prompt.md"), "the prompt\n").unwrap();
        let seconds = |seconds: u32| json!({"secs": seconds, "nanos": 0});
        let order = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "run_id": id,
            "agent": "impl-1",
            "root": test.dir(),
            "state": agent.join("state.json"),
            "worktree": worktree,
            "git_dir": test.path(".git/worktrees/worktree"),
            "argv": ["sh", "-c", script],
            "environment": {
                "set": [["SCHEDULER_RUN", id], ["NOTES", test.root().join("home")]],
                "fallback": [["HOME", test.root().join("home")]],
                "unset": ["CLAUDECODE"],
                "path_first": ["/nowhere"],
                "path": "",
                "pass": [],
                "allow_network_git": false,
            },
            "prompt": run.join("prompt.md"),
            "output": run.join("output.jsonl"),
            "stderr": run.join("stderr.log"),
            "limits": {"timeout": seconds(600), "stall": null, "after_result": seconds(60), "grace": seconds(2)},
            "lease_seconds": 600,
            "sandbox": "off",
        });
        let node = Self { test, id, run, order };
        node.write_order();
        node.state(json!({"phase": "running", "run_id": node.id}));
        let start = node.run.join("start");
        fs::write(&start, format!("#!/bin/sh\nexec '{BINARY}' keep '{}'\n", node.run.display())).unwrap();
        fs::set_permissions(&start, fs::Permissions::from_mode(0o700)).unwrap();
        node
    }

    /// Changes the order, as it would have been written.
    pub fn with(mut self, path: &str, value: Value) -> Self {
        *self.order.pointer_mut(path).unwrap() = value;
        self.write_order();
        self
    }

    pub fn write_order(&self) {
        fs::write(self.file("launch.json"), self.order.to_string()).unwrap();
    }

    pub fn state(&self, state: Value) {
        fs::write(self.test.orchestrator("agents/impl-1/state.json"), state.to_string()).unwrap();
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.run.join(name)
    }

    pub fn json(&self, name: &str) -> Value {
        let text = fs::read_to_string(self.file(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        serde_json::from_str(&text).unwrap()
    }

    /// What the script wrote to a file of this name in `$NOTES`.
    pub fn note(&self, name: &str) -> PathBuf {
        self.test.root().join("home").join(name)
    }

    /// Starts the keeper as a runner does.
    pub fn start(&self) -> Started {
        let mut command = self.test.program_command("setsid");
        command.arg("-w").arg(self.file("start")).current_dir("/").env("SLURM_JOB_ID", "4711");
        self.test.start_any(command)
    }

    pub fn play(&self) -> Output {
        self.start().wait()
    }

    /// Starts it, and waits until the script has made this note.
    pub fn start_until(&self, note: &str) -> Started {
        let started = self.start();
        self.test.wait_until(note, || self.note(note).exists());
        started
    }

    /// The process that carries the run.
    pub fn carrier(&self) -> Pid {
        let pid = self.json("started.json")["process"]["pid"].as_i64().unwrap();
        Pid::from_raw(i32::try_from(pid).unwrap()).unwrap()
    }

    /// All processes of this machine, as far as they are the keeper's, and its.
    pub fn signal_all(&self, signal: Signal) {
        for process in self.test.leftovers() {
            let _ = kill_process(Pid::from_raw(process.pid).unwrap(), signal);
        }
    }

    /// It has ended like this, and nothing of it is left.
    #[track_caller]
    pub fn assert_ended(&self, stopped: Value) -> Value {
        let exit = self.json("exit.json");
        assert_eq!(exit["stopped"], stopped, "{exit}");
        assert_eq!(exit["refused"], Value::Null, "{exit}");
        let left = || self.test.leftovers().into_iter().filter(|left| !left.command.contains(" keep ")).count();
        assert_eq!(left(), 0, "{:?}", self.test.leftovers());
        exit
    }

    /// Renews the lease as a supervisor does, for as long as `work` takes.
    pub fn renewing<T>(&self, work: impl FnOnce() -> T) -> T {
        let lease = self.file("lease");
        thread::scope(|scope| {
            // Its end, also by a panic, is the end of the renewing.
            let (done, end) = channel::<()>();
            scope.spawn(move || {
                for beat in 0.. {
                    replace(&lease, &format!("{beat}\n"));
                    if end.recv_timeout(Duration::from_millis(100)) != Err(RecvTimeoutError::Timeout) {
                        return;
                    }
                }
            });
            let _done = done;
            work()
        })
    }
}

/// Writes a file that others read meanwhile.
pub fn replace(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(new, path).unwrap();
}
