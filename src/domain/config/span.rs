//! A length of time, as it is written in agents.yaml.

use crate::domain::time::parse_span;
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use std::fmt;

/// Seconds, or `90s`, `5m`, `24h`, `7d`; `DEFAULT` seconds where nothing is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(with = "String", extend("type" = ["string", "integer"])))]
pub struct Span<const DEFAULT: u32>(u32);

impl<const DEFAULT: u32> Span<DEFAULT> {
    pub fn seconds(self) -> u32 {
        self.0
    }
}

impl<const DEFAULT: u32> Default for Span<DEFAULT> {
    fn default() -> Self {
        Self(DEFAULT)
    }
}

impl<'de, const DEFAULT: u32> Deserialize<'de> for Span<DEFAULT> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written).map(Self)
    }
}

struct Written;

impl Visitor<'_> for Written {
    type Value = u32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a length of time, such as 90s, 5m, 24h or 7d")
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<u32, E> {
        u32::try_from(seconds).map_err(|_| E::invalid_value(serde::de::Unexpected::Unsigned(seconds), &self))
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<u32, E> {
        u32::try_from(seconds).map_err(|_| E::invalid_value(serde::de::Unexpected::Signed(seconds), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<u32, E> {
        // Digits in quotes are no number, and without a unit they aren't a length of time either.
        let has_unit = text.ends_with(|c: char| c.is_ascii_alphabetic());
        let seconds = parse_span(text).filter(|_| has_unit).and_then(|seconds| u32::try_from(seconds).ok());
        seconds.ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
    }
}
