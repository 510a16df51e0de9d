//! The programs that are measured, and those that measure.

use anyhow::{Context, Result, bail};
use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Where they are.
pub struct Tools {
    /// The release build of the program.
    pub scheduler: PathBuf,
    /// The least that a program can do.
    pub floor: PathBuf,
}

impl Tools {
    /// Makes sure that all of them are there.
    pub fn find() -> Result<Self> {
        for (program, package) in [("hyperfine", "hyperfine"), ("strace", "strace"), ("time", "time"), ("git", "git")] {
            let found = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
            if !found.is_ok_and(|status| status.success()) {
                bail!("{program} is needed: `apt-get install {package}`");
            }
        }
        let scheduler = PathBuf::from(env!("CARGO_BIN_EXE_scheduler"));
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let mut build = Command::new(cargo);
        build
            .args(["build", "--quiet", "--release", "--locked", "--example", "floor", "--manifest-path"])
            .arg(manifest);
        run(&mut build)?;
        let floor = scheduler.with_file_name("examples").join("floor");
        if !floor.is_file() {
            bail!("{} is missing: measure a release build, with `cargo bench`", floor.display());
        }
        Ok(Self { scheduler, floor })
    }
}

/// Runs a command to its end; what it prints is shown only if it fails.
pub fn run(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("{command:?}"))?;
    if !output.status.success() {
        bail!("{command:?}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
