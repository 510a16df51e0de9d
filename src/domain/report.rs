//! The report: a stretch of time in numbers and drawings, for one page that needs nothing but itself.
//!
//! It reads nothing, and knows neither the clock nor the zone: all there is to say is handed in. Whatever text gets into the
//! page passes through the one place that makes it harmless (`render`).

mod chart;
mod lead;
mod period;
mod render;
mod throughput;
mod timeline;

pub use chart::{Measure, Series, draw};
pub use lead::lead;
pub use period::Period;
pub use render::render;
pub use throughput::flow;
pub use timeline::{Bar, Day, Stretch};

use super::name::Name;
use super::time::Time;

/// A task from its creation to its end.
#[derive(Clone, Debug)]
pub struct Life {
    pub id: Name,
    pub title: String,
    pub created: Option<Time>,
    pub end: Option<End>,
}

/// How and when a task ended.
#[derive(Clone, Debug)]
pub struct End {
    pub at: Time,
    pub is_done: bool,
    /// What came of it, or why it failed.
    pub words: String,
    pub pull_request: Option<u64>,
    /// When that was merged, as far as a coordinator saw it.
    pub merged_at: Option<Time>,
}

impl Life {
    /// From its creation until its work had landed: was merged, or done where nobody looks after a pull request.
    pub fn lead_seconds(&self) -> Option<i64> {
        let end = self.end.as_ref().filter(|end| end.is_done)?;
        Some((end.merged_at.unwrap_or(end.at) - self.created?).num_seconds().max(0))
    }
}

#[cfg(test)]
mod tests;
