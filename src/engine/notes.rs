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
    /// Notes what a step failed with.
    pub(super) fn failure<T>(&mut self, result: Result<T>) {
        self.failures.extend(result.err().map(|error| format!("{error:#}")));
    }
}
