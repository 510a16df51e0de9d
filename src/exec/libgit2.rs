//! What libgit2 can tell about a repository without a process being started: a run asks git dozens of small questions.
//!
//! It only reads, and `None` means that git has to be asked: libgit2 can't open the repository (other ref or object
//! formats), or it isn't sure that git would say the same.

use std::path::{Path, PathBuf};

use git2::{Config, ErrorCode, FileMode, Index, Oid, Reference, Repository};

/// The commit that `revision` names in the repository of which `place` is the git directory or the top folder, if it names
/// one: a whole object name, `HEAD`, or a ref by its full name.
pub fn commit(place: &Path, revision: &str) -> Option<Option<String>> {
    let is_ref = revision.starts_with("refs/");
    if !is_ref && revision != "HEAD" && revision.len() != 40 {
        return None;
    }
    let repository = Repository::open(place).ok()?;
    let commit = if is_ref || revision == "HEAD" {
        match repository.find_reference(revision) {
            Err(error) if is_ref && error.code() == ErrorCode::NotFound => return Some(None),
            found => found.ok()?.peel_to_commit().ok()?,
        }
    } else {
        repository.find_commit(Oid::from_str(revision).ok()?).ok()?
    };
    Some(Some(commit.id().to_string()))
}

/// Where the working tree at `top` has its files, the git directory that it shares, and its own.
pub fn places(top: &Path) -> Option<[PathBuf; 3]> {
    let repository = Repository::open(top).ok()?;
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
pub fn submodules(index: &Path) -> Option<Vec<String>> {
    let index = Index::open(index).ok()?;
    let links = index.iter().filter(|entry| entry.mode == u32::from(FileMode::Commit));
    Some(links.map(|entry| String::from_utf8_lossy(&entry.path).into_owned()).collect())
}

/// Whether a ref below one of `prefixes` stands at `commit`, in the repository `git_dir`.
pub fn is_tip(git_dir: &Path, commit: &str, prefixes: &[&str]) -> Option<bool> {
    let refs = refs(git_dir)?;
    let below =
        |name: &str| prefixes.iter().any(|prefix| name.strip_prefix(prefix).is_some_and(|n| n.starts_with('/')));
    Some(refs.iter().any(|entry| entry.object == commit && below(&entry.name)))
}

/// A ref and what it points at.
#[derive(Debug, PartialEq, Eq)]
pub struct Ref {
    /// Its full name.
    pub name: String,
    /// The object that it stands at in the end.
    pub object: String,
    /// The full name of the ref that it stands for, if it does.
    pub symbolic: Option<String>,
}

/// All refs of the repository `git_dir`.
pub fn refs(git_dir: &Path) -> Option<Vec<Ref>> {
    let repository = Repository::open(git_dir).ok()?;
    repository.references().ok()?.map(|reference| describe(&reference.ok()?)).collect()
}

fn describe(reference: &Reference<'_>) -> Option<Ref> {
    let symbolic = match reference.symbolic_target_bytes() {
        Some(target) => Some(std::str::from_utf8(target).ok()?.to_owned()),
        None => None,
    };
    // Resolved in any case: behind a damaged file of a ref the list shows what was packed before, and this looks again.
    let object = reference.resolve().ok()?.target()?.to_string();
    Some(Ref { name: std::str::from_utf8(reference.name_bytes()).ok()?.to_owned(), object, symbolic })
}

/// The settings in the file `path` itself, key and value in the order of the file; not those of files that it includes.
pub fn settings(path: &Path) -> Option<Vec<(String, String)>> {
    let config = Config::open(path).ok()?;
    let mut found = Vec::new();
    let mut entries = config.entries(None).ok()?;
    while let Some(entry) = entries.next() {
        let entry = entry.ok()?;
        if entry.include_depth() == 0 {
            let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
            let value = if entry.has_value() { text(entry.value_bytes()) } else { String::new() };
            found.push((text(entry.name_bytes()), value));
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::sandbox::Sandbox;
    use std::fs;

    #[test]
    fn commits_are_those_that_git_names() {
        let sandbox = Sandbox::with_origin();
        let (top, git_dir) = (sandbox.project(), sandbox.project().join(".git"));
        let head = sandbox.run(&["rev-parse", "HEAD"]);
        sandbox.run(&["tag", "-a", "-m", "words", "annotated"]);
        for name in ["HEAD", &head, "refs/heads/main", "refs/remotes/origin/HEAD", "refs/tags/annotated"] {
            assert_eq!(commit(&top, name), Some(Some(head.clone())), "{name}");
            assert_eq!(commit(&git_dir, name), Some(Some(head.clone())), "{name}");
        }
        assert_eq!(commit(&top, "refs/heads/none"), Some(None));
        let tree = sandbox.run(&["rev-parse", "HEAD^{tree}"]);
        // What is no plain name, or names something else, is for git.
        for name in ["main", "HEAD~1", "refs/heads/a..b", "", &tree, &"0".repeat(40), &head[..10]] {
            assert_eq!(commit(&top, name), None, "{name}");
        }
        assert_eq!(commit(&top.join(".git/objects"), "HEAD"), None, "no repository");
    }

    #[test]
    fn places_are_those_of_git() {
        let sandbox = Sandbox::plain();
        let worktree = sandbox.path().join("linked");
        sandbox.run(&["worktree", "add", "-q", "--detach", worktree.to_str().unwrap()]);
        let own = sandbox.project().join(".git/worktrees/linked");
        let plain = |path: PathBuf| path.components().collect::<PathBuf>();
        let found = places(&worktree).unwrap().map(plain);
        assert_eq!(found, [worktree.clone(), sandbox.project().join(".git"), own.clone()]);
        fs::write(own.join("config.worktree"), "").unwrap();
        assert_eq!(places(&worktree), None, "settings that may move it");
        fs::remove_file(own.join("config.worktree")).unwrap();
        for head in ["", "ref: elsewhere\n", "0123\n"] {
            fs::write(own.join("HEAD"), head).unwrap();
            assert_eq!(places(&worktree), None, "HEAD {head:?}");
        }
    }

    #[test]
    fn refs_are_listed_as_git_does() {
        let sandbox = Sandbox::with_origin();
        let git_dir = sandbox.project().join(".git");
        sandbox.run(&["tag", "-a", "-m", "words", "annotated"]);
        sandbox.run(&["pack-refs", "--all"]);
        sandbox.run(&["branch", "loose"]);
        let listed = sandbox.run(&["for-each-ref", "--format=%(refname) %(objectname) %(symref)"]);
        let mut found: Vec<_> = refs(&git_dir).unwrap();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        let lines: Vec<_> = found
            .iter()
            .map(|entry| format!("{} {} {}", entry.name, entry.object, entry.symbolic.as_deref().unwrap_or_default()))
            .collect();
        assert_eq!(lines.join("\n"), listed);
        let head = sandbox.run(&["rev-parse", "HEAD"]);
        assert_eq!(is_tip(&git_dir, &head, &["refs/heads"]), Some(true));
        assert_eq!(is_tip(&git_dir, &head, &["refs/head"]), Some(false));
        sandbox.run(&["symbolic-ref", "refs/heads/dangling", "refs/heads/none"]);
        assert_eq!(refs(&git_dir), None, "git leaves it out");
        fs::remove_file(git_dir.join("refs/heads/dangling")).unwrap();
        fs::write(git_dir.join("refs/heads/main"), "garbage\n").unwrap();
        assert_eq!(refs(&git_dir), None, "it is packed as well, and damaged");
    }

    #[test]
    fn settings_are_those_of_the_file_itself() {
        let sandbox = Sandbox::with_origin();
        let file = sandbox.project().join(".git/config");
        let other = sandbox.path().join("other");
        fs::write(&other, "[user]\n\tname = Else\n").unwrap();
        let mut text = fs::read_to_string(&file).unwrap();
        text.push_str("[Alias \"Sub.Case\"]\n\tX = !echo 'a \\\"b'\n\tx = \"two  \" ; words\n[core]\n\tYes\n");
        text.push_str(&format!("[include]\n\tpath = {}\n", other.display()));
        fs::write(&file, &text).unwrap();
        let listed = sandbox.git().run(["config", "--file", file.to_str().unwrap(), "-z", "--list"]).unwrap().entries();
        let found: Vec<_> = settings(&file).unwrap();
        let keys = |text: &str| text.split('\n').next().unwrap().to_owned();
        assert_eq!(
            found.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>(),
            listed.iter().map(|entry| keys(entry)).collect::<Vec<_>>()
        );
        let values = |entry: &String| entry.split_once('\n').map_or(String::new(), |(_, value)| value.to_owned());
        assert_eq!(
            found.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>(),
            listed.iter().map(values).collect::<Vec<_>>()
        );
        fs::write(&file, "[core\n").unwrap();
        assert_eq!(settings(&file), None);
    }

    #[test]
    fn a_damaged_index_is_for_git() {
        let sandbox = Sandbox::plain();
        let index = sandbox.project().join(".git/index");
        assert_eq!(submodules(&index), Some(Vec::new()));
        let mut bytes = fs::read(&index).unwrap();
        bytes[20] ^= 1;
        fs::write(&index, bytes).unwrap();
        assert_eq!(submodules(&index), None);
        assert_eq!(submodules(&sandbox.path().join("none")), Some(Vec::new()));
    }

    #[test]
    fn other_formats_are_for_git() {
        let sandbox = Sandbox::plain();
        let other = sandbox.path().join("sha256");
        sandbox.run(&["init", "-q", "--object-format=sha256", other.to_str().unwrap()]);
        sandbox.commit_all_at(&other, "first");
        assert_eq!(commit(&other, "HEAD"), None);
        assert_eq!(places(&other), None);
        assert_eq!(refs(&other.join(".git")), None);
    }
}
