//! The tick, the run and its recovery: what [`crate::domain`] decides, carried out with
//! [`crate::store`] and [`crate::exec`].
//!
//! It prints nothing; what there is to say is returned or logged.

pub mod authorization;
pub mod base_branch;
pub mod beginning;
pub mod cancel;
pub mod collect;
pub mod configuration;
pub mod configure;
pub mod coordinator;
pub mod costs;
pub mod curation;
pub mod doctor;
mod fetch;
pub mod heartbeat;
pub mod history;
pub mod housekeeping;
mod inbox;
pub mod init;
pub mod keep;
pub mod let_go;
pub mod live;
pub mod machine;
pub mod mended;
pub mod missing_program;
pub mod notes;
pub mod notify;
pub mod overview;
pub mod pause;
pub mod preview;
pub mod project;
mod reconcile;
pub mod refresh;
pub mod rename;
pub mod reply;
pub mod report;
pub mod retry;
pub mod run;
pub mod snapshot;
pub mod spawn;
mod start;
pub mod stop;
mod summary;
pub mod tick;
pub mod timer;
pub mod transcript;
pub mod trust;
pub mod whereabouts;
pub mod why;

use crate::domain::time::Time;

/// Looks up a variable of the environment.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<&'a str>;

/// Asks what time it is; for what takes longer than a tick.
pub type Clock<'a> = &'a dyn Fn() -> Time;
