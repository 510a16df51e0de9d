//! What differs in a worktree from its index and from HEAD, as git tells it.
//!
//! It changes nothing, and what git didn't get to see for want of open files or the like is an error, never "unchanged".

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::is_own_file;
use crate::domain::system_trouble::tells_of_system;
use crate::exec::git::{Git, GitError, Output};

/// One path that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Below the top of the worktree; without the slash that an untracked repository has at its end.
    pub path: PathBuf,
    pub kind: Kind,
    /// Whether the index has something else than HEAD.
    pub staged: bool,
    /// Whether the worktree has something else than the index.
    pub unstaged: bool,
    /// Whether the worktree has nothing there.
    pub gone: bool,
    /// Mode and blob as HEAD has them, `100644 0123…`.
    pub committed: String,
}

/// What stands at a path that differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Tracked,
    Unmerged,
    Submodule,
    Untracked,
    /// An untracked repository.
    Repository,
}

impl Change {
    /// Whether it is one of the files that are laid into a worktree for a run.
    pub fn is_own_file(&self) -> bool {
        self.path.to_str().is_some_and(is_own_file)
    }

    /// Its path as text; bytes that are no UTF-8 are replaced.
    pub fn name(&self) -> String {
        self.path.to_string_lossy().into_owned()
    }
}

/// Every path that differs, untracked ones one by one, ignored ones not.
pub fn changes(git: &Git) -> Result<Vec<Change>> {
    read(git, "--untracked-files=all")
}

/// The untracked paths that aren't ignored; a folder with nothing else in it is one path.
pub fn untracked(git: &Git) -> Result<Vec<PathBuf>> {
    let all = read(git, "--untracked-files=normal")?;
    let untracked = all.into_iter().filter(|change| matches!(change.kind, Kind::Untracked | Kind::Repository));
    Ok(untracked.filter(|change| !change.is_own_file()).map(|change| change.path).collect())
}

fn read(git: &Git, untracked: &str) -> Result<Vec<Change>> {
    let args = ["status", "--porcelain=v2", "-z", "--no-renames", "--ignore-submodules=none", untracked];
    let output = match git.run(args) {
        Ok(output) => output,
        // A filter that fails keeps git from looking. Without filters more is called changed, and nothing is overlooked.
        Err(error) if error.is_refusal() => {
            tracing::warn!("{error}");
            without_filters(git, None)?.run(args)?
        }
        Err(error) => return Err(error.into()),
    };
    if tells_of_system(&output.stderr) {
        bail!("git could not look at all files: {}", output.stderr.trim());
    }
    parse(&output)
}

/// The same git without the filters that make blobs of files, but for the one named. Git runs them where nobody would think
/// of it: whoever writes an index has it compare files that are as young as the index.
pub fn without_filters(git: &Git, but: Option<&str>) -> Result<Git, GitError> {
    let keys =
        git.try_run(["config", "-z", "--name-only", "--get-regexp", r"^filter\..*\.(clean|process|required)$"])?;
    let own = but.map(|name| format!("filter.{name}."));
    let others = keys.entries().into_iter().filter(|key| own.as_ref().is_none_or(|own| !key.starts_with(own)));
    let settings = others.map(|key| {
        let value = if key.ends_with(".required") { "false" } else { "" };
        format!("{key}={value}")
    });
    Ok(settings.fold(git.clone(), Git::with_config))
}

fn parse(output: &Output) -> Result<Vec<Change>> {
    let entries = output.stdout.split(|byte| *byte == 0).filter(|entry| !entry.is_empty());
    entries.map(|entry| parse_one(entry).with_context(|| format!("git status said {entry:?}"))).collect()
}

fn parse_one(entry: &[u8]) -> Option<Change> {
    let path = |bytes: &[u8]| Path::new(OsStr::from_bytes(bytes.strip_suffix(b"/").unwrap_or(bytes))).to_owned();
    if let Some(untracked) = entry.strip_prefix(b"? ") {
        let kind = if untracked.ends_with(b"/") { Kind::Repository } else { Kind::Untracked };
        let committed = String::new();
        return Some(Change { path: path(untracked), kind, staged: false, unstaged: true, gone: false, committed });
    }
    // "1 XY sub mH mI mW hH hI path", "u XY sub m1 m2 m3 mW h1 h2 h3 path"
    let count = if entry.starts_with(b"u") { 11 } else { 9 };
    let fields: Vec<&[u8]> = entry.splitn(count, |byte| *byte == b' ').collect();
    let text = |at: usize| fields.get(at).and_then(|field| str::from_utf8(field).ok());
    let (state, is_unmerged) = (fields.get(1)?, count == 11);
    let kind = match text(2)? {
        _ if is_unmerged => Kind::Unmerged,
        sub if sub.starts_with('S') => Kind::Submodule,
        _ => Kind::Tracked,
    };
    Some(Change {
        path: path(fields.get(count - 1)?),
        kind,
        staged: is_unmerged || state.first() != Some(&b'.'),
        unstaged: is_unmerged || state.get(1) != Some(&b'.'),
        gone: text(if is_unmerged { 6 } else { 5 })? == "000000",
        committed: if is_unmerged { String::new() } else { format!("{} {}", text(3)?, text(6)?) },
    })
}
