//! Fault injection: the program is killed, refused by the system, raced against itself and fed with rubbish, at every
//! point that a first trace has found. The queue must be right afterwards, whatever happened.
//!
//! Without more, a sample is swept, chosen by a seed that is printed. `SCHEDULER_FAULT=full` sweeps every point.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "tests set up files, clocks and environments by hand, and fail by panicking"
)]

#[path = "../integration/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the integration tests use the rest of the test bed")]
mod support;

#[cfg(target_os = "linux")]
mod bad_input;
#[cfg(target_os = "linux")]
mod edits;
#[cfg(target_os = "linux")]
mod errors;
#[cfg(target_os = "linux")]
mod git_kill;
#[cfg(target_os = "linux")]
mod init;
#[cfg(target_os = "linux")]
mod invariants;
#[cfg(target_os = "linux")]
mod kill;
mod model;
#[cfg(target_os = "linux")]
mod order;
#[cfg(target_os = "linux")]
mod races;
#[cfg(target_os = "linux")]
mod repositories;
mod sample;
mod stage;
#[cfg(target_os = "linux")]
mod strace;
#[cfg(target_os = "linux")]
mod subjects;
#[cfg(target_os = "linux")]
mod sweep;
