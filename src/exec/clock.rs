//! The monotonic clock, by which limits and durations are measured. It never tells the time of day.

use std::time::Instant;

/// Monotonic time: a changed clock neither ends a run nor prolongs it.
#[expect(clippy::disallowed_methods, reason = "what is measured here is never decided upon as a date")]
pub fn monotonic_now() -> Instant {
    Instant::now()
}
