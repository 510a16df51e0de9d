//! Gatekeeping: what is known of a pull request, which checks it needs, and what they add up to.
//!
//! Pure rules over values. It never asks GitHub, never opens a file, and never judges code itself.

mod check;
mod due;
mod hitch;
mod labels;
mod meta;
mod report;
mod seen;
mod verdict;

pub use check::{Check, CheckStatus, parse};
pub use due::{DueCheck, due, unguarded, unguarded_words};
pub use hitch::Hitch;
pub use labels::{BLOCKED, LabelChanges, PASSED, label_changes};
pub use meta::{CheckResult, FixTask, Meta, Settled, Status};
pub use report::{approval, change_request, comment, fix_task, late, title_of_pr};
pub use seen::Seen;
pub use verdict::{FixRound, Verdict, fix_round, needs_fix, standing, verdict};

#[cfg(test)]
mod tests;
