//! Which of the programs that a run needs are on PATH, and the PATH on which a timer will find them too.

use crate::domain::text::each_once;
use rustix::fs::{Access, access};
use std::path::{Path, PathBuf};

/// A program that is looked for, and what to do where it is missing.
pub const NEEDED: [(&str, &str); 3] = [
    ("claude", "agents can't start: `npm install -g @anthropic-ai/claude-code`, then run `claude` once and log in"),
    ("git", "nothing works without: install git 2.31 or later"),
    ("gh", "no pull requests, work stays on its branch: install it from https://cli.github.com, then `gh auth login`"),
];

/// What agents commonly call: the folders of these belong on their PATH too.
const USEFUL: [&str; 8] = ["node", "npm", "python3", "cargo", "go", "make", "java", "docker"];

/// Folders that a shell itself needs.
const ALWAYS: [&str; 3] = ["/usr/local/bin", "/usr/bin", "/bin"];

/// The first folder of the search path that holds the program. Relative folders mean nothing under cron.
pub fn folder_of(name: &str, search_path: &str) -> Option<PathBuf> {
    std::env::split_paths(search_path).find(|dir| {
        let program = dir.join(name);
        dir.is_absolute() && program.is_file() && access(&program, Access::EXEC_OK).is_ok()
    })
}

/// The programs of [`NEEDED`] that are not on the search path, with their remedies.
pub fn missing(search_path: &str) -> Vec<(&'static str, &'static str)> {
    NEEDED.into_iter().filter(|(name, _)| folder_of(name, search_path).is_none()).collect()
}

/// The folders of the search path that hold something that a run calls, in their order, then the usual ones.
pub fn search_path_for_timer(search_path: &str, own: &Path) -> String {
    let wanted: Vec<PathBuf> =
        NEEDED.iter().map(|(name, _)| *name).chain(USEFUL).filter_map(|name| folder_of(name, search_path)).collect();
    let found = std::env::split_paths(search_path).filter(|dir| wanted.contains(dir));
    let folders = each_once(own.parent().map(Path::to_owned).into_iter().chain(found).chain(ALWAYS.map(PathBuf::from)));
    let words: Vec<_> =
        folders.iter().filter_map(|folder| folder.to_str()).filter(|word| !word.contains(':')).collect();
    words.join(":")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn program(dir: &Path, name: &str, mode: u32) {
        fs::create_dir_all(dir).unwrap();
        fs::write(dir.join(name), "").unwrap();
        fs::set_permissions(dir.join(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn finds_programs_and_keeps_the_order() {
        let temp = tempfile::tempdir().unwrap();
        let at = |name: &str| temp.path().join(name);
        program(&at("b"), "claude", 0o755);
        program(&at("a"), "git", 0o755);
        program(&at("c"), "gh", 0o644);
        fs::create_dir_all(at("d/gh")).unwrap();
        let search_path = std::env::join_paths(["b", "d", "a", "c"].map(at)).unwrap().into_string().unwrap();
        assert_eq!(folder_of("claude", &search_path), Some(at("b")));
        assert_eq!(missing(&search_path), [NEEDED[2]]);
        let cron = search_path_for_timer(&search_path, &at("own/scheduler"));
        let expected =
            format!("{}:{}:{}:/usr/local/bin:/usr/bin:/bin", at("own").display(), at("b").display(), at("a").display());
        assert_eq!(cron, expected);
        assert_eq!(missing("relative:").len(), 3);
    }
}
