//! Copies of files that git keeps or ignores: whole, with permissions and time; and moves of folders to another disk, where
//! that takes a copy. Pipes and sockets are never copied.

use super::atomic::{create_dir, discard, discard_dir};
use super::dir::{entries, link_target};
use super::error::cannot;
use super::read::open_file;
use anyhow::{Context, Result};
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

/// Copies `from` to the new file `to`; the time last, so that a copy that was cut short doesn't pass for a whole one.
///
/// # Errors
/// There is no regular file `from`, something stands at `to`, or the system's, with path and remedy.
pub fn copy_new(from: &Path, to: &Path) -> Result<()> {
    let mut source = open_file(from)?.with_context(|| format!("{} is gone", from.display()))?;
    let failed = |error| cannot("write", to, error);
    let meta = source.metadata().map_err(|error| cannot("read", from, error))?;
    let mut target = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).map_err(failed)?;
    io::copy(&mut source, &mut target).map_err(failed)?;
    target.set_permissions(meta.permissions()).map_err(failed)?;
    let times = fs::FileTimes::new().set_accessed(meta.modified().map_err(failed)?);
    target.set_times(times.set_modified(meta.modified().map_err(failed)?)).map_err(failed)
}

/// Moves a folder to `to`, in place of a file there if there is one. On another disk it is whole, and will last, before
/// either goes; a copy that was cut short is begun anew.
///
/// # Errors
/// The system's, with path and remedy; the folder is then still whole where it was.
pub fn move_dir(from: &Path, to: &Path) -> Result<()> {
    let disk = |path: &Path| fs::metadata(path).map(|meta| meta.dev()).map_err(|error| cannot("read", path, error));
    let crosses = disk(from)? != disk(to.parent().unwrap_or(to))?;
    let mut copy = to.as_os_str().to_owned();
    copy.push(".copy");
    let copy = PathBuf::from(copy);
    if crosses {
        discard_dir(&copy)?;
        copy_dir(from, &copy)?;
    }
    discard(to)?;
    fs::rename(if crosses { &copy } else { from }, to).map_err(|error| cannot("move", from, error))?;
    if crosses {
        discard_dir(from)?;
    }
    Ok(())
}

fn copy_dir(from: &Path, to: &Path) -> Result<()> {
    create_dir(to)?;
    for entry in entries(from)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(|error| cannot("read", &from, error))?;
        if kind.is_dir() {
            copy_dir(&from, &to)?;
        } else if kind.is_file() {
            copy_new(&from, &to)?;
            let copied = open_file(&to)?.with_context(|| format!("{} is gone", to.display()))?;
            copied.sync_all().map_err(|error| cannot("write", &to, error))?;
        } else if let Some(target) = link_target(&from) {
            symlink(target, &to).map_err(|error| cannot("write", &to, error))?;
        }
    }
    let permissions = fs::metadata(from).map_err(|error| cannot("read", from, error))?.permissions();
    fs::set_permissions(to, permissions).map_err(|error| cannot("write", to, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// Moves a folder from one place to the other and looks at what has come of it.
    fn moves(from: &Path, to: &Path) {
        let (folder, place) = (from.join("folder"), to.join("place"));
        fs::create_dir_all(folder.join("deep")).unwrap();
        fs::write(folder.join("deep/file"), "text").unwrap();
        fs::set_permissions(folder.join("deep/file"), fs::Permissions::from_mode(0o444)).unwrap();
        symlink("nowhere", folder.join("link")).unwrap();
        fs::write(&place, "in its way").unwrap();
        // What an earlier one left that was cut short.
        fs::create_dir_all(to.join("place.copy/deep")).unwrap();
        fs::write(to.join("place.copy/deep/file"), "te").unwrap();
        move_dir(&folder, &place).unwrap();
        assert_eq!(fs::read_to_string(place.join("deep/file")).unwrap(), "text");
        assert_eq!(fs::metadata(place.join("deep/file")).unwrap().permissions().mode() & 0o777, 0o444);
        assert_eq!(link_target(&place.join("link")), Some(PathBuf::from("nowhere")));
        assert!(!folder.exists());
    }

    #[test]
    fn a_folder_is_moved_here_and_to_another_disk() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        moves(here.path(), there.path());
        let Ok(elsewhere) = tempfile::tempdir_in("/dev/shm") else { return };
        let disk = |path: &Path| fs::metadata(path).unwrap().dev();
        if disk(here.path()) != disk(elsewhere.path()) {
            moves(here.path(), elsewhere.path());
            assert!(!elsewhere.path().join("place.copy").exists());
        }
    }
}
