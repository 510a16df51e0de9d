//! `notify`: the program that tells the user of messages, and of which.

use super::values;
use crate::domain::hours::TimeOfDay;
use crate::domain::message::{Message, MessageType};
use crate::domain::summary;
use serde::Deserialize;

/// `notify`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Notify {
    /// The program, with first arguments if it needs any. It reads the message as JSON from its standard input.
    #[serde(deserialize_with = "values::command")]
    #[cfg_attr(test, schemars(with = "Vec<values::Text>", length(min = 1)))]
    pub command: Vec<String>,
    /// Of which messages it is told: info, warning, error, question. Left out: of all.
    pub events: Option<Vec<MessageType>>,
    /// A summary of the day is sent and told at this time, by the local clock. Example: 18:00
    pub summary_at: Option<TimeOfDay>,
}

impl Notify {
    /// Whether the program is told of this message.
    pub fn tells(&self, message: &Message) -> bool {
        summary::is_summary(message) || self.events.as_ref().is_none_or(|events| events.contains(&message.kind))
    }
}
