//! Logs that have become too long lose their middle: first its room on the disk, while others still add to the end, then the
//! bytes themselves.

use super::{PRIVATE, TEMPORARY, put, sync_dir, temporary};
use crate::sys::error::cannot;
use crate::sys::read::{Links, open_file, open_regular};
use anyhow::Result;
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Frees the room of the bytes between `from` and `to`. The length of the file and all places in it stay; what stood there is
/// read as NUL bytes. Whether the file system can do that.
///
/// # Errors
/// The system's, with path and remedy.
pub fn free(path: &Path, from: u64, to: u64) -> Result<bool> {
    let Some((file, _)) = open_regular(path, OFlags::WRONLY, Mode::empty(), Links::Refuse)? else { return Ok(false) };
    punch(&file.into(), from, to - from).or_else(|error| match error.kind() {
        io::ErrorKind::Unsupported => Ok(false),
        _ => Err(cannot("free a part of", path, error)),
    })
}

#[cfg(target_os = "linux")]
fn punch(file: &File, from: u64, count: u64) -> io::Result<bool> {
    use rustix::fs::FallocateFlags;
    rustix::fs::fallocate(file, FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, from, count)?;
    Ok(true)
}

#[cfg(not(target_os = "linux"))]
fn punch(_: &File, _: u64, _: u64) -> io::Result<bool> {
    Ok(false)
}

/// Leaves of a log of more than `limit` bytes, which nobody adds to any more, the first and the last `kept`, with the line
/// between them that `told` makes of the number of bytes that are gone. Others find the old file or the new one.
///
/// # Errors
/// The system's, with path and remedy; the log is then as it was.
pub fn shorten(path: &Path, limit: u64, kept: u64, told: impl FnOnce(u64) -> String) -> Result<()> {
    let Some(file) = open_file(path)? else { return Ok(()) };
    let failed = |error| cannot("shorten", path, error);
    let length = file.metadata().map_err(failed)?.len();
    if length <= limit {
        return Ok(());
    }
    let mut short = temporary(path.parent().unwrap_or(Path::new(".")), TEMPORARY, PRIVATE).map_err(failed)?;
    let shortened = (|| {
        io::copy(&mut (&file).take(kept), &mut short)?;
        (&file).seek(SeekFrom::Start(length - kept))?;
        let mut end = BufReader::new(&file);
        let cut = end.skip_until(b'\n')? as u64;
        write!(short, "\n{}\n", told(length - 2 * kept + cut))?;
        io::copy(&mut end, &mut short)?;
        short.as_file().sync_all()
    })();
    shortened.map_err(failed)?;
    put(short, path)?;
    sync_dir(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::atomic::tests::{leftovers, mode};
    use std::fs;

    #[test]
    fn a_long_log_loses_its_middle() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        shorten(&path, 20, 8, |_| panic!("there is none")).unwrap();
        fs::write(&path, "one\ntwo\nthree\nfour\n").unwrap();
        shorten(&path, 19, 8, |_| panic!("it is short")).unwrap();
        fs::write(&path, "one\ntwo\nthree\nfour\nfive\n").unwrap();
        shorten(&path, 19, 8, |gone| format!("({gone} bytes)")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n\n(11 bytes)\nfive\n");
        assert_eq!((mode(&path), leftovers(dir.path()).len()), (0o600, 0));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_log_that_grows_gives_room_back() {
        use crate::sys::atomic::open_log;
        use std::os::unix::fs::MetadataExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let mut log = open_log(&path).unwrap();
        log.write_all(&vec![b'x'; 4 << 20]).unwrap();
        if !free(&path, 1 << 20, 3 << 20).unwrap() {
            return;
        }
        log.write_all(b"end").unwrap();
        log.sync_all().unwrap();
        let meta = fs::metadata(&path).unwrap();
        assert_eq!(meta.len(), (4 << 20) + 3);
        assert!(meta.blocks() * 512 < 3 << 20, "{} blocks", meta.blocks());
        let text = fs::read(&path).unwrap();
        assert!(text.ends_with(b"xend") && text[..1 << 20].iter().all(|&byte| byte == b'x') && text[2 << 20] == 0);
    }
}
