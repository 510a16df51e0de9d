//! Ways in which a file can be wrong: cut off, decayed, in another encoding, or no file at all.

use crate::{sample, support::Test};
use std::{
    fs::{self, File},
    os::unix::{fs::symlink, net::UnixListener},
    path::Path,
};

/// The contents of a file that has come to harm, and how.
pub struct Damaged {
    /// In words, for the report.
    pub how: String,
    /// What is in the file now.
    pub bytes: Vec<u8>,
}

fn damaged(how: impl Into<String>, bytes: Vec<u8>) -> Damaged {
    Damaged { how: how.into(), bytes }
}

/// The contents cut off at every byte, with one bit of each byte flipped (in the whole sweep with each), and as editors
/// and other systems write them.
pub fn every_way(bytes: &[u8]) -> Vec<Damaged> {
    let mut all: Vec<_> =
        (0..bytes.len()).map(|at| damaged(format!("cut off at {at}"), bytes[..at].to_vec())).collect();
    for at in 0..bytes.len() {
        let own = usize::try_from(sample::seed() % 8).unwrap();
        for bit in (0..8).filter(|bit| sample::is_full() || *bit == (at + own) % 8) {
            let mut flipped = bytes.to_vec();
            flipped[at] ^= 1 << bit;
            all.push(damaged(format!("bit {bit} of byte {at} flipped"), flipped));
        }
    }
    all.extend(encodings(bytes));
    all
}

/// As editors and other systems write it, and with what doesn't belong into a text.
pub fn encodings(bytes: &[u8]) -> Vec<Damaged> {
    let text = String::from_utf8_lossy(bytes);
    let with = |at: usize, what: &[u8]| [&bytes[..at], what, &bytes[at..]].concat();
    vec![
        damaged("with a byte order mark", with(0, b"\xef\xbb\xbf")),
        damaged("with CRLF", text.replace('\n', "\r\n").into_bytes()),
        damaged("with CR alone", text.replace('\n', "\r").into_bytes()),
        damaged("in UTF-16", text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        damaged("not UTF-8 at its beginning", with(0, b"\xff\xfe\xff")),
        damaged("not UTF-8 in its middle", with(bytes.len() / 2, b"\xe9\xf0\x28\x8c\x28\xc0\xaf")),
        damaged("not UTF-8 at its end", with(bytes.len(), b"\xe2\x82")),
        damaged("zeros after a power failure", vec![0; bytes.len()]),
        damaged("with a zero in its middle", with(bytes.len() / 2, b"\0")),
        damaged("twice", bytes.repeat(2)),
        damaged("with a line of a megabyte", with(bytes.len(), "x".repeat((1 << 20) - bytes.len()).as_bytes())),
        damaged("with a long line", with(bytes.len(), "x".repeat(100_000).as_bytes())),
        damaged("nested deeply", b"[".repeat(100_000)),
        damaged("nested deeply otherwise", b"{\"a\":".repeat(50_000)),
    ]
}

/// What stands where a file is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A sparse file of a gigabyte.
    Huge,
    /// A named pipe that nobody writes to.
    Fifo,
    /// A symbolic link to a file of the right contents.
    Link,
    /// A symbolic link to itself.
    Loop,
    /// A directory.
    Directory,
    /// A socket that nobody listens to.
    Socket,
}

impl Thing {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Huge, Self::Fifo, Self::Link, Self::Loop, Self::Directory, Self::Socket];

    /// Puts it at `path`, where it replaces what is there.
    pub fn put(self, test: &Test, path: &Path) {
        let contents = fs::read(path).unwrap_or_default();
        let _ = fs::remove_file(path);
        match self {
            Self::Huge => File::create(path).unwrap().set_len(1 << 30).unwrap(),
            Self::Fifo => {
                let mut command = test.program_command("mkfifo");
                command.arg(path);
                test.finish(command).ok();
            }
            Self::Link => {
                let target = test.root().join("elsewhere");
                fs::write(&target, contents).unwrap();
                symlink(target, path).unwrap();
            }
            Self::Loop => symlink(path, path).unwrap(),
            Self::Directory => fs::create_dir(path).unwrap(),
            Self::Socket => {
                // Its path must be short; it can be moved afterwards.
                let short = test.root().join("s");
                drop(UnixListener::bind(&short).unwrap());
                fs::rename(short, path).unwrap();
            }
        }
    }

    /// Takes it away again.
    pub fn remove(self, path: &Path) {
        let removed = if self == Self::Directory { fs::remove_dir(path) } else { fs::remove_file(path) };
        removed.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}
