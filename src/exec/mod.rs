//! The processes: git, gh, claude, and what has to be known about processes that others left.
//!
//! It does as it is told: no rule is decided here, and no file under `.orchestrator/` is read or written
//! but those it is handed.

pub mod claude;
pub mod claude_files;
pub mod clock;
pub mod command;
pub mod confine;
pub mod detach;
pub mod environment;
pub mod evidence;
pub mod filters;
pub mod fingerprint;
pub mod git;
pub mod github;
pub mod gitlinks;
pub mod include;
mod libgit2;
pub mod loose_objects;
pub mod machine;
pub mod merge;
pub mod moved_refs;
pub mod pre_push;
pub mod processes;
pub mod programs;
pub mod push;
pub mod remote;
pub mod repo;
pub mod runner;
pub mod salvage;
pub mod setup;
pub mod stale_ref_locks;
pub mod start_point;
pub mod stream;
mod take_in;
#[cfg(test)]
pub mod test_project;
pub mod tidy;
pub mod timers;
pub mod watch;
pub mod weakened;
pub mod worktree;
