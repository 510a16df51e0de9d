//! The keeper's side of the two heartbeats, and of all that may end its run: looked at once a second beside the watching, so that
//! a folder that hangs for a while holds up neither.

use crate::domain::outcome::Stopped;
use crate::domain::runner::files::LaunchOrder;
use crate::domain::runner::heartbeat::{Heartbeat, beat_every};
use crate::domain::state::AgentState;
use crate::exec::clock::since_boot;
use crate::store::paths::RunPaths;
use crate::sys::{atomic, read};
use anyhow::{Context, Result};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What is told and heard through the folder of a run.
pub(super) struct Beats<'a> {
    files: &'a RunPaths,
    order: &'a LaunchOrder,
    /// Becomes true when the machine wants the run to end.
    told: &'a AtomicBool,
    heard: Mutex<Heard>,
}

#[derive(Debug)]
struct Heard {
    lease: Heartbeat,
    /// Once it is to end, it stays so.
    stopped: Option<Stopped>,
    /// How often `alive` was changed.
    beats: u64,
    last_beat: Duration,
}

impl<'a> Beats<'a> {
    /// With a first look and a first beat.
    pub fn new(files: &'a RunPaths, order: &'a LaunchOrder, told: &'a AtomicBool) -> Result<Self> {
        let now = since_boot();
        let heard = Heard { lease: Heartbeat::new(now), stopped: None, beats: 0, last_beat: now };
        let beats = Self { files, order, told, heard: Mutex::new(heard) };
        beats.look();
        beats.beat(now)?;
        Ok(beats)
    }

    /// Looks and beats for as long as `work` takes.
    pub fn beating<T>(&self, work: impl FnOnce() -> T) -> T {
        thread::scope(|scope| {
            let (done, end) = mpsc::channel::<()>();
            scope.spawn(move || {
                while end.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
                    self.look();
                    let now = since_boot();
                    if now.saturating_sub(self.heard().last_beat) >= beat_every(self.order.lease_seconds)
                        && let Err(error) = self.beat(now)
                    {
                        tracing::warn!("{error:#}");
                    }
                }
            });
            let result = work();
            drop(done);
            result
        })
    }

    /// Why the run is to end, as far as is known by now.
    pub fn stopped(&self) -> Option<Stopped> {
        let mut heard = self.heard();
        if heard.stopped.is_none() {
            let is_abandoned = self.is_too_long(&heard, since_boot());
            let is_told = self.told.load(Ordering::Relaxed);
            heard.stopped = is_told.then_some(Stopped::Cancelled).or(is_abandoned.then_some(Stopped::Abandoned));
        }
        heard.stopped
    }

    fn is_too_long(&self, heard: &Heard, now: Duration) -> bool {
        heard.lease.silence(now) >= Duration::from_secs(self.order.lease_seconds.into())
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self) {
        let now = since_boot();
        // What is new now doesn't say whether it was in time: a machine that stood still for so long is given up.
        if self.is_too_long(&self.heard(), now) {
            self.heard().stopped.get_or_insert(Stopped::Abandoned);
        }
        // On a network's disk, opening a folder is what makes its changes seen.
        drop(read::open_folder(self.files.dir()));
        let stopped = self.told_to_stop().or_else(|| self.is_replaced().then_some(Stopped::Abandoned));
        let lease = text(&self.files.lease());
        let mut heard = self.heard();
        heard.stopped = heard.stopped.or(stopped);
        heard.lease.observe(lease, now);
    }

    /// What the supervisor wants; a reason that nobody knows is no less a wish.
    fn told_to_stop(&self) -> Option<Stopped> {
        Some(text(&self.files.stop())?.trim().parse().unwrap_or(Stopped::Interrupted))
    }

    /// Whether the agent is known to be at something else. What can't be read says nothing.
    fn is_replaced(&self) -> bool {
        let state = read::read_json::<AgentState>(&self.order.state).ok().flatten();
        state.is_some_and(|state| state.run_id.as_ref() != Some(&self.order.run_id))
    }

    fn beat(&self, now: Duration) -> Result<()> {
        let beats = {
            let mut heard = self.heard();
            heard.beats += 1;
            heard.last_beat = now;
            heard.beats
        };
        let path = self.files.alive();
        atomic::write(&path, format!("{beats}\n").as_bytes()).with_context(|| format!("beat {beats}"))
    }
}

fn text(path: &Path) -> Option<String> {
    read::read_text(path).ok().flatten()
}
