//! What whole ticks and runs cost, each figure beside the least that it could cost, measured in the same run.
//!
//! `cargo run --locked --example ticks [-- [--quick] [--earlier=PROGRAM] SECTION...]` prints one table and exits with 1 if a
//! limit is broken. With `--earlier` idle ticks are also measured beside those of that program, an earlier release.
//! Linux only: it needs hyperfine, strace, GNU time and git.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a benchmark is a program of its own: it prints, measures time and sets up files by hand"
)]

mod build;
mod claim;
mod growth;
mod idle;
mod measure;
mod scene;
mod start;
mod supervisor;
mod table;
mod tools;

use anyhow::{Result, bail};
use std::{env, path::PathBuf, process::ExitCode};
use table::Table;
use tools::{Tools, installed};

/// What every section gets.
struct Bench {
    tools: Tools,
    /// Fewer repetitions and smaller numbers: for a look while working.
    quick: bool,
    /// The program of an earlier release.
    earlier: Option<PathBuf>,
    table: Table,
}

type Section = fn(&mut Bench) -> Result<()>;

/// In the order in which they are measured.
const SECTIONS: [(&str, Section); 6] = [
    ("idle", idle::measure),
    ("claim", claim::measure),
    ("growth", growth::measure),
    ("start", start::measure),
    ("supervisor", supervisor::measure),
    ("build", build::measure),
];

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("ticks: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether every limit is kept.
fn run() -> Result<bool> {
    let (options, wanted): (Vec<_>, Vec<_>) = env::args().skip(1).partition(|argument| argument.starts_with('-'));
    let known = |name: &String| SECTIONS.iter().any(|(section, _)| section == name);
    let earlier = options.iter().find_map(|option| option.strip_prefix("--earlier=")).map(PathBuf::from);
    let quick = options.iter().any(|option| option == "--quick");
    if options.len() != usize::from(quick) + usize::from(earlier.is_some()) || !wanted.iter().all(known) {
        let names: Vec<_> = SECTIONS.iter().map(|(name, _)| *name).collect();
        bail!("usage: cargo run --locked --example ticks -- [--quick] [--earlier=PROGRAM] [{}]...", names.join("|"));
    }
    let tools = Tools::find()?;
    let earlier = earlier.map(|program| installed(&program, &tools.scratch.join("earlier"))).transpose()?;
    let mut bench = Bench { tools, quick, earlier, table: Table::default() };
    for (name, section) in SECTIONS {
        if wanted.is_empty() || wanted.iter().any(|section| section == name) {
            eprintln!("ticks: measuring {name} ...");
            section(&mut bench)?;
        }
    }
    print!("{}", bench.table);
    Ok(bench.table.holds())
}
