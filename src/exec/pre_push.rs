//! The user's pre-push hook, run before a push as git would run it, but in the environment of the run: it tests and builds what
//! an agent wrote, so it gets no credentials, and all that it starts ends with it.
//!
//! The hook of git-lfs is the exception: what it does is upload, so git-lfs is called itself, as for the push.

use std::path::{Component, Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::Result;

use crate::domain::git_settings::is_hook_of_lfs;
use crate::domain::secrets::without_passwords;
use crate::domain::shell;
use crate::domain::text::tail;
use crate::exec::environment::RunEnvironment;
use crate::exec::git::Git;
use crate::exec::setup::{self, End, Setup};
use crate::exec::worktree::Worktree;
use crate::sys::atomic::discard;
use crate::sys::read;

const NAME: &str = "pre-push";
/// The most of a hook's words that is kept, in bytes.
const WORDS: usize = 4_000;

/// How the hook is run.
#[derive(Debug)]
pub struct Hooks<'a> {
    /// The main checkout: a relative `core.hooksPath` refers to it, for an agent can change what its worktree has.
    pub root: &'a Path,
    pub environment: RunEnvironment,
    /// Takes its output.
    pub log: PathBuf,
    /// Becomes true when the run is to end.
    pub stop: &'a AtomicBool,
}

/// What the hook is told: where to, and what.
#[derive(Clone, Copy, Debug)]
pub struct Update<'a> {
    /// The remote, and its URL.
    pub remote: (&'a str, &'a str),
    pub commit: &'a str,
    /// The ref there, and the commit that it has.
    pub name: &'a str,
    pub there: Option<&'a str>,
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Hooked {
    /// There is none, or it has no objection.
    Passed,
    /// It refuses, in its own words.
    Refused(String),
    TimedOut,
}

/// Runs the hook, if there is one that git would run. `network` is git as it is used for the push.
pub fn run(
    worktree: &Worktree,
    hooks: &Hooks<'_>,
    network: &Git,
    update: Update<'_>,
    timeout: Duration,
) -> Result<Hooked> {
    let Some(hook) = find(worktree, hooks.root)? else { return Ok(Hooked::Passed) };
    let Update { remote: (remote, url), commit, name, there } = update;
    let nothing = "0".repeat(commit.len());
    let line = format!("{commit} {commit} {name} {}\n", there.unwrap_or(&nothing));
    if read::read_linked_text(&hook).ok().flatten().is_some_and(|text| is_hook_of_lfs(NAME, &text)) {
        let done = network.run_with_input(["lfs", NAME, remote, url], Some(line.as_bytes()));
        return Ok(done.map_or_else(|error| Hooked::Refused(error.to_string()), |_| Hooked::Passed));
    }
    let exec_path = worktree.git().run(["--exec-path"])?.path();
    let word = |text: &Path| shell::word(&text.to_string_lossy());
    // A file that has no `#!` is the shell's own, as for git.
    let command = format!(
        "export GIT_DIR={} GIT_PREFIX= PATH={}:\"$PATH\"; printf %s {} | {} {} {}",
        word(&worktree.verify()?),
        word(&exec_path),
        shell::word(&line),
        word(&hook),
        shell::word(remote),
        shell::word(&without_passwords(url)),
    );
    discard(&hooks.log)?;
    let setup = Setup {
        command: command.clone(),
        worktree: worktree.path().to_owned(),
        log: hooks.log.clone(),
        environment: hooks.environment.clone(),
        timeout,
    };
    // Its processes carry the tag of the run: so they are found, should this process die.
    match setup::run(&setup, hooks.stop, |_| Ok(()))? {
        End::Exit(status) if status.success() => Ok(Hooked::Passed),
        End::TimedOut => Ok(Hooked::TimedOut),
        End::Exit(_) | End::Stopped => {
            let said = read::read_tail(&hooks.log, WORDS)?;
            let said = said.strip_prefix(&format!("$ {command}\n")).unwrap_or(&said).trim_end();
            let (said, end) = said.rsplit_once('\n').unwrap_or(("", said));
            Ok(Hooked::Refused(if said.trim().is_empty() {
                end.to_owned()
            } else {
                tail(said.trim(), WORDS).to_owned()
            }))
        }
    }
}

/// The hook, where it is a program.
fn find(worktree: &Worktree, root: &Path) -> Result<Option<PathBuf>> {
    let folder = configured(worktree)?.map_or_else(|| worktree.common_dir().join("hooks"), |folder| root.join(folder));
    let hook = folder.join(NAME);
    let is_program = hook.is_file() && rustix::fs::access(&hook, rustix::fs::Access::EXEC_OK).is_ok();
    Ok(is_program.then_some(hook))
}

/// The folder of the main checkout with its hooks and what they call, if that is where they are.
pub fn folder_in_project(worktree: &Worktree, root: &Path) -> Result<Option<PathBuf>> {
    let folder = configured(worktree)?.unwrap_or_default();
    let first = folder.components().find(|part| *part != Component::CurDir);
    let first = first.filter(|first| matches!(first, Component::Normal(_))).map(|first| root.join(first));
    Ok(first.filter(|first| first.is_dir()))
}

fn configured(worktree: &Worktree) -> Result<Option<PathBuf>> {
    let answer = worktree.git().with_hooks().try_run(["config", "--type=path", "--get", "core.hooksPath"])?;
    let path = answer.path();
    Ok((answer.status.success() && !path.as_os_str().is_empty()).then_some(path))
}
