//! Taking a stand: what was saved is cleared away, another commit is checked out, and what is changed then is noted.
//!
//! What nobody has saved is never cleared: files that git ignored as the work was saved, and doesn't any more, or that the
//! new commit would replace, are moved to the folder of what is set aside.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::baseline::Baseline;
use super::status::{self, Kind};
use super::{Worktree, excludes, nested, operations, set_aside, sparse, submodules};
use crate::exec::git::Git;
use crate::sys::atomic::{self, discard, discard_dir};
use crate::sys::dir::readable;
use crate::sys::read::read_text;

/// A marker in the worktree's git directory while what lies in the worktree is nobody's work.
pub(super) const STANDING: &str = "scheduler-checkout";
/// What it says while the set-up command runs, with a commit checked out to its end.
const SETTING_UP: &[u8] = b"setting up\n";
/// A folder with more files than this is a cache or comes from an installation.
const LARGE: usize = 200;

/// See [`Worktree::is_half_checked_out`].
pub(super) fn is_half_checked_out(git_dir: &Path) -> bool {
    git_dir.join(STANDING).exists()
}

/// See [`Worktree::stand_detached`].
pub(super) fn detached(worktree: &Worktree, start: &str) -> Result<Vec<String>> {
    let git_dir = worktree.verify()?;
    operations::remove_locks(worktree, &git_dir)?;
    operations::quit(&git_dir)?;
    operations::mend_index(worktree, &git_dir)?;
    let git = worktree.git();
    let marker = git_dir.join(STANDING);
    if read_text(&marker)?.is_none_or(|text| text.as_bytes() == SETTING_UP) {
        let at = || format!("cannot remove leftovers in {}", worktree.path().display());
        git.run(["clean", "-ffdq"]).with_context(at)?;
        make_way(worktree, &git, start)?;
    }
    atomic::write(&marker, b"")?;
    sparse::follow(worktree, &git_dir)?;
    checkout(&git, &git_dir, start)
        .with_context(|| format!("cannot check out {start} in {}", worktree.path().display()))?;
    let warnings = submodules::update(worktree)?;
    let (new, changed): (Vec<_>, Vec<_>) = status::changes(&git)?
        .into_iter()
        .partition(|change| matches!(change.kind, Kind::Untracked | Kind::Repository));
    if !new.is_empty() {
        for path in status::untracked(&git)? {
            move_away(worktree, &path)?;
        }
    }
    Baseline::take(worktree, &git_dir, &changed)?;
    discard(&marker)?;
    Ok(warnings)
}

/// A filter that fails can keep git from writing an index that knows young files: from one that knows nothing of files it
/// writes all of them again.
fn checkout(git: &Git, git_dir: &Path, commit: &str) -> Result<()> {
    let args = ["checkout", "--quiet", "--force", "--detach", commit, "--"];
    match git.run(args) {
        Err(error) if error.is_refusal() => {
            tracing::warn!("{error}");
            discard(&git_dir.join("index"))?;
            git.run(["read-tree", "HEAD"])?;
            git.run(args)?;
        }
        other => drop(other?),
    }
    Ok(())
}

/// See [`Worktree::begin_set_up`].
pub(super) fn begin_set_up(worktree: &Worktree) -> Result<()> {
    atomic::write(&worktree.verify()?.join(STANDING), SETTING_UP)
}

/// See [`Worktree::keep_set_up`].
pub(super) fn keep_set_up(worktree: &Worktree) -> Result<()> {
    let mut made = Vec::new();
    nested::move_unseen(worktree, &nested::submodules(&worktree.git())?)?;
    for path in status::untracked(&worktree.git())? {
        // One by one, so that what the agent puts beside them is seen.
        let files = files(&worktree.path().join(&path), LARGE);
        let is_folder = worktree.path().join(&path).is_dir() && !worktree.path().join(&path).is_symlink();
        match files {
            Some(files) if is_folder => {
                let below = files.iter().filter_map(|file| file.strip_prefix(worktree.path()).ok());
                made.extend(below.map(|file| (file.to_owned(), false)));
            }
            _ => made.push((path, is_folder)),
        }
    }
    excludes::add(worktree, &worktree.verify()?, &made)
}

/// The files below a folder; `None` if there are more than `most`.
fn files(folder: &Path, most: usize) -> Option<Vec<PathBuf>> {
    let (mut found, mut left) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(dir) = left.pop() {
        for entry in readable(&dir) {
            let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_dir {
                left.push(entry.path())
            } else {
                found.push(entry.path())
            }
            if found.len() > most {
                return None;
            }
        }
    }
    Some(found)
}

/// Moves away what stands where `start` has files that the index doesn't know: git ignores it, and would replace it.
fn make_way(worktree: &Worktree, git: &Git, start: &str) -> Result<()> {
    if git.commit("HEAD")?.is_none() {
        return Ok(());
    }
    // Told what to think of submodules, git reads no `.gitmodules`, which may be anything.
    let diff =
        ["diff", "--name-only", "-z", "--no-renames", "--diff-filter=A", "--no-ext-diff", "--ignore-submodules=none"];
    let literal = git.clone().with_env("GIT_LITERAL_PATHSPECS", "1");
    let added = git.run(diff.into_iter().chain(["HEAD", start, "--"]))?.stdout;
    for new in added.split(|byte| *byte == 0).filter(|path| !path.is_empty()) {
        let new = Path::new(OsStr::from_bytes(new));
        let Some(in_the_way) = in_the_way(worktree.path(), new) else { continue };
        let args = [OsStr::new("ls-files"), OsStr::new("-z"), OsStr::new("--"), in_the_way.as_os_str()];
        if literal.run(args)?.stdout.is_empty() {
            move_away(worktree, &in_the_way)?;
        }
    }
    Ok(())
}

/// What keeps a new file from standing at `path`: something there, or no folder above it.
fn in_the_way(top: &Path, path: &Path) -> Option<PathBuf> {
    let mut above = PathBuf::new();
    for part in path.components() {
        above.push(part);
        let found = fs::symlink_metadata(top.join(&above)).ok()?;
        if !found.is_dir() || above == path {
            return Some(above);
        }
    }
    None
}

/// Sets aside what git ignored as the work was saved; of that, a large folder is a cache, and goes.
fn move_away(worktree: &Worktree, path: &Path) -> Result<()> {
    let from = worktree.path().join(path);
    let is_folder = fs::symlink_metadata(&from).is_ok_and(|meta| meta.is_dir());
    if is_folder && files(&from, LARGE).is_none() {
        tracing::info!(folder = %from.display(), "removed a large folder that git had ignored");
        return discard_dir(&from).map(drop);
    }
    set_aside::move_to(worktree, path).map(drop)
}
