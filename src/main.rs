//! The `scheduler` binary: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    scheduler::cli::main()
}
