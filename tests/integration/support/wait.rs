//! Waiting for something with a deadline, never for a fixed time.

use super::Test;
use std::{
    thread,
    time::{Duration, Instant},
};

/// How long a test waits for what must come: generous, since the machine may be slow and busy.
pub const DEADLINE: Duration = Duration::from_secs(300);

impl Test {
    /// Waits until `done` says so; fails with `what` after [`DEADLINE`].
    #[track_caller]
    pub fn wait_until(&self, what: &str, done: impl FnMut() -> bool) -> &Self {
        self.wait_at_most(DEADLINE, what, done)
    }

    /// Waits until `done` says so; fails with `what` after `deadline`.
    #[track_caller]
    pub fn wait_at_most(&self, deadline: Duration, what: &str, mut done: impl FnMut() -> bool) -> &Self {
        let since = Instant::now();
        let mut pause = Duration::from_millis(10);
        while !done() {
            assert!(since.elapsed() < deadline, "waited {deadline:?} in vain for: {what}\n{:#?}", self.leftovers());
            thread::sleep(pause);
            // What takes long may be seen late; a look at all processes costs more than a run's own work.
            pause = (pause * 3 / 2).min(Duration::from_millis(100));
        }
        self
    }

    /// Waits until every agent is idle and no process of this test is left.
    #[track_caller]
    pub fn wait_quiet(&self) -> &Self {
        self.wait_until("every agent idle, every process gone", || self.all_idle() && self.leftovers().is_empty())
    }

    /// Whether every state.json says idle.
    pub fn all_idle(&self) -> bool {
        // The Python system knows no phase.
        let is_idle = |state: serde_json::Value| state["phase"] == "idle" || state["running"] == false;
        self.agents_with_state().iter().all(|agent| is_idle(self.state(agent)))
    }
}
