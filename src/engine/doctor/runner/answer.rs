//! The other side of a trial: what is found on the machine that a runner leads to.

use crate::domain::sandbox::Mode;
use crate::exec::{command, confine, machine, programs};
use crate::sys::atomic::{self, Published};
use crate::sys::lock::Lock;
use crate::sys::read;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(20);
const MAX_OUTPUT: usize = 16 << 10;

/// What is asked.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Question {
    /// To be given back: who reads it has the same folder.
    pub nonce: String,
    /// The main checkout.
    pub root: PathBuf,
    /// Programs that are looked for on `path` and what the machine has beside it.
    pub programs: Vec<String>,
    pub path: String,
    /// The home of the user who asks.
    pub home: Option<PathBuf>,
    /// How agents that would be there are to be confined.
    pub modes: Vec<Mode>,
}

/// What is found.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Answer {
    pub nonce: String,
    pub host: String,
    /// That of this program.
    pub version: String,
    pub uid: u32,
    /// Its clock, in seconds since the epoch.
    pub at: i64,
    /// A file that was there already couldn't be created.
    pub refused_taken: bool,
    /// The lock of the one who asks is held.
    pub saw_lock: bool,
    /// Each with its version.
    pub programs: Vec<(String, Option<String>)>,
    /// Why git can't be used in the repository.
    pub git: Option<String>,
    /// Why agents can't be confined.
    pub unconfined: Option<String>,
}

/// The files of a trial.
#[derive(Clone, Debug)]
pub struct Files {
    pub folder: PathBuf,
}

impl Files {
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    pub fn question(&self) -> PathBuf {
        self.folder.join("question.json")
    }

    pub fn answer(&self) -> PathBuf {
        self.folder.join("answer.json")
    }

    /// Created by the one who asks, and not to be created again.
    pub fn taken(&self) -> PathBuf {
        self.folder.join("taken")
    }

    /// Created by the one who answers.
    pub fn theirs(&self) -> PathBuf {
        self.folder.join("theirs")
    }

    pub fn lock(&self) -> PathBuf {
        self.folder.join("lock")
    }

    pub fn start(&self) -> PathBuf {
        self.folder.join("start")
    }

    pub fn log(&self) -> PathBuf {
        self.folder.join("runner.log")
    }
}

/// Looks around and answers. `path` and `home` are this machine's.
///
/// # Errors
/// There is no question in the folder; the answer can't be written.
pub fn give(folder: &Path, path: Option<&str>, home: Option<&str>) -> Result<()> {
    let files = Files::new(folder);
    let asked: Option<Question> = read::read_json(&files.question())?;
    let question = asked.with_context(|| format!("there is no {}", files.question().display()))?;
    let refused_taken = atomic::create_new(&files.taken(), b"")? == Published::AlreadyExists;
    atomic::create_new(&files.theirs(), b"")?;
    let search_path = [question.path.as_str(), path.unwrap_or_default()].join(":");
    let version = |name: &String| (name.clone(), version(name, &search_path));
    let answer = Answer {
        nonce: question.nonce.clone(),
        host: machine::host(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        uid: rustix::process::geteuid().as_raw(),
        at: machine::clock(),
        refused_taken,
        saw_lock: !Lock::is_free(&files.lock())?,
        programs: question.programs.iter().map(version).collect(),
        git: git(&question.root, &search_path),
        unconfined: unconfined(&question, home),
    };
    atomic::write(&files.answer(), &atomic::json(&answer)?)
}

/// What a program says of its version; only its place if it says nothing, `None` if it isn't there or fails.
fn version(name: &str, search_path: &str) -> Option<String> {
    let path =
        if name.contains('/') { PathBuf::from(name) } else { programs::folder_of(name, search_path)?.join(name) };
    let mut call = Command::new(&path);
    call.arg("--version").env("PATH", search_path);
    let done = command::run(&mut call, None, TIMEOUT, MAX_OUTPUT).ok().filter(|done| done.status.success())?;
    let said = String::from_utf8_lossy(&done.stdout).lines().next().unwrap_or_default().trim().to_owned();
    Some(format!("{said} ({})", path.display()))
}

fn git(root: &Path, search_path: &str) -> Option<String> {
    let mut git = Command::new("git");
    git.arg("-C").arg(root).args(["rev-parse", "--verify", "--quiet", "HEAD"]).env("PATH", search_path);
    match command::run(&mut git, None, TIMEOUT, MAX_OUTPUT) {
        Ok(done) if done.status.success() => None,
        Ok(done) => {
            let said = String::from_utf8_lossy(&done.stderr).lines().next().unwrap_or_default().trim().to_owned();
            Some(if said.is_empty() { "finds no commit".to_owned() } else { said })
        }
        Err(error) => Some(error.to_string()),
    }
}

fn unconfined(question: &Question, home: Option<&str>) -> Option<String> {
    let mode = *question.modes.iter().find(|mode| **mode != Mode::Off)?;
    confine::missing(mode).or_else(|| confine::trial().err()).or_else(|| {
        let is_same = home.map(PathBuf::from) == question.home;
        (!is_same).then(|| "the home of the user is another folder there".to_owned())
    })
}
