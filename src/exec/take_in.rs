//! Takes changes of a worktree into an index, so that one path that git refuses stops only itself.
//!
//! What was refused is not told here: whoever compares the index with the worktree afterwards sees it, whatever the cause.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::exec::git::{Git, GitError};
use crate::exec::worktree::status::{Change, Kind, without_filters};

/// Takes these changes into the index of `git`, `gone` ones too if it is so wanted; also outside of a sparse checkout's
/// cone. Repositories inside the worktree are passed over.
pub fn take_in(git: &Git, changes: &[Change], with_gone: bool) -> Result<(), GitError> {
    let paths = |gone: bool| {
        let of_kind = changes.iter().filter(move |change| change.gone == gone && change.kind != Kind::Repository);
        of_kind.map(|change| change.path.as_path()).collect::<Vec<_>>()
    };
    if with_gone {
        update(git, "--force-remove", &paths(true))?;
    }
    update(git, "--replace", &paths(false))
}

fn update(git: &Git, how: &str, paths: &[&Path]) -> Result<(), GitError> {
    match call(git, how, paths) {
        Err(error) if error.is_refusal() => {}
        other => return other,
    }
    // A filter that fails may have been called for a path that isn't among these.
    for (filter, paths) in by_filter(git, paths)? {
        let git = without_filters(git, filter.as_deref())?;
        // An index that can't be read or written is no fault of any path.
        call(&git, how, &[])?;
        update_some(&git, how, &paths)?;
    }
    Ok(())
}

/// All but those that are refused.
fn update_some(git: &Git, how: &str, paths: &[&Path]) -> Result<(), GitError> {
    match (call(git, how, paths), paths) {
        (Err(error), [one]) if error.is_refusal() => {
            tracing::warn!(path = %one.display(), "git refuses it: {error}");
            Ok(())
        }
        (Err(error), _) if error.is_refusal() => {
            let (first, second) = paths.split_at(paths.len() / 2);
            update_some(git, how, first)?;
            update_some(git, how, second)
        }
        (other, _) => other,
    }
}

/// The paths by the filter that git has for them.
fn by_filter<'a>(git: &Git, paths: &[&'a Path]) -> Result<BTreeMap<Option<String>, Vec<&'a Path>>, GitError> {
    let told = git.run_with_input(["check-attr", "-z", "--stdin", "filter"], Some(&joined(paths)))?.stdout;
    // Path, "filter", its name; paths come in their order.
    let names = told.split(|byte| *byte == 0).skip(2).step_by(3);
    let mut groups = BTreeMap::<_, Vec<_>>::new();
    for (path, name) in paths.iter().zip(names) {
        let name = String::from_utf8_lossy(name).into_owned();
        let filter = Some(name).filter(|name| !["unspecified", "unset", "set"].contains(&name.as_str()));
        groups.entry(filter).or_default().push(*path);
    }
    Ok(groups)
}

fn joined(paths: &[&Path]) -> Vec<u8> {
    paths.iter().flat_map(|path| [path.as_os_str().as_bytes(), b"\0"].concat()).collect()
}

fn call(git: &Git, how: &str, paths: &[&Path]) -> Result<(), GitError> {
    let args = ["update-index", "--add", "--remove", how, "-z", "--stdin"];
    git.run_with_input(args, Some(&joined(paths))).map(drop)
}

/// The tree of what the index of `git` holds.
pub fn write_tree(git: &Git) -> Result<String, GitError> {
    without_filters(git, None)?.text(["write-tree"])
}

/// Gives these paths in the index of `git` back what HEAD has. No file is looked at.
pub fn put_back(git: &Git, paths: &[PathBuf]) -> Result<(), GitError> {
    if paths.is_empty() {
        return Ok(());
    }
    let git = &without_filters(git, None)?;
    call(git, "--force-remove", &paths.iter().map(PathBuf::as_path).collect::<Vec<_>>())?;
    if git.commit("HEAD")?.is_none() {
        return Ok(());
    }
    let literal = git.clone().with_env("GIT_LITERAL_PATHSPECS", "1");
    let args = ["ls-tree", "-r", "-z", "HEAD", "--"].into_iter().map(AsRef::as_ref);
    let listed = literal.run(args.chain(paths.iter().map(|path| path.as_os_str())))?.stdout;
    git.run_with_input(["update-index", "-z", "--index-info"], Some(&listed)).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::test_project::{TestProject, write};
    use crate::exec::worktree::status;

    #[test]
    fn one_path_that_git_refuses_stops_only_itself() {
        let scratch = TestProject::plain();
        scratch.run(&["config", "filter.enc.clean", "false"]);
        scratch.run(&["config", "filter.enc.required", "true"]);
        scratch.write(".gitattributes", "*.enc filter=enc\n");
        scratch.commit_all("attributes");
        let worktree = scratch.ready("a");
        let names = ["a", "b.enc", "c d", "folder/git~1", "folder/e", "z\n"];
        for name in names {
            write(&worktree.path().join(name), name);
        }
        std::fs::remove_file(worktree.path().join("f")).unwrap();
        let git = worktree.git();
        take_in(&git, &status::changes(&git).unwrap(), true).unwrap();
        let index = git.run(["ls-files", "-z"]).unwrap().entries();
        assert_eq!(index, [".gitattributes", "a", "c d", "folder/e", "z\n"]);
        let left: Vec<_> = status::changes(&git).unwrap().into_iter().filter(|change| change.unstaged).collect();
        assert_eq!(left.iter().map(Change::name).collect::<Vec<_>>(), ["b.enc", "folder/git~1"]);
        put_back(&git, &["f".into(), "a".into()]).unwrap();
        assert_eq!(git.run(["ls-files", "-z"]).unwrap().entries(), [".gitattributes", "c d", "f", "folder/e", "z\n"]);
    }

    #[test]
    fn a_file_in_place_of_a_folder_and_the_other_way_round() {
        let scratch = TestProject::plain();
        scratch.write("folder/x", "1");
        scratch.write("file", "1");
        scratch.commit_all("both");
        let worktree = scratch.ready("a");
        std::fs::remove_dir_all(worktree.path().join("folder")).unwrap();
        std::os::unix::fs::symlink("elsewhere", worktree.path().join("folder")).unwrap();
        std::fs::remove_file(worktree.path().join("file")).unwrap();
        write(&worktree.path().join("file/y"), "2");
        let git = worktree.git();
        take_in(&git, &status::changes(&git).unwrap(), true).unwrap();
        assert_eq!(git.run(["ls-files", "-z"]).unwrap().entries(), ["f", "file/y", "folder"]);
    }
}
