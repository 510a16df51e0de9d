//! `scheduler` lets several Claude Code agents work on one git repository.
//!
//! Cron starts the binary every minute; one run is one *tick*: collect what has finished, decide which
//! agents are due and allowed, start them detached, exit. Layers, each importing only those before it:
//! `domain` decides, `sys` is the floor of files, `store` keeps them, `exec` runs processes, `engine` combines them, `cli` prints.
#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests set up files, clocks and environments by hand"))]

pub mod cli;
pub(crate) mod domain;
pub(crate) mod engine;
pub(crate) mod exec;
#[doc(hidden)]
pub mod internals;
mod logging;
pub(crate) mod store;
pub(crate) mod sys;
