//! A folder that others write into as well, opened once: what happens to its path afterwards is no matter, no link in it is
//! followed, and no more of it is read than asked for.

use super::error::cannot;
use super::read::read_in;
use anyhow::Result;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, openat, renameat, unlinkat};
use rustix::io::{Errno, retry_on_intr};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// An open folder.
#[derive(Debug)]
pub struct Folder {
    folder: OwnedFd,
    /// For messages.
    path: PathBuf,
}

impl Folder {
    /// Opens a folder that isn't reached through a link at its end.
    ///
    /// # Errors
    /// The system's, with path and remedy.
    pub fn open(path: &Path) -> Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let folder =
            retry_on_intr(|| openat(CWD, path, flags, Mode::empty())).map_err(|error| cannot("open", path, error))?;
        Ok(Self { folder, path: path.to_owned() })
    }

    /// The first `max` names in it that are UTF-8, in no order.
    ///
    /// # Errors
    /// The system's.
    pub fn names(&self, max: usize) -> Result<Vec<String>> {
        let failed = |error: Errno| cannot("read", &self.path, error);
        let mut names = Vec::new();
        for entry in Dir::read_from(self.folder.as_fd()).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            names
                .extend(entry.file_name().to_str().ok().filter(|name| !matches!(*name, "." | "..")).map(str::to_owned));
            if names.len() >= max {
                break;
            }
        }
        Ok(names)
    }

    /// Renames a file in it; whether it was there.
    ///
    /// # Errors
    /// The system's.
    pub fn rename(&self, from: &str, to: &str) -> Result<bool> {
        match renameat(&self.folder, from, &self.folder, to) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(cannot("rename", &self.path.join(from), error)),
        }
    }

    /// Removes a file in it, if it is there.
    ///
    /// # Errors
    /// The system's.
    pub fn remove(&self, name: &str) -> Result<()> {
        match unlinkat(&self.folder, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(cannot("remove", &self.path.join(name), error)),
        }
    }

    /// A new file in it that only the user may read, in place of what had that name.
    ///
    /// # Errors
    /// The system's.
    pub fn create(&self, name: &str) -> Result<File> {
        self.remove(name)?;
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let mode = Mode::from_raw_mode(0o600);
        let file = retry_on_intr(|| openat(&self.folder, name, flags, mode));
        Ok(file.map_err(|error| cannot("create", &self.path.join(name), error))?.into())
    }

    /// Replaces or creates a file in it, whole from the first instant, without waiting for the disk.
    ///
    /// # Errors
    /// The system's.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let temporary = format!("{}{name}", super::atomic::TEMPORARY);
        let written = self.create(&temporary)?.write_all(bytes);
        written.map_err(|error| cannot("write", &self.path.join(name), error))?;
        self.rename(&temporary, name).map(drop)
    }

    /// The bytes of a file in it, at most `max`; `None` if there is none.
    ///
    /// # Errors
    /// [`super::read::Refused`] for a link, for anything but a regular file, and above `max`; else the system's.
    pub fn read(&self, name: &str, max: usize) -> Result<Option<Vec<u8>>> {
        read_in(self.folder.as_fd(), name, &self.path.join(name), max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn nothing_outside_is_reached() {
        let dir = tempfile::tempdir().unwrap();
        let (path, outside) = (dir.path().join("folder"), dir.path().join("outside"));
        for folder in [&path, &outside] {
            fs::create_dir(folder).unwrap();
        }
        let folder = Folder::open(&path).unwrap();
        fs::write(outside.join("x"), "mine").unwrap();
        symlink(outside.join("x"), path.join("link")).unwrap();
        symlink(outside.join("x"), path.join(".tmp-link")).unwrap();
        assert!(folder.read("link", 10).is_err());
        folder.write("link", b"new").unwrap();
        assert_eq!(folder.read("link", 10).unwrap(), Some(b"new".to_vec()));
        assert!(folder.read("link", 2).is_err());
        assert_eq!(folder.read("none", 2).unwrap(), None);
        assert!(folder.rename("link", "other").unwrap() && !folder.rename("link", "other").unwrap());
        assert_eq!(folder.names(100).unwrap().iter().filter(|name| *name == "other").count(), 1);
        assert_eq!(folder.names(1).unwrap_or_default().len(), 1);

        // What takes its place is another folder.
        fs::rename(&path, dir.path().join("moved")).unwrap();
        symlink(&outside, &path).unwrap();
        folder.write("x", b"new").unwrap();
        folder.remove("x").unwrap();
        folder.create("x").unwrap();
        assert_eq!(fs::read_to_string(outside.join("x")).unwrap(), "mine");
        assert!(Folder::open(&path).is_err());
    }
}
