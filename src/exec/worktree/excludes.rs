//! What the set-up command made and git doesn't ignore: it stays for the agent, and neither `git add` nor anybody who looks
//! for work sees it. A list of patterns in the worktree's own git directory, which stands in for the user's own list and
//! holds that, too.
//!
//! No file of the project or of the user is touched.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{Worktree, link};
use crate::sys::atomic;
use crate::sys::read::{MAX_BYTES, read_bytes, read_linked_bytes};

pub(super) const FILE: &str = "scheduler-excludes";
/// Below this line stands what the set-up command made.
const OURS: &[u8] = b"# Made by worktree.setup:\n";

/// The list of a worktree, if it has one.
pub(super) fn file(worktree: &Worktree) -> Option<PathBuf> {
    let file = link::read_link(&worktree.path.join(".git"))?.join(FILE);
    file.is_file().then_some(file)
}

/// The setting that makes git heed it.
pub(super) fn setting(file: &Path) -> OsString {
    let mut setting = OsString::from("core.excludesFile=");
    setting.push(file);
    setting
}

/// Adds paths, each with whether it is a folder, and takes over the user's own list as it is now.
pub(super) fn add(worktree: &Worktree, git_dir: &Path, made: &[(PathBuf, bool)]) -> Result<()> {
    let file = git_dir.join(FILE);
    let known = read_bytes(&file).ok().flatten().map(|(known, _)| known).unwrap_or_default();
    if made.is_empty() && known.is_empty() {
        return Ok(());
    }
    let mut list = users(worktree);
    list.extend_from_slice(b"\n");
    list.extend_from_slice(OURS);
    let earlier = known.windows(OURS.len()).position(|window| window == OURS).map(|at| &known[at + OURS.len()..]);
    list.extend_from_slice(earlier.unwrap_or_default());
    for (path, is_folder) in made {
        list.extend(pattern(path.as_os_str().as_bytes(), *is_folder));
    }
    atomic::write_shared(&file, &list)
}

/// What the user has in the list that this one stands in for.
#[expect(clippy::disallowed_methods, reason = "git itself looks there")]
fn users(worktree: &Worktree) -> Vec<u8> {
    let home = std::env::var("XDG_CONFIG_HOME").ok().filter(|home| !home.is_empty());
    let default = format!("{}/git/ignore", home.as_deref().unwrap_or("~/.config"));
    let args = ["config", "--type=path", "--default", &default, "--get", "core.excludesFile"];
    let path = worktree.plain_git().run(args).map(|output| output.path());
    let list = path.ok().and_then(|path| read_linked_bytes(&path, MAX_BYTES).ok().flatten());
    list.unwrap_or_default()
}

/// A line that means this path and nothing else.
fn pattern(path: &[u8], is_folder: bool) -> Vec<u8> {
    let mut line = b"/".to_vec();
    for byte in path {
        if br"\*?[ ".contains(byte) {
            line.push(b'\\');
        }
        // A line can't hold a line break: any character will do.
        line.push(if *byte == b'\n' { b'?' } else { *byte });
    }
    line.extend_from_slice(if is_folder { b"/\n" } else { b"\n" });
    line
}

#[cfg(test)]
mod tests {
    use crate::exec::test_project::{TestProject, write};
    use std::os::unix::fs::symlink;

    #[test]
    fn what_set_up_made_stays_and_is_not_seen() {
        let scratch = TestProject::plain();
        write(&scratch.path().join("home/.config/git/ignore"), "users\n");
        let worktree = scratch.ready("a");
        worktree.begin_set_up().unwrap();
        let at = worktree.path().to_owned();
        symlink("elsewhere", at.join("node_modules")).unwrap();
        for name in ["gen/a [1]*.rs", "gen/b", "#odd", " space ", "!not", "line\nbreak"] {
            write(&at.join(name), "made");
        }
        (0..300).for_each(|n| write(&at.join(format!(".venv/{n}")), "made"));
        worktree.keep_set_up().unwrap();
        worktree.keep_set_up().unwrap();
        let setting = format!("core.excludesFile={}", worktree.excludes_file().unwrap().display());
        let seen = || scratch.run_at(&at, &["-c", &setting, "status", "--porcelain", "--untracked-files=all"]);
        assert_eq!(seen(), "");
        worktree.stand_detached(&scratch.main()).unwrap();
        assert!(
            at.join("gen/a [1]*.rs").exists() && at.join("node_modules").is_symlink() && at.join(".venv/7").exists()
        );
        for name in ["users", ".venv/agent", "gen/agent", "gen/a 1x.rs", "space"] {
            write(&at.join(name), "agent");
        }
        assert_eq!(seen(), "?? \"gen/a 1x.rs\"\n?? gen/agent\n?? space");
    }
}
