//! The questions that a run asks dozens of times, answered by libgit2: in a tenth of the time that a process of git takes.
//!
//! It only reads, and `None` means that git has to be asked: libgit2 can't open the repository (other ref or object
//! formats), it isn't sure that git would say the same, or it waits for what will never come.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use git2::{ErrorCode, FileMode, Index, Oid, Repository};

/// How long an answer may take; most take a tenth of a millisecond.
const LIMIT: Duration = Duration::from_secs(5);

/// What `ask` finds within the limit. A named pipe in place of a file that it opens would hold it for ever: then its
/// thread is left behind. git, which is asked next, can be killed.
pub(super) fn within_limit<T: Send + 'static>(ask: impl FnOnce() -> Option<T> + Send + 'static) -> Option<T> {
    let (sender, answer) = mpsc::channel();
    thread::Builder::new().spawn(move || sender.send(ask())).ok()?;
    answer.recv_timeout(LIMIT).ok()?
}

/// The commit that `revision` names in the repository of which `place` is the git directory or the top folder, if it names
/// one: a whole object name, `HEAD`, or a ref by its full name.
pub fn commit(place: &Path, revision: &str) -> Option<Option<String>> {
    let is_ref = revision.starts_with("refs/");
    if !is_ref && revision != "HEAD" && revision.len() != 40 {
        return None;
    }
    let (place, revision) = (place.to_owned(), revision.to_owned());
    within_limit(move || {
        let repository = Repository::open(place).ok()?;
        let commit = if is_ref || revision == "HEAD" {
            match repository.find_reference(&revision) {
                Err(error) if is_ref && error.code() == ErrorCode::NotFound => return Some(None),
                found => found.ok()?.peel_to_commit().ok()?,
            }
        } else {
            repository.find_commit(Oid::from_str(&revision).ok()?).ok()?
        };
        Some(Some(commit.id().to_string()))
    })
}

/// Where the working tree at `top` has its files, the git directory that it shares, and its own.
pub fn places(top: &Path) -> Option<[PathBuf; 3]> {
    let top = top.to_owned();
    within_limit(move || places_of(&Repository::open(top).ok()?))
}

fn places_of(repository: &Repository) -> Option<[PathBuf; 3]> {
    // With another HEAD, git doesn't take the folder for a repository.
    let head = repository.find_reference("HEAD").ok()?;
    if head.target().is_none() && !head.symbolic_target_bytes()?.starts_with(b"refs/") {
        return None;
    }
    let own = repository.path();
    // These settings may move the working tree, which libgit2 wouldn't notice.
    if own.join("config.worktree").exists() {
        return None;
    }
    Some([repository.workdir()?.to_owned(), repository.commondir().to_owned(), own.to_owned()])
}

/// The paths of the submodules in the file `index`; an index that isn't there has none.
pub fn submodules(index: &Path) -> Option<Vec<PathBuf>> {
    let index = index.to_owned();
    within_limit(move || {
        let index = Index::open(&index).ok()?;
        let links = index.iter().filter(|entry| entry.mode == u32::from(FileMode::Commit));
        Some(links.map(|entry| PathBuf::from(OsStr::from_bytes(&entry.path))).collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::test_project::TestProject;
    use std::fs;

    #[test]
    fn commits_are_those_that_git_names() {
        let scratch = TestProject::with_origin();
        let (top, git_dir) = (scratch.project(), scratch.project().join(".git"));
        let head = scratch.run(&["rev-parse", "HEAD"]);
        scratch.run(&["tag", "-a", "-m", "words", "annotated"]);
        for name in ["HEAD", &head, "refs/heads/main", "refs/remotes/origin/HEAD", "refs/tags/annotated"] {
            assert_eq!(commit(&top, name), Some(Some(head.clone())), "{name}");
            assert_eq!(commit(&git_dir, name), Some(Some(head.clone())), "{name}");
        }
        assert_eq!(commit(&top, "refs/heads/none"), Some(None));
        let tree = scratch.run(&["rev-parse", "HEAD^{tree}"]);
        // What is no plain name, or names something else, is for git.
        for name in ["main", "HEAD~1", "refs/heads/a..b", "", &tree, &"0".repeat(40), &head[..10]] {
            assert_eq!(commit(&top, name), None, "{name}");
        }
        assert_eq!(commit(&top.join(".git/objects"), "HEAD"), None, "no repository");
    }

    #[test]
    fn places_are_those_of_git() {
        let scratch = TestProject::plain();
        let worktree = scratch.path().join("linked");
        scratch.run(&["worktree", "add", "-q", "--detach", worktree.to_str().unwrap()]);
        let own = scratch.project().join(".git/worktrees/linked");
        let plain = |path: PathBuf| path.components().collect::<PathBuf>();
        let found = places(&worktree).unwrap().map(plain);
        assert_eq!(found, [worktree.clone(), scratch.project().join(".git"), own.clone()]);
        fs::write(own.join("config.worktree"), "").unwrap();
        assert_eq!(places(&worktree), None, "settings that may move it");
        fs::remove_file(own.join("config.worktree")).unwrap();
        for head in ["", "ref: elsewhere\n", "0123\n"] {
            fs::write(own.join("HEAD"), head).unwrap();
            assert_eq!(places(&worktree), None, "HEAD {head:?}");
        }
    }

    #[test]
    fn a_damaged_index_is_for_git() {
        let scratch = TestProject::plain();
        let index = scratch.project().join(".git/index");
        assert_eq!(submodules(&index), Some(Vec::new()));
        let mut bytes = fs::read(&index).unwrap();
        bytes[20] ^= 1;
        fs::write(&index, bytes).unwrap();
        assert_eq!(submodules(&index), None);
        assert_eq!(submodules(&scratch.path().join("none")), Some(Vec::new()));
    }

    #[test]
    fn what_never_answers_is_for_git() {
        let scratch = TestProject::plain();
        let (git_dir, included) = (scratch.project().join(".git"), scratch.path().join("pipe"));
        assert!(std::process::Command::new("mkfifo").arg(&included).status().unwrap().success());
        scratch.run(&["config", "include.path", included.to_str().unwrap()]);
        assert_eq!(commit(&git_dir, "HEAD"), None);
    }

    #[test]
    fn other_formats_are_for_git() {
        let scratch = TestProject::plain();
        let other = scratch.path().join("sha256");
        scratch.run(&["init", "-q", "--object-format=sha256", other.to_str().unwrap()]);
        scratch.commit_all_at(&other, "first");
        assert_eq!(commit(&other, "HEAD"), None);
        assert_eq!(places(&other), None);
    }
}
