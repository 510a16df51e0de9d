//! Which places lead to what a run's programs need, and which of them hold something that no run is to see.
//!
//! The system only allows: of a folder with something secret in it, all the rest has to be allowed piece by piece.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

/// What may be seen of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    Nothing,
    /// Some of what is in it.
    Parts,
    Whole,
}

/// What no run may see, by real names.
#[derive(Clone, Debug, Default)]
pub struct Closed {
    /// Nothing that is or holds one of these is let through by way of a link or a folder of programs.
    pub homes: Vec<PathBuf>,
    /// Secrets, and the main checkout.
    pub places: Vec<PathBuf>,
}

impl Closed {
    /// What may be seen of a place, by its real name.
    pub fn reach(&self, place: &Path) -> Reach {
        if self.homes.iter().any(|home| home.starts_with(place))
            || self.places.iter().any(|closed| place.starts_with(closed))
        {
            return Reach::Nothing;
        }
        let holds_some = self.places.iter().any(|closed| closed.starts_with(place));
        if holds_some { Reach::Parts } else { Reach::Whole }
    }
}

/// Variables that name a place of tools, or a file of certificates.
pub const TOOL_VARIABLES: [&str; 26] = [
    "ANDROID_HOME",
    "ASDF_DATA_DIR",
    "ASDF_DIR",
    "BUN_INSTALL",
    "CARGO_HOME",
    "CONDA_PREFIX",
    "CURL_CA_BUNDLE",
    "DENO_INSTALL",
    "GIT_SSL_CAINFO",
    "GOROOT",
    "JAVA_HOME",
    "MISE_DATA_DIR",
    "NODE_EXTRA_CA_CERTS",
    "NVM_DIR",
    "PNPM_HOME",
    "PYENV_ROOT",
    "RBENV_ROOT",
    "REQUESTS_CA_BUNDLE",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "SDKMAN_DIR",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "VIRTUAL_ENV",
    "VOLTA_HOME",
    "XDG_CONFIG_HOME",
];

/// What tools look for in all folders above the one they work in: the main checkout's are above a worktree, and a tool
/// that finds one and can't read it fails. They are of the project, and in the worktree too.
pub const LOOKED_FOR_ABOVE: [&str; 20] = [
    ".cargo/config",
    ".cargo/config.toml",
    ".editorconfig",
    ".eslintrc",
    ".eslintrc.cjs",
    ".eslintrc.js",
    ".eslintrc.json",
    ".eslintrc.yml",
    ".prettierrc",
    ".python-version",
    ".tool-versions",
    "CLAUDE.md",
    "Cargo.toml",
    "go.work",
    "mise.toml",
    "package.json",
    "pnpm-workspace.yaml",
    "pyproject.toml",
    "rust-toolchain.toml",
    "tsconfig.json",
];

/// The place to be seen whole for a program to work, by its real name: the packages among which it lies, the installation
/// of which it is a part, else its folder.
pub fn installation(program: &Path) -> Option<&Path> {
    let packages = |place: &&Path| place.file_name() == Some(OsStr::new("node_modules"));
    let folder = program.parent()?;
    let of_packages = program.ancestors().filter(packages).last();
    Some(of_packages.unwrap_or_else(|| installation_of_folder(folder)))
}

/// The same for a folder of programs: libraries lie beside `bin`.
pub fn installation_of_folder(folder: &Path) -> &Path {
    let is_bin = folder.file_name() == Some(OsStr::new("bin"));
    let above = folder.parent().filter(|above| is_bin && above.components().filter(is_normal).count() > 1);
    above.unwrap_or(folder)
}

fn is_normal(part: &Component<'_>) -> bool {
    matches!(part, Component::Normal(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_folder_with_secrets_the_rest_is_seen() {
        let closed = Closed {
            homes: vec!["/home/u".into()],
            places: ["/home/u/.ssh", "/home/u/.config/gh", "/srv/p"].map(PathBuf::from).to_vec(),
        };
        for (place, expected) in [
            ("/home/u/.ssh", Reach::Nothing),
            ("/home/u/.ssh/id", Reach::Nothing),
            ("/home/u/.sshx", Reach::Whole),
            ("/home/u/.config", Reach::Parts),
            ("/home/u/.config/git", Reach::Whole),
            ("/home/u", Reach::Nothing),
            ("/home", Reach::Nothing),
            ("/", Reach::Nothing),
            ("/srv", Reach::Parts),
            ("/srv/p/x", Reach::Nothing),
        ] {
            assert_eq!(closed.reach(place.as_ref()), expected, "{place}");
        }
    }

    #[test]
    fn a_program_is_part_of_an_installation() {
        for (program, expected) in [
            ("/x/node_modules/a/node_modules/b/cli.js", "/x/node_modules"),
            ("/x/node/bin/npm", "/x/node"),
            ("/home/u/tools/run.sh", "/home/u/tools"),
            ("/data/bin/tool", "/data/bin"),
        ] {
            assert_eq!(installation(program.as_ref()), Some(Path::new(expected)), "{program}");
        }
    }
}
