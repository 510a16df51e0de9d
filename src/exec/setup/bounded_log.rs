//! What a command prints, on its way to a log that can't fill the disk: its beginning as it comes, of all that follows the end.

use std::fs::File;
use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

/// What is written as it comes.
const BEGINNING: usize = 4 << 20;
/// What is kept of the rest.
const END: usize = 256 << 10;
/// How long is waited for what was still on its way. Whoever holds the pipe open longer escaped, or can't be ended.
const PATIENCE: Duration = Duration::from_secs(5);

pub struct BoundedLog {
    ended: Receiver<io::Result<()>>,
}

impl BoundedLog {
    /// Where the command is to write to. It comes to its end when nobody has that open any more.
    pub fn begin(log: File) -> io::Result<(PipeWriter, Self)> {
        let (reader, writer) = io::pipe()?;
        let (sender, ended) = mpsc::channel();
        thread::Builder::new().spawn(move || sender.send(copy(reader, log)))?;
        Ok((writer, Self { ended }))
    }

    /// Waits until everything is in the log.
    ///
    /// # Errors
    /// It can't be written.
    pub fn end(self) -> io::Result<()> {
        self.ended.recv_timeout(PATIENCE).unwrap_or(Ok(()))
    }
}

fn copy(mut from: PipeReader, mut log: File) -> io::Result<()> {
    let (mut piece, mut room) = (vec![0; 64 << 10], BEGINNING);
    let (mut end, mut left_out) = (Vec::new(), 0);
    loop {
        let count = match from.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let (now, later) = piece[..count].split_at(count.min(room));
        log.write_all(now)?;
        room -= now.len();
        end.extend_from_slice(later);
        if end.len() > 2 * END {
            left_out += end.drain(..end.len() - END).len();
        }
    }
    left_out += end.drain(..end.len().saturating_sub(END)).len();
    if left_out > 0 {
        writeln!(log, "\n({left_out} bytes are left out here)")?;
    }
    log.write_all(&end)
}
