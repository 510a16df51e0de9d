//! Files below a directory in which others may have laid links: none is followed, in no part of the path.

use super::{SHARED, TEMPORARY, cannot, forget, temporary};
use anyhow::Result;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat, renameat};
use rustix::io::{Errno, retry_on_intr};
use std::io::Write;
use std::path::{Component, Path, PathBuf};

/// Replaces or creates `path` below `root`, with the folders above it, without waiting for the disk. The temporary file is
/// made in `scratch`, which must be on the same disk: for where each file counts that stands below `root`.
///
/// Returns what stands in the way and is no folder, such as a link; then nothing is written.
///
/// # Errors
/// The system's, with path and remedy.
pub fn write_beneath(scratch: &Path, root: &Path, path: &Path, bytes: &[u8]) -> Result<Option<PathBuf>> {
    let whole = root.join(path);
    let failed = |error: std::io::Error| cannot("write", &whole, error);
    let (above, Some(name)) = (path.parent().unwrap_or(Path::new("")), path.file_name()) else {
        return Err(failed(Errno::INVAL.into()));
    };
    let mut folder = open_folder(CWD, root, OFlags::empty()).map_err(|error| failed(error.into()))?;
    let mut reached = root.to_owned();
    for part in above.components() {
        reached.push(part);
        let Component::Normal(part) = part else { return Err(failed(Errno::INVAL.into())) };
        folder = match folder_in(&folder, Path::new(part)) {
            Ok(folder) => folder,
            Err(Errno::NOTDIR | Errno::LOOP) => return Ok(Some(reached)),
            Err(error) => return Err(failed(error.into())),
        };
    }
    let mut temporary = temporary(scratch, TEMPORARY, SHARED).map_err(failed)?;
    temporary.as_file_mut().write_all(bytes).map_err(failed)?;
    renameat(CWD, temporary.path(), &folder, name).map_err(|error| failed(error.into()))?;
    forget(temporary);
    Ok(None)
}

/// The folder of this name, which is made if it is missing.
fn folder_in(folder: &OwnedFd, name: &Path) -> rustix::io::Result<OwnedFd> {
    match open_folder(folder, name, OFlags::NOFOLLOW) {
        Err(Errno::NOENT) => match mkdirat(folder, name, Mode::from_raw_mode(0o777)) {
            Ok(()) | Err(Errno::EXIST) => open_folder(folder, name, OFlags::NOFOLLOW),
            Err(error) => Err(error),
        },
        result => result,
    }
}

fn open_folder(at: impl AsFd, name: &Path, more: OFlags) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | more;
    retry_on_intr(|| openat(&at, name, flags, Mode::empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn no_link_is_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (root, outside) = (dir.path().join("root"), dir.path().join("outside"));
        for folder in [&root, &outside] {
            fs::create_dir(folder).unwrap();
        }
        let write = |path: &str| write_beneath(dir.path(), &root, Path::new(path), b"new");
        assert_eq!(write("a/b/c").unwrap(), None);
        assert_eq!(fs::read_to_string(root.join("a/b/c")).unwrap(), "new");

        fs::write(outside.join("c"), "mine").unwrap();
        symlink(&outside, root.join("away")).unwrap();
        symlink(&outside, root.join("a/away")).unwrap();
        fs::write(root.join("file"), "").unwrap();
        for (path, obstacle) in [("away/c", "away"), ("a/away/c", "a/away"), ("away/new/c", "away"), ("file/c", "file")]
        {
            assert_eq!(write(path).unwrap(), Some(root.join(obstacle)), "{path}");
        }
        // The file itself is replaced and not written through.
        symlink(outside.join("c"), root.join("a/link")).unwrap();
        assert_eq!(write("a/link").unwrap(), None);
        assert_eq!(fs::read_to_string(root.join("a/link")).unwrap(), "new");
        assert_eq!(fs::read_to_string(outside.join("c")).unwrap(), "mine");
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
        assert!(write("../outside/c").is_err() && write("..").is_err());
        // And the root may be reached by a link of the user's.
        symlink(&root, dir.path().join("short")).unwrap();
        assert_eq!(write_beneath(dir.path(), &dir.path().join("short"), Path::new("x"), b"new").unwrap(), None);
    }
}
