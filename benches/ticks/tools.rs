//! The programs that are measured, and those that measure.

use anyhow::{Context, Result, bail};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Where they are.
pub struct Tools {
    /// The release build of the program.
    pub scheduler: PathBuf,
    /// The least that a program can do.
    pub floor: PathBuf,
    /// Where projects are set up: beside the build, for there is room and a real disk, and /tmp may be neither.
    pub scratch: PathBuf,
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
        // This program is target/<profile>/examples/ticks.
        let own = env::current_exe()?;
        let target = own.ancestors().nth(3).context("this program is not where cargo puts examples")?;
        run(&mut release_build(target))?;
        let scratch = target.join("tmp");
        fs::create_dir_all(&scratch)?;
        let floor = scratch.join("floor");
        // Not with cargo, which would build all that the tests depend on for it.
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/floor.rs");
        run(Command::new("rustc").args(["--edition=2024", "-O", "-Cstrip=symbols", "-o"]).arg(&floor).arg(source))?;
        let scheduler = installed(&target.join("release/scheduler"), &scratch.join("scheduler"))?;
        Ok(Self { scheduler, floor, scratch })
    }
}

/// A copy of a program, as `cargo install` makes it: what a linker has written comes into memory in smaller pieces.
pub fn installed(program: &Path, place: &Path) -> Result<PathBuf> {
    // A new file, not new bytes in a file that was read before.
    let _ = fs::remove_file(place);
    fs::copy(program, place).with_context(|| program.display().to_string())?;
    Ok(place.to_owned())
}

/// The build of the program that is measured, into this folder.
pub fn release_build(target: &Path) -> Command {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let mut build = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build.args(["build", "--quiet", "--release", "--locked", "--bin", "scheduler", "--manifest-path"]).arg(manifest);
    build.arg("--target-dir").arg(target);
    build
}

/// Runs a command to its end; what it prints is shown only if it fails.
pub fn run(command: &mut Command) -> Result<String> {
    // From cargo: the loader would look for every library there first.
    command.env_remove("LD_LIBRARY_PATH");
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("{command:?}"))?;
    if !output.status.success() {
        bail!("{command:?}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
