//! How many tasks came, went and waited.

use super::{Life, Period};

/// Counts for each piece of a period.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    pub added: Vec<f64>,
    pub done: Vec<f64>,
    pub failed: Vec<f64>,
    /// Neither done nor failed when the piece was over.
    pub open: Vec<f64>,
}

/// What the lives of tasks come to. A task whose creation isn't known was there from the first.
pub fn flow(tasks: &[Life], period: &Period) -> Flow {
    let ended = |is_done: bool| {
        let ends = tasks.iter().filter_map(|task| task.end.as_ref()).filter(move |end| end.is_done == is_done);
        period.sums(ends.map(|end| (end.at, 1.0)))
    };
    let open_at = |at| {
        let is_open = |task: &&Life| {
            task.created.is_none_or(|created| created <= at) && task.end.as_ref().is_none_or(|end| end.at > at)
        };
        tasks.iter().filter(is_open).count() as f64
    };
    Flow {
        added: period.sums(tasks.iter().filter_map(|task| Some((task.created?, 1.0)))),
        done: ended(true),
        failed: ended(false),
        open: period.ends().map(open_at).collect(),
    }
}
