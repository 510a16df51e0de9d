//! Has the program linked for a quick start on Linux: a tick is over in the time that it takes to bring the program into memory, and a
//! supervisor's memory is little but the program's. So its relocations (some ten thousand) are packed, and the C library is part of it
//! rather than looked for, read and bound at each start. Where this machine's C library or linker can't, it is linked as any other.
#![allow(clippy::disallowed_methods, reason = "a build script is told by its environment")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the standard library asks the linker for, and the archive that has it.
const ASKED: [(&str, &str); 7] =
    [("c", "c"), ("dl", "dl"), ("gcc_s", "gcc_eh"), ("m", "m"), ("pthread", "pthread"), ("rt", "rt"), ("util", "util")];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |key: &str, value: &str| env::var(key).is_ok_and(|found| found == value);
    let runs_here = env::var("HOST") == env::var("TARGET");
    let is_glibc = is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu");
    if !runs_here || !is_glibc || glibc().is_none_or(|version| version < (2, 36)) {
        return;
    }
    link_with("-Wl,-z,pack-relative-relocs");
    arguments_of_archives().unwrap_or_default().iter().for_each(|argument| link_with(argument));
}

/// For the program alone: tests and examples are linked as ever.
fn link_with(argument: &str) {
    println!("cargo::rustc-link-arg-bins={argument}");
}

/// The version of this machine's C library; 2.36 is the first that reads packed relocations.
fn glibc() -> Option<(u32, u32)> {
    let said = said_by(Command::new("getconf").arg("GNU_LIBC_VERSION"))?;
    let (major, minor) = said.strip_prefix("glibc ")?.split_once('.')?;
    let minor = minor.split('.').next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// What links the program with the archives of the libraries that are shared elsewhere; `None` if this machine's linker can't. The setting
/// that does this by itself (`crt-static`) would hold for procedural macros too, which can't be linked so.
fn arguments_of_archives() -> Option<Vec<String>> {
    let out = PathBuf::from(env::var_os("OUT_DIR")?);
    let linker = env::var("RUSTC_LINKER").unwrap_or_else(|_| "cc".into());
    let path_of = |name: &str| said_by(Command::new(&linker).arg(format!("-print-file-name=lib{name}.a")));
    for (asked, archive) in ASKED {
        let found = path_of(archive).filter(|path| Path::new(path).is_absolute())?;
        write(&out.join(format!("lib{asked}.so")), &format!("GROUP(\"{found}\" \"{}\")\n", path_of("gcc")?))?;
    }
    let mut arguments = vec![format!("-L{}", out.display()), "-static-pie".to_owned()];
    // Without it a process that begins in another folder is started by `fork`, for which the program's memory is copied. The standard
    // library only uses it where something else has brought it in.
    arguments.push("-Wl,-u,posix_spawn_file_actions_addchdir_np".to_owned());
    if env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        // A panic ends it at once: the tables by which a stack is unwound would be an eighth of it.
        let layout =
            write(&out.join("layout.ld"), "SECTIONS { /DISCARD/ : { *(.eh_frame) } } INSERT AFTER .rodata;\n")?;
        arguments.push(format!("-Wl,-T,{layout}"));
    }
    let source = write(&out.join("least.c"), "int main(void) { return 0; }\n")?;
    let links = Command::new(&linker)
        .arg(source)
        .args(&arguments)
        .arg("-o")
        .arg(out.join("least"))
        .output()
        .ok()?
        .status
        .success();
    links.then_some(arguments)
}

fn write(path: &Path, text: &str) -> Option<String> {
    fs::write(path, text).ok()?;
    path.to_str().map(str::to_owned)
}

/// What a program says, without the blanks around it; `None` if it fails.
fn said_by(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
