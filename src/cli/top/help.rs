//! The keys of `scheduler top`, explained.

use crate::cli::view::{Line, Tone};

const KEYS: [(&str, &str); 14] = [
    ("Up Down, k j", "choose an agent; in a text, scroll"),
    ("PageUp PageDown", "the same by pages"),
    ("Home End, g G", "to the first, to the last; at its end a log is followed"),
    ("Enter, l", "the log of the agent's last run"),
    ("w", "why the agent runs or doesn't"),
    ("p", "pause the agent, or let it start again"),
    ("P", "pause everything, or let it go on"),
    ("s", "stop its run, after a question; its work is saved"),
    ("r", "start the agent at the next tick, whatever its interval"),
    ("f", "show only agents at work, or all"),
    ("Tab", "the queue in full, questions and problems; back to the agents"),
    ("q, Esc", "back"),
    ("q, Ctrl-C", "quit; runs go on"),
    ("?, h", "this help"),
];

/// One line for each.
pub fn lines() -> Vec<Line> {
    KEYS.iter().map(|(keys, what)| Line::empty().cell(keys, 16, Tone::Strong).and(what, Tone::Plain)).collect()
}
