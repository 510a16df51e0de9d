//! The black-box tests: every test makes a project of its own and runs the `scheduler` binary in it.
//!
//! They never call the library, never need a network, an account or `claude`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "tests set up files, clocks and environments by hand, and fail by panicking"
)]

mod support;

mod agents;
mod check_record;
mod coordinator;
mod demo;
mod doctor;
mod gatekeeper;
mod housekeeping;
mod install;
mod messages;
mod pr;
mod run_implementer;
mod run_pull_request;
mod stand_ins;
mod stopping;
mod test_bed;
mod verdict;
