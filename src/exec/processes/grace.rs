//! How long the ending of processes may take. It measures; it ends nothing.

use std::time::{Duration, Instant};

use crate::exec::clock::monotonic_now;

/// How long those that are left are killed once no process is given time any more.
const REMAINING: Duration = Duration::from_secs(5);
/// Who stops a run waits for it, 15 s at most, and saving the work takes its part of them.
const ON_DEMAND: (Duration, Duration) = (Duration::from_secs(4), Duration::from_secs(2));

/// One stretch of time that all parts of an ending share: what one part has used up, the next doesn't have.
#[derive(Clone, Copy, Debug)]
pub struct Grace {
    begun: Instant,
    grace: Duration,
    whole: Duration,
}

impl Grace {
    /// Beginning now: `grace` between TERM and KILL, and then some seconds for what can't be killed at once.
    pub fn new(grace: Duration) -> Self {
        Self { begun: monotonic_now(), grace, whole: grace + REMAINING }
    }

    /// Beginning now, for a run that the user waits to see ended, or that nobody carries any more: over within 6 s.
    pub fn on_demand() -> Self {
        let (grace, remaining) = ON_DEMAND;
        Self { begun: monotonic_now(), grace, whole: grace + remaining }
    }

    /// Whether a process that was asked to end may still take its time.
    pub(super) fn lasts(&self) -> bool {
        self.begun.elapsed() < self.grace
    }

    /// Whether even killing what remains has to stop.
    pub(super) fn is_over(&self) -> bool {
        self.left().is_zero()
    }

    /// What is left of the whole.
    pub fn left(&self) -> Duration {
        self.whole.saturating_sub(self.begun.elapsed())
    }
}
