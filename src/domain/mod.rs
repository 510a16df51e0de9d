//! The rules, as pure functions over values.
//!
//! Nothing here reads a clock, a file, the environment or a process, and nothing imports another layer.

pub mod claude_files;
pub mod config;
pub mod fetch;
pub mod gate;
pub mod git_settings;
pub mod installed;
pub mod intake;
pub mod job;
pub mod machine;
pub mod markdown;
pub mod message;
pub mod name;
pub mod one_command;
pub mod outcome;
pub mod outgoing;
pub mod permission;
pub mod ports;
pub mod prompt;
pub mod proposal;
pub mod pull_request;
pub mod remote;
pub mod request;
pub mod retention;
pub mod review;
pub mod role;
pub mod run;
pub mod runner;
pub mod sandbox;
pub mod schedule;
pub mod secrets;
pub mod settlement;
pub mod shell;
pub mod state;
pub mod stream;
pub mod system_trouble;
pub mod task;
pub mod test_paths;
pub mod text;
pub mod time;
pub mod timer;
pub mod tools;
pub mod trust;
pub mod words;
