//! What a tick has to say beside its decisions. It only collects.

use anyhow::Result;

/// What there is to say beside the decisions, in sentences.
#[derive(Debug, Default)]
pub struct Notes {
    /// What is changed before anything is decided.
    pub changes: Vec<String>,
    /// Files that are left alone, and why.
    pub problems: Vec<String>,
    /// What couldn't be done.
    pub failures: Vec<String>,
}

impl Notes {
    /// Puts these behind what was noted before them.
    pub(super) fn follow(&mut self, before: Self) {
        self.changes.splice(0..0, before.changes);
        self.problems.splice(0..0, before.problems);
        self.failures.splice(0..0, before.failures);
    }

    /// Notes what a step failed with.
    pub(super) fn failure<T>(&mut self, result: Result<T>) {
        self.failures.extend(result.err().map(|error| format!("{error:#}")));
    }
}
