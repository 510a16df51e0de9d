//! What a settlement says of proposals and of files, in words.

use super::Settlement;
use crate::domain::outcome::Outcome;
use crate::domain::text::{cut, one_line};
use std::fmt;

/// What a proposer or a curator left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Findings {
    /// So many proposals were added. None is a good result too.
    Proposed(u32),
    /// So many proposals were judged.
    Judged {
        count: u32,
        /// Whether there was no room for a task, so that leaving all as it was is no failure.
        queue_full: bool,
    },
}

impl Findings {
    pub(super) fn count(self) -> u32 {
        match self {
            Self::Proposed(count) | Self::Judged { count, .. } => count,
        }
    }

    /// Whether a run that ended well should have left something.
    pub(super) fn is_idle(self) -> bool {
        matches!(self, Self::Judged { count: 0, queue_full: false })
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if matches!(self, Self::Proposed(_)) { "added" } else { "judged" };
        match self.count() {
            1 => write!(f, "1 proposal {verb}"),
            count => write!(f, "{count} proposals {verb}"),
        }
    }
}

/// What the reasons of settlements begin with, in a few words each.
const IN_SHORT: [(&str, &str); 12] = [
    ("work committed", "work done"),
    ("reviewed", "reviewed"),
    ("checked", "checked"),
    ("tested", "tested"),
    ("asked a question", "asked a question"),
    ("ended without a recorded verdict", "ended without a verdict"),
    ("ended without a recorded check", "ended without a check"),
    ("ended without a change", "ended without a change"),
    ("ended without tests", "ended without tests"),
    ("changed what its role may not", "changed what it may not"),
    ("its task was taken from it", "lost its task"),
    ("verify failed", "verify failed"),
];

/// How a run ended, in the few words that every screen has for it.
pub fn in_short(outcome: &Outcome, settlement: &Settlement) -> String {
    let reason = &settlement.reason;
    let known = IN_SHORT.iter().find(|(start, _)| reason.starts_with(start)).map(|(_, words)| (*words).to_owned());
    // What a proposer or a curator left stands behind how it ended.
    let found = || reason.strip_prefix("finished, ").map(str::to_owned);
    known.or_else(found).unwrap_or_else(|| outcome.brief())
}

/// The first few of these paths in a line.
pub fn listed(paths: &[String]) -> String {
    let shown: Vec<_> = paths.iter().take(5).map(|path| cut(&one_line(path), 120)).collect();
    let more = paths.len().saturating_sub(shown.len());
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}
