//! Moves what no commit can hold out of a worktree, to a folder of the run, each to a place that says where it was.
//!
//! It moves and never opens, so that what can't be read, and what never answers, comes along too.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};

use super::Worktree;
use super::status::{Change, Kind};
use crate::sys::atomic::ensure_dir;
use crate::sys::dir::readable;

/// The most that is named; more are there.
const MOST_NAMED: usize = 1_000;

/// Moves the paths that `left` says the worktree still has beside its index aside, and gives tracked ones back what
/// HEAD has, so that nobody takes them for removed. Returns where they are now.
pub fn move_left(worktree: &Worktree, left: &[Change]) -> Result<Vec<PathBuf>> {
    let is_file = |change: &&Change| {
        change.unstaged && !change.gone && !matches!(change.kind, Kind::Submodule | Kind::Repository)
    };
    let left: Vec<_> = left.iter().filter(is_file).collect();
    let moved = left.iter().map(|change| move_to(worktree, &change.path)).collect::<Result<_>>()?;
    let tracked = left.iter().filter(|change| change.kind != Kind::Untracked);
    let input: Vec<u8> = tracked.flat_map(|change| [change.path.as_os_str().as_bytes(), b"\0"].concat()).collect();
    if !input.is_empty() {
        let git = worktree.git().with_env("GIT_LITERAL_PATHSPECS", "1");
        let args = ["restore", "--source=HEAD", "--worktree", "--pathspec-from-file=-", "--pathspec-file-nul"];
        if let Err(error) = git.run_with_input(args, Some(&input)) {
            tracing::warn!("{error}");
        }
    }
    Ok(moved)
}

/// Moves what stands at `path` in the worktree to its folder of what is set aside, below the same path, and returns where it is now.
pub fn move_to(worktree: &Worktree, path: &Path) -> Result<PathBuf> {
    let folder = worktree.set_aside();
    make(worktree, folder)?;
    let inside: PathBuf = path.components().filter(|part| matches!(part, Component::Normal(_))).collect();
    let numbered = (2..).map(|n: u32| folder.join(n.to_string()).join(&inside));
    let target = std::iter::once(folder.join(&inside)).chain(numbered).find(|place| is_free(folder, place));
    let (from, target) = (worktree.path().join(path), target.context("no free name")?);
    target.parent().map_or(Ok(()), ensure_dir)?;
    fs::rename(&from, &target).with_context(|| format!("cannot move {} to {}", from.display(), target.display()))?;
    Ok(target)
}

fn is_free(folder: &Path, place: &Path) -> bool {
    let above = place.ancestors().skip(1).take_while(|above| *above != folder);
    fs::symlink_metadata(place).is_err() && !above.into_iter().any(|above| above.exists() && !above.is_dir())
}

/// Makes the folder. Where the worktree is on another disk, so is the folder, and a link leads to it.
fn make(worktree: &Worktree, folder: &Path) -> Result<()> {
    let Some(above) = folder.parent().filter(|_| !folder.is_dir()) else { return Ok(()) };
    ensure_dir(above)?;
    let disk = |path: &Path| fs::metadata(path).map(|meta| meta.dev()).ok();
    if disk(above) == disk(worktree.path()) {
        return ensure_dir(folder);
    }
    let mut beside = worktree.path().as_os_str().to_owned();
    beside.push(".set-aside");
    let place = Path::new(&beside).join(above.file_name().unwrap_or_default());
    ensure_dir(&place)?;
    symlink(&place, folder).with_context(|| format!("cannot create the link {}", folder.display()))
}

/// What was moved to `folder`, by its path there; a repository is one name, with a slash at its end.
pub fn names(folder: &Path) -> Vec<String> {
    let (mut names, mut left) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(dir) = left.pop() {
        for entry in readable(&dir) {
            let path = entry.path();
            let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
            match entry.file_type() {
                _ if names.len() >= MOST_NAMED => break,
                Ok(kind) if kind.is_dir() && path.join(".git").exists() => names.push(format!("{name}/")),
                Ok(kind) if kind.is_dir() => left.push(path),
                _ => names.push(name),
            }
        }
    }
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::test_project::{TestProject, write};

    #[test]
    fn each_has_its_place_and_none_is_replaced() {
        let scratch = TestProject::plain();
        let folder = scratch.path().join("aside");
        let worktree = scratch.ready("a").setting_aside_to(&folder);
        assert_eq!(names(&folder), [] as [&str; 0]);
        for (text, place) in [("one", "dir/x"), ("two", "2/dir/x"), ("three", "3/dir/x")] {
            write(&worktree.path().join("dir/x"), text);
            assert_eq!(move_to(&worktree, Path::new("dir/x")).unwrap(), folder.join(place));
            assert_eq!(fs::read_to_string(folder.join(place)).unwrap(), text);
        }
        // A folder where a file is already.
        write(&worktree.path().join("dir/x/y"), "four");
        assert_eq!(move_to(&worktree, Path::new("dir/x/y")).unwrap(), folder.join("4/dir/x/y"));
        scratch.run_at(worktree.path(), &["init", "-q", "repo"]);
        move_to(&worktree, Path::new("repo")).unwrap();
        assert_eq!(names(&folder), ["2/dir/x", "3/dir/x", "4/dir/x/y", "dir/x", "repo/"]);
    }

    #[test]
    fn another_disk_is_reached_by_a_link() {
        let Ok(elsewhere) = tempfile::tempdir_in("/dev/shm") else { return };
        let (scratch, folder) = (TestProject::plain(), elsewhere.path().join("runs/r/set-aside"));
        let worktree = scratch.ready("a").setting_aside_to(&folder);
        for name in ["x", "y"] {
            write(&worktree.path().join(name), name);
            move_to(&worktree, Path::new(name)).unwrap();
            assert_eq!(fs::read_to_string(folder.join(name)).unwrap(), name);
        }
        assert_eq!(names(&folder), ["x", "y"]);
    }
}
