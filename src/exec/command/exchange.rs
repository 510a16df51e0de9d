//! What goes into a program and comes out of it while it runs, without a thread for each.
//!
//! It never waits longer than it is told to, and keeps a bounded part of each output.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::{Errno, retry_on_intr};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{Child, ChildStdin};
use std::time::Duration;

use crate::exec::clock::monotonic_now;

/// How long output is still awaited once the program has ended: a background process may hold the pipe for ever.
const DRAIN: Duration = Duration::from_millis(500);
/// How much is read at once: a quarter of what a pipe holds.
const PIECE: usize = 16 << 10;

/// The pipes of one program.
pub(super) struct Exchange<'a> {
    /// What is left of its input; `None` once all was written, or it doesn't read on.
    input: Option<(ChildStdin, &'a [u8])>,
    stdout: Output,
    stderr: Output,
    piece: Vec<u8>,
}

impl<'a> Exchange<'a> {
    /// Takes over the pipes of `child`. At most `limit` bytes are kept of each output.
    pub(super) fn new(child: &mut Child, input: Option<&'a [u8]>, limit: usize) -> io::Result<Self> {
        let input = child.stdin.take().zip(input);
        if let Some((pipe, _)) = &input {
            // A program that doesn't read must not hold up the reading of what it says.
            fcntl_setfl(pipe, fcntl_getfl(pipe)? | OFlags::NONBLOCK)?;
        }
        Ok(Self {
            input,
            stdout: Output::new(child.stdout.take().map(OwnedFd::from), limit, Keep::First),
            stderr: Output::new(child.stderr.take().map(OwnedFd::from), limit, Keep::Last),
            piece: vec![0; PIECE],
        })
    }

    /// Waits until anything can be done, at most so long, and does it. Says whether `ended` has become readable.
    pub(super) fn step(&mut self, ended: Option<BorrowedFd<'_>>, most: Duration) -> io::Result<bool> {
        let watched = [
            ended.map(|ended| (ended, PollFlags::IN)),
            self.input.as_ref().map(|(pipe, _)| (pipe.as_fd(), PollFlags::OUT)),
            self.stdout.pipe.as_ref().map(|pipe| (pipe.as_fd(), PollFlags::IN)),
            self.stderr.pipe.as_ref().map(|pipe| (pipe.as_fd(), PollFlags::IN)),
        ];
        let mut polled: Vec<_> =
            watched.iter().flatten().map(|(fd, flags)| PollFd::from_borrowed_fd(*fd, *flags)).collect();
        match poll(&mut polled, Timespec::try_from(most).ok().as_ref()) {
            Err(Errno::INTR) => return Ok(false),
            result => result?,
        };
        let mut ready = polled.iter().map(|fd| !fd.revents().is_empty());
        let [has_ended, takes, says, complains] =
            watched.map(|fd| fd.is_some() && ready.next().is_some_and(|ready| ready));
        if takes {
            self.feed();
        }
        if says {
            self.stdout.read(&mut self.piece);
        }
        if complains {
            self.stderr.read(&mut self.piece);
        }
        Ok(has_ended)
    }

    fn feed(&mut self) {
        let Some((pipe, rest)) = &mut self.input else { return };
        match retry_on_intr(|| rustix::io::write(&*pipe, rest)) {
            Ok(written) => *rest = &rest[written..],
            Err(Errno::AGAIN) => {}
            // A program that doesn't read its input is its own affair; its exit code tells.
            Err(_) => *rest = &[],
        }
        if rest.is_empty() {
            self.input = None;
        }
    }

    /// What the program, which has ended, said and complained, and whether there was more of the first.
    pub(super) fn finish(mut self) -> io::Result<(Vec<u8>, bool, Vec<u8>)> {
        self.input = None;
        let begun = monotonic_now();
        while self.stdout.pipe.is_some() || self.stderr.pipe.is_some() {
            let Some(left) = DRAIN.checked_sub(begun.elapsed()) else { break };
            self.step(None, left)?;
        }
        let (stdout, is_cut) = self.stdout.kept();
        Ok((stdout, is_cut, self.stderr.kept().0))
    }
}

#[derive(Clone, Copy)]
enum Keep {
    First,
    Last,
}

/// One output and the part of it that is kept.
struct Output {
    /// `None` once all was read.
    pipe: Option<OwnedFd>,
    limit: usize,
    keep: Keep,
    kept: Vec<u8>,
    is_cut: bool,
}

impl Output {
    fn new(pipe: Option<OwnedFd>, limit: usize, keep: Keep) -> Self {
        Self { pipe, limit, keep, kept: Vec::new(), is_cut: false }
    }

    fn read(&mut self, piece: &mut [u8]) {
        let read = self.pipe.as_ref().and_then(|pipe| retry_on_intr(|| rustix::io::read(pipe, &mut *piece)).ok());
        match read {
            Some(read @ 1..) => self.append(&piece[..read]),
            _ => self.pipe = None,
        }
    }

    fn append(&mut self, bytes: &[u8]) {
        match self.keep {
            Keep::First => {
                let room = self.limit.saturating_sub(self.kept.len()).min(bytes.len());
                self.kept.extend_from_slice(&bytes[..room]);
                self.is_cut |= room < bytes.len();
            }
            Keep::Last => {
                // What is too much goes now and then only, for what stays is moved each time.
                if self.kept.len() > 2 * self.limit {
                    self.cut_beginning();
                }
                self.kept.extend_from_slice(bytes);
            }
        }
    }

    fn cut_beginning(&mut self) {
        let excess = self.kept.len().saturating_sub(self.limit);
        self.kept.drain(..excess);
        self.is_cut |= excess > 0;
    }

    /// The part that is kept, and whether there was more.
    fn kept(mut self) -> (Vec<u8>, bool) {
        self.cut_beginning();
        (self.kept, self.is_cut)
    }
}
