//! Runs on other machines: what is agreed with the machine that carries one.
//!
//! It starts nothing and reads no file.

#![allow(dead_code, reason = "whichever side uses it first, the other is still to come")]

pub mod environment;
pub mod files;
pub mod heartbeat;
