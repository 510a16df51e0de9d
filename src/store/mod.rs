//! The files under `.orchestrator/`: where they are, how they are read, locked, written and moved.
//!
//! It does as it is told: no rule is decided here, and no process is started.

pub mod atomic;
mod error;
pub mod lock;
mod lossless;
pub mod paths;
pub mod read;
