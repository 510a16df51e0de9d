//! Gatekeeping: what is known of a pull request, which checks it needs, and what they add up to.
//!
//! Pure rules over values. It never asks GitHub, never opens a file, and never judges code itself.

mod check;
mod due;
mod labels;
mod meta;
mod observe;
mod report;
mod verdict;
mod verdict_failure;

pub use check::{Check, CheckStatus, parse};
pub use due::{DueCheck, due, unguarded, unguarded_words};
pub use labels::{LabelChanges, label_changes};
pub use meta::{CarriedOut, CheckResult, FixTask, Meta, Missed, Status};
pub use report::{approval, change_request, comment, fix_task, late, title_of_pr};
pub use verdict::{FixRound, Verdict, fix_round, needs_fix, standing, verdict};
pub use verdict_failure::VerdictFailure;

#[cfg(test)]
mod tests;
