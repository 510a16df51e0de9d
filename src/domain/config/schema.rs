//! The JSON Schema of agents.yaml, by which editors complete and check it, and commands know what may be set.
//!
//! Its file is generated from the types by the test that compares it with them.

use super::Step;
use serde_json::Value;

/// The schema, draft 7.
pub const SCHEMA: &str = include_str!("../../../schema/agents.schema.json");

/// What kind of value a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number or a truth value.
    Plain,
    Seconds,
    Text,
    List,
    /// A mapping of further keys.
    Mapping,
}

/// The keys of the mapping at a path.
pub fn keys(path: &[Step]) -> Vec<String> {
    let schema = serde_json::from_str(SCHEMA).unwrap_or_default();
    let properties = at(&schema, path).and_then(|mapping| mapping["properties"].as_object());
    properties.into_iter().flatten().map(|(key, _)| key.clone()).collect()
}

/// What is written at a path; `None` where there is no such key.
pub fn kind(path: &[Step]) -> Option<Kind> {
    let schema = serde_json::from_str(SCHEMA).ok()?;
    let types = &at(&schema, path)?["type"];
    let has = |kind: &str| types == kind || types.as_array().is_some_and(|types| types.iter().any(|one| one == kind));
    let is_seconds = matches!(path.last(), Some(Step::Key(key)) if key.ends_with("_seconds"));
    Some(match () {
        () if has("array") => Kind::List,
        () if has("object") => Kind::Mapping,
        () if is_seconds && has("integer") => Kind::Seconds,
        () if has("string") || types.is_null() => Kind::Text,
        () => Kind::Plain,
    })
}

/// What the schema says of a place.
fn at<'a>(schema: &'a Value, path: &[Step]) -> Option<&'a Value> {
    path.iter().try_fold(schema, |schema, step| match step {
        // Where any name may stand, all stand for the same.
        Step::Key(key) => match schema["patternProperties"].as_object() {
            Some(names) => names.values().next(),
            None => schema["properties"].get(key),
        },
        Step::Item(_) | Step::End => schema.get("items"),
    })
}

#[cfg(test)]
mod tests;
