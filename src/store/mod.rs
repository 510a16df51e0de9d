//! The files under `.orchestrator/`: where they are, how they are read, locked, written and moved.
//!
//! It does as it is told: no rule is decided here, and no process is started.

pub mod atomic;
pub mod cache;
pub mod error;
pub mod events;
pub mod listing;
pub mod lock;
pub mod logs;
mod lossless;
pub mod marker;
pub mod messages;
pub mod paths;
pub mod proposals;
pub mod prs;
pub mod queue;
pub mod read;
pub mod requests;
pub mod runs;
pub mod state;
