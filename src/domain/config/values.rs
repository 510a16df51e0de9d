//! What the keys of agents.yaml may hold: numbers within a range, texts, lists and mappings of them.
//!
//! A type says here what fits it, once: reading, the explanation of what doesn't, and the schema all take it from there.

mod lists;

pub(super) use lists::{globs, list, patterns, places, priorities, some_globs};

use crate::domain::time;
use serde::de::{Deserializer, Error, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

/// A whole number from `LOW` to `HIGH`; `DEFAULT` where none is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Whole<const LOW: u32, const HIGH: u32, const DEFAULT: u32 = { u32::MAX }>(u32);

/// So many seconds, or a span such as `5m`; else as [`Whole`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Seconds<const LOW: u32, const HIGH: u32, const DEFAULT: u32 = { u32::MAX }>(u32);

/// A number; the limits and the default are in hundredths, for the language has no such parameters of fractions.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize)]
pub struct Amount<const LOW: u32, const HIGH: u32, const DEFAULT: u32 = { u32::MAX }>(f64);

/// US dollars; the limit is in cents.
pub type Usd<const LOW: u32> = Amount<LOW, 100_000_000>;
/// How much something counts beside others.
pub type Weight<const DEFAULT: u32 = 100> = Amount<0, 10_000, DEFAULT>;

impl<const LOW: u32, const HIGH: u32, const DEFAULT: u32> Whole<LOW, HIGH, DEFAULT> {
    pub fn get(self) -> u32 {
        self.0
    }
}

impl<const LOW: u32, const HIGH: u32, const DEFAULT: u32> Seconds<LOW, HIGH, DEFAULT> {
    pub fn get(self) -> u32 {
        self.0
    }
}

impl<const LOW: u32, const HIGH: u32, const DEFAULT: u32> Default for Seconds<LOW, HIGH, DEFAULT> {
    fn default() -> Self {
        Self(DEFAULT)
    }
}

impl<'de, const LOW: u32, const HIGH: u32, const DEFAULT: u32> Deserialize<'de> for Seconds<LOW, HIGH, DEFAULT> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let range = Range { spans: true, ..Range::whole(LOW, HIGH) };
        deserializer.deserialize_any(range).map(|number| Self(number as u32))
    }
}

impl<const LOW: u32, const HIGH: u32, const DEFAULT: u32> fmt::Display for Whole<LOW, HIGH, DEFAULT> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<const LOW: u32, const HIGH: u32, const DEFAULT: u32> Amount<LOW, HIGH, DEFAULT> {
    pub(super) const fn hundredths(count: u32) -> Self {
        Self(count as f64 / 100.0)
    }

    pub fn get(self) -> f64 {
        self.0
    }
}

impl<const LOW: u32, const HIGH: u32, const DEFAULT: u32> Default for Whole<LOW, HIGH, DEFAULT> {
    fn default() -> Self {
        Self(DEFAULT)
    }
}

impl<const LOW: u32, const HIGH: u32, const DEFAULT: u32> Default for Amount<LOW, HIGH, DEFAULT> {
    fn default() -> Self {
        Self::hundredths(DEFAULT)
    }
}

impl<'de, const LOW: u32, const HIGH: u32, const DEFAULT: u32> Deserialize<'de> for Whole<LOW, HIGH, DEFAULT> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Range::whole(LOW, HIGH)).map(|number| Self(number as u32))
    }
}

impl<'de, const LOW: u32, const HIGH: u32, const DEFAULT: u32> Deserialize<'de> for Amount<LOW, HIGH, DEFAULT> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let range = Range {
            kind: "a number",
            low: Self::hundredths(LOW).0,
            high: Self::hundredths(HIGH).0,
            fractions: true,
            spans: false,
        };
        deserializer.deserialize_any(range).map(Self)
    }
}

struct Range {
    kind: &'static str,
    low: f64,
    high: f64,
    fractions: bool,
    /// Also as a text such as `5m`.
    spans: bool,
}

impl Range {
    fn whole(low: u32, high: u32) -> Self {
        Self { kind: "a whole number", low: low.into(), high: high.into(), fractions: false, spans: false }
    }

    fn check<E: Error>(&self, number: f64, found: Unexpected<'_>) -> Result<f64, E> {
        if (self.low..=self.high).contains(&number) { Ok(number) } else { Err(E::invalid_value(found, self)) }
    }
}

impl Visitor<'_> for Range {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} from {} to {}", self.kind, self.low, self.high)?;
        if self.spans { f.write_str(", or a span such as 5m") } else { Ok(()) }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<f64, E> {
        // A number in quotes is text, here as elsewhere.
        let has_unit = text.ends_with(|c: char| c.is_ascii_alphabetic());
        match time::parse_span(text).filter(|_| self.spans && has_unit) {
            Some(seconds) => self.check(seconds as f64, Unexpected::Str(text)),
            None => Err(E::invalid_type(Unexpected::Str(text), &self)),
        }
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<f64, E> {
        self.check(number as f64, Unexpected::Unsigned(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<f64, E> {
        self.check(number as f64, Unexpected::Signed(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<f64, E> {
        let found = Unexpected::Float(number);
        if self.fractions { self.check(number, found) } else { Err(E::invalid_type(found, &self)) }
    }
}

/// Text; a number is taken as it is written.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("type" = ["string", "number", "boolean"])))]
pub struct Text(String);

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.0
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_option(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Text, D::Error> {
        deserializer.deserialize_str(self)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
        // What goes to a program as an argument or a variable can't hold it.
        if text.contains('\0') {
            Err(E::invalid_value(Unexpected::Str(text), &self))
        } else {
            Ok(Text(text.to_owned()))
        }
    }
}

/// Text that says something.
pub(super) fn filled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<Text>::deserialize(deserializer)?;
    if text.as_ref().is_some_and(|text| text.0.trim().is_empty()) {
        return Err(D::Error::custom("is empty: fill it in, or leave the line out"));
    }
    Ok(text.map(String::from))
}

/// Text that says something, where something must stand.
pub(super) fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    filled(deserializer)?.ok_or_else(|| D::Error::custom("is empty: fill it in, or leave the line out"))
}

/// A program, with first arguments if it needs any.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("minItems" = 1, "default" = ["claude"])))]
pub struct Command(pub(super) Vec<Text>);

/// What claude is without further words.
impl Default for Command {
    fn default() -> Self {
        Self(vec![Text("claude".to_owned())])
    }
}

impl From<Command> for Vec<String> {
    fn from(command: Command) -> Self {
        command.0.into_iter().map(String::from).collect()
    }
}

impl<'de> Deserialize<'de> for Command {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words: Vec<Text> = list(deserializer)?;
        match words.first() {
            Some(program) if !program.0.is_empty() => Ok(Self(words)),
            _ => Err(D::Error::custom("must name a program: [claude]")),
        }
    }
}

pub(super) fn command<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Command::deserialize(deserializer).map(Vec::from)
}

/// A mapping in which each key is there once.
pub(super) fn once<'de, D, K, V>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
where
    D: Deserializer<'de>,
    K: Deserialize<'de> + Ord,
    V: Deserialize<'de>,
{
    deserializer.deserialize_map(Once(PhantomData))
}

/// The name of a variable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("pattern" = "^[A-Za-z_][A-Za-z0-9_]*$")))]
pub struct Variable(pub(super) String);

impl TryFrom<String> for Variable {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        let valid = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if valid && name.starts_with(|c: char| !c.is_ascii_digit()) {
            Ok(Self(name))
        } else {
            Err("not a name of a variable: use letters, digits and '_'")
        }
    }
}

/// Reads a mapping, and refuses a key that is there already.
struct Once<K, V>(PhantomData<(K, V)>);

impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Visitor<'de> for Once<K, V> {
    type Value = BTreeMap<K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping of keys")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<BTreeMap<K, V>, A::Error> {
        let mut map = BTreeMap::new();
        while let Some((key, value)) = entries.next_entry()? {
            if map.insert(key, value).is_some() {
                return Err(A::Error::custom("duplicate name: keep one"));
            }
        }
        Ok(map)
    }
}

#[cfg(test)]
mod in_tests {
    use super::{Amount, Seconds, Whole};
    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
    use std::borrow::Cow;

    impl<const LOW: u32, const HIGH: u32, const DEFAULT: u32> From<u32> for Whole<LOW, HIGH, DEFAULT> {
        fn from(number: u32) -> Self {
            Self(number)
        }
    }

    impl<const LOW: u32, const HIGH: u32, const DEFAULT: u32> From<f64> for Amount<LOW, HIGH, DEFAULT> {
        fn from(number: f64) -> Self {
            Self(number)
        }
    }

    impl<const LOW: u32, const HIGH: u32, const DEFAULT: u32> JsonSchema for Whole<LOW, HIGH, DEFAULT> {
        fn schema_name() -> Cow<'static, str> {
            "Whole".into()
        }

        fn inline_schema() -> bool {
            true
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            let mut schema = json_schema!({"type": "integer", "minimum": LOW, "maximum": HIGH});
            if (LOW..=HIGH).contains(&DEFAULT) {
                schema.insert("default".to_owned(), DEFAULT.into());
            }
            schema
        }
    }

    impl<const LOW: u32, const HIGH: u32, const DEFAULT: u32> JsonSchema for Seconds<LOW, HIGH, DEFAULT> {
        fn schema_name() -> Cow<'static, str> {
            "Seconds".into()
        }

        fn inline_schema() -> bool {
            true
        }

        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            let mut schema = Whole::<LOW, HIGH, DEFAULT>::json_schema(generator);
            schema.insert("type".to_owned(), serde_json::json!(["integer", "string"]));
            schema.insert("pattern".to_owned(), "^[0-9]+ *[smhdw]$".into());
            schema
        }
    }

    impl<const LOW: u32, const HIGH: u32, const DEFAULT: u32> JsonSchema for Amount<LOW, HIGH, DEFAULT> {
        fn schema_name() -> Cow<'static, str> {
            "Amount".into()
        }

        fn inline_schema() -> bool {
            true
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({"type": "number", "minimum": Self::hundredths(LOW), "maximum": Self::hundredths(HIGH)})
        }
    }
}
