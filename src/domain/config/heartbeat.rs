//! `heartbeat`: whom ticks call now and then, so that a watchdog elsewhere learns when they stop.

use super::values::Text;
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use std::fmt;

/// `heartbeat`. An address is as good as a password, so what it says is never shown.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(with = "Text", extend("type" = ["string", "array"])))]
pub enum Heartbeat {
    Url(String),
    Command(Vec<String>),
}

const WHAT: &str = "an address that begins with https:// or http://, or a command as a list: [ping-me, --quiet]";

impl fmt::Debug for Heartbeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if matches!(self, Self::Url(_)) { "a URL" } else { "a command" })
    }
}

impl<'de> Deserialize<'de> for Heartbeat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

struct Written;

impl<'de> Visitor<'de> for Written {
    type Value = Heartbeat;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(WHAT)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Heartbeat, E> {
        let is_url = ["https://", "http://"].iter().any(|start| text.len() > start.len() && text.starts_with(start));
        let is_odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\\');
        match is_url && !text.contains(is_odd) {
            true => Ok(Heartbeat::Url(text.to_owned())),
            false => Err(E::custom(format!("must be {WHAT}"))),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Heartbeat, A::Error> {
        let mut words: Vec<String> = Vec::new();
        while let Some(word) = items.next_element::<Text>()? {
            words.push(word.into());
        }
        match words.first().is_some_and(|program| !program.is_empty()) {
            true => Ok(Heartbeat::Command(words)),
            false => Err(A::Error::custom("must name a program: [ping-me]")),
        }
    }
}
