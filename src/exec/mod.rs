//! The processes: git, gh, claude, and what has to be known about processes that others left.
//!
//! It does as it is told: no rule is decided here, and no file under `.orchestrator/` is read or written
//! but those it is handed.

pub mod command;
pub mod evidence;
pub mod fingerprint;
pub mod git;
pub mod nested;
pub mod push;
pub mod remote;
pub mod repo;
pub mod salvage;
#[cfg(test)]
pub mod sandbox;
pub mod start_point;
pub mod worktree;
