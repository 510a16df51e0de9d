//! What cuts a run short from outside: nobody is to blame, and each has its name.

use serde::{Deserialize, Serialize};

/// What cut a run short.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interruption {
    /// The supervisor was told to end, or the task was taken away: the user wants it.
    #[default]
    Demand,
    /// claude alone was ended.
    Signal,
    /// The supervisor died: it was killed, or the machine was.
    Loss,
    /// The supervisor could not go on: no room, a disk that can't be written, too many open files.
    System,
    /// It waited for its runner longer than `queue_seconds`, and never began.
    Queue,
    /// Its runner gave its place to another one.
    Preempted,
    /// It was taken back from its runner, and not by this program.
    Cancelled,
    /// The machine that it was on was lost, as its runner says.
    NodeLost,
    /// Nothing was heard any more of the machine that it is on: whether it goes on there isn't known.
    Silence,
}

impl Interruption {
    /// The outcome in a word, as in `state.json`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Demand | Self::Signal | Self::Loss | Self::System => "interrupted",
            Self::Queue => "queue_timeout",
            Self::Preempted => "preempted",
            Self::Cancelled => "cancelled",
            Self::NodeLost => "node_lost",
            Self::Silence => "lost_contact",
        }
    }
}
