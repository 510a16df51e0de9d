//! The JSON Schema of agents.yaml, by which editors complete and check it.
//!
//! It is generated from the types; a test holds that it is up to date.

/// The schema, draft 7.
pub const SCHEMA: &str = include_str!("../../../schema/agents.schema.json");
