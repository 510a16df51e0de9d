//! The JSON Schema of agents.yaml, by which editors complete and check it.
//!
//! Its file is generated from the types by the test that compares it with them.

/// The schema, draft 7.
pub const SCHEMA: &str = include_str!("../../../schema/agents.schema.json");

#[cfg(test)]
mod tests;
