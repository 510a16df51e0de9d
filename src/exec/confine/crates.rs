//! The crates that the user's cargo has fetched, for the agent's own cargo: that one may not write where they are, and would
//! otherwise fetch them again, or fail where there is no network.

use crate::sys::dir;
use anyhow::{Context, Result};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::Path;

/// Files and folders of cargo's home in which each file is shared. Credentials are not among them.
const SHARED: [&str; 3] = ["config.toml", "registry/cache", "registry/index"];

/// Puts links to what is in the home `from` of cargo into the home `to`, where nothing is in their place.
pub fn share_crates(from: &Path, to: &Path) -> Result<()> {
    SHARED.iter().try_for_each(|place| share(&from.join(place), &to.join(place)))
}

fn share(from: &Path, to: &Path) -> Result<()> {
    let at = || format!("cannot create {}", to.display());
    if !from.is_dir() {
        let shared = if from.exists() { symlink(from, to) } else { Ok(()) };
        return shared
            .or_else(|error| if error.kind() == ErrorKind::AlreadyExists { Ok(()) } else { Err(error) })
            .with_context(at);
    }
    fs::create_dir_all(to).with_context(at)?;
    dir::readable(from).try_for_each(|entry| share(&entry.path(), &to.join(entry.file_name())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_user_has_fetched_is_there_and_stays_the_user_s() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        for file in ["config.toml", "credentials.toml", "registry/cache/r/a.crate", "registry/index/r/.cache/a"] {
            fs::create_dir_all(from.join(file).parent().unwrap()).unwrap();
            fs::write(from.join(file), "theirs").unwrap();
        }
        fs::create_dir_all(to.join("registry/cache/r")).unwrap();
        fs::write(to.join("registry/cache/r/b.crate"), "own").unwrap();
        fs::write(to.join("config.toml"), "own").unwrap();
        for _ in 0..2 {
            share_crates(&from, &to).unwrap();
        }
        for (file, text) in [
            ("config.toml", Some("own")),
            ("credentials.toml", None),
            ("registry/cache/r/a.crate", Some("theirs")),
            ("registry/cache/r/b.crate", Some("own")),
            ("registry/index/r/.cache/a", Some("theirs")),
        ] {
            assert_eq!(fs::read_to_string(to.join(file)).ok().as_deref(), text, "{file}");
        }
        assert!(to.join("registry/cache/r/a.crate").is_symlink());
        share_crates(&dir.path().join("none"), &to).unwrap();
    }
}
