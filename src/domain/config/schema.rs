//! The JSON Schema of agents.yaml, by which editors complete and check it.
//!
//! It is written by hand for people to read in their editor; that it says what [`super::read()`] does is tested.

/// The schema, draft 7.
pub const SCHEMA: &str = include_str!("../../../schema/agents.schema.json");

#[cfg(test)]
mod tests;
#[cfg(test)]
mod validate;
