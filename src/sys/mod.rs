//! The floor under [`crate::store`] and [`crate::exec`]: how a file is read, written, renamed, removed and locked.
//!
//! Reads are bounded, of regular files only, and never wait; writes are atomic. It knows no format and no path of its own.
#![expect(clippy::disallowed_methods, reason = "here, and only here, files are opened")]

pub mod arrivals;
pub mod atomic;
pub mod copy;
pub mod dir;
pub mod error;
pub mod folder;
pub mod lock;
mod lossless;
pub mod read;
