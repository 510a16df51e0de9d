//! Watches one claude from its start to the end of the last process that it left.
//!
//! It measures and stops; what an end means for the task is judged elsewhere. It wakes up once a second at most and
//! needs the same memory for any length of output.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::domain::outcome::{Exit, Stopped};
use crate::domain::run::Limits;
use crate::domain::state::ProcessId;
use crate::domain::stream::StreamFacts;
use crate::exec::claude::Process;
use crate::exec::clock::monotonic_now;
use crate::exec::command::{self, Awaited};
use crate::exec::processes::{self, Family, Grace};
use crate::exec::stream::StreamReader;

const WAKE_UP: Duration = Duration::from_secs(1);
/// How often orphans that have ended are taken out of the process table, in wake-ups.
const REAP_EVERY: u32 = 30;
/// What is left after an orderly end is given this long between TERM and KILL.
const LEFTOVER_GRACE: Duration = Duration::from_secs(1);
/// How long a killed child may take to be gone from the process table.
const EXIT_DELAY: Duration = Duration::from_secs(5);

fn exit(status: ExitStatus) -> Exit {
    Exit { code: status.code(), signal: status.signal() }
}

/// What was seen of a run. What it said is in the reader that was given to [`watch`].
#[derive(Clone, Debug)]
pub struct Watched {
    /// How claude ended.
    pub exit: Exit,
    /// Why it was stopped; `None` if it ended by itself.
    pub stopped: Option<Stopped>,
    /// How long it ran.
    pub duration: Duration,
    /// Its processes that are beyond reach.
    pub left: Vec<ProcessId>,
}

/// A flag that becomes true when this process is told to end (TERM, INT or HUP), instead of its end. Programs that wait
/// for a network are then cut short.
pub fn stop_on_signals() -> io::Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&flag))?;
    }
    command::end_early(&flag);
    Ok(flag)
}

/// Waits for claude, stops it at a limit or when `stop`, asked once a second with what was said so far, says why, and ends all
/// that it leaves.
///
/// `tag` is the variable (name, value) that only this run's processes carry. In a subreaper everything below this
/// process is taken for the run's, so nothing else may be started meanwhile. When it returns, two looks have found
/// none of the run's processes, but for those that are beyond reach, which are logged.
pub fn watch(
    started: Process,
    limits: &Limits,
    tag: (&str, &str),
    stop: &dyn Fn(&StreamFacts) -> Option<Stopped>,
    output: &mut StreamReader,
) -> Watched {
    let begun = monotonic_now();
    let Process { child, id } = started;
    let family = Family { leader: Some(&id), tag: Some(tag), own_descendants: processes::is_subreaper() };
    let mut child = Awaited::new(child);
    let (status, stopped, grace) = match until_end_or_limit(&mut child, limits, stop, output, id.pid) {
        Finish::Ended(status) => (Some(status), None, Grace::new(LEFTOVER_GRACE)),
        Finish::Stop(cause) => {
            tracing::info!(?cause, pid = id.pid, "stopping the run");
            let grace = if cause.is_urgent() { Grace::on_demand() } else { Grace::new(limits.grace) };
            processes::end(&family, &grace);
            (child.wait(EXIT_DELAY.min(grace.left())).ok().flatten(), Some(cause), grace)
        }
    };
    let duration = begun.elapsed();
    let left = processes::end(&family, &grace).left;
    if !left.is_empty() {
        tracing::warn!(?left, "processes of the run are beyond reach");
    }
    if let Err(error) = output.finish() {
        tracing::warn!(%error, "the output can't be read to its end");
    }
    Watched { exit: status.map(exit).unwrap_or_default(), stopped, duration, left }
}

enum Finish {
    Ended(ExitStatus),
    Stop(Stopped),
}

fn until_end_or_limit(
    awaited: &mut Awaited,
    limits: &Limits,
    stop: &dyn Fn(&StreamFacts) -> Option<Stopped>,
    output: &mut StreamReader,
    child: u32,
) -> Finish {
    let begun = monotonic_now();
    let mut last_heard = begun;
    for wake_up in 1u32.. {
        // If it can't be waited for, its process still tells when it is over.
        if let Ok(Some(status)) = awaited.wait(WAKE_UP) {
            return Finish::Ended(status);
        }
        match output.read_new() {
            Ok(0) => {}
            Ok(_) => last_heard = monotonic_now(),
            Err(error) => tracing::debug!(%error, "the output can't be read"),
        }
        output.free_middle();
        if wake_up % REAP_EVERY == 0 {
            processes::reap_orphans(Some(child));
        }
        if let Some(cause) = due_stop(limits, stop, output, begun, last_heard) {
            return Finish::Stop(cause);
        }
    }
    Finish::Stop(Stopped::TimedOut)
}

fn due_stop(
    limits: &Limits,
    stop: &dyn Fn(&StreamFacts) -> Option<Stopped>,
    output: &StreamReader,
    begun: Instant,
    last_heard: Instant,
) -> Option<Stopped> {
    let silent = last_heard.elapsed();
    if let Some(cause) = stop(output.facts()) {
        Some(cause)
    } else if output.facts().result.is_some() && silent >= limits.after_result {
        Some(Stopped::Lingered)
    } else if begun.elapsed() >= limits.timeout {
        Some(Stopped::TimedOut)
    } else if limits.stall.is_some_and(|stall| silent >= stall) {
        Some(Stopped::Stalled)
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
