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
mod authorization;
mod backpressure;
mod billing;
mod by_hand;
mod check_record;
mod collision;
mod concurrency;
mod config_errors;
mod confinement;
mod conflicts;
mod cooldown;
mod coordinator;
mod cost;
mod cron;
mod curator;
mod debug;
mod demo;
mod doctor;
mod dry_run;
mod failures;
mod feedback;
mod gatekeeper;
mod going_on;
mod hand_edits;
mod heartbeat;
mod hostile_text;
mod housekeeping;
mod inbox;
mod init;
mod install;
mod intake;
mod keeper;
mod landing;
mod limits;
mod machines;
mod main_checkout;
mod message;
mod notify;
mod outcomes;
mod output_limit;
mod pipes;
mod pr;
mod prompt;
mod proposal_add;
mod proposal_judge;
mod proposer;
mod publish;
mod python_system;
mod readme;
mod real_repositories;
mod recovery;
mod recovery_worktree;
mod report;
mod requests;
mod rescan;
mod results;
mod roles;
mod run_implementer;
mod run_product_manager;
mod run_pull_request;
mod run_reviewer;
mod run_tester;
mod runners;
mod sandbox;
mod shells;
mod snapshots;
mod stand_ins;
mod stopping;
mod syscalls;
mod task_add;
mod task_cancel;
mod task_list_show;
mod task_retry;
mod test_bed;
mod tick;
mod tokens;
mod top;
mod tour;
mod trust;
mod verdict;
mod verify;
mod views;
mod worktree_comfort;
