//! The monotonic clock, by which limits and durations are measured. It never tells the time of day.

use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

/// What counts on while the machine sleeps.
#[cfg(target_os = "linux")]
const SINCE_BOOT: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const SINCE_BOOT: ClockId = ClockId::Monotonic;

/// Monotonic time: a changed clock neither ends a run nor prolongs it.
#[expect(clippy::disallowed_methods, reason = "what is measured here is never decided upon as a date")]
pub fn monotonic_now() -> Instant {
    Instant::now()
}

/// The time since this machine was booted, with that in which it slept or stood still.
pub fn since_boot() -> Duration {
    clock_gettime(SINCE_BOOT).try_into().unwrap_or_default()
}
