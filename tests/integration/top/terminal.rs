//! A pseudo terminal: a command that believes a person sits before it, who sees the screen and types.

use crate::support::Test;
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{Mode, OFlags},
    io::{FdFlags, fcntl_setfd},
    process::{Pid, Signal, kill_process},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcgetattr, tcsetwinsize},
};
use std::{
    fs::File,
    io::{Read, Write},
    process::{Child, Command, ExitStatus},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// The person's side of a terminal, and the command on the other.
pub struct Terminal {
    child: Child,
    keyboard: File,
    slave: File,
    seen: Arc<Mutex<Vec<u8>>>,
    gone: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
    before: String,
}

impl Test {
    /// Starts a command on a terminal of 80 by 24.
    pub fn on_terminal(&self, mut command: Command) -> Terminal {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        // Held by nobody else, the command least of all: it goes when this side goes.
        fcntl_setfd(&master, FdFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let slave = File::from(rustix::fs::open(&*name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap());
        tcsetwinsize(&slave, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let before = modes(&slave);
        let side = || slave.try_clone().unwrap();
        let child = command.stdin(side()).stdout(side()).stderr(side()).spawn().unwrap();
        let keyboard = File::from(master);
        let seen: Arc<Mutex<Vec<u8>>> = Arc::default();
        let mut screen = keyboard.try_clone().unwrap();
        let gone: Arc<AtomicBool> = Arc::default();
        let (all, is_gone) = (Arc::clone(&seen), Arc::clone(&gone));
        let reader = thread::spawn(move || {
            let mut piece = [0; 4096];
            let pause = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
            while !is_gone.load(Ordering::Relaxed) {
                match poll(&mut [PollFd::new(&screen, PollFlags::IN)], Some(&pause)) {
                    Ok(0) | Err(_) => continue,
                    Ok(_) => {}
                }
                let Ok(count @ 1..) = screen.read(&mut piece) else { return };
                all.lock().unwrap().extend_from_slice(&piece[..count]);
            }
        });
        Terminal { child, keyboard, slave, seen, gone, reader: Some(reader), before }
    }
}

/// Everything that a program can set on a terminal, but for its size.
fn modes(terminal: &File) -> String {
    format!("{:?}", tcgetattr(terminal).unwrap())
}

/// What is printed, without blanks.
fn without_escapes(text: &str) -> String {
    let mut pieces = text.split("\u{1b}[");
    let first = pieces.next().unwrap_or_default();
    let rest = pieces.map(|piece| piece.split_once(|c: char| ('@'..='~').contains(&c)).map_or("", |(_, text)| text));
    std::iter::once(first).chain(rest).flat_map(str::split_whitespace).collect()
}

impl Terminal {
    /// Presses keys.
    pub fn types(&mut self, keys: &str) -> &mut Self {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self
    }

    /// Waits until the command has written these words since they were waited for the last time. Blanks don't count: a cell
    /// that is blank already isn't written.
    #[track_caller]
    pub fn shows(&mut self, words: &str) -> &mut Self {
        let wanted: String = words.split_whitespace().collect();
        self.writes(words, |text| without_escapes(text).contains(&wanted))
    }

    /// Waits until the command has gone back to the page that was there before.
    #[track_caller]
    pub fn gives_back(&mut self) -> &mut Self {
        self.writes("the end of its page", |text| text.contains("\u{1b}[?1049l"))
    }

    #[track_caller]
    fn writes(&mut self, what: &str, is_there: impl Fn(&str) -> bool) -> &mut Self {
        let deadline = Instant::now() + Duration::from_secs(300);
        loop {
            let shown = String::from_utf8_lossy(&self.seen.lock().unwrap()).into_owned();
            if is_there(&shown) {
                self.seen.lock().unwrap().clear();
                return self;
            }
            assert!(Instant::now() < deadline, "the terminal never showed {what:?} but {shown:?}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends the command a signal.
    pub fn is_told(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Reads nothing more, until the command waits for what it writes to be read.
    pub fn is_stuck(&mut self) {
        self.stops_reading();
        let deadline = Instant::now() + Duration::from_secs(300);
        for turn in 0.. {
            // Another size: everything is drawn anew.
            tcsetwinsize(&self.slave, Winsize { ws_row: 60, ws_col: 200 + turn % 2, ws_xpixel: 0, ws_ypixel: 0 })
                .unwrap();
            self.is_told(Signal::WINCH);
            thread::sleep(Duration::from_millis(20));
            if matches!(poll(&mut [PollFd::new(&self.slave, PollFlags::OUT)], Some(&Timespec::default())), Ok(0)) {
                return;
            }
            assert!(Instant::now() < deadline, "the terminal takes all that is written");
        }
    }

    fn stops_reading(&mut self) {
        self.gone.store(true, Ordering::Relaxed);
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
    }

    /// Closes the person's side, as a window does that is closed.
    pub fn goes_away(&mut self) {
        self.stops_reading();
        self.keyboard = File::open("/dev/null").unwrap();
    }

    /// Whether the terminal is as it was before the command.
    pub fn is_as_before(&self) -> bool {
        modes(&self.slave) == self.before
    }

    /// Waits for the end of the command.
    #[track_caller]
    pub fn ends(&mut self) -> ExitStatus {
        let deadline = Instant::now() + Duration::from_secs(300);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "the command doesn't end");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
