//! The rules, as pure functions over values.
//!
//! Nothing here reads a clock, a file, the environment or a process, and nothing imports another layer.
