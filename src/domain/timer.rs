//! What starts a tick every minute: a line of a crontab, a launch agent, a systemd timer, as text.
//!
//! It reads and writes no file; each text is made so that nothing in a path can change its meaning.

mod crontab;
mod launchd;
mod systemd;

pub use crontab::{Crontab, add, remove};

use super::shell::word;
use super::text::slug;
use std::path::Path;

/// One tick a minute, for one project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    program: String,
    root: String,
    search_path: String,
    log: String,
    /// The root below the user's home, if it is there.
    in_home: Option<String>,
}

impl Timer {
    /// The timer of the project at `root`.
    ///
    /// # Errors
    /// A path that isn't UTF-8 or holds a line break: no crontab or unit file can hold it.
    pub fn new(program: &Path, root: &Path, search_path: &str, log: &Path) -> Result<Self, String> {
        let text = |path: &Path| match path.to_str().filter(|text| !text.contains(char::is_control)) {
            Some(text) => Ok(text.to_owned()),
            None => Err(format!("{path:?} can't stand in a crontab or unit: give it a plain name")),
        };
        Ok(Self {
            program: text(program)?,
            root: text(root)?,
            search_path: text(Path::new(search_path))?,
            log: text(log)?,
            in_home: None,
        })
    }

    /// The same for a user with this home, by which a line of the crontab may name the project.
    #[must_use]
    pub fn at_home(self, home: &str) -> Self {
        let below = self.root.strip_prefix(home.trim_end_matches('/')).and_then(|below| below.strip_prefix('/'));
        Self { in_home: below.map(str::to_owned), ..self }
    }

    /// The project's name and a number made of its path, for labels: two projects never share one.
    pub fn id(&self) -> String {
        let name = self.root.rsplit('/').next().unwrap_or_default();
        // FNV-1a: the same in every version of the program, unlike the standard library's hashes.
        let hash =
            self.root.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        format!("{}-{hash:08x}", slug(name, 30))
    }

    /// The line of a crontab.
    pub fn cron_line(&self) -> String {
        let [path, program, root, log] =
            [&self.search_path, &self.program, &self.root, &self.log].map(|text| word(text));
        // Cron ends the command at a bare percent sign, also inside quotes.
        format!("* * * * * PATH={path} {program} -C {root} >> {log} 2>&1").replace('%', r"\%")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cron_lines() {
        let timer = Timer::new(Path::new("/s"), Path::new("/a b/100%"), "/bin", Path::new("/a b/100%/log")).unwrap();
        assert_eq!(timer.cron_line(), r"* * * * * PATH=/bin /s -C '/a b/100\%' >> '/a b/100\%/log' 2>&1");
        assert!(Timer::new(Path::new("/s"), Path::new("/a\nb"), "/bin", Path::new("/l")).is_err());
    }

    #[test]
    fn ids_differ_by_path() {
        let id = |root: &str| Timer::new(Path::new("/s"), Path::new(root), "/bin", Path::new("/l")).unwrap().id();
        assert_eq!(id("/a/My Project"), id("/a/My Project"));
        assert!(id("/a/My Project").starts_with("my-project-"), "{}", id("/a/My Project"));
        assert_ne!(id("/a/x"), id("/b/x"));
    }
}
