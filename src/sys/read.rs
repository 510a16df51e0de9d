//! Bounded reads of regular files.
//!
//! A pipe, a device, a directory or a huge file that somebody put in the way is refused and never waited for.
//! A small file costs four system calls: open, fstat, read, close. It never writes.

use super::error::cannot;
use anyhow::{Context, Result};
use rustix::buffer::spare_capacity;
use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::fs::{FileType, Mode, OFlags, Stat};
use rustix::io::{Errno, retry_on_intr};
use serde::de::DeserializeOwned;
use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};

/// The most bytes of a file that are read.
pub const MAX_BYTES: usize = 1 << 20;

/// What stands at a path and is not read, though it is there.
#[derive(Debug)]
pub struct Refused {
    path: PathBuf,
    why: &'static str,
}

impl Refused {
    /// What is the matter with it and what to do, without its path.
    pub fn why(&self) -> &'static str {
        self.why
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.path.display(), self.why)
    }
}

impl std::error::Error for Refused {}

/// Whether a symbolic link at the end of a path is followed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Links {
    Follow,
    Refuse,
}

/// The beginning of a file.
#[derive(Debug, PartialEq, Eq)]
pub struct Head {
    /// Bytes that are not UTF-8 are replaced.
    pub text: String,
    /// Whether it is the whole file.
    pub whole: bool,
    /// How many bytes the whole file has.
    pub size: usize,
}

/// The text of a file that the program keeps; `None` if there is none. Bytes that are not UTF-8 are replaced.
///
/// # Errors
/// [`Refused`] for a symbolic link, for anything but a regular file, and above [`MAX_BYTES`]; else the system's.
pub fn read_text(path: &Path) -> Result<Option<String>> {
    Ok(read_bytes(path)?.map(|(bytes, _)| lossy(bytes)))
}

/// As [`read_text`], for a file that the user keeps and may have linked to, such as the configuration.
///
/// # Errors
/// As for [`read_text`], but a symbolic link is followed.
pub fn read_linked_text(path: &Path) -> Result<Option<String>> {
    Ok(read_linked_bytes(path, MAX_BYTES)?.map(lossy))
}

/// The bytes of a file that may be a link, and has at most `max` of them; `None` if there is none.
///
/// # Errors
/// As for [`read_linked_text`].
pub fn read_linked_bytes(path: &Path, max: usize) -> Result<Option<Vec<u8>>> {
    let Some((file, stat)) = open_regular(path, OFlags::RDONLY, NO_MODE, Links::Follow)? else { return Ok(None) };
    contents(&file, path, bounded(path, &stat, max)?).map(Some)
}

/// What the kernel says in a file of `/proc`, at most `max` bytes; `None` if it says nothing.
pub fn read_proc(path: &str, max: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(max).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Opens a folder, to read what is below it; `None` if there is none.
///
/// # Errors
/// The system's.
pub fn open_folder(path: &Path) -> Result<Option<OwnedFd>> {
    match rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()) {
        Ok(folder) => Ok(Some(folder)),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(cannot("open", path, error)),
    }
}

/// At most the first `max` bytes of a file that the program keeps; `None` if there is none.
///
/// # Errors
/// As for [`read_text`].
pub fn read_head(path: &Path, max: usize) -> Result<Option<Head>> {
    let Some((file, stat)) = open_kept(path)? else { return Ok(None) };
    let size = bounded(path, &stat, MAX_BYTES)?;
    let text = lossy(contents(&file, path, size.min(max))?);
    Ok(Some(Head { text, whole: size <= max, size }))
}

/// At most the last `max` bytes of a file of any size that the program keeps; empty if there is none.
///
/// # Errors
/// As for [`read_text`], but it may be of any size.
pub fn read_tail(path: &Path, max: usize) -> Result<String> {
    let Some((file, stat)) = open_kept(path)? else { return Ok(String::new()) };
    let start = u64::try_from(stat.st_size).unwrap_or(0).saturating_sub(max as u64);
    let mut file = File::from(file);
    let mut bytes = Vec::new();
    let read = file.seek(SeekFrom::Start(start)).and_then(|_| file.take(max as u64).read_to_end(&mut bytes));
    read.map_err(|error| cannot("read", path, error))?;
    Ok(lossy(bytes))
}

/// The value in a JSON file; `None` if there is no file.
///
/// # Errors
/// As for [`read_text`], and text that is no such value: path, line and column.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let Some((bytes, _)) = read_bytes(path)? else { return Ok(None) };
    let json = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let value = serde_json::from_slice(json).with_context(|| format!("{} is not what it should be", path.display()))?;
    Ok(Some(value))
}

/// The value in a JSON file of less than a page that is at `path` below the open folder `folder`, for who reads many that are
/// neighbours: three system calls each, and the way to the folder is walked once. `None` for whatever else is there,
/// [`read_json`] knows what it is.
pub fn read_small_json<T: DeserializeOwned>(folder: BorrowedFd<'_>, path: &str) -> Option<T> {
    let file = retry_on_intr(|| {
        rustix::fs::openat(folder, path, OFlags::RDONLY | never_waiting(Links::Refuse), Mode::empty())
    })
    .ok()?;
    let mut page = [MaybeUninit::uninit(); 4096];
    let (read, rest) = rustix::io::read(&file, &mut page).ok()?;
    // Less than was asked for is the end of a file. What is none has nothing to read, or it wasn't put there by accident.
    if rest.is_empty() { None } else { serde_json::from_str(std::str::from_utf8(read).ok()?).ok() }
}

/// The bytes and the status of a file that the program keeps; `None` if there is none.
pub fn read_bytes(path: &Path) -> Result<Option<(Vec<u8>, Stat)>> {
    let Some((file, stat)) = open_kept(path)? else { return Ok(None) };
    let bytes = contents(&file, path, bounded(path, &stat, MAX_BYTES)?)?;
    Ok(Some((bytes, stat)))
}

/// Opens a file of any size that the program keeps, to read it bit by bit; `None` if there is none.
///
/// # Errors
/// As for [`read_tail`].
pub fn open_file(path: &Path) -> Result<Option<File>> {
    Ok(open_kept(path)?.map(|(file, _)| file.into()))
}

/// As [`open_file`], with its status.
///
/// # Errors
/// As for [`read_tail`].
pub fn open_kept(path: &Path) -> Result<Option<(OwnedFd, Stat)>> {
    open_regular(path, OFlags::RDONLY, NO_MODE, Links::Refuse)
}

/// Text of unknown encoding: bytes that are not UTF-8 are replaced.
pub fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Refuses to write what could not be read back.
pub fn check_size(what: &str, bytes: &[u8]) -> Result<()> {
    anyhow::ensure!(bytes.len() <= MAX_BYTES, "{what} is larger than 1 MiB: shorten it");
    Ok(())
}

/// Opens a regular file and nothing else, never waiting; `mode` is for one that `flags` creates. `None` if there is none.
pub(super) fn open_regular(path: &Path, flags: OFlags, mode: Mode, links: Links) -> Result<Option<(OwnedFd, Stat)>> {
    let opened = retry_on_intr(|| rustix::fs::open(path, flags | never_waiting(links), mode));
    regular(path, opened)
}

/// The bytes of a file in an open folder, as [`read_bytes`] reads them; `path` is for messages.
pub(super) fn read_in(folder: BorrowedFd<'_>, name: &str, path: &Path, max: usize) -> Result<Option<Vec<u8>>> {
    let flags = OFlags::RDONLY | never_waiting(Links::Refuse);
    let opened = retry_on_intr(|| rustix::fs::openat(folder, name, flags, NO_MODE));
    let Some((file, stat)) = regular(path, opened)? else { return Ok(None) };
    contents(&file, path, bounded(path, &stat, max)?).map(Some)
}

fn regular(path: &Path, opened: rustix::io::Result<OwnedFd>) -> Result<Option<(OwnedFd, Stat)>> {
    let refused = |why| Refused { path: path.to_owned(), why };
    let file = match opened {
        Ok(file) => file,
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::LOOP) => return Err(refused("is a symbolic link: put the file itself there").into()),
        Err(Errno::NXIO) => return Err(refused(NOT_REGULAR).into()),
        Err(Errno::ISDIR) => return Err(refused(DIRECTORY).into()),
        Err(error) => return Err(cannot("open", path, error)),
    };
    let stat = rustix::fs::fstat(&file).map_err(|error| cannot("read", path, error))?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Ok(Some((file, stat))),
        FileType::Directory => Err(refused(DIRECTORY).into()),
        _ => Err(refused(NOT_REGULAR).into()),
    }
}

/// How everything is opened: nothing is waited for, and a terminal doesn't become ours.
fn never_waiting(links: Links) -> OFlags {
    let follow = if links == Links::Refuse { OFlags::NOFOLLOW } else { OFlags::empty() };
    OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY | follow
}

const NOT_REGULAR: &str = "is not a regular file: move it away";
const DIRECTORY: &str = "is a directory: move it away";
const OVER_A_MIB: &str = "is larger than 1 MiB: shorten it or move it away";
const TOO_LARGE: &str = "is too large: move it away";

/// Nothing is created.
const NO_MODE: Mode = Mode::empty();

fn bounded(path: &Path, stat: &Stat, max: usize) -> Result<usize, Refused> {
    usize::try_from(stat.st_size)
        .ok()
        .filter(|&size| size <= max)
        .ok_or_else(|| Refused { path: path.to_owned(), why: if max == MAX_BYTES { OVER_A_MIB } else { TOO_LARGE } })
}

/// Reads `size` bytes, fewer if the file has become shorter. The size is known, so nothing is read to see its end.
fn contents(file: &OwnedFd, path: &Path, size: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(size);
    while bytes.len() < size {
        let got = retry_on_intr(|| rustix::io::read(file, spare_capacity(&mut bytes)))
            .map_err(|error| cannot("read", path, error))?;
        if got == 0 {
            break;
        }
    }
    bytes.truncate(size);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::fd::AsFd;

    #[test]
    fn survives_any_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        for (bytes, text) in [
            (&b""[..], ""),
            (b"a\r\nb\r\n", "a\r\nb\r\n"),
            (b"\xef\xbb\xbf# x", "\u{feff}# x"),
            (b"caf\xe9\n", "caf\u{fffd}\n"),
        ] {
            fs::write(&path, bytes).unwrap();
            assert_eq!(read_text(&path).unwrap().as_deref(), Some(text));
        }
        assert_eq!(read_text(&dir.path().join("none")).unwrap(), None);
    }

    #[test]
    fn refuses_what_is_no_small_regular_file_without_waiting() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        assert!(std::process::Command::new("mkfifo").arg(at("fifo")).status().unwrap().success());
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        fs::create_dir(at("dir")).unwrap();
        fs::write(at("big"), vec![b'x'; 2 << 20]).unwrap();
        fs::write(at("file"), "x").unwrap();
        std::os::unix::fs::symlink(at("file"), at("link")).unwrap();
        for (name, word) in [
            ("fifo", "not a regular file"),
            ("socket", "not a regular file"),
            ("dir", "directory"),
            ("big", "1 MiB"),
            ("link", "symbolic link"),
        ] {
            assert_eq!(read_small_json::<u8>(open_folder(dir.path()).unwrap().unwrap().as_fd(), name), None, "{name}");
            for error in [read_text(&at(name)).unwrap_err(), read_head(&at(name), 10).unwrap_err()] {
                let refused = error.downcast_ref::<Refused>().unwrap_or_else(|| panic!("{name}: {error:#}"));
                assert!(refused.to_string().contains(word), "{refused}");
            }
        }
        assert_eq!(read_linked_text(&at("link")).unwrap().as_deref(), Some("x"));
        assert!(read_linked_text(&at("big")).is_err());
    }

    #[test]
    fn heads_and_json() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        fs::write(&path, "\u{feff}[1, 2]").unwrap();
        assert_eq!(read_json::<Vec<u8>>(&path).unwrap(), Some(vec![1, 2]));
        assert_eq!(read_head(&path, 5).unwrap(), Some(Head { text: "\u{feff}[1".to_owned(), whole: false, size: 9 }));
        assert!(read_head(&path, 9).unwrap().unwrap().whole);
        for length in [1, 4_093, 4_094, 4_095, 100_000] {
            let text = "x".repeat(length);
            fs::write(&path, serde_json::to_string(&text).unwrap()).unwrap();
            assert_eq!(read_json(&path).unwrap(), Some(text.clone()), "{length}");
            let small = read_small_json(open_folder(dir.path()).unwrap().unwrap().as_fd(), "x");
            assert_eq!(small, (length < 4_094).then_some(text), "{length}");
        }
        fs::write(&path, "[1,\n oops").unwrap();
        let error = format!("{:#}", read_json::<Vec<u8>>(&path).unwrap_err());
        assert!(error.contains("line 2") && error.contains(&*path.to_string_lossy()), "{error}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn one_read_call_each() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state.json");
        fs::write(&path, "{}").unwrap();
        let read_calls = || -> u64 {
            let io = fs::read_to_string("/proc/thread-self/io").unwrap();
            io.lines().find_map(|line| line.strip_prefix("syscr: ")).unwrap().parse().unwrap()
        };
        let own = read_calls();
        let own = read_calls() - own;
        let before = read_calls();
        for _ in 0..100 {
            read_text(&path).unwrap();
        }
        assert_eq!(read_calls() - before - own, 100);
    }
}
