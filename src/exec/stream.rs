//! Reads claude's output file while it grows.
//!
//! It reads in bounded pieces, keeps at most one line in memory, and never reads a byte twice. An output that becomes too long
//! loses its middle: its room on the disk as soon as it was read, its bytes when nobody writes to it any more. What is free
//! reads as one line of NUL bytes that is too long to be one.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::domain::stream::{self, StreamFacts};
use crate::sys::atomic;
use crate::sys::error::cannot;
use crate::sys::read::open_file;

/// Lines longer than this are skipped whole.
pub const MAX_LINE: usize = 1 << 20;
const PIECE: usize = 64 * 1024;
/// The most that is read at once, so that a flood can't keep the watcher from its other duties.
pub const MAX_AT_ONCE: u64 = 16 << 20;
/// An output that is longer when its run has ended loses its middle.
const MAX_OUTPUT: u64 = 64 << 20;
/// What is kept of its beginning and of its end.
const KEPT: u64 = 28 << 20;
/// How much is given back at once while it grows.
const FREED_AT_ONCE: u64 = 8 << 20;

/// Reads the complete lines of one growing file, each once.
#[derive(Debug)]
pub struct LineReader {
    path: PathBuf,
    file: Option<File>,
    /// How much of the file is read if there is more when it is opened.
    end: u64,
    /// It is opened anew for each read, and gone on with from there.
    reopened_at: Option<u64>,
    line: Vec<u8>,
    skipping: bool,
}

impl LineReader {
    /// Begins at the beginning of the file, which need not exist yet.
    pub fn new(path: &Path) -> Self {
        Self::near_end(path, u64::MAX)
    }

    /// Begins no more than `end` bytes before the end of the file, with the first line that begins after that.
    pub fn near_end(path: &Path, end: u64) -> Self {
        Self { path: path.to_owned(), file: None, end, reopened_at: None, line: Vec::new(), skipping: false }
    }

    /// Hands every line that was completed since the last call to `on_line`, and returns how many bytes were read.
    ///
    /// 0 means that there was nothing new. At most 16 MiB are read at once.
    pub fn read_new(&mut self, on_line: impl FnMut(&str)) -> Result<u64> {
        self.read_up_to(MAX_AT_ONCE, on_line)
    }

    /// The same, but with the first piece that makes it `max` bytes it comes back.
    pub fn read_up_to(&mut self, max: u64, mut on_line: impl FnMut(&str)) -> Result<u64> {
        let Some(mut file) = self.take_file()? else { return Ok(0) };
        let mut piece = vec![0; PIECE];
        let mut read = 0;
        while read < max {
            match file.read(&mut piece) {
                Ok(0) => break,
                Ok(count) => {
                    self.take_in(&piece[..count], &mut on_line);
                    read += count as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(cannot("read", &self.path, error)),
            }
        }
        match &mut self.reopened_at {
            Some(at) => *at += read,
            None => self.file = Some(file),
        }
        Ok(read)
    }

    /// Reads to the end of a file that no longer grows; what stands after the last newline counts as a line too.
    pub fn finish(&mut self, mut on_line: impl FnMut(&str)) -> Result<()> {
        while self.read_new(&mut on_line)? > 0 {}
        self.end_line(&mut on_line);
        Ok(())
    }

    /// The open file at the offset; `None` while there is none.
    fn take_file(&mut self) -> Result<Option<File>> {
        if let Some(file) = self.file.take() {
            return Ok(Some(file));
        }
        let Some(mut file) = open_file(&self.path)? else { return Ok(None) };
        if let Some(at) = self.reopened_at {
            file.seek(SeekFrom::Start(at)).map_err(|error| cannot("read", &self.path, error))?;
            return Ok(Some(file));
        }
        let length = file.metadata().map_or(0, |meta| meta.len());
        if length > self.end {
            self.skipping = true;
            file.seek(SeekFrom::Start(length - self.end)).map_err(|error| cannot("read", &self.path, error))?;
        }
        Ok(Some(file))
    }

    fn take_in(&mut self, mut bytes: &[u8], on_line: &mut impl FnMut(&str)) {
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            self.append(&bytes[..end]);
            self.end_line(on_line);
            bytes = &bytes[end + 1..];
        }
        self.append(bytes);
    }

    fn append(&mut self, bytes: &[u8]) {
        if self.skipping || self.line.len() + bytes.len() > MAX_LINE {
            self.skipping = true;
            self.line = Vec::new();
        } else {
            self.line.extend_from_slice(bytes);
        }
    }

    fn end_line(&mut self, on_line: &mut impl FnMut(&str)) {
        if !self.skipping && !self.line.is_empty() {
            on_line(&String::from_utf8_lossy(&self.line));
        }
        self.skipping = false;
        self.line.clear();
    }
}

/// Gathers from a growing output what the judgement needs.
#[derive(Debug)]
pub struct StreamReader {
    lines: LineReader,
    facts: StreamFacts,
    /// How many bytes were read.
    read: u64,
    /// Up to where the middle was given back; none any more where that isn't possible.
    freed: Option<u64>,
}

impl StreamReader {
    /// Begins at the beginning of the file, which need not exist yet.
    pub fn new(path: &Path) -> Self {
        Self { lines: LineReader::new(path), facts: StreamFacts::default(), read: 0, freed: Some(KEPT) }
    }

    /// The same of a file that another machine writes: what an open one says of its length may be old.
    pub fn of_shared(path: &Path) -> Self {
        let mut reader = Self::new(path);
        reader.lines.reopened_at = Some(0);
        reader
    }

    /// Takes in what is new and returns how many bytes that was.
    pub fn read_new(&mut self) -> Result<u64> {
        let read = self.lines.read_new(|line| self.facts.add_line(line))?;
        self.read += read;
        Ok(read)
    }

    /// Gives back the room of what was read and is neither of the beginning nor of the end.
    pub fn free_middle(&mut self) {
        let to = self.read.saturating_sub(KEPT);
        let Some(from) = self.freed.filter(|freed| to >= freed + FREED_AT_ONCE) else { return };
        self.freed = match atomic::free(&self.lines.path, from, to) {
            Ok(true) => Some(to),
            Ok(false) => None,
            Err(error) => {
                tracing::warn!("{error:#}");
                None
            }
        };
    }

    /// Takes in the rest of an output that no longer grows.
    pub fn finish(&mut self) -> Result<()> {
        self.lines.finish(|line| self.facts.add_line(line))
    }

    /// What was said so far.
    pub fn facts(&self) -> &StreamFacts {
        &self.facts
    }
}

/// How many bytes of an output of this length go.
pub fn excess(length: u64) -> u64 {
    if length > MAX_OUTPUT { length - 2 * KEPT } else { 0 }
}

/// Takes the middle out of an output, or of what claude wrote to stderr, that nobody adds to any more, if it is too long.
pub fn shorten(path: &Path) -> Result<()> {
    atomic::shorten(path, MAX_OUTPUT, KEPT, stream::dropped_line)
}

/// The facts of a whole output that no longer grows. There are none in a file that doesn't exist.
pub fn read_facts(path: &Path) -> Result<StreamFacts> {
    let mut reader = StreamReader::new(path);
    reader.finish()?;
    Ok(reader.facts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn lines_are_handed_out_once_and_only_when_complete() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("output.jsonl");
        let mut reader = LineReader::new(&path);
        let mut seen = Vec::new();
        assert_eq!(reader.read_new(|line| seen.push(line.to_owned())).unwrap(), 0);
        let mut file = File::create(&path).unwrap();
        for (text, expected) in [("one\ntw", vec!["one"]), ("", vec![]), ("o\n\nthr\u{e9}", vec!["two"]), ("e", vec![])]
        {
            file.write_all(text.as_bytes()).unwrap();
            seen.clear();
            assert_eq!(reader.read_new(|line| seen.push(line.to_owned())).unwrap(), text.len() as u64);
            assert_eq!(seen, expected);
        }
        reader.finish(|line| seen.push(line.to_owned())).unwrap();
        assert_eq!(seen, ["thr\u{e9}e"]);
        assert_eq!(reader.read_new(|_| panic!("read twice")).unwrap(), 0);
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("output.jsonl");
        let long = "x".repeat(MAX_LINE + 1);
        let fits = "y".repeat(MAX_LINE);
        std::fs::write(&path, format!("{long}\n{fits}\nbad \u{0}\n{long}")).unwrap();
        let mut seen = Vec::new();
        LineReader::new(&path).finish(|line| seen.push(line.len())).unwrap();
        assert_eq!(seen, [MAX_LINE, 5]);
    }

    #[test]
    fn what_was_freed_is_no_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("output.jsonl");
        std::fs::write(&path, [&b"one\ntw"[..], &vec![0; 3 << 20], b"x\nthree\n"].concat()).unwrap();
        let mut seen = Vec::new();
        LineReader::new(&path).finish(|line| seen.push(line.to_owned())).unwrap();
        assert_eq!(seen, ["one", "three"]);
        assert_eq!([excess(MAX_OUTPUT), excess(MAX_OUTPUT + 1)], [0, MAX_OUTPUT + 1 - 2 * KEPT]);
    }

    #[test]
    fn facts_of_a_recorded_output() {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/claude/overloaded.jsonl");
        let facts = read_facts(&data).unwrap();
        let mut shared = StreamReader::of_shared(&data);
        while shared.read_new().unwrap() > 0 {}
        shared.finish().unwrap();
        assert_eq!(*shared.facts(), facts);
        assert!(facts.result.unwrap().is_error);
        assert_eq!(facts.api_retry.unwrap().status, Some(529));
        assert_eq!(read_facts(Path::new("/no/such/file")).unwrap(), StreamFacts::default());
    }
}
