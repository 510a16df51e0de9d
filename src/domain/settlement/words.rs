//! What a settlement says of proposals and of files, in words.

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

/// The first few of these paths in a line.
pub fn listed(paths: &[String]) -> String {
    let shown: Vec<_> = paths.iter().take(5).map(|path| cut(&one_line(path), 120)).collect();
    let more = paths.len().saturating_sub(shown.len());
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}
