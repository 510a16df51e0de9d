//! The processes: git, gh, claude, and what has to be known about processes that others left.
//!
//! It does as it is told: no rule is decided here, and no file under `.orchestrator/` is read or written
//! but those it is handed.

pub mod claude;
pub mod command;
pub mod detach;
pub mod github;
pub mod processes;
pub mod stream;
pub mod watch;
